//! Logits to try relaxations on.

use candle_core::{Device, Tensor};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{Constraint, Progress, RelaxError};

/// Shapes of tables, among them one row, one candidate and none of either more than needed.
pub(super) const SHAPES: [(usize, usize); 4] = [(1, 1), (1, 5), (6, 1), (5, 8)];

/// Start, middle and end of a search.
pub(super) const TIMES: [Progress; 3] = [
    Progress { epoch: 0, epochs: 10 },
    Progress { epoch: 5, epochs: 10 },
    Progress { epoch: 9, epochs: 10 },
];

pub(super) fn noise(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// An `f64` table inside of `domain`, away from its border.
pub(super) fn logits(
    domain: Constraint,
    (rows, candidates): (usize, usize),
    noise: &mut dyn RngCore,
) -> Result<Tensor, RelaxError> {
    let mut table: Vec<f64> = match domain {
        Constraint::Free => (0..rows * candidates).map(|_| 2.0 * normal(noise)).collect(),
        Constraint::Simplex | Constraint::UnitInterval => {
            (0..rows * candidates).map(|_| noise.random_range(0.05..0.95)).collect()
        }
    };
    if domain == Constraint::Simplex {
        for row in table.chunks_mut(candidates) {
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|weight| *weight /= sum);
        }
    }
    Ok(Tensor::from_vec(table, (rows, candidates), &Device::Cpu)?)
}

pub(super) fn normal(noise: &mut dyn RngCore) -> f64 {
    StandardNormal.sample(noise)
}

/// A description of the first of `rows` that violates a constraint, to `tolerance`.
pub(super) fn violation(rows: &[Vec<f64>], set: Constraint, tolerance: f64) -> Option<String> {
    let broken = rows.iter().position(|row| !set.holds(row, tolerance));
    broken.map(|index| format!("row {index} is not in {set:?}: {:?}", rows[index]))
}
