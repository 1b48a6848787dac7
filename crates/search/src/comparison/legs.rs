//! The legs of one seed.

mod explore;
mod retrain;

use std::collections::BTreeMap;

use dartloom_metrics::{Clock, Event, Observer};
use dartloom_space::{Build, Genotype, Space};
use dartloom_train::{Noise, Outcome, RunDir, Session, TrainError, digest, drive};
use serde::{Deserialize, Serialize};

use super::{Comparison, ComparisonConfig, MethodParts, Part, Stopwatch};
use crate::explore::FailureCount;
use crate::stop::Stopped;
use crate::{Gap, RandomSearch, SearchError, SearchParts, Split, SupernetSearch};
use retrain::Entrant;

/// The leg of random search.
pub(super) const RANDOM: &str = "random";
/// The leg that retrains what it found.
pub(super) const RETRAIN_RANDOM: &str = "retrain-random";
/// The leg of the hand-made network.
pub(super) const RETRAIN_BASELINE: &str = "retrain-baseline";

/// What a leg ended with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegResult {
    /// Digest of the configuration the result belongs to.
    pub configuration: String,
    /// What it took.
    pub seconds: f64,
    /// Multiply-adds spent on training.
    pub training_macs: u64,
    /// The architecture found (searches) or trained (retraining of one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genotype: Option<Genotype>,
    /// Test accuracy (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Trainable numbers (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Multiply-adds per image (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<u64>,
    /// Discretisation gap (gradient search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Architectures tried (random search, explorers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<usize>,
    /// Why architectures that were tried have no measurement (explorers).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureCount>,
    /// The rule that ended the search before its last epoch (gradient search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
}

/// All legs of one seed.
pub struct Contest<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) seed: u64,
    pub(super) dir: RunDir,
    pub(super) observer: &'a mut dyn Observer,
    pub(super) clock: Clock<'a>,
}

impl std::fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contest").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Results of one seed.
#[derive(Clone, Debug)]
pub(super) struct SeedResults {
    /// One for each method.
    pub(super) searches: Vec<LegResult>,
    pub(super) random: LegResult,
    /// Retrained: what each method found, what random search found, the baseline.
    pub(super) trained: Vec<LegResult>,
}

/// Where random search draws its candidates, and how they are trained.
#[derive(Clone, Copy)]
struct Candidates<'a> {
    space: &'a Space,
    channels: usize,
    split: Split,
}

impl<'a> Candidates<'a> {
    /// Those of the first that searches.
    fn first(comparison: &Comparison<'a>) -> Option<Self> {
        let method = comparison.methods.first().map(|m| (m.space, m.channels, m.split));
        let explorer = || comparison.explorers.first().map(|e| (e.space, e.channels, e.split));
        let (space, channels, split) = method.or_else(explorer)?;
        Some(Self { space, channels, split })
    }
}

/// The architecture that a search's leg has found.
fn found<'a>(result: &'a LegResult, leg: &str) -> Result<&'a Genotype, SearchError> {
    result.genotype.as_ref().ok_or_else(|| SearchError::Stored {
        file: format!("{leg}.json"),
        expected: "the genotype that was found",
        found: "none".to_owned(),
    })
}

/// What a method is, for its legs' digests: its names are not part of what they compute.
fn identity(method: &MethodParts<'_>) -> impl Serialize {
    let MethodParts { space, choices, decoder, channels, partial, split, search, .. } = method;
    // Both hold configuration and no state, so their debug form names them.
    let rules = format!("{choices:?} {decoder:?}");
    (*space, rules, channels, partial, split, search)
}

impl Contest<'_> {
    pub(super) fn run(&mut self) -> Result<Option<SeedResults>, SearchError> {
        let (comparison, noise) = (self.comparison, Noise::new(self.seed));
        let methods = &comparison.methods;
        let mut searches = Vec::with_capacity(methods.len());
        for method in methods {
            let Some(result) = self.search(method, noise)? else { return Ok(None) };
            searches.push(result);
        }
        let most = searches.iter().map(|search| search.training_macs).max();
        for explorer in &comparison.explorers {
            let Some(result) = self.explore(explorer, noise, most)? else { return Ok(None) };
            searches.push(result);
        }
        let Some(first) = Candidates::first(comparison) else { return Ok(None) };
        // Never less than a method had: what it is better than had the same chance.
        let budget = searches.iter().map(|search| search.training_macs).max().unwrap_or(0);
        let Some(random) = self.random(first, noise, budget)? else { return Ok(None) };

        let spaces = methods.iter().map(|method| method.space);
        let spaces = spaces.chain(comparison.explorers.iter().map(|explorer| explorer.space));
        let mut entrants = Vec::with_capacity(searches.len() + 2);
        for (((key, _), space), result) in comparison.contenders().iter().zip(spaces).zip(&searches)
        {
            let genotype = found(result, &comparison.leg(Part::Search, key))?;
            let leg = comparison.leg(Part::Retrain, key);
            entrants.push((leg, Entrant::searched(genotype, space)));
        }
        let genotype = found(&random, RANDOM)?;
        entrants.push((RETRAIN_RANDOM.to_owned(), Entrant::random(genotype, first.space)));
        entrants.push((RETRAIN_BASELINE.to_owned(), Entrant::Baseline));
        let mut trained = Vec::with_capacity(entrants.len());
        for (leg, entrant) in entrants {
            let Some(result) = self.retrain(&leg, entrant, noise)? else { return Ok(None) };
            trained.push(result);
        }
        Ok(Some(SeedResults { searches, random, trained }))
    }

    fn search(
        &mut self,
        method: &MethodParts<'_>,
        noise: Noise,
    ) -> Result<Option<LegResult>, SearchError> {
        let comparison = self.comparison;
        let leg = &*comparison.leg(Part::Search, &method.key);
        let digest = self.digest(leg, &identity(method))?;
        if let Some(result) = self.stored(leg, &digest)? {
            return Ok(Some(result));
        }
        let data = method.split.parts(comparison.train, noise.child("split").seed())?;
        let parts = SearchParts {
            space: method.space,
            registry: comparison.registry,
            choices: method.choices.clone(),
            decoder: method.decoder,
            build: Build { partial: method.partial, ..comparison.build(method.channels) },
            data: &data,
        };
        let (config, noise) = (method.search.clone(), noise.child("search"));
        let mut search = SupernetSearch::new(self.phase(leg), parts, config, noise)?;
        let mut watch = Stopwatch::new(&mut *self.observer, self.clock, &self.dir, leg)?;
        let checkpoint = Some(self.dir.file(&format!("{leg}.safetensors")));
        let mut session = Session { observer: &mut watch, checkpoint, digest: digest.clone() };
        if drive(&mut search, &mut session)? != Outcome::Finished {
            watch.store()?;
            return Ok(None);
        }
        let seconds = watch.seconds();
        let last = search.end();
        let decoded = search.decode(last)?;
        let gap = search.gap(&decoded.genotype)?;
        self.write(&comparison.file("weights", &method.key, "json"), &search.table(last)?)?;
        self.write(&comparison.file("genotype", &method.key, "json"), &decoded.genotype)?;
        // The retrained genotype is the last one; the best epoch's is kept for whoever prefers it.
        self.write(&comparison.file("best-epoch", &method.key, "json"), &search.best())?;
        let result = LegResult {
            seconds,
            training_macs: search.training_macs(),
            genotype: Some(decoded.genotype),
            gap: Some(gap),
            stopped: search.stopped().cloned(),
            ..LegResult::default()
        };
        self.finish(leg, digest, result)
    }

    fn random(
        &mut self,
        first: Candidates<'_>,
        noise: Noise,
        budget: u64,
    ) -> Result<Option<LegResult>, SearchError> {
        let digest = self.digest(RANDOM, &(first.space, first.channels, first.split, budget))?;
        if let Some(result) = self.stored(RANDOM, &digest)? {
            return Ok(Some(result));
        }
        let comparison = self.comparison;
        let data = first.split.parts(comparison.train, noise.child("split").seed())?;
        let random = RandomSearch {
            space: first.space,
            registry: comparison.registry,
            build: comparison.build(first.channels),
            data: &data,
            config: comparison.config.random.clone(),
            budget,
            noise: noise.child("random"),
        };
        let (phase, dir) = (self.phase(RANDOM), self.dir.inside(RANDOM)?);
        let mut watch = Stopwatch::new(&mut *self.observer, self.clock, &self.dir, RANDOM)?;
        let mut session =
            Session { observer: &mut watch, checkpoint: None, digest: digest.clone() };
        let Some(outcome) = random.run(&phase, &dir, &mut session)? else {
            watch.store()?;
            return Ok(None);
        };
        let result = LegResult {
            seconds: watch.seconds(),
            training_macs: outcome.training_macs(),
            genotype: outcome.best().map(|best| best.genotype.clone()),
            tried: Some(outcome.candidates.len()),
            ..LegResult::default()
        };
        self.finish(RANDOM, digest, result)
    }

    fn phase(&self, leg: &str) -> String {
        format!("seed {} {leg}", self.seed)
    }

    /// What a leg's files belong to: its own part, and everything common but the list of seeds.
    fn digest(&self, leg: &str, own: &impl Serialize) -> Result<String, TrainError> {
        let Comparison { train, test, config, .. } = self.comparison;
        let config = ComparisonConfig { seeds: Vec::new(), ..config.clone() };
        let data = [train, test].map(|data| (data.len(), data.shape().to_string()));
        digest(&(leg, self.seed, config, own, data))
    }

    fn stored(&self, leg: &str, digest: &str) -> Result<Option<LegResult>, SearchError> {
        let file = format!("{leg}.json");
        let Some(text) = self.dir.read(&file)? else { return Ok(None) };
        let refused = |expected, found| SearchError::Stored { file, expected, found };
        let result: LegResult = match serde_json::from_str(&text) {
            Ok(result) => result,
            Err(error) => return Err(refused("the result of a leg", error.to_string())),
        };
        if result.configuration != digest {
            let found = format!("one of configuration {}", result.configuration);
            return Err(refused("a result of this configuration", found));
        }
        Ok(Some(result))
    }

    fn finish(
        &mut self,
        leg: &str,
        digest: String,
        result: LegResult,
    ) -> Result<Option<LegResult>, SearchError> {
        let result = LegResult { configuration: digest, ..result };
        self.write(&format!("{leg}.json"), &result)?;
        let mut metrics = BTreeMap::from([("seconds".to_owned(), result.seconds)]);
        metrics.extend(result.accuracy.map(|accuracy| ("test_accuracy".to_owned(), accuracy)));
        metrics.extend(result.gap.map(|gap| ("discretisation_gap".to_owned(), gap.loss())));
        // The leg is done and stored; a wish to stop is heard at the next leg's first event.
        let _ =
            self.observer.on_event(&Event::PhaseFinished { phase: self.phase(leg), metrics })?;
        Ok(Some(result))
    }

    fn write(&self, file: &str, value: &impl Serialize) -> Result<(), SearchError> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| SearchError::Stored {
            file: file.to_owned(),
            expected: "a value that can be written",
            found: error.to_string(),
        })?;
        bytes.push(b'\n');
        self.dir.write(file, &bytes)?;
        Ok(())
    }
}
