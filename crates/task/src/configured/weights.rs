//! Weights that are measured on the training data.

use dartloom_data::Dataset;

use super::{ConfiguredTask, MultiLabelConfig};
use crate::TaskError;
use crate::losses::{ClassWeighting, class_weights, positive_weights};

impl ConfiguredTask {
    /// The same with the weights that it asks to measure, measured on `train`: `weighting` becomes
    /// `weights`. Nothing is read where nothing is asked.
    ///
    /// # Errors
    /// Those of [`class_weights`] and [`positive_weights`], and [`TaskError::Setting`] where there
    /// are weights already.
    pub fn measured(&self, train: &dyn Dataset) -> Result<Self, TaskError> {
        let mut own = self.clone();
        let (weighting, weights) = match &mut own {
            Self::Classification(config) => (&mut config.weighting, &mut config.weights),
            Self::Segmentation(config) => (&mut config.weighting, &mut config.weights),
            Self::MultiLabel(config) if config.positive_weighting => {
                refuse_both("positive_weighting", config.positive_weights.as_deref())?;
                config.positive_weights = Some(positive_weights(train)?);
                config.positive_weighting = false;
                return Ok(own);
            }
            Self::MultiLabel(_) | Self::Regression(_) | Self::DecisionTree(_) => return Ok(own),
        };
        if let Some(rule) = weighting.take() {
            refuse_both("weighting", weights.as_deref())?;
            *weights = Some(class_weights(train, rule)?);
        }
        Ok(own)
    }

    /// True where weights are to be measured ([`measured`](Self::measured)).
    #[must_use]
    pub fn needs_measuring(&self) -> bool {
        match self {
            Self::MultiLabel(MultiLabelConfig { positive_weighting, .. }) => *positive_weighting,
            _ => self.weighting().is_some(),
        }
    }

    fn weighting(&self) -> Option<ClassWeighting> {
        match self {
            Self::Classification(config) => config.weighting,
            Self::Segmentation(config) => config.weighting,
            Self::MultiLabel(_) | Self::Regression(_) | Self::DecisionTree(_) => None,
        }
    }

    /// Refuses weights that are still to be measured.
    pub(super) fn check_weights(&self) -> Result<(), TaskError> {
        if !self.needs_measuring() {
            return Ok(());
        }
        let field = match self {
            Self::MultiLabel(_) => "positive_weighting",
            _ => "weighting",
        };
        let expected = "weights that have been measured on the training data".to_owned();
        Err(TaskError::Setting { field, expected, found: "a rule".to_owned() })
    }
}

fn refuse_both(field: &'static str, weights: Option<&[f64]>) -> Result<(), TaskError> {
    match weights {
        Some(weights) => Err(TaskError::Setting {
            field,
            expected: "either a rule or weights".to_owned(),
            found: format!("both, weights {weights:?}"),
        }),
        None => Ok(()),
    }
}
