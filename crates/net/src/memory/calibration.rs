//! Predictions corrected by measurements.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Number of measurements that are remembered.
const WINDOW: usize = 64;
/// Number of measurements that the start counts for.
const WEIGHT: usize = 3;
/// The share of candidates that stay within a cautious prediction.
const CAUTION: f64 = 0.95;

/// A running comparison of measured with predicted peaks.
///
/// With `r_i = measured_i / predicted_i` of the last 64 candidates, a prediction is corrected by
/// `median(s, s, s, r_1, .., r_n)`, where `s` is [`start`](Self::start): the first measurements
/// move it little, and no single one far, whatever became of its process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    start: f64,
    ratios: VecDeque<f64>,
}

impl Default for Calibration {
    /// A correction by 1: predictions are right until measurements say otherwise.
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Calibration {
    /// A correction by `start` if that is a positive number, and by 1 otherwise.
    pub fn new(start: f64) -> Self {
        let start = if usable(start) { start } else { 1.0 };
        Self { start, ratios: VecDeque::new() }
    }

    /// The correction without measurements.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Number of measurements that count.
    pub fn len(&self) -> usize {
        self.ratios.len()
    }

    /// `true` if nothing has been measured.
    pub fn is_empty(&self) -> bool {
        self.ratios.is_empty()
    }

    /// Records a measurement; one of 0 bytes, or with a prediction of 0 bytes, is ignored.
    pub fn observe(&mut self, predicted: u64, measured: u64) {
        let ratio = measured as f64 / predicted as f64;
        if !usable(ratio) {
            return;
        }
        if self.ratios.len() == WINDOW {
            self.ratios.pop_front();
        }
        self.ratios.push_back(ratio);
    }

    /// The factor that predictions are multiplied with.
    pub fn factor(&self) -> f64 {
        self.quantile(0.5)
    }

    /// A prediction, corrected.
    pub fn corrected(&self, predicted: u64) -> u64 {
        (predicted as f64 * self.factor()) as u64
    }

    /// A prediction that 95 % of the measurements did not exceed.
    pub fn cautious(&self, predicted: u64) -> u64 {
        (predicted as f64 * self.quantile(CAUTION)) as u64
    }

    /// The smallest ratio that a share of all ratios do not exceed, the start included.
    fn quantile(&self, share: f64) -> f64 {
        let start = std::iter::repeat_n(self.start, WEIGHT);
        let mut all: Vec<f64> = self.ratios.iter().copied().chain(start).collect();
        all.sort_by(f64::total_cmp);
        let place = (share * all.len() as f64).ceil() as usize;
        all[place.clamp(1, all.len()) - 1]
    }
}

fn usable(ratio: f64) -> bool {
    ratio.is_finite() && ratio > 0.0
}

#[cfg(test)]
mod tests;
