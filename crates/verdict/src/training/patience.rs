//! A training that ends when it does not improve any more.

use dartloom_record::{Flow, Identity, Objective, Where};
use dartloom_train::{EpochReport, Fit, Position, Snapshot, StepLoss, Stepper, TrainError};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A training that is over after some epochs without a better score on the validation images.
#[derive(Debug)]
pub(super) struct Patient<'a> {
    fit: Fit<'a>,
    patience: Option<usize>,
    objective: Objective,
    record: Record,
}

/// The name of an objective among the metrics of an epoch.
pub(super) fn valid(objective: &Objective) -> String {
    format!("valid_{}", objective.name)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    best: Option<f64>,
    /// Epochs since the best one.
    since: usize,
}

impl<'a> Patient<'a> {
    pub(super) fn new(fit: Fit<'a>, patience: Option<usize>, objective: Objective) -> Self {
        Self { fit, patience, objective, record: Record::default() }
    }

    pub(super) fn inner(&self) -> &Fit<'a> {
        &self.fit
    }
}

impl Stepper for Patient<'_> {
    type Error = TrainError;

    fn phase(&self) -> Where {
        self.fit.phase()
    }

    fn epochs(&self) -> usize {
        self.fit.epochs()
    }

    fn steps_per_epoch(&self) -> usize {
        self.fit.steps_per_epoch()
    }

    fn is_over(&self) -> bool {
        self.patience.is_some_and(|patience| self.record.since >= patience)
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, TrainError> {
        self.fit.step(at)
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, TrainError> {
        let report = self.end_epoch_while(epoch, &mut || Flow::Continue)?;
        Ok(report.unwrap_or_default())
    }

    fn end_epoch_while(
        &mut self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<EpochReport>, TrainError> {
        let Some(report) = self.fit.end_epoch_while(epoch, go_on)? else { return Ok(None) };
        let score = report.metrics.get(&valid(&self.objective)).copied().unwrap_or(f64::NAN);
        let best = self.record.best.unwrap_or(f64::NAN);
        // One that is not finite is none: a file has no number for it.
        if score.is_finite() && self.objective.better(score, best) {
            self.record = Record { best: Some(score), since: 0 };
        } else {
            self.record.since += 1;
        }
        Ok(Some(report))
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let mut snapshot = self.fit.snapshot()?;
        snapshot.values["patience"] = json!(self.record);
        Ok(snapshot)
    }

    fn identity(&self) -> Result<Identity, TrainError> {
        Ok(self.fit.identity()?.with("patience", &self.patience)?)
    }

    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        let record = serde_json::from_value(snapshot.values["patience"].clone());
        let record = record.map_err(|error| TrainError::State {
            expected: "the best score of a training".to_owned(),
            found: error.to_string(),
        })?;
        self.fit.restore(snapshot)?;
        self.record = record;
        Ok(())
    }
}
