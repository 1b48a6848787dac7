//! The result of an operation benchmark.

use std::collections::BTreeMap;

use dartloom_space::distance::OpScores;
use dartloom_space::{Edge, SpaceError};
use serde::{Deserialize, Serialize};

/// One training of the proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpRun {
    /// The operation.
    pub op: String,
    /// Index of the cell it stood in.
    pub cell: usize,
    /// The edge it stood on.
    pub edge: Edge,
    /// Number of the training.
    pub run: usize,
    /// The score on the validation images after the last epoch that the task selects by.
    pub score: f64,
}

/// Every training of a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpBenchmarkOutcome {
    /// In the order of operations, cells, edges and trainings.
    pub runs: Vec<OpRun>,
}

/// The accuracy of an operation over all cells and edges, in percent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpStatistics {
    /// The operation.
    pub op: String,
    /// Places (cell and edge) it was measured at.
    pub places: usize,
    /// Mean over the places.
    pub mean: f64,
    /// Median over the places, the mean of the two middle ones for an even number.
    pub median: f64,
    /// Population standard deviation over the places (divisor `places`).
    pub deviation: f64,
}

/// The statistic that becomes the score of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Statistic {
    /// The mean over all places (released code).
    Mean,
    /// The median over all places (paper).
    #[default]
    Median,
}

impl OpBenchmarkOutcome {
    /// The best training at every place of an operation, in percent, by cell and edge.
    pub fn best(&self, op: &str) -> Vec<f64> {
        let mut best: BTreeMap<(usize, Edge), f64> = BTreeMap::new();
        for run in self.runs.iter().filter(|run| run.op == op) {
            let known = best.entry((run.cell, run.edge)).or_insert(f64::NEG_INFINITY);
            *known = known.max(100.0 * run.score);
        }
        best.into_values().collect()
    }

    /// Statistics of every operation, in the order in which they were measured.
    pub fn statistics(&self) -> Vec<OpStatistics> {
        let mut found: Vec<OpStatistics> = Vec::new();
        for run in &self.runs {
            if found.last().is_none_or(|last| last.op != run.op) {
                found.push(statistics(&run.op, self.best(&run.op)));
            }
        }
        found
    }

    /// The scores by which distances of architectures weigh operations.
    ///
    /// # Errors
    /// [`SpaceError::NoScores`] if nothing was measured, [`SpaceError::Score`] for an operation
    /// that never classified an image correctly.
    pub fn scores(&self, statistic: Statistic) -> Result<OpScores, SpaceError> {
        let score = |of: OpStatistics| match statistic {
            Statistic::Mean => (of.op, of.mean),
            Statistic::Median => (of.op, of.median),
        };
        OpScores::new(self.statistics().into_iter().map(score).collect())
    }
}

/// The statistics of `values`, which are not empty.
fn statistics(op: &str, mut values: Vec<f64>) -> OpStatistics {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let lower = values[(values.len() - 1) / 2];
    let upper = values[values.len() / 2];
    OpStatistics {
        op: op.to_owned(),
        places: values.len(),
        mean,
        median: (lower + upper) / 2.0,
        deviation: (squares / count).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use dartloom_space::{Edge, SpaceError};

    use super::{OpBenchmarkOutcome, OpRun, Statistic};

    fn outcome(op: &str, places: &[&[f64]]) -> Vec<OpRun> {
        let mut runs = Vec::new();
        for (cell, scores) in places.iter().enumerate() {
            for (run, &score) in scores.iter().enumerate() {
                let edge = Edge { from: 0, to: 2 };
                runs.push(OpRun { op: op.to_owned(), cell, edge, run, score });
            }
        }
        runs
    }

    #[test]
    fn the_best_training_of_a_place_counts_and_places_are_averaged() {
        let mut runs = outcome("b", &[&[0.1, 0.2], &[0.5, 0.3], &[0.4, 0.4], &[0.9, 0.0]]);
        runs.extend(outcome("a", &[&[0.7], &[0.1], &[0.4]]));
        let outcome = OpBenchmarkOutcome { runs };
        let found = outcome.statistics();
        assert_eq!(found.iter().map(|of| &*of.op).collect::<Vec<_>>(), ["b", "a"]);
        // 20, 50, 40, 90: squares of 30, 0, 10, 40 around 50.
        assert_eq!(found[0].places, 4);
        assert_relative_eq!(found[0].mean, 50.0, epsilon = 1e-12);
        assert_relative_eq!(found[0].median, 45.0, epsilon = 1e-12);
        assert_relative_eq!(found[0].deviation, 650.0_f64.sqrt(), epsilon = 1e-12);
        assert_relative_eq!(found[1].median, 40.0, epsilon = 1e-12);

        let scores = outcome.scores(Statistic::Median).unwrap();
        assert_relative_eq!(scores.get("b").unwrap(), 45.0, epsilon = 1e-12);
        let scores = outcome.scores(Statistic::Mean).unwrap();
        assert_relative_eq!(scores.get("a").unwrap(), 40.0, epsilon = 1e-12);
    }

    #[test]
    fn what_never_was_right_has_no_score() {
        let never = OpBenchmarkOutcome { runs: outcome("a", &[&[0.0]]) };
        assert!(matches!(never.scores(Statistic::Mean), Err(SpaceError::Score { .. })));
        let nothing = OpBenchmarkOutcome { runs: Vec::new() };
        assert_eq!(nothing.scores(Statistic::Mean), Err(SpaceError::NoScores));
    }
}
