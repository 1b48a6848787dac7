//! Which part of a search step takes how long, seen from outside.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use candle_core::Tensor;
use dartloom::relax::{Constraint, Progress, RelaxError, Relaxation};
use rand::RngCore;
use serde::{Serialize, Serializer};

use super::measure::median;

/// Softmax that notes when it is asked.
///
/// A search asks for weights right before a forward pass and for the penalty right after its loss,
/// so the calls split a step into passes, and passes into forward and the rest: backward and the
/// update that follows.
#[derive(Debug)]
pub(super) struct Watched {
    relaxation: Arc<dyn Relaxation>,
    asked: Mutex<Vec<(Question, Instant)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Weights,
    Penalty,
}

impl Watched {
    /// A relaxation that nobody has asked yet.
    pub(super) fn new(relaxation: Arc<dyn Relaxation>) -> Self {
        Self { relaxation, asked: Mutex::default() }
    }

    fn note(&self, question: Question) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // Every cell asks; the first one counts.
        if asked.last().is_none_or(|&(last, _)| last != question) {
            asked.push((question, Instant::now()));
        }
    }

    /// Seconds by phase since the last call, given that the step ends now.
    pub(super) fn take(&self) -> Vec<(String, f64)> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut marks = std::mem::take(&mut *asked);
        marks.push((Question::Weights, Instant::now()));
        let passes = marks.iter().filter(|(question, _)| *question == Question::Penalty).count();
        let names = names(passes);
        let parts = marks.windows(2).enumerate().filter_map(|(index, pair)| {
            let ((question, start), (_, end)) = (pair[0], pair[1]);
            let part = match question {
                Question::Weights => "forward",
                Question::Penalty => "backward",
            };
            let name = format!("{}_{part}", names.get(index / 2)?);
            Some((name, end.duration_since(start).as_secs_f64()))
        });
        parts.collect()
    }
}

/// Passes of a step in order.
fn names(passes: usize) -> &'static [&'static str] {
    match passes {
        1 => &["weights"],
        2 => &["logits", "weights"],
        // Second order: the step ahead, the logits there, both ends of the finite difference.
        5 => &["ahead", "logits", "plus", "minus", "weights"],
        _ => &[],
    }
}

impl Relaxation for Watched {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        self.note(Question::Weights);
        self.relaxation.weights(logits, at, noise)
    }

    fn constraint(&self) -> Constraint {
        self.relaxation.constraint()
    }

    fn domain(&self) -> Constraint {
        self.relaxation.domain()
    }

    fn penalty(&self, logits: &Tensor) -> Result<Option<Tensor>, RelaxError> {
        self.note(Question::Penalty);
        self.relaxation.penalty(logits)
    }

    fn initial(&self, rows: usize, candidates: usize, noise: &mut dyn RngCore) -> Vec<f32> {
        self.relaxation.initial(rows, candidates, noise)
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
    use dartloom::relax::Softmax;

    use super::*;

    #[test]
    fn questions_split_a_step() {
        let watched = Watched::new(Arc::new(Softmax::default()));
        for question in [Question::Weights, Question::Penalty] {
            watched.note(question);
            watched.note(question);
        }
        watched.note(Question::Weights);
        watched.note(Question::Penalty);
        let mut phases = Phases::default();
        phases.add(watched.take());
        let names: Vec<&str> = phases.medians().map(|(name, _)| name).collect();
        let expected = ["logits_forward", "logits_backward", "weights_forward", "weights_backward"];
        assert_eq!(names, expected);
        assert!(watched.take().is_empty());
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
