//! The lines that a run shows while it goes on.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use dartloom::record::{Event, Flow, Leg, LogFile, Objective, Observer, ObserverError, Where};
use dartloom_report::{Pace, duration};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::say::say;

/// Shows bars on a terminal and lines elsewhere, and keeps the lines in a log.
#[derive(Debug)]
pub(super) struct Progress {
    pace: Pace,
    origin: Instant,
    bars: Option<Bars>,
    log: LogFile,
    /// The score that is shown.
    objective: Objective,
    /// The current phase.
    phase: Phase,
    /// Random candidates begun in this seed.
    candidates: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Phase {
    epochs: usize,
    /// Steps of an epoch.
    steps: usize,
    best: Option<f64>,
}

#[derive(Debug)]
struct Bars {
    both: MultiProgress,
    whole: ProgressBar,
    phase: ProgressBar,
}

/// Ticks of the upper bar.
const TICKS: u64 = 1000;

impl Bars {
    fn new() -> Self {
        let both = MultiProgress::new();
        let whole = both.add(ProgressBar::new(TICKS));
        let phase = both.add(ProgressBar::new(1));
        let style = |template: &str| {
            // The templates are constants; were one wrong, the plain bar would do.
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
        };
        whole.set_style(style("{bar:30} {percent:>3} %  {elapsed} so far{msg}"));
        phase.set_style(style("{bar:30} {prefix}  {msg}"));
        Self { both, whole, phase }
    }
}

impl Progress {
    /// Shows a run of these `legs` over `seeds`; lines also go to `log`.
    pub(super) fn new(seeds: &[u64], legs: &[Leg], objective: Objective, log: LogFile) -> Self {
        Self {
            pace: Pace::new(seeds, legs),
            origin: Instant::now(),
            bars: std::io::stderr().is_terminal().then(Bars::new),
            log,
            objective,
            phase: Phase::default(),
            candidates: 0,
        }
    }

    fn now(&self) -> f64 {
        self.origin.elapsed().as_secs_f64()
    }

    /// A line for the log, and for readers without bars.
    fn tell(&mut self, line: &str) -> std::io::Result<()> {
        let now = self.now();
        let percent = 100.0 * self.pace.share(now);
        let left = self.pace.left(now).map(duration);
        let left = left.map_or_else(String::new, |left| format!(", about {left} left"));
        let line = format!("[{percent:3.0} %{left}] {line}");
        if self.bars.is_none() {
            say!("{line}");
        }
        writeln!(self.log, "{line}")
    }

    /// A line that is worth reading even beside bars.
    fn announce(&mut self, line: &str) -> std::io::Result<()> {
        if let Some(bars) = &self.bars {
            // As with every line on stderr: one that nobody can read is lost, and the run goes on.
            let _ = bars.both.println(line);
        }
        self.tell(line)
    }

    fn show(&mut self, event: &Event) -> std::io::Result<()> {
        match event {
            Event::PhaseStarted { phase, epochs, steps_per_epoch, epoch } => {
                self.begin(phase, (*epochs, *steps_per_epoch), *epoch)
            }
            Event::Step { phase, epoch, step, steps, loss, arch_loss } => {
                let done = (*epoch * steps + step + 1) as f64;
                self.advance(phase, done / (self.phase.epochs * steps).max(1) as f64);
                let arch = arch_loss.map_or_else(String::new, |l| format!(", architecture {l:.3}"));
                let step = step + 1;
                self.describe(*epoch, &format!("step {step}/{steps}, loss {loss:.3}{arch}"));
                Ok(())
            }
            Event::EpochFinished { phase, epoch, metrics } => self.epoch(phase, *epoch, metrics),
            Event::Architecture { phase, epoch, notes, .. } => {
                let epoch = epoch + 1;
                self.tell(&format!("{phase}: another architecture after epoch {epoch}"))?;
                notes.iter().try_for_each(|note| writeln!(self.log, "    {note}"))
            }
            Event::RuleHolds { phase, epoch, rule, seen, stops } => {
                let verb = if *stops { "stopped" } else { "warning" };
                self.announce(&format!("{phase}: {verb} after epoch {}, {rule}: {seen}", epoch + 1))
            }
            Event::ExplorationStarted { phase, explorer, candidates, told, .. } => {
                self.phase = Phase { epochs: *candidates, ..Phase::default() };
                let told = told.len();
                self.advance(phase, told as f64 / (*candidates).max(1) as f64);
                if let Some(bars) = &self.bars {
                    bars.phase.set_length(TICKS);
                    bars.phase.set_prefix(phase.to_string());
                }
                let going_on = if told > 0 { format!(", {told} done") } else { String::new() };
                self.tell(&format!("{phase}: {explorer}, about {candidates} candidates{going_on}"))
            }
            Event::CandidateTold { phase, task, told, share, candidate, best, reason } => {
                self.advance(phase, *share);
                let objective = self.objective.clone();
                self.phase.best = best.map(|best| objective.quality(best));
                let score = |quality: &f64| objective.text(objective.quality(*quality));
                let what = match (&candidate.quality, reason) {
                    (Some(quality), _) => score(quality),
                    (None, Some(reason)) => reason.clone(),
                    (None, None) => "no measurement".to_owned(),
                };
                let best = best.as_ref().map_or_else(|| "none".to_owned(), score);
                self.tell(&format!("{phase}: {told} done, candidate {task}: {what} (best {best})"))
            }
            Event::PhaseFinished { phase, metrics } => self.finish(phase, metrics),
            Event::Stopped { phase, epoch, step } => {
                let Phase { epochs, steps, .. } = self.phase;
                let at = match (epoch + 1, step + 1) {
                    (epoch, _) if epoch > epochs => "after its last epoch".to_owned(),
                    (epoch, step) if step > steps => format!("at the end of epoch {epoch}"),
                    (epoch, step) => format!("before epoch {epoch}, step {step}"),
                };
                self.tell(&format!("{phase}: stopped {at}"))
            }
            Event::Note { text } => self.announce(text),
            Event::Finished { .. } => {
                if let Some(bars) = &self.bars {
                    bars.phase.finish_and_clear();
                    bars.whole.finish_and_clear();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        phase: &Where,
        (epochs, steps): (usize, usize),
        epoch: usize,
    ) -> std::io::Result<()> {
        self.phase = Phase { epochs, steps, best: None };
        if let Some(index) = phase.candidate {
            self.candidates = index as usize + 1;
        }
        self.advance(phase, epoch as f64 / epochs.max(1) as f64);
        if let Some(bars) = &self.bars {
            bars.phase.set_length((epochs * steps).max(1) as u64);
            bars.phase.set_prefix(phase.to_string());
            bars.phase.set_message("");
        }
        if epoch >= epochs {
            // What is left of a leg whose result is missing.
            return self.announce(&format!("{phase}: all of its {epochs} epochs were done"));
        }
        if epoch > 0 {
            return self.announce(&format!("{phase}: going on in epoch {}/{epochs}", epoch + 1));
        }
        // Candidates are many and short: their epochs say enough.
        if phase.candidate.is_some() {
            return Ok(());
        }
        self.tell(&format!("{phase}: {epochs} epochs of {steps} steps"))
    }

    fn advance(&mut self, phase: &Where, done: f64) {
        let now = self.now();
        self.pace.at(phase, done, now);
        if let Some(bars) = &self.bars {
            bars.whole.set_position((self.pace.share(now) * TICKS as f64) as u64);
            let left = self.pace.left(now).map(duration);
            bars.whole.set_message(left.map_or_else(String::new, |l| format!(", about {l} left")));
            let length = bars.phase.length().unwrap_or(1);
            bars.phase.set_position((done * length as f64) as u64);
        }
    }

    fn describe(&self, epoch: usize, text: &str) {
        if let Some(bars) = &self.bars {
            let Self { objective, phase, .. } = self;
            let shown = |best| format!(", best {} {}", objective.label(), objective.text(best));
            let best = phase.best.map_or_else(String::new, shown);
            let epochs = self.phase.epochs;
            bars.phase.set_message(format!("epoch {}/{epochs}, {text}{best}", epoch + 1));
        }
    }

    fn epoch(
        &mut self,
        phase: &Where,
        epoch: usize,
        metrics: &BTreeMap<String, f64>,
    ) -> std::io::Result<()> {
        let objective = &self.objective;
        let name = &objective.name;
        let names = [format!("valid_{name}"), format!("test_{name}")];
        let score = names.iter().find_map(|name| metrics.get(name)).copied();
        if let Some(score) = score
            && objective.better(score, self.phase.best.unwrap_or(f64::NAN))
        {
            self.phase.best = Some(score);
        }
        let losses = ["train_loss", "arch_loss", "valid_loss", "test_loss"].iter();
        let losses = losses.filter_map(|name| Some((name.replace('_', " "), metrics.get(*name)?)));
        let mut parts: Vec<String> = losses.map(|(name, l)| format!("{name} {l:.3}")).collect();
        if let (Some(score), Some(best)) = (score, self.phase.best) {
            let shown = [score, best].map(|score| objective.text(score));
            parts.push(format!("{} {} (best {})", objective.label(), shown[0], shown[1]));
        }
        let epochs = self.phase.epochs;
        self.tell(&format!("{phase}: epoch {}/{epochs}, {}", epoch + 1, parts.join(", ")))
    }

    fn finish(&mut self, phase: &Where, metrics: &BTreeMap<String, f64>) -> std::io::Result<()> {
        let now = self.now();
        self.pace.finished(phase, now);
        let mut parts = Vec::new();
        // Where only the result was made again, nobody has counted.
        if phase.leg == Leg::Random && self.candidates > 0 {
            parts.push(format!("{} architectures tried", std::mem::take(&mut self.candidates)));
        }
        let objective = &self.objective;
        if let Some(&score) = metrics.get(&format!("test_{}", objective.name)) {
            parts.push(format!("test {} {}", objective.label(), objective.text(score)));
        }
        if let Some(gap) = metrics.get("discretisation_gap") {
            parts.push(format!("discretisation gap {gap:+.3} in loss"));
        }
        if let Some(&seconds) = metrics.get("seconds") {
            parts.push(duration(seconds));
        }
        self.announce(&format!("{phase}: done, {}", parts.join(", ")))
    }
}

impl Observer for Progress {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        match self.show(event) {
            Ok(()) => Ok(Flow::Continue),
            Err(source) => Err(ObserverError::Write { event: event.name(), source }),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bars) = &self.bars {
            bars.phase.finish_and_clear();
            bars.whole.finish_and_clear();
        }
    }
}
