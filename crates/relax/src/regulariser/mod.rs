//! Terms that a search adds to its loss to shape the architecture weights.

mod beta_decay;
mod concave;
mod entropy;
mod expected_cost;
mod l1;
mod penalised;
mod penalties;
mod zero_one;

use std::fmt::Debug;

use candle_core::{DType, Tensor};

pub use beta_decay::BetaDecay;
pub use concave::ConcaveNorm;
pub use entropy::NegativeEntropy;
pub use expected_cost::ExpectedCost;
pub use l1::L1;
pub use penalised::Penalised;
pub use penalties::Penalties;
pub use zero_one::{ZeroOne, ZeroOneNorm};

use crate::{Progress, RelaxError};

/// A scalar function of one table of logits and its weights, which the search minimises.
///
/// Implementations hold configuration, never state, and are differentiable in the tensors they
/// read. [`Penalties`] decide how much a term counts, and when.
pub trait Regulariser: Debug + Send + Sync {
    /// The term for a table of `logits` and its relaxed `weights`, both `[rows, candidates]`; a
    /// scalar of their dtype.
    ///
    /// # Errors
    /// [`RelaxError::Shape`] when one of the two is not a table, [`RelaxError::Mismatch`] when they
    /// differ in shape; otherwise as the implementation documents.
    fn loss(&self, logits: &Tensor, weights: &Tensor, at: Progress) -> Result<Tensor, RelaxError>;

    /// A text that changes whenever the computation of this term changes, as in
    /// [`Relaxation::identity`](crate::Relaxation::identity); `None`, the default, for a term
    /// without identity.
    fn identity(&self) -> Option<String> {
        None
    }
}

macro_rules! forward_regulariser {
    ($($pointer:ty),*) => {$(
        impl<T: Regulariser + ?Sized> Regulariser for $pointer {
            fn loss(
                &self,
                logits: &Tensor,
                weights: &Tensor,
                at: Progress,
            ) -> Result<Tensor, RelaxError> {
                (**self).loss(logits, weights, at)
            }

            fn identity(&self) -> Option<String> {
                (**self).identity()
            }
        }
    )*};
}

forward_regulariser!(&T, Box<T>);

/// Refuses two tables of different shapes.
fn check_pair(logits: &Tensor, weights: &Tensor) -> Result<(usize, usize), RelaxError> {
    let shape = crate::relaxation::check_table(weights)?;
    if logits.dims() != weights.dims() {
        let expected = logits.dims().to_vec();
        let found = weights.dims().to_vec();
        return Err(RelaxError::Mismatch { what: "weights of these logits", expected, found });
    }
    Ok(shape)
}

/// The smallest positive number that a dtype can take the logarithm or a power of.
fn least(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => f64::MIN_POSITIVE,
        _ => f64::from(f32::MIN_POSITIVE),
    }
}

#[cfg(test)]
mod tests;
