//! Agreement of two series on the order of things.

use std::cmp::Ordering;

use super::mean;
use crate::StatisticsError;

/// Kendall's tau-b of `first` and `second`, from -1 to 1:
///
/// `tau = (C - D) / sqrt((P - T_1) (P - T_2))` over all `P = n (n - 1) / 2` pairs of positions, `C`
/// of which both series order alike and `D` contrarily; `T_1` and `T_2` are tied in a series.
///
/// Source: M. G. Kendall, *The Treatment of Ties in Ranking Problems*, Biometrika 33, 1945. Takes
/// `n^2` comparisons.
///
/// # Errors
/// [`StatisticsError::PairCount`], [`StatisticsError::TooFewPairs`] for fewer than two,
/// [`StatisticsError::NotFinite`], and [`StatisticsError::Constant`] for a series that orders
/// nothing.
pub fn kendall_tau(first: &[f64], second: &[f64]) -> Result<f64, StatisticsError> {
    check(first, second)?;
    let mut difference = 0_i64;
    let mut apart = [0_i64; 2];
    for (index, (a, b)) in first.iter().zip(second).enumerate() {
        for (c, d) in first[index + 1..].iter().zip(&second[index + 1..]) {
            let signs = [sign(a, c), sign(b, d)];
            difference += signs[0] * signs[1];
            apart = [apart[0] + signs[0].abs(), apart[1] + signs[1].abs()];
        }
    }
    let tau = difference as f64 / (apart[0] as f64 * apart[1] as f64).sqrt();
    Ok(tau.clamp(-1.0, 1.0))
}

fn sign(a: &f64, b: &f64) -> i64 {
    match a.partial_cmp(b) {
        Some(Ordering::Less) => 1,
        Some(Ordering::Greater) => -1,
        _ => 0,
    }
}

/// Spearman's rho of `first` and `second`, from -1 to 1: the correlation of their ranks, where
/// equal values share the mean of the ranks they take.
///
/// `rho = sum_i (r_i - m) (s_i - m) / sqrt(sum_i (r_i - m)^2 sum_i (s_i - m)^2)` with ranks `r`,
/// `s` and their mean `m = (n + 1) / 2`.
///
/// Source: C. Spearman, *The Proof and Measurement of Association between Two Things*, 1904.
///
/// # Errors
/// As [`kendall_tau`].
pub fn spearman_rho(first: &[f64], second: &[f64]) -> Result<f64, StatisticsError> {
    check(first, second)?;
    let ranks = [centred(ranks(first)), centred(ranks(second))];
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let [r, s] = &ranks;
    let rho = product(r, s) / (product(r, r) * product(s, s)).sqrt();
    Ok(rho.clamp(-1.0, 1.0))
}

fn check(first: &[f64], second: &[f64]) -> Result<(), StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::PairCount { first: first.len(), second: second.len() });
    }
    if first.len() < 2 {
        return Err(StatisticsError::TooFewPairs { found: first.len() });
    }
    for (index, (&first, &second)) in first.iter().zip(second).enumerate() {
        if !first.is_finite() || !second.is_finite() {
            return Err(StatisticsError::NotFinite { index, first, second });
        }
    }
    for (series, values) in [("first", first), ("second", second)] {
        if values.iter().all(|value| sign(value, &values[0]) == 0) {
            return Err(StatisticsError::Constant { series, value: values[0] });
        }
    }
    Ok(())
}

/// Ranks from 1, the mean rank for equal values.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let same = |&&place: &&usize| sign(&values[place], &values[order[start]]) == 0;
        let count = order[start..].iter().take_while(same).count();
        for &place in &order[start..start + count] {
            ranks[place] = start as f64 + (count as f64 + 1.0) / 2.0;
        }
        start += count;
    }
    ranks
}

fn centred(mut ranks: Vec<f64>) -> Vec<f64> {
    let centre = mean(&ranks).unwrap_or_default();
    ranks.iter_mut().for_each(|rank| *rank -= centre);
    ranks
}

#[cfg(test)]
mod tests;
