//! Count, mean and variance of the scores of all paths, without listing a path.

use super::states::{Lengths, States};
use super::{Dag, DagError};

/// Count, mean and variance of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreStatistics {
    /// The number of scores; `u128::MAX` where there are more.
    pub count: u128,
    /// Their mean.
    pub mean: f64,
    /// The mean of the squared distances from it.
    pub variance: f64,
}

impl ScoreStatistics {
    /// The statistics of listed scores; `None` where there is none.
    #[must_use]
    pub fn of(scores: &[f64]) -> Option<Self> {
        let moments = scores.iter().copied().map(Moments::one);
        moments.reduce(Moments::and).map(Moments::statistics)
    }
}

/// Moments of some values. The number is held exactly and as a floating-point number, which does
/// not saturate and has a relative error of `2^-53` per addition beyond `2^53`.
#[derive(Clone, Copy, Debug)]
struct Moments {
    count: u128,
    weight: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn one(value: f64) -> Self {
        Self { count: 1, weight: 1.0, mean: value, variance: 0.0 }
    }

    /// Of both sets of values: the update of Chan, Golub and LeVeque (1979), which subtracts no
    /// large numbers.
    ///
    /// ```text
    /// d = mean_b - mean_a      r = n_b / (n_a + n_b)
    /// mean     = mean_a + r d
    /// variance = (1 - r) variance_a + r variance_b + r (1 - r) d^2
    /// ```
    fn and(self, other: Self) -> Self {
        let weight = self.weight + other.weight;
        let share = other.weight / weight;
        let rest = self.weight / weight;
        let distance = other.mean - self.mean;
        Self {
            count: self.count.saturating_add(other.count),
            weight,
            mean: self.mean + share * distance,
            variance: rest * self.variance
                + share * other.variance
                + rest * share * distance * distance,
        }
    }

    /// Of the values plus a number.
    fn moved(self, by: f64) -> Self {
        Self { mean: self.mean + by, ..self }
    }

    /// Of the values over a length.
    fn over(self, length: usize) -> Self {
        let length = length.max(1) as f64;
        Self { mean: self.mean / length, variance: self.variance / (length * length), ..self }
    }

    fn statistics(self) -> ScoreStatistics {
        ScoreStatistics { count: self.count, mean: self.mean, variance: self.variance }
    }
}

impl Dag {
    /// Count, mean and variance of the scores of all possible paths.
    ///
    /// Exact, and no path is listed: moments of the log likelihoods of all ways to a node with `n`
    /// counted edges follow from those of the nodes before. Cost: the number of edges times the
    /// number of lengths that the ways to a node have, which is 1 where paths cannot jump layers.
    ///
    /// # Errors
    /// [`DagError::NoPath`], and [`DagError::TooManyPaths`] for more than `1e308`.
    pub fn statistics(&self) -> Result<ScoreStatistics, DagError> {
        let lengths = Lengths::of(self);
        let mut states: States<Option<Moments>> = States::new(&lengths, None);
        for node in 0..self.nodes() {
            if self.source[node] {
                *states.at(node, 0) = Some(Moments::one(0.0));
            }
            for edge in self.ways_into(node).map(|index| self.edges[index]) {
                for before in lengths.of_node(edge.from) {
                    if let Some(moments) = *states.at(edge.from, before) {
                        let own = states.at(node, before + usize::from(edge.counts));
                        let moved = moments.moved(edge.log);
                        *own = Some(own.map_or(moved, |own| own.and(moved)));
                    }
                }
            }
        }
        let mut all: Option<Moments> = None;
        for &sink in &self.sinks {
            for length in lengths.of_node(sink) {
                let own = states.at(sink, length).map(|own| own.over(length));
                all = match (all, own) {
                    (Some(all), Some(own)) => Some(all.and(own)),
                    (all, own) => all.or(own),
                };
            }
        }
        match all {
            None => Err(DagError::NoPath),
            Some(all) if !all.weight.is_finite() => Err(DagError::TooManyPaths),
            Some(all) => Ok(all.statistics()),
        }
    }
}
