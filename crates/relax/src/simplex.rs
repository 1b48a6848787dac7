//! The relaxation of GAEA.

use candle_core::Tensor;
use rand::RngCore;
use serde::Serialize;

use crate::relaxation::check_table;
use crate::{Constraint, Progress, RelaxError, Relaxation, identity};

/// Parameters that are the weights: `w = theta`, every row of `theta` (`logits`) on the simplex.
///
/// Li, Khodak, Balcan and Talwalkar, *Geometry-Aware Gradient Algorithms for Neural Architecture
/// Search*, ICLR 2021. Parameters start at `1 / |O|`. The step that updates them must stay on
/// the simplex; this relaxation does not project. Cost: none.
///
/// # Differences from the paper
/// None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Simplex;

impl Relaxation for Simplex {
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        _noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        check_table(logits)?;
        Ok(logits.clone())
    }

    fn domain(&self) -> Constraint {
        Constraint::Simplex
    }

    fn initial(&self, rows: usize, candidates: usize, _noise: &mut dyn RngCore) -> Vec<f32> {
        vec![1.0 / candidates as f32; rows * candidates]
    }

    fn identity(&self) -> Option<String> {
        identity::of("Simplex", self)
    }
}

#[cfg(test)]
mod tests;
