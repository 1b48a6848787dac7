//! The events of a run, put together phase by phase.

use std::collections::BTreeMap;

use dartloom_record::{
    ArchitectureWeights, Candidate, CellEntropy, Event, Objective, Record, RunPlan, Where,
};
use serde_json::Value;

/// The end of what a run has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It goes on, or was killed.
    Open,
    /// It was stopped and can be resumed.
    Stopped,
    Finished,
}

/// A phase of a run, put together from all times that it was begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phase {
    /// Epochs it has in all, or candidates.
    pub(crate) length: usize,
    pub(crate) steps: usize,
    /// The epoch and step it is in.
    pub(crate) epoch: usize,
    pub(crate) step: usize,
    /// Share of a discrete search's budget.
    pub(crate) share: Option<f64>,
    /// Times at which it was begun and last heard of, one pair for each time it was taken up.
    pub(crate) spans: Vec<[f64; 2]>,
    /// Metrics by epoch.
    pub(crate) epochs: BTreeMap<usize, BTreeMap<String, f64>>,
    pub(crate) weights: BTreeMap<usize, ArchitectureWeights>,
    pub(crate) entropies: BTreeMap<usize, BTreeMap<String, CellEntropy>>,
    pub(crate) architectures: BTreeMap<usize, Architecture>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) failures: usize,
    /// Metrics of the end.
    pub(crate) end: Option<BTreeMap<String, f64>>,
}

/// An architecture as it would have been decoded after an epoch.
#[derive(Clone, Debug)]
pub(crate) struct Architecture {
    pub(crate) genotype: Value,
    pub(crate) notes: Vec<String>,
}

/// A rule that held.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) epoch: usize,
    pub(crate) rule: String,
    pub(crate) seen: String,
    pub(crate) stops: bool,
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) name: Option<String>,
    pub(crate) config: Value,
    pub(crate) plan: Option<RunPlan>,
    /// Phases in the order in which they were begun first.
    pub(crate) phases: Vec<(Where, Phase)>,
    pub(crate) notes: Vec<String>,
    pub(crate) end: End,
    /// The phase that was heard of last.
    pub(crate) last: Option<Where>,
    /// Seconds on the writer's clock of the first and the last event.
    pub(crate) clock: Option<[f64; 2]>,
    /// The objective of a discrete search.
    pub(crate) objective: Option<Objective>,
}

impl Told {
    /// Reads events in order.
    pub(crate) fn of(records: Vec<Record>) -> Self {
        let mut told = Self {
            name: None,
            config: Value::Null,
            plan: None,
            phases: Vec::new(),
            notes: Vec::new(),
            end: End::Open,
            last: None,
            clock: None,
            objective: None,
        };
        for Record { event, seconds } in records {
            told.hear(event, seconds);
        }
        told
    }

    /// The phase at a place, if it has begun.
    pub(crate) fn phase(&self, place: &Where) -> Option<&Phase> {
        self.phases.iter().find(|(known, _)| known == place).map(|(_, phase)| phase)
    }

    fn at(&mut self, place: &Where) -> &mut Phase {
        let index = match self.phases.iter().rposition(|(known, _)| known == place) {
            Some(index) => index,
            None => {
                self.phases.push((place.clone(), Phase::default()));
                self.phases.len() - 1
            }
        };
        &mut self.phases[index].1
    }

    fn hear(&mut self, event: Event, seconds: Option<f64>) {
        if let Some(now) = seconds {
            let first = self.clock.map_or(now, |clock| clock[0]);
            self.clock = Some([first, now]);
        }
        if let Some(place) = event.phase().cloned() {
            self.end = End::Open;
            let begins =
                matches!(event, Event::PhaseStarted { .. } | Event::ExplorationStarted { .. });
            let phase = self.at(&place);
            match (phase.spans.last_mut(), seconds) {
                (Some(span), Some(now)) if !begins => span[1] = now,
                (_, Some(now)) => phase.spans.push([now, now]),
                _ => {}
            }
            self.last = Some(place);
        }
        self.take(event);
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::RunStarted { name, config, plan, .. } => {
                self.name = Some(name);
                self.config = config;
                self.plan = plan.or_else(|| self.plan.take());
                self.end = End::Open;
            }
            Event::Note { text } => {
                if !self.notes.contains(&text) {
                    self.notes.push(text);
                }
            }
            Event::Stopped { .. } => self.end = End::Stopped,
            Event::Finished { .. } => self.end = End::Finished,
            Event::ExplorationStarted { phase, candidates, objective, told, .. } => {
                self.objective = objective.or_else(|| self.objective.take());
                let phase = self.at(&phase);
                phase.length = candidates;
                phase.candidates = told;
            }
            event => {
                if let Some(place) = event.phase().cloned() {
                    self.at(&place).hear(event);
                }
            }
        }
    }
}

impl Phase {
    fn hear(&mut self, event: Event) {
        match event {
            Event::PhaseStarted { epochs, steps_per_epoch, epoch, .. } => {
                self.length = epochs;
                self.steps = steps_per_epoch;
                self.epoch = epoch;
                self.step = 0;
            }
            Event::Step { epoch, step, steps, .. } => {
                self.epoch = epoch;
                self.step = step + 1;
                self.steps = steps;
            }
            Event::EpochFinished { epoch, metrics, .. } => {
                self.epoch = epoch + 1;
                self.step = 0;
                self.epochs.insert(epoch, metrics);
            }
            Event::Weights { epoch, weights, .. } => {
                self.weights.insert(epoch, weights);
            }
            Event::Entropy { epoch, cells, .. } => {
                self.entropies.insert(epoch, cells);
            }
            Event::Architecture { epoch, genotype, notes, .. } => {
                self.architectures.insert(epoch, Architecture { genotype, notes });
            }
            Event::RuleHolds { epoch, rule, seen, stops, .. } => {
                self.rules.push(Rule { epoch, rule, seen, stops });
            }
            Event::CandidateTold { candidate, share, .. } => {
                self.failures += usize::from(candidate.quality.is_none());
                self.candidates.push(candidate);
                self.share = Some(share);
            }
            Event::PhaseFinished { metrics, .. } => self.end = Some(metrics),
            _ => {}
        }
    }

    /// The share of it that is done, 0 to 1.
    pub(crate) fn done(&self) -> f64 {
        if self.end.is_some() {
            return 1.0;
        }
        if let Some(share) = self.share {
            return share;
        }
        let epochs = self.epoch as f64 + self.step as f64 / self.steps.max(1) as f64;
        (epochs / self.length.max(1) as f64).min(1.0)
    }
}
