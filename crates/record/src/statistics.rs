//! The few statistics that verdicts need: on two methods, and on a score that claims to rank.
//!
//! Two methods run with the same seeds give pairs; [`paired`] computes the size of the difference
//! and its uncertainty, and nothing more. [`kendall_tau`] and [`spearman_rho`] measure how far two
//! series order things alike.

use crate::StatisticsError;

mod rank;
mod several;
mod student;

pub use rank::{kendall_tau, spearman_rho};
pub use several::{holm, pairs_needed};
pub use student::{student_t_cdf, student_t_quantile};

/// Probability that [`Paired`]'s interval leaves out on each side.
const TAIL: f64 = 0.025;

/// Arithmetic mean; `None` if there are no values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Sample standard deviation `sqrt(sum((x_i - mean)^2) / (n - 1))`; `None` for fewer than two
/// values.
#[must_use]
pub fn sample_sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// A comparison of paired measurements, `first - second`; made by [`paired`].
///
/// All numbers are finite.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Paired {
    /// Number of pairs, at least 2.
    pub pairs: usize,
    /// Mean of the differences, `d`.
    pub mean_difference: f64,
    /// Sample standard deviation of the differences, `s`.
    pub difference_sd: f64,
    /// Standard error of the mean difference, `s / sqrt(n)`.
    pub standard_error: f64,
    /// Lower end of the two-sided 95 % confidence interval, `d - t_{0.975, n-1} s / sqrt(n)`.
    pub lower: f64,
    /// Upper end of the interval, `d + t_{0.975, n-1} s / sqrt(n)`.
    pub upper: f64,
    /// The t test, or `None` when the differences do not vary and t would be a division by zero.
    pub test: Option<PairedTest>,
}

/// Student's t test of the hypothesis that the mean difference is zero.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PairedTest {
    /// `t = d / (s / sqrt(n))`.
    pub t: f64,
    /// Degrees of freedom, `n - 1`.
    pub degrees_of_freedom: usize,
    /// Probability of a |t| at least this large if the mean difference is zero and the differences
    /// are normal.
    pub p_value: f64,
}

/// Compares `first[i]` with `second[i]`: mean difference, its confidence interval and the paired t
/// test.
///
/// Differences whose standard deviation is within four units of rounding of the largest value are
/// treated as constant: the spread is then reported as 0, the interval is a point and there is no
/// test.
///
/// # Errors
/// [`StatisticsError::PairCount`], [`StatisticsError::TooFewPairs`] for fewer than two,
/// [`StatisticsError::NotFinite`] and [`StatisticsError::Overflow`].
pub fn paired(first: &[f64], second: &[f64]) -> Result<Paired, StatisticsError> {
    let differences = differences(first, second)?;
    let pairs = differences.len();
    let spread = mean(&differences).zip(sample_sd(&differences));
    let (mean_difference, sd) = spread.ok_or(StatisticsError::TooFewPairs { found: pairs })?;
    let largest = first.iter().chain(second).fold(0.0_f64, |most, value| most.max(value.abs()));
    let sd = if sd <= 4.0 * f64::EPSILON * largest { 0.0 } else { sd };
    let standard_error = sd / (pairs as f64).sqrt();
    let freedom = (pairs - 1) as f64;
    let half_width =
        student_t_quantile(1.0 - TAIL, freedom).map_or(f64::NAN, |t| t * standard_error);
    let lower = mean_difference - half_width;
    let upper = mean_difference + half_width;
    if !(lower.is_finite() && upper.is_finite()) {
        return Err(StatisticsError::Overflow);
    }
    let test = (standard_error > 0.0).then(|| mean_difference / standard_error).and_then(|t| {
        let p_value = student::two_sided(t, freedom)?;
        Some(PairedTest { t, degrees_of_freedom: pairs - 1, p_value })
    });
    Ok(Paired { pairs, mean_difference, difference_sd: sd, standard_error, lower, upper, test })
}

fn differences(first: &[f64], second: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::PairCount { first: first.len(), second: second.len() });
    }
    if first.len() < 2 {
        return Err(StatisticsError::TooFewPairs { found: first.len() });
    }
    first
        .iter()
        .zip(second)
        .enumerate()
        .map(|(index, (&first, &second))| {
            let difference = first - second;
            // Infinite or NaN values give such a difference, too.
            difference.is_finite().then_some(difference).ok_or(StatisticsError::NotFinite {
                index,
                first,
                second,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
