//! The status of a run.

use dartloom_record::{Contender, Leg, Objective, RecordError, Run, Where};
use serde::Serialize;

use super::names::{Names, legs, seeds};
use super::number::Number;
use super::told::{End, Told};
use crate::pace::{Pace, duration};

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing has happened yet.
    Empty,
    /// A process writes it.
    Running,
    /// It was stopped, and goes on when it is started again.
    Stopped,
    /// No process writes it, and nobody said that it was stopped.
    Interrupted,
    /// It is complete.
    Finished,
}

impl State {
    /// One word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Finished => "finished",
        }
    }
}

/// The status of a run: what is done, what runs, the best so far and the time that is left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The name of the run.
    pub name: String,
    /// Its state.
    pub state: State,
    /// Parts that are done.
    pub done: usize,
    /// All parts; `None` where the run does not say them.
    pub parts: Option<usize>,
    /// Share of the whole that is done, 0 to 1; `None` where the parts are not known.
    pub share: Option<f64>,
    /// The part that runs, or ran last.
    pub now: Option<Current>,
    /// The best score on test data of each contender whose network was trained.
    pub best: Vec<Best>,
    /// The score that selects; `None` where the run does not say it.
    pub objective: Option<Objective>,
    /// Seconds from the first event to the last.
    pub seconds: Option<f64>,
    /// Seconds that are left, as estimated from what is done.
    pub seconds_left: Option<f64>,
}

/// The part of a run that is being done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Current {
    /// Its place.
    pub place: Where,
    /// The place in words.
    pub what: String,
    /// Epochs, or candidates, that are done.
    pub epoch: usize,
    /// All of them.
    pub epochs: usize,
    /// Steps of the epoch that are done.
    pub step: usize,
    /// All of them.
    pub steps: usize,
}

/// The best score of a contender so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Best {
    /// The contender.
    pub contender: String,
    /// The seed of its best network.
    pub seed: Option<u64>,
    /// The score.
    pub score: Number,
}

impl Status {
    /// The status of a stored run. It is only read.
    ///
    /// # Errors
    /// [`RecordError`] for a log that cannot be read.
    pub fn of(run: &Run) -> Result<Self, RecordError> {
        let told = Told::of(run.events()?.records);
        let names = Names::of(&told, None);
        Ok(Self::from_told(&told, &names, run.is_written()))
    }

    pub(crate) fn from_told(told: &Told, names: &Names, written: bool) -> Self {
        let legs = legs(told);
        let seeds = seeds(told);
        let ended = told
            .phases
            .iter()
            .filter(|(place, phase)| place.candidate.is_none() && phase.end.is_some());
        let done = ended.count();
        let finished = told.end == End::Finished;
        let pace = pace(told, &seeds, &legs);
        let now = told.clock.map_or(0.0, |clock| clock[1]);
        let known = told.plan.is_some();
        let share = if finished { Some(1.0) } else { known.then(|| pace.share(now)) };
        let left = if finished { None } else { pace.left(now).filter(|_| known) };
        let state = match (told.end, written) {
            (End::Finished, _) => State::Finished,
            (_, true) => State::Running,
            (End::Stopped, false) => State::Stopped,
            (End::Open, false) if told.phases.is_empty() => State::Empty,
            (End::Open, false) => State::Interrupted,
        };
        let objective = told.plan.as_ref().map(|plan| plan.objective.clone());
        Self {
            name: told.name.clone().unwrap_or_else(|| "a run".to_owned()),
            state,
            done,
            parts: known.then_some(legs.len() * seeds.len()),
            share,
            now: if finished { None } else { current(told, names) },
            best: objective.as_ref().map_or_else(Vec::new, |own| best(told, names, own)),
            objective,
            seconds: told.clock.map(|[first, last]| last - first),
            seconds_left: left,
        }
    }

    /// The status in lines for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let parts = self.parts.map_or_else(String::new, |parts| format!(" of {parts}"));
        let percent = self.share.map(|share| format!(", {:.0} %", 100.0 * share));
        let left = self.seconds_left.map(|left| format!(", about {} left", duration(left)));
        let mut lines = vec![format!(
            "{}: {}, {}{parts} parts done{}{}",
            self.name,
            self.state.word(),
            self.done,
            percent.unwrap_or_default(),
            left.unwrap_or_default()
        )];
        if let Some(now) = &self.now {
            let step = match now.steps {
                0 => String::new(),
                steps => format!(", step {} of {steps}", now.step),
            };
            let verb = if self.state == State::Running { "now" } else { "last" };
            let Current { what, epoch, epochs, .. } = now;
            lines.push(format!("{verb}: {what}, {epoch} of {epochs} done{step}"));
        }
        if let Some(objective) = &self.objective {
            lines.extend(self.best.iter().map(|best| {
                let seed = best.seed.map_or_else(String::new, |seed| format!(" (seed {seed})"));
                let score = objective.text(best.score.0);
                format!("best {}: {}: {score}{seed}", objective.label(), best.contender)
            }));
        }
        lines
    }
}

fn current(told: &Told, names: &Names) -> Option<Current> {
    let place = told.last.clone()?;
    let phase = told.phase(&place)?;
    let candidates = phase.candidates.len();
    Some(Current {
        what: names.place(&place),
        place,
        epoch: if candidates > 0 { candidates } else { phase.epoch },
        epochs: phase.length,
        step: phase.step,
        steps: phase.steps,
    })
}

fn best(told: &Told, names: &Names, objective: &Objective) -> Vec<Best> {
    let mut best: Vec<(Contender, Best)> = Vec::new();
    let key = format!("test_{}", objective.name);
    for (place, phase) in &told.phases {
        let Leg::Retrain(contender) = &place.leg else { continue };
        let Some(&score) = phase.end.as_ref().and_then(|end| end.get(&key)) else { continue };
        let found =
            Best { contender: names.contender(contender), seed: place.seed, score: Number(score) };
        match best.iter_mut().find(|(known, _)| known == contender) {
            Some((_, old)) if objective.better(score, old.score.0) => *old = found,
            Some(_) => {}
            None => best.push((contender.clone(), found)),
        }
    }
    best.into_iter().map(|(_, best)| best).collect()
}

/// The pace by the times in the log.
fn pace(told: &Told, seeds: &[u64], legs: &[Leg]) -> Pace {
    let mut pace = Pace::new(seeds, legs);
    for (place, phase) in &told.phases {
        let Some(span) = phase.spans.last() else { continue };
        // Only what was done in one go tells how long it takes.
        let from = if phase.spans.len() > 1 { 1e-9 } else { 0.0 };
        pace.at(place, from, span[0]);
        match &phase.end {
            Some(_) if place.candidate.is_none() => pace.finished(place, span[1]),
            _ => pace.at(place, phase.done(), span[1]),
        }
    }
    pace
}
