//! Sums over yes-or-no predictions.

use crate::scorer::share;

/// Predictions counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) seen: f64,
    right: f64,
    false_alarms: f64,
    missed: f64,
    entropy: f64,
}

impl Counts {
    /// Logits, each with 0 or 1.
    pub(super) fn of(pairs: impl Iterator<Item = [f64; 2]>) -> Self {
        let mut counts = Self::default();
        for [logit, there] in pairs {
            counts.count(logit, there > 0.5);
        }
        counts
    }

    fn count(&mut self, logit: f64, there: bool) {
        let said = if logit.is_nan() { !there } else { logit > 0.0 };
        match (said, there) {
            (true, true) => self.right += 1.0,
            (true, false) => self.false_alarms += 1.0,
            (false, true) => self.missed += 1.0,
            (false, false) => {}
        }
        // -log sigmoid(x) = log(1 + exp(-x)), with x the logit for a label that is there and its
        // negative for one that is not; no exponential overflows.
        let x = if there { logit } else { -logit };
        self.entropy += (-x).max(0.0) + (-x.abs()).exp().ln_1p();
        self.seen += 1.0;
    }

    /// Labels that are there.
    pub(super) fn there(&self) -> f64 {
        self.right + self.missed
    }

    pub(super) fn wrong(&self) -> f64 {
        self.false_alarms + self.missed
    }

    pub(super) fn f1(&self) -> Option<f64> {
        share(2.0 * self.right, 2.0 * self.right + self.wrong())
    }

    pub(super) fn bce(&self) -> Option<f64> {
        share(self.entropy, self.seen)
    }
}
