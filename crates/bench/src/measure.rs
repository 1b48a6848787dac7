//! Repeating and taking medians.

use std::time::Instant;

use super::args::Pace;
use crate::error::BenchError;

/// Seconds of every measured step, and what the first step of all returned.
#[derive(Debug)]
pub(super) struct Steps<T> {
    pub(super) seconds: Vec<f64>,
    pub(super) first: Option<T>,
}

/// Makes the steps of warm-up, then those that are measured. `step` hears whether it is measured.
pub(super) fn steps<T>(
    pace: Pace,
    mut step: impl FnMut(bool) -> Result<T, BenchError>,
) -> Result<Steps<T>, BenchError> {
    let mut steps = Steps { seconds: Vec::with_capacity(pace.steps), first: None };
    for index in 0..pace.warm_up + pace.steps {
        let measured = index >= pace.warm_up;
        let start = Instant::now();
        let value = step(measured)?;
        if measured {
            steps.seconds.push(start.elapsed().as_secs_f64());
        }
        steps.first.get_or_insert(value);
    }
    Ok(steps)
}

/// Seconds of repetitions of `work` after one that does not count: for `budget` seconds, five
/// times at least.
pub(super) fn repeat(
    budget: f64,
    mut work: impl FnMut() -> Result<(), BenchError>,
) -> Result<Vec<f64>, BenchError> {
    work()?;
    let begin = Instant::now();
    let mut seconds = Vec::new();
    while seconds.len() < LEAST || begin.elapsed().as_secs_f64() < budget {
        let start = Instant::now();
        work()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

const LEAST: usize = 5;

/// The middle value, or the mean of the two in the middle; NaN of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len().checked_sub(1), sorted.len() % 2) {
        (None, _) => f64::NAN,
        (_, 0) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// The smallest value; infinite of nothing.
pub(super) fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_bests() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(&[4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-12);
        assert!(median(&[]).is_nan());
        assert!((best(&[3.0, 1.0, 2.0]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn warm_up_is_made_and_not_measured() {
        let pace = Pace { steps: 2, warm_up: 3, threads: None, json: false };
        let mut seen = Vec::new();
        let steps = steps(pace, |measured| {
            seen.push(measured);
            Ok(seen.len())
        });
        let steps = steps.unwrap();
        assert_eq!((steps.seconds.len(), steps.first), (2, Some(1)));
        assert_eq!(seen, [false, false, false, true, true]);
    }

    #[test]
    fn repetitions_are_at_least_five() {
        let mut made = 0;
        let seconds = repeat(0.0, || {
            made += 1;
            Ok(())
        });
        assert_eq!((seconds.unwrap().len(), made), (5, 6));
    }
}
