//! The meaning of a network's outputs.

use candle_core::{D, DType, Tensor};
use dartloom_data::TargetSpec;

use super::TrainedError;

/// The outputs of a network for some images, and what they mean.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// The outputs as the network puts them out, `[B, numbers]` or `[B, channels, H, W]`: logits of
    /// classes and labels, and values as they are.
    pub outputs: Tensor,
    /// Their meaning, image by image.
    pub answer: Answer,
}

/// The meaning of outputs, one entry per image.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// The most probable class; the first of several.
    Classes(Vec<u32>),
    /// For every label, true where it is more probable than not.
    Labels(Vec<Vec<bool>>),
    /// The values.
    Values(Vec<Vec<f32>>),
    /// The most probable class of every pixel, row by row.
    Masks(Vec<Vec<u32>>),
}

impl Prediction {
    pub(super) fn new(outputs: Tensor, targets: TargetSpec) -> Result<Self, TrainedError> {
        let numbers = outputs.to_dtype(DType::F32)?;
        let answer = match targets {
            TargetSpec::Labels(_) => {
                let rows = numbers.to_vec2::<f32>()?;
                let row = |row: Vec<f32>| row.into_iter().map(|logit| logit > 0.0).collect();
                Answer::Labels(rows.into_iter().map(row).collect())
            }
            TargetSpec::Values(_) => Answer::Values(numbers.to_vec2()?),
            TargetSpec::Mask { .. } => {
                let largest = numbers.argmax(1)?;
                Answer::Masks(largest.flatten_from(1)?.to_vec2()?)
            }
            _ => Answer::Classes(numbers.argmax(D::Minus1)?.to_vec1()?),
        };
        Ok(Self { outputs, answer })
    }

    /// The probability of each class or label, of the shape of the outputs: `e^z_c / sum_k e^z_k`
    /// of classes, `1 / (1 + e^-z)` of labels. `None` for values.
    ///
    /// # Errors
    /// When the tensor library fails.
    pub fn probabilities(&self) -> Result<Option<Tensor>, TrainedError> {
        Ok(match self.answer {
            Answer::Classes(_) | Answer::Masks(_) => {
                let largest = self.outputs.max_keepdim(1)?;
                let powers = self.outputs.broadcast_sub(&largest)?.exp()?;
                Some(powers.broadcast_div(&powers.sum_keepdim(1)?)?)
            }
            Answer::Labels(_) => Some((self.outputs.neg()?.exp()? + 1.0)?.recip()?),
            Answer::Values(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(values: &[f32], shape: &[usize]) -> Tensor {
        Tensor::new(values, &candle_core::Device::Cpu).unwrap().reshape(shape).unwrap()
    }

    #[test]
    fn outputs_mean_what_the_targets_are() {
        let of =
            |targets| Prediction::new(outputs(&[0.0, 2.0, 1.0, -1.0], &[2, 2]), targets).unwrap();
        let classes = of(TargetSpec::Class { classes: 2 });
        assert_eq!(classes.answer, Answer::Classes(vec![1, 0]));
        let all = classes.probabilities().unwrap().unwrap().to_vec2::<f32>().unwrap();
        assert!((all[0][1] - 0.880_797).abs() < 1e-6 && (all[0][0] + all[0][1] - 1.0).abs() < 1e-6);
        let labels = of(TargetSpec::Labels(2));
        assert_eq!(labels.answer, Answer::Labels(vec![vec![false, true], vec![true, false]]));
        let all = labels.probabilities().unwrap().unwrap().to_vec2::<f32>().unwrap();
        assert!((all[0][0] - 0.5).abs() < 1e-6 && (all[1][1] - 0.268_941).abs() < 1e-6);
        let values = of(TargetSpec::Values(2));
        assert_eq!(values.answer, Answer::Values(vec![vec![0.0, 2.0], vec![1.0, -1.0]]));
        assert!(values.probabilities().unwrap().is_none());
        let mask = TargetSpec::Mask { classes: 2, ignore: None };
        let found = Prediction::new(outputs(&[0.0, 2.0, 1.0, -1.0], &[1, 2, 1, 2]), mask).unwrap();
        assert_eq!(found.answer, Answer::Masks(vec![vec![1, 0]]));
    }
}
