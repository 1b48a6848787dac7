//! The score that selects.

mod text;

use serde::{Deserialize, Serialize};

/// The order of numbers: the direction in which they get better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The higher one: an accuracy.
    Higher,
    /// The lower one: an error.
    Lower,
}

/// The score by which results are chosen: its name among the [`Scores`](crate::Scores), its unit
/// for texts, and the direction in which it gets better.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// Name of the score.
    pub name: String,
    /// Unit for texts, empty for a plain number; [`Objective::PERCENT`] is that of a share from 0
    /// to 1.
    pub unit: String,
    /// The direction in which it gets better.
    pub direction: Direction,
}

impl Objective {
    /// The unit of a share from 0 to 1, which texts show as a number from 0 to 100.
    pub const PERCENT: &'static str = "%";

    /// A share from 0 to 1 of which higher numbers are better, in percent where it is shown.
    pub fn share(name: impl Into<String>) -> Self {
        Self::higher(name).with_unit(Self::PERCENT)
    }

    /// A score of which higher numbers are better.
    pub fn higher(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: String::new(), direction: Direction::Higher }
    }

    /// A score of which lower numbers are better.
    pub fn lower(name: impl Into<String>) -> Self {
        Self { direction: Direction::Lower, ..Self::higher(name) }
    }

    /// The same score with a unit for texts.
    #[must_use]
    pub fn with_unit(self, unit: impl Into<String>) -> Self {
        Self { unit: unit.into(), ..self }
    }

    /// `true` if `a` is strictly better than `b`. NaN is better than nothing; every number is
    /// better than NaN.
    #[must_use]
    pub fn better(&self, a: f64, b: f64) -> bool {
        match self.direction {
            _ if a.is_nan() => false,
            _ if b.is_nan() => true,
            Direction::Higher => a > b,
            Direction::Lower => a < b,
        }
    }

    /// Position of the best of `values`, the first among equal ones; `None` if none is a number.
    pub fn best(&self, values: impl IntoIterator<Item = f64>) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (at, value) in values.into_iter().enumerate() {
            if self.better(value, best.map_or(f64::NAN, |(_, value)| value)) {
                best = Some((at, value));
            }
        }
        best.map(|(at, _)| at)
    }

    /// The score as the number that texts and pictures show: in percent if it is a share.
    #[must_use]
    pub fn shown(&self, score: f64) -> f64 {
        if self.is_share() { 100.0 * score } else { score }
    }

    /// The score as a number of which more is better, which is what discrete searches compare:
    /// itself, or its negative where lower scores are better. The same again makes the score of a
    /// quality.
    #[must_use]
    pub fn quality(&self, score: f64) -> f64 {
        match self.direction {
            Direction::Higher => score,
            Direction::Lower => -score,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_follows_the_direction() {
        let accuracy = Objective::higher("accuracy");
        let error = Objective::lower("rmse");
        assert!(accuracy.better(0.9, 0.8) && !accuracy.better(0.8, 0.9));
        assert!(error.better(0.8, 0.9) && !error.better(0.9, 0.8));
        assert!(!accuracy.better(0.5, 0.5) && !error.better(0.5, 0.5));
    }

    #[test]
    fn nan_is_never_better_and_never_stays() {
        for objective in [Objective::higher("a"), Objective::lower("a")] {
            assert!(!objective.better(f64::NAN, 1.0));
            assert!(!objective.better(f64::NAN, f64::NAN));
            assert!(objective.better(1.0, f64::NAN));
        }
    }

    #[test]
    fn the_first_of_the_best_is_chosen() {
        let values = [f64::NAN, 2.0, 3.0, 3.0, 1.0, 1.0];
        assert_eq!(Objective::higher("a").best(values), Some(2));
        assert_eq!(Objective::lower("a").best(values), Some(4));
        assert_eq!(Objective::lower("a").best([f64::NAN]), None);
    }

    #[test]
    fn text_and_back() {
        let objective = Objective::lower("rmse").with_unit("mm");
        let text = serde_json::to_string(&objective).unwrap();
        assert_eq!(text, r#"{"name":"rmse","unit":"mm","direction":"Lower"}"#);
        assert_eq!(serde_json::from_str::<Objective>(&text).unwrap(), objective);
    }
}
