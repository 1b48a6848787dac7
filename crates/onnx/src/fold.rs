//! Norms as factors and summands of channels, which a convolution can take into its weights.

use dartloom_space::Layer;

use crate::OnnxError;
use crate::draft::Draft;

/// Added to a variance under the root, as where networks are trained.
pub(crate) const EPSILON: f64 = 1e-5;

/// A factor and a summand for each channel: `y = factor * x + summand`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Affine {
    pub(crate) factor: Vec<f64>,
    pub(crate) summand: Vec<f64>,
}

impl Affine {
    /// The norm at `prefix`: with `g` and `b` its scale and shift, 1 and 0 where it learns none,
    /// the factor is `g / sqrt(running_var + 1e-5)` and the summand `b - factor * running_mean`.
    pub(crate) fn of_norm(
        draft: &Draft<'_>,
        prefix: &str,
        channels: usize,
        affine: bool,
    ) -> Result<Self, OnnxError> {
        let read = |name: &str| {
            let array = draft.array(&format!("{prefix}.{name}"), &[channels])?;
            Ok::<_, OnnxError>(array.values().iter().map(|&value| f64::from(value)))
        };
        let mean = read("running_mean")?;
        let variance = read("running_var")?;
        let mut factor: Vec<f64> = variance.map(|value| 1.0 / (value + EPSILON).sqrt()).collect();
        let mut summand = vec![0.0; channels];
        if affine {
            factor.iter_mut().zip(read("weight")?).for_each(|(factor, scale)| *factor *= scale);
            summand.iter_mut().zip(read("bias")?).for_each(|(own, shift)| *own = shift);
        }
        for ((summand, factor), mean) in summand.iter_mut().zip(&factor).zip(mean) {
            *summand -= factor * mean;
        }
        Ok(Self { factor, summand })
    }

    /// The same behind the addition of `bias`.
    pub(crate) fn after_bias(mut self, bias: &[f32]) -> Self {
        for ((summand, factor), &bias) in self.summand.iter_mut().zip(&self.factor).zip(bias) {
            *summand += factor * f64::from(bias);
        }
        self
    }

    /// The summands, rounded.
    pub(crate) fn biases(&self) -> Vec<f32> {
        self.summand.iter().map(|&summand| summand as f32).collect()
    }

    /// Weights times the factor of their channel. Channels follow each other every `inner` values,
    /// and begin anew when all had their turn.
    pub(crate) fn weights(&self, weights: &[f32], inner: usize) -> Vec<f32> {
        let rows = weights.chunks(inner.max(1)).zip(self.factor.iter().cycle());
        let row = |(row, &factor): (&[f32], &f64)| -> Vec<f32> {
            row.iter().map(|&weight| (f64::from(weight) * factor) as f32).collect()
        };
        rows.flat_map(row).collect()
    }

    /// The channels before and from `at`.
    pub(crate) fn split(&self, at: usize) -> [Self; 2] {
        let part = |range: std::ops::Range<usize>| Self {
            factor: self.factor.get(range.clone()).unwrap_or_default().to_vec(),
            summand: self.summand.get(range).unwrap_or_default().to_vec(),
        };
        [part(0..at), part(at..self.factor.len())]
    }
}

/// The layers behind a convolution that become a part of it, by their positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Absorbed {
    /// An addition of a number to each channel.
    pub(crate) bias: Option<usize>,
    /// A norm, and `true` if it learns.
    pub(crate) norm: Option<(usize, bool)>,
    /// The position of the last one; `None` if there is none.
    pub(crate) last: Option<usize>,
}

impl Absorbed {
    /// The layers behind position `at`; a norm only where norms are folded, a bias in any case.
    pub(crate) fn behind(layers: &[Layer], at: usize, fold_norms: bool) -> Self {
        let mut found = Self::default();
        for (position, layer) in layers.iter().enumerate().skip(at + 1) {
            match layer {
                Layer::Identity | Layer::Dropout(_) => {}
                Layer::Bias { .. } if found.bias.is_none() => {
                    found.bias = Some(position);
                    found.last = Some(position);
                }
                Layer::Norm { affine, .. } if fold_norms => {
                    found.norm = Some((position, *affine));
                    found.last = Some(position);
                    break;
                }
                _ => break,
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
