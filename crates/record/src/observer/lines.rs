//! Events as lines for people.

use std::collections::BTreeMap;
use std::io::Write;

use crate::{Clock, Event, Flow, Objective, Observer, ObserverError, Where};

/// Beginnings of metrics that are there once for every cell: they are in the table of epochs.
const OF_CELLS: [&str; 2] = ["entropy_", "contribution_"];

/// Writes a line for people to any writer when a phase begins, an epoch ends, a rule holds, a
/// candidate is told, and for every note. Steps are no lines.
///
/// With a clock every epoch says how long the rest of its phase will take.
///
/// ```
/// use dartloom_record::{Event, Lines, Observer};
///
/// let mut lines = Lines::new(Vec::new()); // or `std::io::stderr()`
/// let metrics = [("train_loss".to_owned(), 0.25)].into();
/// let _ = lines.on_event(&Event::EpochFinished { phase: "search".into(), epoch: 0, metrics })?;
/// assert_eq!(lines.into_inner(), b"search: epoch 1: train_loss 0.25\n");
/// # Ok::<(), dartloom_record::ObserverError>(())
/// ```
pub struct Lines<'c, W> {
    writer: W,
    clock: Option<Clock<'c>>,
    phase: Option<Begun>,
    /// The score that the qualities of candidates are made of.
    objective: Option<Objective>,
}

/// The phase whose epochs are told.
struct Begun {
    phase: Where,
    epochs: usize,
    first: usize,
    seconds: Option<f64>,
}

impl<'c, W: Write> Lines<'c, W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, clock: None, phase: None, objective: None }
    }

    /// The same with the time that is left, by a clock in seconds.
    #[must_use]
    pub fn with_clock(self, clock: Clock<'c>) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.writer
    }

    fn text(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            Event::RunStarted { name, seed, .. } => format!("{name}: seed {seed}"),
            Event::PhaseStarted { phase, epochs, steps_per_epoch, epoch } => {
                let seconds = self.clock.map(|clock| clock());
                let first = *epoch;
                self.phase = Some(Begun { phase: phase.clone(), epochs: *epochs, first, seconds });
                let from = match first {
                    0 => String::new(),
                    first if first >= *epochs => ", all of them done before".to_owned(),
                    first => format!(", from epoch {}", first + 1),
                };
                format!("{phase}: {epochs} epochs of {steps_per_epoch} steps{from}")
            }
            Event::EpochFinished { phase, epoch, metrics } => {
                let begun = self.phase.as_ref().filter(|begun| begun.phase == *phase);
                let of = begun.map_or_else(String::new, |begun| format!(" of {}", begun.epochs));
                let left = begun.and_then(|begun| self.left(begun, *epoch));
                let left =
                    left.map_or_else(String::new, |seconds| format!(", {seconds:.0} s left"));
                format!("{phase}: epoch {}{of}: {}{left}", epoch + 1, listed(metrics))
            }
            Event::RuleHolds { phase, rule, seen, stops, .. } => {
                let end = if *stops { "; the search ends" } else { "" };
                format!("{phase}: {rule}: {seen}{end}")
            }
            Event::ExplorationStarted { phase, explorer, candidates, objective, .. } => {
                self.objective.clone_from(objective);
                format!("{phase}: {explorer}, about {candidates} candidates")
            }
            Event::CandidateTold { phase, told, share, candidate, best, reason, .. } => {
                let found = match (candidate.quality, reason) {
                    (_, Some(reason)) => reason.clone(),
                    (Some(quality), None) => self.score(quality),
                    (None, None) => "no quality".to_owned(),
                };
                let best = best.map(|best| format!(", best {}", self.score(best)));
                let best = best.unwrap_or_default();
                let percent = 100.0 * share;
                format!("{phase}: candidate {told}: {found}{best}, {percent:.0} % of the budget")
            }
            Event::Note { text } => text.clone(),
            Event::PhaseFinished { phase, metrics } => {
                format!("{phase}: done: {}", listed(metrics))
            }
            Event::Stopped { phase, epoch, step } => {
                let begun = self.phase.as_ref().filter(|begun| begun.phase == *phase);
                match begun.is_some_and(|begun| *epoch >= begun.epochs) {
                    true => format!("{phase}: stopped after its last epoch"),
                    false => format!("{phase}: stopped in epoch {}, step {step}", epoch + 1),
                }
            }
            Event::Finished { metrics } => format!("finished: {}", listed(metrics)),
            _ => return None,
        })
    }

    /// A candidate's quality as the score that it is made of.
    fn score(&self, quality: f64) -> String {
        match &self.objective {
            Some(objective) => objective.text(objective.quality(quality)),
            None => number(quality),
        }
    }

    /// Seconds that the rest of a phase will take, if its epochs are alike.
    fn left(&self, begun: &Begun, epoch: usize) -> Option<f64> {
        let elapsed = self.clock?() - begun.seconds?;
        let done = (epoch + 1).checked_sub(begun.first).filter(|&done| done > 0)?;
        let rest = begun.epochs.saturating_sub(epoch + 1);
        let left = elapsed / done as f64 * rest as f64;
        (rest > 0 && left.is_finite() && left >= 0.0).then_some(left)
    }
}

/// Metrics in the order of their names, without those of single cells.
fn listed(metrics: &BTreeMap<String, f64>) -> String {
    let shown = metrics.iter().filter(|(name, _)| !OF_CELLS.iter().any(|of| name.starts_with(of)));
    let shown: Vec<String> =
        shown.map(|(name, value)| format!("{name} {}", number(*value))).collect();
    if shown.is_empty() { "no metrics".to_owned() } else { shown.join(", ") }
}

/// Four digits at most behind the point, and none that say nothing.
fn number(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1e6 || (value != 0.0 && value.abs() < 1e-3) {
        return if value.is_finite() { format!("{value:.3e}") } else { value.to_string() };
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl<W: Write> Observer for Lines<'_, W> {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        if let Some(mut text) = self.text(event) {
            text.push('\n');
            let written = self.writer.write_all(text.as_bytes());
            written
                .and_then(|()| self.writer.flush())
                .map_err(|source| ObserverError::Write { event: event.name(), source })?;
        }
        Ok(Flow::Continue)
    }
}

impl<W: std::fmt::Debug> std::fmt::Debug for Lines<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("writer", &self.writer)
            .field("clock", &self.clock.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::Candidate;

    fn written(lines: Lines<'_, Vec<u8>>) -> String {
        String::from_utf8(lines.into_inner()).unwrap()
    }

    #[test]
    fn epochs_say_how_much_is_left() {
        let now = Cell::new(100.0);
        let clock = || now.get();
        let mut lines = Lines::new(Vec::new()).with_clock(&clock);
        let phase = Where::from("search");
        let start =
            Event::PhaseStarted { phase: phase.clone(), epochs: 5, steps_per_epoch: 7, epoch: 1 };
        let _ = lines.on_event(&start).unwrap();
        for epoch in [1, 4] {
            now.set(now.get() + 2.0);
            let metrics = [("loss", 1.5), ("entropy_normal", 0.9), ("rate", 1e-5)];
            let metrics = metrics.map(|(name, value)| (name.to_owned(), value)).into();
            let event = Event::EpochFinished { phase: phase.clone(), epoch, metrics };
            let _ = lines.on_event(&event).unwrap();
        }
        let expected = "search: 5 epochs of 7 steps, from epoch 2\n\
                        search: epoch 2 of 5: loss 1.5, rate 1.000e-5, 6 s left\n\
                        search: epoch 5 of 5: loss 1.5, rate 1.000e-5\n";
        assert_eq!(written(lines), expected);
    }

    #[test]
    fn a_candidate_has_the_score_of_the_task_and_not_its_negative() {
        let phase = Where::from("explore/local");
        let objective = Some(Objective::lower("rmse").with_unit("mm"));
        let told = Event::CandidateTold {
            phase: phase.clone(),
            task: 0,
            told: 1,
            share: 0.5,
            candidate: Candidate { quality: Some(-0.25), ..Candidate::default() },
            best: Some(-0.25),
            reason: None,
        };
        for (objective, score) in [(objective, "0.2500 mm"), (None, "-0.25")] {
            let mut lines = Lines::new(Vec::new());
            let begun = Event::ExplorationStarted {
                phase: phase.clone(),
                explorer: "local".to_owned(),
                candidates: 2,
                objective,
                told: Vec::new(),
            };
            let _ = lines.on_event(&begun).unwrap();
            let _ = lines.on_event(&told).unwrap();
            let expected = format!("candidate 1: {score}, best {score}, 50 % of the budget\n");
            let found = written(lines);
            assert!(found.ends_with(&expected), "{found}");
        }
    }

    #[test]
    fn a_phase_that_is_over_is_not_gone_on_with() {
        let mut lines = Lines::new(Vec::new());
        let phase = Where::from("search");
        let begun =
            Event::PhaseStarted { phase: phase.clone(), epochs: 1, steps_per_epoch: 7, epoch: 1 };
        let _ = lines.on_event(&begun).unwrap();
        let _ = lines.on_event(&Event::Stopped { phase, epoch: 1, step: 0 }).unwrap();
        let expected = "search: 1 epochs of 7 steps, all of them done before\n\
                        search: stopped after its last epoch\n";
        assert_eq!(written(lines), expected);
    }

    #[test]
    fn steps_are_no_lines_and_notes_are() {
        let mut lines = Lines::new(Vec::new());
        let phase = Where::from("search");
        let step = Event::Step { phase, epoch: 0, step: 0, steps: 1, loss: 1.0, arch_loss: None };
        let _ = lines.on_event(&step).unwrap();
        let _ = lines.on_event(&Event::Note { text: "something".to_owned() }).unwrap();
        assert_eq!(written(lines), "something\n");
    }

    #[test]
    fn a_broken_writer_is_told() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let error = Lines::new(Broken).on_event(&Event::Note { text: String::new() }).unwrap_err();
        assert!(matches!(error, ObserverError::Write { event: "note", .. }));
    }
}
