//! Draws that changes share.

use rand::{Rng, RngCore};

/// True with this probability. Draws one number.
pub(super) fn happens(probability: f64, random: &mut dyn RngCore) -> bool {
    random.random::<f64>() < probability
}

/// A number between the two ends, all equally likely. Draws one number.
pub(super) fn between(range: (f64, f64), random: &mut dyn RngCore) -> f64 {
    range.0 + (range.1 - range.0) * random.random::<f64>()
}

/// A factor from a range around 1: below 1 in half of the cases, if the range begins there, and 1 or
/// more otherwise; equally likely within each half. Draws two numbers.
pub(super) fn factor(range: (f64, f64), random: &mut dyn RngCore) -> f64 {
    let smaller = happens(0.5, random);
    let range = match range {
        (from, to) if smaller && from < 1.0 => (from, to.min(1.0)),
        (from, to) => (from.max(1.0).min(to), to),
    };
    between(range, random)
}
