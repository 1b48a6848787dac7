//! Laws for scorers, for this crate's own and for third parties'.

use candle_core::Tensor;
use dartloom_record::Scores;

use crate::{MetricsError, Scorer};

/// A batch that a scorer can measure.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The output of a model.
    pub output: Tensor,
    /// The true values.
    pub target: Tensor,
}

/// The first law a scorer breaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Broken {
    /// A scorer that has seen nothing has a score.
    EmptyHasScores {
        /// Its scores.
        found: Scores,
    },
    /// Adding the states of two parts differs from one scorer of the whole.
    Shards {
        /// Number of batches in the first part.
        cut: usize,
        /// Scores of the whole.
        whole: Scores,
        /// Scores of the sum.
        sum: Scores,
    },
    /// Another order of batches gives other scores.
    Order {
        /// Scores in the given order.
        given: Scores,
        /// Scores in reverse order.
        reversed: Scores,
    },
    /// Adding the states of two parts gives a state of another length than that of the whole.
    StateLength {
        /// Length of the state of the whole.
        whole: usize,
        /// Length of the state of the sum.
        sum: usize,
    },
    /// A state of the wrong length was taken, or changed something.
    WrongState {
        /// Its length.
        length: usize,
    },
    /// A batch whose output has one row more than its target was taken, or changed something.
    WrongRows,
    /// The scorer refused a batch that the caller calls valid.
    Refused {
        /// Its reason.
        error: String,
    },
    /// The given batches cannot be divided into parts.
    Batches {
        /// The error.
        error: String,
    },
}

/// Checks a scorer against the contract of [`Scorer`]: nothing seen means no score, the states of
/// any two parts add up to the whole, the order of batches does not matter, a state that is one
/// number longer or shorter is refused, and an output of more rows than its target is an error that
/// counts nothing.
///
/// `empty` makes a new scorer; `batches` should be several. Scores may differ by rounding, `1e-9`
/// relative.
///
/// # Errors
/// The first law that is broken.
pub fn check_scorer(
    empty: &dyn Fn() -> Box<dyn Scorer>,
    batches: &[Measured],
) -> Result<(), Broken> {
    let found = empty().scores();
    if !found.is_empty() {
        return Err(Broken::EmptyHasScores { found });
    }
    let whole = over(empty, batches.iter())?;
    let given = whole.scores();
    for cut in 0..=batches.len() {
        let (first, second) = batches.split_at(cut);
        let mut sum = over(empty, first.iter())?;
        sum.add(&over(empty, second.iter())?.state()).map_err(refused)?;
        if !alike(&given, &sum.scores()) {
            return Err(Broken::Shards { cut, whole: given, sum: sum.scores() });
        }
        let lengths = [whole.state().len(), sum.state().len()];
        if lengths[0] != lengths[1] {
            return Err(Broken::StateLength { whole: lengths[0], sum: lengths[1] });
        }
    }
    let reversed = over(empty, batches.iter().rev())?.scores();
    if !alike(&given, &reversed) {
        return Err(Broken::Order { given, reversed });
    }
    check_refusals(whole, batches)
}

fn check_refusals(mut scorer: Box<dyn Scorer>, batches: &[Measured]) -> Result<(), Broken> {
    let before = scorer.state();
    for length in [before.len() + 1, before.len().saturating_sub(1)] {
        if scorer.add(&vec![1.0; length]).is_ok() || scorer.state() != before {
            return Err(Broken::WrongState { length });
        }
    }
    for Measured { output, target } in batches {
        let longer = Tensor::cat(&[output, output], 0);
        let longer = longer.map_err(|error| Broken::Batches { error: error.to_string() })?;
        if scorer.update(&longer, target).is_ok() || scorer.state() != before {
            return Err(Broken::WrongRows);
        }
    }
    Ok(())
}

fn over<'a>(
    empty: &dyn Fn() -> Box<dyn Scorer>,
    batches: impl Iterator<Item = &'a Measured>,
) -> Result<Box<dyn Scorer>, Broken> {
    let mut scorer = empty();
    for Measured { output, target } in batches {
        scorer.update(output, target).map_err(refused)?;
    }
    Ok(scorer)
}

fn refused(error: MetricsError) -> Broken {
    Broken::Refused { error: error.to_string() }
}

fn alike(a: &Scores, b: &Scores) -> bool {
    let close =
        |a: f64, b: f64| a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    let same = |((name, a), (other, b)): ((&str, f64), (&str, f64))| {
        name == other && (close(a, b) || (a.is_nan() && b.is_nan()))
    };
    a.len() == b.len() && a.iter().zip(b.iter()).all(same)
}

#[cfg(test)]
mod tests;
