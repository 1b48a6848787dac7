//! Projections onto the simplex that reach its border, and their gradient.

use candle_core::{D, DType, Tensor};

use crate::RelaxError;
use crate::relaxation::check_table;

/// Rows of `logits` mapped by `project`, with the gradient of an entmax of order `alpha`.
///
/// The mapping runs on the host in double precision: tables are small, sorting is exact there, and
/// zeros are zeros. With `s_o = p_o^(2 - alpha)` on the support of a row `p` and 0 elsewhere, the
/// Jacobian is `diag(s) - s s^T / sum(s)`; the linear map of that name is put on the graph, its
/// value taken out again, which leaves `p` to the last bit.
pub(crate) fn projected(
    logits: &Tensor,
    alpha: f64,
    project: impl Fn(&[f64]) -> Vec<f64>,
) -> Result<Tensor, RelaxError> {
    let shape = check_table(logits)?;
    let rows: Vec<Vec<f64>> = logits.detach().to_dtype(DType::F64)?.to_vec2()?;
    let projected: Vec<f64> = rows.iter().flat_map(|row| project(row)).collect();
    let slopes = projected.iter().map(|&p| if p > 0.0 { p.powf(2.0 - alpha) } else { 0.0 });
    let table = |values: Vec<f64>| -> Result<Tensor, RelaxError> {
        Ok(Tensor::from_vec(values, shape, logits.device())?.to_dtype(logits.dtype())?)
    };
    let slopes = table(slopes.collect())?;
    let weights = table(projected)?;
    // A constant shift of a row changes nothing and keeps the sums small.
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(D::Minus1)?)?;
    let total = slopes.sum_keepdim(D::Minus1)?;
    let mean = slopes.mul(&shifted)?.sum_keepdim(D::Minus1)?.broadcast_div(&total)?;
    let linear = slopes.mul(&shifted.broadcast_sub(&mean)?)?;
    Ok(weights.add(&linear.sub(&linear.detach())?)?)
}

/// The point of the simplex nearest to `row`: `max(z - t, 0)` with `t` such that it sums to 1.
pub(crate) fn sparsemax(row: &[f64]) -> Vec<f64> {
    let Some((shifted, sorted)) = prepared(row, 1.0) else { return vec![f64::NAN; row.len()] };
    let mut sum = 0.0;
    let mut threshold = 0.0;
    for (index, &value) in sorted.iter().enumerate() {
        let count = (index + 1) as f64;
        if 1.0 + count * value <= sum + value {
            break;
        }
        sum += value;
        threshold = (sum - 1.0) / count;
    }
    normalised(shifted.into_iter().map(|z| (z - threshold).max(0.0)).collect())
}

/// Entmax of order 1.5: `max(z / 2 - t, 0)^2` with `t` such that it sums to 1, by sorting.
pub(crate) fn entmax_one_and_a_half(row: &[f64]) -> Vec<f64> {
    let Some((shifted, sorted)) = prepared(row, 0.5) else { return vec![f64::NAN; row.len()] };
    let mut threshold = 0.0;
    for count in 1..=sorted.len() {
        let support = &sorted[..count];
        let mean = support.iter().sum::<f64>() / count as f64;
        let spread: f64 = support.iter().map(|z| (z - mean).powi(2)).sum();
        let found = mean - ((1.0 - spread) / count as f64).max(0.0).sqrt();
        if found > sorted[count - 1] {
            break;
        }
        threshold = found;
    }
    normalised(shifted.into_iter().map(|z| (z - threshold).max(0.0).powi(2)).collect())
}

/// More halvings than a double has bits: the threshold is then as exact as it can be.
const HALVINGS: usize = 64;

/// Entmax of order `alpha`, 1 < alpha: `max((alpha - 1) z - t, 0)^(1 / (alpha - 1))`, `t` found by
/// halving.
pub(crate) fn entmax(row: &[f64], alpha: f64) -> Vec<f64> {
    let scale = alpha - 1.0;
    let Some((shifted, _)) = prepared(row, scale) else { return vec![f64::NAN; row.len()] };
    let power = |z: f64, threshold: f64| (z - threshold).max(0.0).powf(1.0 / scale);
    // At -1 the largest entry alone sums to 1; where all entries are equal, the other end does.
    let mut low = -1.0;
    let mut high = -(1.0 / row.len() as f64).powf(scale);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let sum: f64 = shifted.iter().map(|&z| power(z, middle)).sum();
        if sum >= 1.0 { low = middle } else { high = middle }
    }
    normalised(shifted.into_iter().map(|z| power(z, low)).collect())
}

/// Entries times `scale`, less their maximum, and the same in descending order; `None` for a row
/// with an entry that is not a number.
fn prepared(row: &[f64], scale: f64) -> Option<(Vec<f64>, Vec<f64>)> {
    if row.iter().any(|z| !z.is_finite()) {
        return None;
    }
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shifted: Vec<f64> = row.iter().map(|z| scale * z - scale * largest).collect();
    let mut sorted = shifted.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    Some((shifted, sorted))
}

/// The sum is 1 up to rounding already.
fn normalised(mut row: Vec<f64>) -> Vec<f64> {
    let sum: f64 = row.iter().sum();
    row.iter_mut().for_each(|weight| *weight /= sum);
    row
}

#[cfg(test)]
mod tests;
