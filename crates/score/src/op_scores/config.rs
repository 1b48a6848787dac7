//! The measurements of an operation benchmark.

use dartloom_record::Refused;
use dartloom_space::Edge;
use dartloom_train::FitConfig;
use serde::{Deserialize, Serialize};

use crate::ScoreError;

/// The operations to measure, their places, and the training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpBenchmarkConfig {
    /// Names of the operations.
    pub ops: Vec<String>,
    /// Edges that every cell of the proxy has; one at a time carries the operation.
    pub positions: Vec<Edge>,
    /// Trainings of each operation on each edge of each cell; the best counts.
    pub runs: usize,
    /// The configuration of each training.
    pub fit: FitConfig,
}

impl Default for OpBenchmarkConfig {
    /// The paper's values: the 12 operations of `S_o` on the 4 convolutions of the cells of
    /// [`residual_proxy`](super::residual_proxy), 4 trainings of 10 epochs in batches of 256.
    fn default() -> Self {
        let scored = dartloom_space::distance::OpScores::medians();
        let fit = FitConfig { epochs: 10, batch: 256, drop_path: 0.0, ..FitConfig::default() };
        Self {
            ops: scored.iter().map(|(op, _)| op.to_owned()).collect(),
            positions: super::BLOCKS.map(|(from, to)| Edge { from, to }).to_vec(),
            runs: 4,
            fit,
        }
    }
}

impl OpBenchmarkConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ScoreError::Config`], or [`ScoreError::Train`] from the training, naming the field.
    pub fn check(&self) -> Result<(), ScoreError> {
        let refuse = |field, expected, found| Err(Refused::new(field, expected, found).into());
        let repeated = |index: usize| self.ops[..index].contains(&self.ops[index]);
        let again = |index: usize| self.positions[..index].contains(&self.positions[index]);
        match self {
            _ if self.ops.is_empty() || (0..self.ops.len()).any(repeated) => {
                refuse("ops", "at least one operation, each once", format!("{:?}", self.ops))
            }
            _ if self.positions.is_empty() || (0..self.positions.len()).any(again) => {
                refuse("positions", "at least one edge, each once", format!("{:?}", self.positions))
            }
            _ if self.runs == 0 => refuse("runs", "at least 1", self.runs.to_string()),
            _ => Ok(self.fit.check()?),
        }
    }
}
