//! Numbers of a comparison.

use dartloom_record::Refused;
use dartloom_train::FitConfig;
use serde::{Deserialize, Serialize};

use dartloom_space::hand_made::Baseline;

use crate::{RandomConfig, VerdictError};

/// The networks that are retrained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetrainConfig {
    /// Base channels of derived networks.
    pub channels: usize,
    /// Cells of derived networks.
    pub layers: usize,
    /// The training of all contenders.
    pub fit: FitConfig,
}

impl Default for RetrainConfig {
    /// DARTS on CIFAR-10: 36 channels, 20 cells.
    fn default() -> Self {
        Self { channels: 36, layers: 20, fit: FitConfig::default() }
    }
}

/// Numbers of a comparison that hold for all methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComparisonConfig {
    /// Random search; its budget is the cost of the most expensive search.
    pub random: RandomConfig,
    /// Retraining.
    pub retrain: RetrainConfig,
    /// The hand-made network, where [`Comparison::baseline`](super::Comparison::baseline) gives no
    /// other; `None` for the usual one of the task's outputs ([`Baseline::usual`]).
    #[serde(with = "plain", skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// One whole comparison per seed.
    pub seeds: Vec<u64>,
}

impl Default for ComparisonConfig {
    fn default() -> Self {
        Self {
            random: RandomConfig::default(),
            retrain: RetrainConfig::default(),
            baseline: None,
            seeds: vec![0, 1, 2],
        }
    }
}

/// The text form of a baseline that may be left out: the baseline itself, without `Some`.
mod plain {
    use dartloom_space::hand_made::Baseline;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        baseline: &Option<Baseline>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match baseline {
            Some(baseline) => baseline.serialize(serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Baseline>, D::Error> {
        Baseline::deserialize(deserializer).map(Some)
    }
}

impl ComparisonConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`VerdictError::Config`] naming the field, or the error of a part.
    pub fn check(&self) -> Result<(), VerdictError> {
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        seeds.dedup();
        if seeds.is_empty() || seeds.len() != self.seeds.len() {
            return Err(Refused::new(
                "seeds",
                "at least one seed, all different",
                format!("{:?}", self.seeds),
            )
            .into());
        }
        let numbers =
            [("retrain.channels", self.retrain.channels), ("retrain.layers", self.retrain.layers)];
        if let Some((field, found)) = numbers.into_iter().find(|&(_, number)| number == 0) {
            let expected = "at least 1";
            let found = found.to_string();
            return Err(Refused::new(field, expected, found).into());
        }
        self.random.check().map_err(|error| error.within("random"))?;
        let fit = self.retrain.fit.check().map_err(VerdictError::from);
        fit.map_err(|error| error.within("retrain.fit"))
    }
}
