//! A learning rate that falls with the gradients seen so far.

/// A learning rate that falls with the root of the sum of squared gradient norms (AdaGrad's, for a
/// whole table).
///
/// ```text
/// S   <- S + n^2                       n the norm of this step's gradient (`norm`)
/// eta  = clamp(base / sqrt(max(1, S)), least, most)
/// ```
///
/// The released code of GAEA contains it (`AdaptiveLR`, with the largest absolute gradient as `n`)
/// but does not use it.
///
/// # Differences from the paper
/// The paper has no such rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccumulatedRate {
    /// Rate before anything has added up.
    pub base: f64,
    /// It does not fall below this rate.
    pub least: f64,
    /// It does not rise above this rate.
    pub most: f64,
    /// Squares added up so far: 0 at first.
    pub squares: f64,
}

impl AccumulatedRate {
    /// A rate before the first step.
    pub const fn new(base: f64, least: f64, most: f64) -> Self {
        Self { base, least, most, squares: 0.0 }
    }

    /// The rate of a step whose gradient has the given norm.
    pub fn next(&mut self, norm: f64) -> f64 {
        self.squares += norm * norm;
        // Not `clamp`, which panics when the limits are the wrong way round.
        (self.base / self.squares.max(1.0).sqrt()).min(self.most).max(self.least)
    }
}
