//! Shares of classes, and the weights that follow from them.

use dartloom::data::{Dataset, OwnedSample, TargetSpec, Targets};
use dartloom::task::losses::{ClassWeighting, class_weights, positive_weights};

use crate::error::EngineError;

/// The shares of classes or labels in the training data, and weights where they are very unequal.
#[derive(Debug)]
pub(super) struct Shares {
    /// Of each class in pixels or images; of each label in images.
    pub(super) of: Vec<f64>,
    pub(super) weights: Option<Vec<f64>>,
}

/// The most frequent class is so many times as frequent as the rarest before classes are weighed.
pub(super) const UNEQUAL: f64 = 10.0;

impl Shares {
    pub(super) fn of(train: &dyn Dataset) -> Result<Self, EngineError> {
        let counts = counts(train)?;
        let all = match train.targets() {
            TargetSpec::Labels(_) => train.len() as f64,
            _ => counts.iter().sum::<f64>(),
        };
        let of: Vec<f64> = counts.iter().map(|count| count / all.max(1.0)).collect();
        let weights = match train.targets() {
            TargetSpec::Labels(_) if of.iter().any(|share| is_rare(*share)) => {
                Some(positive_weights(train).map_err(EngineError::input)?)
            }
            other => match rule(other).filter(|_| ratio(&of) > UNEQUAL) {
                Some((rule, _)) => Some(class_weights(train, rule).map_err(EngineError::input)?),
                None => None,
            },
        };
        Ok(Self { of, weights })
    }

    /// The largest share over the smallest that is there.
    pub(super) fn ratio(&self) -> f64 {
        ratio(&self.of)
    }
}

/// The rule by which classes are weighed, and its name. Images of one class each have no
/// frequencies inside of them.
pub(super) fn rule(targets: TargetSpec) -> Option<(ClassWeighting, &'static str)> {
    match targets {
        TargetSpec::Mask { .. } => Some((ClassWeighting::MedianFrequency, "MedianFrequency")),
        TargetSpec::Class { .. } => Some((ClassWeighting::InverseFrequency, "InverseFrequency")),
        _ => None,
    }
}

/// Without it a label is so many times as frequent as with it, or the other way round.
fn is_rare(share: f64) -> bool {
    share > 0.0 && share < 1.0 && share.min(1.0 - share) * UNEQUAL < share.max(1.0 - share)
}

fn ratio(shares: &[f64]) -> f64 {
    let there = || shares.iter().copied().filter(|share| *share > 0.0);
    let least = there().fold(f64::INFINITY, f64::min);
    let most = there().fold(0.0, f64::max);
    if least.is_finite() { most / least } else { 1.0 }
}

/// Pixels or images of each class, images with each label; nothing for values.
fn counts(train: &dyn Dataset) -> Result<Vec<f64>, EngineError> {
    let mut counts = match train.targets() {
        TargetSpec::Class { classes } | TargetSpec::Mask { classes, .. } => vec![0.0; classes],
        TargetSpec::Labels(labels) => vec![0.0; labels],
        _ => return Ok(Vec::new()),
    };
    for index in 0..train.len() {
        match OwnedSample::read(train, index).map_err(EngineError::input)?.targets {
            Targets::Indices(indices) => {
                for index in indices {
                    if let Some(count) = counts.get_mut(index as usize) {
                        *count += 1.0;
                    }
                }
            }
            Targets::Numbers(numbers) => {
                for (count, number) in counts.iter_mut().zip(numbers) {
                    *count += f64::from(number);
                }
            }
        }
    }
    Ok(counts)
}
