//! The legs of one seed.

mod explore;
mod retrain;
mod stored;

use std::collections::BTreeMap;

use dartloom_noise::Noise;
use dartloom_record::{
    Contender, Event, Leg, Objective, Observer, Refused, RunDir, RunLayout, Scores, Where,
};
use dartloom_space::{Genotype, Space};
use dartloom_train::{Outcome, Session, drive};
use serde::{Deserialize, Serialize};

use super::{Comparison, MethodParts, Stopwatch};
use crate::{RandomSearch, VerdictError};
use dartloom_data::Split;
use dartloom_explore::{FailureCount, by_reason};
use dartloom_search::stop::Stopped;
use dartloom_search::{Gap, SupernetSearch};
use retrain::Entrant;

/// The result of a leg.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegResult {
    /// Seconds that it took.
    pub seconds: f64,
    /// Multiply-adds spent on training.
    pub training_macs: u64,
    /// The architecture found (searches) or trained (retraining of one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub genotype: Option<Genotype>,
    /// The reason for no architecture or no score: where numbers stopped being finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Scores on the test images (retraining).
    #[serde(default, skip_serializing_if = "Scores::is_empty")]
    pub scores: Scores,
    /// Trainable numbers (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Multiply-adds per image (retraining).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub macs: Option<u64>,
    /// Discretisation gap (gradient search); absent where a loss is not finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Architectures tried (random search, explorers).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Tried>,
    /// The rule that ended the search before its last epoch (gradient search).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// SHA-256 of the other files of the leg, by their names in the seed's directory: genotype,
    /// weights, and all other files that are written once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

impl LegResult {
    /// The score that decides, where there is a finite one.
    pub fn score(&self, objective: &Objective) -> Option<f64> {
        self.scores.get(&objective.name).filter(|score| score.is_finite())
    }
}

/// Architectures that a search by trial has tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    /// Number of architectures; those of random search all differ.
    pub architectures: usize,
    /// Trainings without a score, by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<FailureCount>,
    /// `true` if the space gave no other architecture.
    #[serde(default)]
    pub exhausted: bool,
}

/// All legs of one seed.
pub struct Contest<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) seed: u64,
    pub(super) dir: RunDir,
    pub(super) observer: &'a mut dyn Observer,
    /// Legs that were there already and have not been told of.
    pub(super) reused: usize,
    /// `true` if stored legs are only looked at: the first leg that is missing ends the run.
    pub(super) looks: bool,
}

impl std::fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contest").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// The results of the legs of one seed.
pub(super) type SeedResults = BTreeMap<Leg, LegResult>;

/// The space that random search draws its candidates from, and their training.
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
fn found(result: &LegResult, file: String) -> Result<&Genotype, VerdictError> {
    result.genotype.as_ref().ok_or_else(|| {
        VerdictError::Stored(Refused::new(file, "the genotype that was found", "none"))
    })
}

impl Contest<'_> {
    pub(super) fn run(&mut self) -> Result<Option<SeedResults>, VerdictError> {
        let comparison = self.comparison;
        let noise = Noise::new(self.seed);
        let mut searched = SeedResults::new();
        for method in &comparison.methods {
            let Some(result) = self.search(method, noise)? else { return Ok(None) };
            searched.insert(Leg::Search(method.key.clone()), result);
        }
        let most = searched.values().map(|search| search.training_macs).max();
        for explorer in &comparison.explorers {
            let Some(result) = self.explore(explorer, noise, most)? else { return Ok(None) };
            searched.insert(Leg::Explore(explorer.key.clone()), result);
        }
        let Some(first) = Candidates::first(comparison) else { return Ok(None) };
        // Never less than a method had: what it is better than had the same chance.
        let budget = searched.values().map(|search| search.training_macs).max().unwrap_or(0);
        let Some(random) = self.random(first, noise, budget)? else { return Ok(None) };
        searched.insert(Leg::Random, random);

        let mut results = searched.clone();
        for (contender, entrant) in self.entrants(&searched, first)? {
            let leg = Leg::Retrain(contender);
            let Some(result) = self.retrain(&leg, entrant, noise)? else { return Ok(None) };
            results.insert(leg, result);
        }
        self.tell_reused()?;
        Ok(Some(results))
    }

    /// The networks to retrain, in order.
    fn entrants<'r>(
        &self,
        searched: &'r SeedResults,
        first: Candidates<'r>,
    ) -> Result<Vec<(Contender, Entrant<'r>)>, VerdictError>
    where
        Self: 'r,
    {
        let comparison = self.comparison;
        let layout = comparison.layout();
        let spaces = comparison.methods.iter().map(|method| method.space);
        let spaces = spaces.chain(comparison.explorers.iter().map(|explorer| explorer.space));
        let mut entrants = Vec::with_capacity(searched.len() + 1);
        for ((leg, (key, _)), space) in
            comparison.searches().iter().zip(comparison.contenders()).zip(spaces)
        {
            let Some(result) = searched.get(leg) else { continue };
            let entrant = match &result.failure {
                Some(reason) => Entrant::Missing(reason),
                None => Entrant::searched(found(result, layout.result(leg))?, space),
            };
            entrants.push((Contender::of(key), entrant));
        }
        if let Some(random) = searched.get(&Leg::Random) {
            let genotype = found(random, layout.result(&Leg::Random))?;
            entrants.push((Contender::Random, Entrant::random(genotype, first.space)));
        }
        entrants.push((Contender::Baseline, Entrant::Baseline));
        Ok(entrants)
    }

    fn search(
        &mut self,
        method: &MethodParts<'_>,
        noise: Noise,
    ) -> Result<Option<LegResult>, VerdictError> {
        let comparison = self.comparison;
        let leg = &Leg::Search(method.key.clone());
        let layout = comparison.layout();
        let identity = self.searched(leg, method)?;
        match self.stored(leg, &identity)? {
            None if !self.looks => {}
            stored => return Ok(stored),
        }
        let data = method.split.parts(comparison.train, noise.child("split").seed())?;
        let parts = comparison.search_parts(method, &data);
        let config = method.search.clone();
        let noise = noise.child("search");
        let mut search = SupernetSearch::new(self.phase(leg), parts, config, noise)?;
        for own in &method.rules {
            search = search.with_stop_rule(own.effect, Box::new(own.rule));
        }
        let seconds = layout.seconds(leg);
        let mut watch = Stopwatch::new(&mut *self.observer, comparison.clock, &self.dir, seconds)?;
        let checkpoint = self.dir.file(&layout.checkpoint(leg));
        let mut session = Session::new(&mut watch).saved_at(checkpoint);
        let outcome = match drive(&mut search, &mut session) {
            Ok(outcome) => outcome,
            Err(error) => {
                // What a whole search costs: random search may have as much.
                let training_macs = search.training_macs();
                let seconds = watch.seconds();
                let failure = Some(VerdictError::from(error).divergence()?);
                let result = LegResult { seconds, training_macs, failure, ..LegResult::default() };
                return self.finish(leg, &identity, result, &[]);
            }
        };
        if outcome != Outcome::Finished {
            watch.store()?;
            return Ok(None);
        }
        let seconds = watch.seconds();
        let last = search.end();
        let decoded = search.architecture()?;
        let gap = search.gap_while(&decoded.genotype, &mut || watch.go_on())?;
        let Some(gap) = gap else {
            watch.store()?;
            let epoch = method.search.epochs;
            let stopped = Event::Stopped { phase: self.phase(leg), epoch, step: 0 };
            // It has stopped: whether the observer would go on no longer matters.
            let _ = self.observer.on_event(&stopped)?;
            return Ok(None);
        };
        let gap = Some(gap).filter(Gap::is_finite);
        let key = &method.key;
        let files = [layout.weights(key), layout.genotype(key), layout.best_epoch(key)];
        self.write(&files[0], &search.table(last)?)?;
        self.write(&files[1], &decoded.genotype)?;
        // The retrained genotype is the last one, unless the search is to take the best epoch's,
        // which is kept for whoever prefers it.
        self.write(&files[2], &search.best())?;
        let result = LegResult {
            seconds,
            training_macs: search.training_macs(),
            genotype: Some(decoded.genotype),
            gap,
            stopped: search.stopped().cloned(),
            ..LegResult::default()
        };
        self.finish(leg, &identity, result, &files)
    }

    fn random(
        &mut self,
        first: Candidates<'_>,
        noise: Noise,
        budget: u64,
    ) -> Result<Option<LegResult>, VerdictError> {
        let identity = self.drawn(first, budget)?;
        let leg = &Leg::Random;
        let layout = self.comparison.layout();
        match self.stored(leg, &identity)? {
            None if !self.looks => {}
            stored => return Ok(stored),
        }
        let comparison = self.comparison;
        let data = first.split.parts(comparison.train, noise.child("split").seed())?;
        let random = RandomSearch {
            setting: comparison.setting(first.space, first.channels),
            task: comparison.task,
            data: &data,
            config: comparison.config.random.clone(),
            budget,
            noise: noise.child("random"),
        };
        let phase = self.phase(leg);
        let folder = layout.stem(leg);
        let dir = self.dir.inside(&folder)?;
        let seconds = layout.seconds(leg);
        let mut watch = Stopwatch::new(&mut *self.observer, comparison.clock, &self.dir, seconds)?;
        let Some(outcome) = random.run(&phase, &dir, &mut watch)? else {
            watch.store()?;
            return Ok(None);
        };
        let tried = Tried {
            architectures: outcome.candidates.len(),
            failures: by_reason(outcome.failures().map(str::to_owned)),
            exhausted: outcome.exhausted,
        };
        let best = outcome.best().ok_or_else(|| VerdictError::NothingMeasured {
            explorer: "random search".to_owned(),
            candidates: outcome.candidates.len(),
            last: outcome.failures().last().unwrap_or("none has a score").to_owned(),
        })?;
        let result = LegResult {
            seconds: watch.seconds(),
            training_macs: outcome.training_macs(),
            genotype: Some(best.genotype.clone()),
            tried: Some(tried),
            ..LegResult::default()
        };
        self.finish(leg, &identity, result, &[format!("{folder}/{}", RunLayout::CANDIDATES)])
    }

    fn phase(&self, leg: &Leg) -> Where {
        Where::of_seed(self.seed, leg.clone())
    }
}
