//! The trust in a window's pixels.

use serde::{Deserialize, Serialize};

/// The weights of a window's pixels in the average over windows: `w(row, column) = a(row)
/// a(column)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WindowWeights {
    /// `a(i) = exp(-((i - (s - 1) / 2) / (s / 8))^2 / 2)` for a side of s pixels: a Gaussian with
    /// its peak of 1 in the middle and an eighth of the side as standard deviation, as in nnU-Net.
    #[default]
    Gaussian,
    /// `a(i) = 1`: the plain mean of all windows.
    Equal,
}

impl WindowWeights {
    /// `a` of each pixel along a side.
    pub(super) fn along(self, side: usize) -> Vec<f32> {
        let middle = (side as f64 - 1.0) / 2.0;
        let deviation = side as f64 / 8.0;
        let gaussian = |at: usize| (-((at as f64 - middle) / deviation).powi(2) / 2.0).exp();
        match self {
            Self::Gaussian => (0..side).map(|at| gaussian(at) as f32).collect(),
            Self::Equal => vec![1.0; side],
        }
    }

    /// Sums of the weights over all windows that begin at `starts`, for each of `length` pixels.
    pub(super) fn sums(self, side: usize, starts: &[usize], length: usize) -> Vec<f32> {
        let along = self.along(side);
        let mut sums = vec![0.0; length.max(side)];
        for &start in starts {
            for (sum, weight) in sums[start..].iter_mut().zip(&along) {
                *sum += weight;
            }
        }
        sums
    }
}
