//! Rules that make sums a loss.

use candle_core::Tensor;

use super::like;

/// A quotient of sums, with its weight in the loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ratio {
    /// One sum over one count.
    Mean { weight: f64 },
    /// One less the mean over classes of their overlap: `2 classes` sums, `classes` counts.
    Overlap { weight: f64, classes: usize, overlap: Overlap },
}

/// The overlap of a class: with `tp = both`, `fp = said - both` and `fn = there - both`,
/// `(tp + e) / (tp + a fp + b fn + e)` with a = `alpha`, b = `beta`, e = `smooth`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Overlap {
    pub(crate) alpha: f64,
    pub(crate) beta: f64,
    pub(crate) smooth: f64,
    /// False where class 0 does not count.
    pub(crate) background: bool,
}

impl Overlap {
    /// One less the mean overlap; classes lie along the last dimension, which goes.
    pub(crate) fn loss(
        &self,
        [both, said, there]: [&Tensor; 3],
    ) -> Result<Tensor, candle_core::Error> {
        let Self { alpha, beta, smooth, background } = *self;
        // tp + a (said - tp) + b (there - tp)
        let rest = ((said * alpha)? + (there * beta)?)?;
        let below = ((both * (1.0 - alpha - beta))? + rest)?.affine(1.0, smooth)?;
        let overlaps = (both.affine(1.0, smooth)? / below)?;
        let last = overlaps.rank() - 1;
        let first = usize::from(!background);
        let counted = overlaps.narrow(last, first, overlaps.dim(last)? - first)?;
        counted.mean(last)?.affine(-1.0, 1.0)
    }
}

impl Ratio {
    /// Numbers of its sums and of its counts.
    pub(crate) fn widths(&self) -> [usize; 2] {
        match self {
            Self::Mean { .. } => [1, 1],
            Self::Overlap { classes, .. } => [2 * classes, *classes],
        }
    }

    pub(crate) fn weighted(&self, by: f64) -> Self {
        let mut own = self.clone();
        match &mut own {
            Self::Mean { weight } | Self::Overlap { weight, .. } => *weight *= by,
        }
        own
    }

    /// The loss of sums and counts; 0, with gradients of 0, where nothing is counted.
    pub(crate) fn close(
        &self,
        sums: &Tensor,
        counts: &[f64],
    ) -> Result<Tensor, candle_core::Error> {
        let count: f64 = counts.iter().sum();
        match self {
            Self::Mean { weight } => {
                let share = if count > 0.0 { weight / count } else { 0.0 };
                sums.squeeze(0)? * share
            }
            Self::Overlap { weight, classes, overlap } => {
                let both = sums.narrow(0, 0, *classes)?;
                let said = sums.narrow(0, *classes, *classes)?;
                let there = like(counts, sums)?;
                let weight = if count > 0.0 { *weight } else { 0.0 };
                overlap.loss([&both, &said, &there])? * weight
            }
        }
    }
}
