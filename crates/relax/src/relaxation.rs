//! The trait of all relaxations.

use std::fmt::{self, Debug};

use candle_core::Tensor;
use rand::RngCore;
use rand_distr::{Distribution, StandardNormal};

use crate::{Progress, RelaxError};

/// A set to which rows of numbers belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Constraint {
    /// Each row is non-negative and sums to 1.
    Simplex,
    /// Each number is in `[0, 1]`.
    UnitInterval,
    /// Any finite numbers.
    Free,
}

impl Constraint {
    /// `true` if a row keeps to the set. Numbers may exceed its bounds, and sums may be off, by
    /// `tolerance`; a negative number never belongs to a set of non-negative numbers.
    pub(crate) fn holds(self, row: &[f64], tolerance: f64) -> bool {
        let unit = |w: &f64| (0.0..=1.0 + tolerance).contains(w);
        match self {
            Self::Free => row.iter().all(|w| w.is_finite()),
            Self::UnitInterval => row.iter().all(unit),
            Self::Simplex => {
                row.iter().all(unit) && (row.iter().sum::<f64>() - 1.0).abs() <= tolerance
            }
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simplex => "numbers of 0 or more that sum to 1",
            Self::UnitInterval => "numbers from 0 to 1",
            Self::Free => "finite numbers",
        })
    }
}

/// A rule that turns architecture logits into the weights of a mixed operation.
///
/// One table of logits `[rows, candidates]` holds one row per choice: the operations of an edge,
/// the in-edges of a node, the out-links of a cell. Every row is relaxed by itself.
///
/// Implementations hold configuration, never state: equal arguments and equal noise give equal
/// weights. A search checks all of this at its first step
/// ([`check_relaxation_at`](crate::check_relaxation_at)), and the sets of the weights at every
/// step.
pub trait Relaxation: Debug + Send + Sync {
    /// Weights of the logits' own shape `[rows, candidates]` and dtype, differentiable in the
    /// logits. `noise` is drawn from by stochastic relaxations only.
    ///
    /// # Errors
    /// [`RelaxError::Shape`] when `logits` is not a table; otherwise as the implementation
    /// documents.
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError>;

    /// The set to which every row of [`Relaxation::weights`] belongs.
    fn constraint(&self) -> Constraint {
        Constraint::Simplex
    }

    /// The set to which the logits themselves belong. It decides which updates are allowed: an
    /// unconstrained optimiser for [`Constraint::Free`], a step that stays on the simplex (such as
    /// exponentiated gradient) for [`Constraint::Simplex`].
    fn domain(&self) -> Constraint {
        Constraint::Free
    }

    /// A finite scalar to add to the search loss, if the relaxation has one.
    ///
    /// # Errors
    /// As [`Relaxation::weights`].
    fn penalty(&self, _logits: &Tensor) -> Result<Option<Tensor>, RelaxError> {
        Ok(None)
    }

    /// Initial logits, row after row (`rows * candidates` numbers): `1e-3 * N(0, 1)`, as in the
    /// released DARTS code.
    fn initial(&self, rows: usize, candidates: usize, noise: &mut dyn RngCore) -> Vec<f32> {
        let draw = |_| -> f32 {
            let normal: f32 = StandardNormal.sample(&mut *noise);
            1e-3 * normal
        };
        (0..rows * candidates).map(draw).collect()
    }

    /// A text that changes whenever the computation of this relaxation changes: its name, its
    /// configuration, and a version of its code.
    ///
    /// Work that is stored (checkpoints, finished legs of a comparison) is only used again for the
    /// same identity. With `None`, the default, identities cannot be compared, and stored work is
    /// done again. The debug form is not an identity: it may leave values out.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// A relaxation whose weights are a function of the logits alone: it reads neither noise nor
/// progress.
pub trait Deterministic: Relaxation {}

impl<T: Deterministic + ?Sized> Deterministic for &T {}
impl<T: Deterministic + ?Sized> Deterministic for Box<T> {}
impl Deterministic for crate::Entmax {}
impl Deterministic for crate::Sigmoid {}
impl Deterministic for crate::Simplex {}
impl Deterministic for crate::Softmax {}
impl Deterministic for crate::Sparsemax {}

macro_rules! forward_relaxation {
    ($($pointer:ty),*) => {$(
        impl<T: Relaxation + ?Sized> Relaxation for $pointer {
            fn weights(
                &self,
                logits: &Tensor,
                at: Progress,
                noise: &mut dyn RngCore,
            ) -> Result<Tensor, RelaxError> {
                (**self).weights(logits, at, noise)
            }

            fn constraint(&self) -> Constraint {
                (**self).constraint()
            }

            fn domain(&self) -> Constraint {
                (**self).domain()
            }

            fn penalty(&self, logits: &Tensor) -> Result<Option<Tensor>, RelaxError> {
                (**self).penalty(logits)
            }

            fn initial(
                &self,
                rows: usize,
                candidates: usize,
                noise: &mut dyn RngCore,
            ) -> Vec<f32> {
                (**self).initial(rows, candidates, noise)
            }

            fn identity(&self) -> Option<String> {
                (**self).identity()
            }
        }
    )*};
}

forward_relaxation!(&T, Box<T>);

/// Refuses anything but a table with at least one candidate per row.
pub(crate) fn check_table(table: &Tensor) -> Result<(usize, usize), RelaxError> {
    match *table.dims() {
        [rows, candidates] if candidates > 0 => Ok((rows, candidates)),
        _ => Err(RelaxError::Shape { found: table.dims().to_vec() }),
    }
}
