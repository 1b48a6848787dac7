//! The identity of a leg, and its stored results.

use std::collections::BTreeMap;

use dartloom_record::{Event, Found, Identity, Leg, RecordError, Refused};
use dartloom_space::Space;
use dartloom_train::Snapshot;
use serde::Serialize;

use super::retrain::Entrant;
use super::{Candidates, Contest, LegResult};
use crate::VerdictError;
use crate::comparison::{
    Comparison, ComparisonConfig, ExplorerParts, HandMade as _, MethodParts, OwnRule,
};

/// Identities of legs. Neither the names of methods nor the list of seeds is part of them, because
/// neither changes the result of a leg.
impl Contest<'_> {
    /// The part of the identity that all legs share.
    fn common(&self, leg: &Leg) -> Result<Identity, VerdictError> {
        let Comparison { task, train, test, config, .. } = self.comparison;
        let baseline = Some(self.comparison.configured_baseline().clone());
        let config = ComparisonConfig { seeds: Vec::new(), baseline, ..config.clone() };
        Ok(Identity::new()
            .with("leg", &self.comparison.layout().stem(leg))?
            .with("seed", &self.seed)?
            .with("comparison", &config)?
            .with_code("task", "Task::identity", task.identity())
            .with("training images", &train.digest()?)?
            .with("test images", &test.digest()?)?)
    }

    /// `identity` with a space and its operations.
    fn in_space(&self, identity: Identity, space: &Space) -> Result<Identity, VerdictError> {
        let ops = space.op_set().names();
        Ok(self.comparison.registry.identified(identity.with("space", space)?, ops)?)
    }

    /// The identity of a method's search.
    pub(super) fn searched(
        &self,
        leg: &Leg,
        method: &MethodParts<'_>,
    ) -> Result<Identity, VerdictError> {
        let MethodParts { space, choices, decoder, channels, partial, split, search, .. } = method;
        let identity = self
            .common(leg)?
            .with("channels", channels)?
            .with("partial", partial)?
            .with("split", split)?
            .with("search", search)?
            .with_code("decoder", "Decoder::identity", decoder.identity());
        let mut identity = self.in_space(identity, space)?;
        for (index, OwnRule { effect, rule }) in method.rules.iter().enumerate() {
            let said = rule.identity().map(|said| format!("{effect:?} {said}"));
            let part = format!("stop rule {index}");
            identity = identity.with_code(&part, "StopRule::identity", said);
        }
        Ok(choices.identified(identity)?)
    }

    /// The identity of a discrete search that may spend `most` multiply-adds.
    pub(super) fn explored(
        &self,
        leg: &Leg,
        explorer: &ExplorerParts<'_>,
        most: Option<u64>,
    ) -> Result<Identity, VerdictError> {
        let ExplorerParts { space, channels, split, explorer, rules, .. } = explorer;
        let identity = self
            .common(leg)?
            .with("channels", channels)?
            .with("split", split)?
            .with_code("explorer", "MakeExplorer::identity", explorer.identity())
            .with("rules", rules)?
            .with("budget", &most)?;
        self.in_space(identity, space)
    }

    /// The identity of a random search that may spend `budget` multiply-adds.
    pub(super) fn drawn(
        &self,
        first: Candidates<'_>,
        budget: u64,
    ) -> Result<Identity, VerdictError> {
        let identity = self
            .common(&Leg::Random)?
            .with("channels", &first.channels)?
            .with("split", &first.split)?
            .with("budget", &budget)?;
        self.in_space(identity, first.space)
    }

    /// The identity of an entrant's training.
    pub(super) fn retrained(
        &self,
        leg: &Leg,
        entrant: Entrant<'_>,
    ) -> Result<Identity, VerdictError> {
        let identity = self
            .common(leg)?
            .with("genotype", &entrant.genotype())?
            .with("space", &entrant.space())?;
        let identity = match (entrant, self.comparison.baseline) {
            // The configuration has said what is its own.
            (Entrant::Baseline, Some(own))
                if own.identity() != self.comparison.configured_baseline().identity() =>
            {
                identity.with_code("baseline", "HandMade::identity", own.identity())
            }
            _ => identity,
        };
        let cells = entrant.genotype().into_iter().flat_map(|genotype| genotype.cells());
        let ops = cells.flat_map(|cell| cell.genes.iter().map(|gene| &*gene.op));
        Ok(self.comparison.registry.identified(identity, ops)?)
    }
}

/// Stored results of legs.
impl Contest<'_> {
    /// The stored result, if it belongs to this leg and its files are unchanged; otherwise `None`,
    /// and the leg has to be run. If a result exists but cannot be used, observers are told why,
    /// except when [`Contest::looks`].
    pub(super) fn stored(
        &mut self,
        leg: &Leg,
        identity: &Identity,
    ) -> Result<Option<LegResult>, VerdictError> {
        let layout = self.comparison.layout();
        let file = layout.result(leg);
        let why = match self.dir.stored_for::<LegResult>(&file, identity) {
            Ok(None) => None,
            Ok(Some(Found::Same(result))) => match self.damage(&result)? {
                Some(damage) => Some(damage),
                None => {
                    self.check_weights(leg)?;
                    self.reused += 1;
                    return Ok(Some(result));
                }
            },
            Ok(Some(Found::Unsaid)) => Some(identity.unusable()),
            Err(error @ RecordError::Damaged { .. }) => Some(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        if self.looks {
            return Ok(None);
        }
        if !identity.is_said() {
            // The seconds are those of work that does not count.
            self.dir.remove(&layout.seconds(leg))?;
        }
        self.tell_reused()?;
        if let Some(why) = why {
            self.note(format!("{}: its result is made again: {why}", self.phase(leg)))?;
        }
        Ok(None)
    }

    /// The first file of a leg that has changed since it was written, in a sentence.
    fn damage(&self, result: &LegResult) -> Result<Option<String>, VerdictError> {
        for (file, expected) in &result.files {
            let path = self.dir.file(file);
            match self.dir.checksum(file)? {
                Some(found) if found == *expected => {}
                Some(found) => {
                    let expected = format!("contents with checksum {expected}");
                    return Ok(Some(RecordError::Damaged { path, expected, found }.to_string()));
                }
                None => return Ok(Some(format!("{} is gone", path.display()))),
            }
        }
        Ok(None)
    }

    /// Refuses weights at a leg's end that have changed since they were written, because only
    /// training could make them again.
    fn check_weights(&self, leg: &Leg) -> Result<(), VerdictError> {
        Snapshot::open(&self.dir.file(&self.comparison.layout().checkpoint(leg)))?;
        Ok(())
    }

    /// Reports the number of legs that were there already, unless that has been done.
    pub(super) fn tell_reused(&mut self) -> Result<(), VerdictError> {
        let text = match std::mem::take(&mut self.reused) {
            _ if self.looks => return Ok(()),
            0 => return Ok(()),
            1 => format!("1 leg of seed {} was there already", self.seed),
            many => format!("{many} legs of seed {} were there already", self.seed),
        };
        self.note(text)
    }

    fn note(&mut self, text: String) -> Result<(), VerdictError> {
        // A wish to stop is heard at the next leg's first event.
        let _ = self.observer.on_event(&Event::Note { text })?;
        Ok(())
    }

    /// Keeps the result of a leg, and the checksums of its `files`, which have been written before.
    pub(super) fn finish(
        &mut self,
        leg: &Leg,
        identity: &Identity,
        mut result: LegResult,
        files: &[String],
    ) -> Result<Option<LegResult>, VerdictError> {
        for file in files {
            if let Some(checksum) = self.dir.checksum(file)? {
                result.files.insert(file.clone(), checksum);
            }
        }
        self.dir.store(&self.comparison.layout().result(leg), identity, &result)?;
        let mut metrics = BTreeMap::from([("seconds".to_owned(), result.seconds)]);
        let scores = result.scores.iter();
        metrics.extend(scores.map(|(name, score)| (format!("test_{name}"), score)));
        metrics
            .extend(result.gap.as_ref().map(|gap| ("discretisation_gap".to_owned(), gap.loss())));
        // The leg is done and stored; a wish to stop is heard at the next leg's first event.
        let _ =
            self.observer.on_event(&Event::PhaseFinished { phase: self.phase(leg), metrics })?;
        Ok(Some(result))
    }

    pub(super) fn write(&self, file: &str, value: &impl Serialize) -> Result<(), VerdictError> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| {
            VerdictError::Stored(Refused::new(
                file.to_owned(),
                "a value that can be written",
                error,
            ))
        })?;
        bytes.push(b'\n');
        self.dir.write(file, &bytes)?;
        Ok(())
    }
}
