//! The events of a discrete search, for the observers of a comparison.

use dartloom_dist::TaskEvent;
use dartloom_record::{Candidate, Event, Flow, Observer, ObserverError, Where};

use crate::VerdictError;
use crate::training::EpochTrained;
use dartloom_explore::{Budget, Outcome, Standing, Trial};

/// Turns the state of a search into events.
pub(super) struct Teller<'a> {
    begun: Option<Event>,
    phase: Where,
    budget: Budget,
    told: usize,
    spent: u64,
    failed: Option<ObserverError>,
    observer: &'a mut dyn Observer,
}

impl<'a> Teller<'a> {
    /// Makes a teller, which first tells `observer` that the search of `phase` has `begun`.
    pub(super) fn new(
        begun: Event,
        phase: Where,
        budget: Budget,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let told = 0;
        let spent = 0;
        let failed = None;
        Self { begun: Some(begun), phase, budget, told, spent, failed, observer }
    }

    /// Multiply-adds spent on training.
    pub(super) fn end(self) -> Result<u64, VerdictError> {
        match self.failed {
            Some(error) => Err(error.into()),
            None => Ok(self.spent),
        }
    }

    /// Reports the news, and asks the observer to go on or stop.
    pub(super) fn tell(&mut self, standing: &Standing<'_>) -> Flow {
        let events = self.events(standing);
        if events.is_empty() {
            return self.observer.go_on();
        }
        for event in events {
            match self.observer.on_event(&event) {
                Ok(Flow::Continue) => {}
                Ok(Flow::Stop) => return Flow::Stop,
                Err(error) => {
                    self.failed = Some(error);
                    return Flow::Stop;
                }
            }
        }
        Flow::Continue
    }

    fn events(&mut self, standing: &Standing<'_>) -> Vec<Event> {
        let trials = standing.trials;
        self.spent = standing.spent;
        let mut events = Vec::new();
        if let Some(mut begun) = self.begun.take() {
            // What an earlier process has told is not told again.
            if let Event::ExplorationStarted { told, .. } = &mut begun {
                *told = trials.iter().map(|trial| candidate(trial, standing)).collect();
            }
            self.told = trials.len();
            events.push(begun);
        }
        if let Some(TaskEvent::Progress { task, value, .. }) = standing.event
            && let Ok(EpochTrained { epochs, quality }) = serde_json::from_value(value.clone())
        {
            let phase = self.phase.clone();
            let task = *task;
            events.push(Event::CandidateTrained { phase, task, epochs, quality });
        }
        for (index, trial) in trials.iter().enumerate().skip(self.told) {
            events.push(self.event(trial, index + 1, standing));
        }
        self.told = trials.len();
        events
    }

    fn event(&self, trial: &Trial, told: usize, standing: &Standing<'_>) -> Event {
        let share = |part: f64, whole: f64| (part / whole.max(1.0)).min(1.0);
        let open = standing.open as u64;
        // Open candidates are paid for and not done.
        let done = standing.spent as f64 * told as f64 / (told as u64 + open) as f64;
        Event::CandidateTold {
            phase: self.phase.clone(),
            task: trial.proposal.task,
            told,
            share: match (self.budget.evaluations, self.budget.price) {
                (Some(all), _) => share(told as f64, all as f64),
                (None, Some(all)) => share(done, all as f64),
                (None, None) => 0.0,
            },
            candidate: candidate(trial, standing),
            best: standing.best().and_then(|best| best.outcome.quality()),
            reason: match &trial.outcome {
                Outcome::Measured { .. } => None,
                other => Some(other.to_string()),
            },
        }
    }
}

fn candidate(trial: &Trial, standing: &Standing<'_>) -> Candidate {
    let memory = standing.memory(trial.proposal.task);
    Candidate {
        quality: trial.outcome.quality(),
        parameters: trial.outcome.cost().map(|cost| cost.parameters),
        predicted_memory: memory.predicted,
        peak_memory: memory.measured,
    }
}
