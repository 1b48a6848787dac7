//! Several tests at once, and the pairs that a test would take.

use super::{TAIL, student_t_quantile};

/// The most pairs that [`pairs_needed`] counts up to.
const MOST_PAIRS: usize = 10_000;

/// p-values adjusted for being several (Holm 1979): in ascending order, `p_(i)` becomes
/// `min(1, max over j <= i of (m - j + 1) p_(j))`, with `m` of them. Where each adjusted value
/// below 0.05 counts, the probability that one or more of `m` true null hypotheses is refused is
/// 5 % at most.
///
/// The result is in the order of `p_values`.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        let tests = (p_values.len() - rank) as f64;
        least = least.max(tests * p_values[index]).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

/// The fewest pairs `n` whose 95 % confidence interval leaves zero out if their differences have
/// the mean `mean_difference`, `d`, and the standard deviation `sd`, `s`:
/// `|d| > t_{0.975, n-1} s / sqrt(n)`. `None` where no number of pairs up to 10,000 is enough, or
/// where there is no spread to judge by.
#[must_use]
pub fn pairs_needed(mean_difference: f64, sd: f64) -> Option<usize> {
    let judged = mean_difference.is_finite() && sd.is_finite() && sd > 0.0;
    if !judged {
        return None;
    }
    (2..=MOST_PAIRS).find(|&pairs| {
        let half_width = |t: f64| t * sd / (pairs as f64).sqrt();
        let t = student_t_quantile(1.0 - TAIL, (pairs - 1) as f64);
        t.is_some_and(|t| mean_difference.abs() > half_width(t))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holm_is_that_of_the_definition() {
        // 3 * 0.01, 2 * 0.03, then 0.04 raised to the value before it.
        let found = holm(&[0.04, 0.01, 0.03]);
        let expected = [0.06, 0.03, 0.06];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
        assert_eq!(holm(&[0.7, 0.6]), [1.0, 1.0]);
        assert_eq!(holm(&[0.02]), [0.02]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn pairs_are_those_of_the_tables_of_t() {
        // t_{0.975, 2} = 4.303 of three pairs: 4.303 / sqrt(3) = 2.484; of four 3.182 / 2 = 1.591.
        assert_eq!(pairs_needed(2.5, 1.0), Some(3));
        assert_eq!(pairs_needed(-2.4, 1.0), Some(4));
        // t_{0.975, 1} = 12.706 of two pairs: 8.985.
        assert_eq!(pairs_needed(9.0, 1.0), Some(2));
        // 1.96^2 / 0.1^2 = 384 in the limit.
        assert_eq!(pairs_needed(0.1, 1.0), Some(387));
        assert_eq!(pairs_needed(0.001, 1.0), None);
        assert_eq!(pairs_needed(0.5, 0.0), None);
        assert_eq!(pairs_needed(0.0, 1.0), None);
    }
}
