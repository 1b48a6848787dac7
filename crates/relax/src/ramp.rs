//! Numbers that change while a search runs.

use serde::Serialize;

use crate::{Progress, RelaxError};

/// A number that moves in a straight line from the first epoch of a search to the last.
///
/// With `t = epoch / (epochs - 1)`, clamped to `[0, 1]` (1 where there is one epoch or none), and
/// the part of the search `begin..end` in which it moves:
///
/// ```text
/// value = from + (to - from) clamp((t - begin) / (end - begin), 0, 1)
/// ```
///
/// Temperatures that fall and penalties that grow are ramps. The last epoch has `to` exactly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ramp {
    from: f64,
    to: f64,
    begin: f64,
    end: f64,
}

impl Ramp {
    /// Always the same number.
    pub const fn constant(value: f64) -> Self {
        Self { from: value, to: value, begin: 0.0, end: 1.0 }
    }

    /// From `from` in the first epoch to `to` in the last.
    pub const fn new(from: f64, to: f64) -> Self {
        Self { from, to, begin: 0.0, end: 1.0 }
    }

    /// The same numbers, moving only while `begin..end` of the search runs.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] unless `0 <= begin < end <= 1`.
    pub fn between(self, begin: f64, end: f64) -> Result<Self, RelaxError> {
        if !(0.0..1.0).contains(&begin) {
            let expected = "a share of the search, 0 or more and below 1";
            return Err(RelaxError::Parameter { name: "begin", expected, found: begin });
        }
        if !(end > begin && end <= 1.0) {
            let expected = "a share of the search above `begin`, at most 1";
            return Err(RelaxError::Parameter { name: "end", expected, found: end });
        }
        Ok(Self { begin, end, ..self })
    }

    /// The number in the epoch that runs.
    pub fn at(&self, progress: Progress) -> f64 {
        let last = progress.epochs.saturating_sub(1);
        if progress.epoch >= last {
            return self.to;
        }
        let share = progress.epoch as f64 / last as f64;
        let moved = ((share - self.begin) / (self.end - self.begin)).clamp(0.0, 1.0);
        self.from + (self.to - self.from) * moved
    }
}

#[cfg(test)]
mod tests {
    use super::Ramp;
    use crate::{Progress, RelaxError};

    fn values(ramp: Ramp, epochs: usize) -> Vec<f64> {
        (0..epochs).map(|epoch| ramp.at(Progress { epoch, epochs })).collect()
    }

    #[test]
    fn first_and_last_epoch_have_the_ends() {
        approx::assert_relative_eq!(
            values(Ramp::new(10.0, 0.0), 5)[..],
            [10.0, 7.5, 5.0, 2.5, 0.0]
        );
        approx::assert_relative_eq!(values(Ramp::new(1.0, 3.0), 1)[..], [3.0]);
        approx::assert_relative_eq!(values(Ramp::constant(0.3), 3)[..], [0.3; 3]);
        approx::assert_relative_eq!(Ramp::new(1.0, 2.0).at(Progress { epoch: 9, epochs: 4 }), 2.0);
    }

    #[test]
    fn outside_of_its_part_it_rests() {
        let ramp = Ramp::new(0.0, 1.0).between(0.25, 0.75).unwrap();
        approx::assert_relative_eq!(values(ramp, 5)[..], [0.0, 0.0, 0.5, 1.0, 1.0]);
    }

    #[test]
    fn impossible_parts_are_refused() {
        for (begin, end) in [(-0.1, 0.5), (1.0, 1.0), (0.5, 0.5), (0.0, 1.1), (f64::NAN, 1.0)] {
            let found = Ramp::new(0.0, 1.0).between(begin, end).unwrap_err();
            assert!(matches!(found, RelaxError::Parameter { .. }));
        }
    }
}
