//! Entropy: a measure of how undecided weights are.

use candle_core::{DType, Tensor};

use crate::RelaxError;
use crate::relaxation::check_table;

/// Normalised Shannon entropies of a table of weights: 1 is uniform, 0 decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entropy {
    /// One number in `[0, 1]` per row.
    pub rows: Vec<f64>,
    /// Their mean; 0 for a table without rows.
    pub mean: f64,
}

/// Entropies of a weight tensor `[rows, candidates]`; see [`entropy_of_rows`].
///
/// # Errors
/// [`RelaxError::Shape`] when `weights` is no table; [`RelaxError::Weight`] for a weight that is
/// negative or not finite.
pub fn entropy(weights: &Tensor) -> Result<Entropy, RelaxError> {
    check_table(weights)?;
    let rows: Vec<Vec<f64>> = weights.detach().to_dtype(DType::F64)?.to_vec2()?;
    entropy_of_rows(rows.iter().map(Vec::as_slice))
}

/// `H_r = -sum_o p_o ln p_o / ln |O|` with `p_o = w_o / sum_o' w_o'` for the weights `w` of row
/// `r`, and the mean of `H_r` over rows.
///
/// Dividing by the row's sum lets sigmoid weights be measured too. A row without any mass prefers
/// nothing and counts as uniform; a row with one candidate is decided.
///
/// # Errors
/// [`RelaxError::Shape`] for an empty row; [`RelaxError::Weight`] for a weight that is negative or
/// not finite.
pub fn entropy_of_rows<'a>(
    rows: impl IntoIterator<Item = &'a [f64]>,
) -> Result<Entropy, RelaxError> {
    let rows = rows
        .into_iter()
        .enumerate()
        .map(|(row, weights)| row_entropy(row, weights))
        .collect::<Result<Vec<f64>, _>>()?;
    let mean = rows.iter().sum::<f64>() / rows.len().max(1) as f64;
    Ok(Entropy { rows, mean })
}

fn row_entropy(row: usize, weights: &[f64]) -> Result<f64, RelaxError> {
    if let Some(column) = weights.iter().position(|&w| !w.is_finite() || w < 0.0) {
        return Err(RelaxError::Weight { row, column, found: weights[column] });
    }
    match weights.len() {
        0 => return Err(RelaxError::Shape { found: vec![row + 1, 0] }),
        1 => return Ok(0.0),
        _ => {}
    }
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return Ok(1.0);
    }
    // Scaled by the largest weight, the sum neither overflows nor vanishes.
    let scaled = || weights.iter().map(|w| w / largest);
    let sum: f64 = scaled().sum();
    let terms = scaled().map(|w| w / sum).filter(|&p| p > 0.0).map(|p| -p * p.ln());
    let entropy = terms.sum::<f64>() / (weights.len() as f64).ln();
    Ok(entropy.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
