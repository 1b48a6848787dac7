//! The time that each part of a search step takes.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use dartloom::search::{PassObserver, Purpose};
use serde::{Serialize, Serializer};

use super::measure::median;

/// Notes when passes begin and when their losses are known.
///
/// A pass lasts until the next one begins: its second half is the backward pass and the update that
/// follows.
#[derive(Debug, Default)]
pub(super) struct Clock {
    marks: Mutex<Vec<Mark>>,
}

/// The beginning of a phase.
#[derive(Clone, Copy, Debug)]
struct Mark {
    purpose: Purpose,
    part: &'static str,
    at: Instant,
}

impl Clock {
    fn note(&self, purpose: Purpose, part: &'static str) {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.push(Mark { purpose, part, at: Instant::now() });
    }

    /// Seconds by phase since the last call, given that the step ends now.
    pub(super) fn take(&self) -> Vec<(String, f64)> {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut end = Instant::now();
        let mut phases = Vec::with_capacity(marks.len());
        for Mark { purpose, part, at } in std::mem::take(&mut *marks).into_iter().rev() {
            phases.push((format!("{purpose}_{part}"), end.duration_since(at).as_secs_f64()));
            end = at;
        }
        phases.reverse();
        phases
    }
}

impl PassObserver for Clock {
    fn begin(&self, purpose: Purpose) {
        self.note(purpose, "forward");
    }

    fn backward(&self, purpose: Purpose) {
        self.note(purpose, "backward");
    }
}

/// Seconds by phase, in order of execution, over several steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Phases(Vec<(String, Vec<f64>)>);

impl Phases {
    /// Adds the phases of one step.
    pub(super) fn add(&mut self, step: Vec<(String, f64)>) {
        for (name, seconds) in step {
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, all)) => all.push(seconds),
                None => self.0.push((name, vec![seconds])),
            }
        }
    }

    /// Median seconds by name.
    pub(super) fn medians(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, all)| (name.as_str(), median(all)))
    }
}

impl Serialize for Phases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.medians())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_split_a_step() {
        let clock = Clock::default();
        for purpose in [Purpose::Logits, Purpose::Weights] {
            clock.begin(purpose);
            clock.backward(purpose);
            clock.end(purpose);
        }
        let mut phases = Phases::default();
        phases.add(clock.take());
        let names: Vec<&str> = phases.medians().map(|(name, _)| name).collect();
        let expected = ["logits_forward", "logits_backward", "weights_forward", "weights_backward"];
        assert_eq!(names, expected);
        assert!(clock.take().is_empty());
    }

    #[test]
    fn phases_are_medians_in_order() {
        let mut phases = Phases::default();
        for seconds in [3.0, 1.0, 2.0] {
            phases.add(vec![("z".to_owned(), seconds), ("a".to_owned(), 1.0)]);
        }
        assert_eq!(serde_json::to_string(&phases).unwrap(), r#"{"z":2.0,"a":1.0}"#);
    }
}
