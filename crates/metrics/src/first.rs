use candle_core::Tensor;
use dartloom_record::Scores;

use crate::{Details, MetricsError, Scorer};

/// A scorer with one of its scores in front, the one that selects.
#[derive(Debug)]
pub struct First {
    scorer: Box<dyn Scorer>,
    name: String,
}

impl First {
    /// The scores of `scorer`, the one called `name` first where it has a value.
    pub fn new(scorer: Box<dyn Scorer>, name: impl Into<String>) -> Self {
        Self { scorer, name: name.into() }
    }
}

impl Scorer for First {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        self.scorer.update(output, target)
    }

    fn state(&self) -> Vec<f64> {
        self.scorer.state()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        self.scorer.add(state)
    }

    fn details(&self) -> Details {
        self.scorer.details()
    }

    fn scores(&self) -> Scores {
        let all = self.scorer.scores();
        let first = Scores::new().with_some(self.name.clone(), all.get(&self.name));
        all.iter().fold(first, |scores, (name, value)| scores.with(name, value))
    }
}
