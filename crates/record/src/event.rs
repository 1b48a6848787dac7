//! The events of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Objective, Where};

mod candidate;
mod entropy;
mod log;
mod number;
mod plan;
mod weights;

pub use candidate::Candidate;
pub use entropy::CellEntropy;
pub(crate) use log::VERSION;
pub use log::{EventLog, Record, Truncated, read_events_from};
pub(crate) use number::Number;
pub use plan::RunPlan;
pub use weights::{ArchitectureWeights, EdgeWeights};

/// Something that happened in a run.
///
/// A phase is a [`Where`]: a leg of a seed, or a candidate in it. Epochs and steps are counted
/// from 0. As JSON an event is an object whose `event` field is the variant's name in snake case.
/// JSON has no NaN and no infinities: losses and metrics that are not finite are written as the
/// strings `"NaN"`, `"inf"` and `"-inf"` and read back from them, so that a log never hides a
/// divergence behind `null`.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event of a run.
    RunStarted {
        /// The run's name.
        name: String,
        /// Its seed.
        seed: u64,
        /// Its whole configuration.
        config: serde_json::Value,
        /// Everything that will be done; runs of earlier programs do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<RunPlan>,
    },
    /// A phase (search, retraining and so on) begins or is resumed.
    PhaseStarted {
        /// The phase.
        phase: Where,
        /// Epochs it will have in all.
        epochs: usize,
        /// Steps of each epoch.
        steps_per_epoch: usize,
        /// The epoch it starts in; above 0 when it is resumed.
        epoch: usize,
    },
    /// A training step is done.
    Step {
        /// The phase.
        phase: Where,
        /// The epoch.
        epoch: usize,
        /// The step within the epoch.
        step: usize,
        /// Steps of this epoch.
        steps: usize,
        /// Loss of the weights on the training batch.
        #[serde(with = "number")]
        loss: f64,
        /// Loss of the architecture on the validation batch, where the step had one.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
        arch_loss: Option<f64>,
    },
    /// An epoch is done and evaluated.
    EpochFinished {
        /// The phase.
        phase: Where,
        /// The epoch.
        epoch: usize,
        /// Values by name.
        #[serde(with = "number::map")]
        metrics: BTreeMap<String, f64>,
    },
    /// The weights of a search at the end of an epoch.
    Weights {
        /// The phase.
        phase: Where,
        /// The epoch.
        epoch: usize,
        /// The weights.
        weights: ArchitectureWeights,
    },
    /// Entropies of a search's weights at the end of an epoch, edge by edge; their means by cell
    /// are metrics of the epoch.
    Entropy {
        /// The phase.
        phase: Where,
        /// The epoch.
        epoch: usize,
        /// Entropies by the cell's name.
        cells: BTreeMap<String, CellEntropy>,
    },
    /// The architecture as it would be decoded now.
    Architecture {
        /// The phase.
        phase: Where,
        /// The epoch.
        epoch: usize,
        /// The genotype in its JSON form.
        genotype: serde_json::Value,
        /// The decoder's remarks: ties, empty nodes, narrow margins.
        notes: Vec<String>,
    },
    /// A rule about the search holds at the end of an epoch: a reason to stop, or a warning that
    /// did not hold in the epoch before.
    RuleHolds {
        /// The phase.
        phase: Where,
        /// The epoch.
        epoch: usize,
        /// The name of the rule.
        rule: String,
        /// The observation by which it holds.
        seen: String,
        /// `true` if the phase ends with this epoch because of it.
        stops: bool,
    },
    /// A discrete search begins or is resumed.
    ExplorationStarted {
        /// The phase.
        phase: Where,
        /// The name of the explorer, which proposes architectures.
        explorer: String,
        /// The number of candidates for which its budget is expected to be enough.
        candidates: usize,
        /// The score that qualities are made of ([`Objective::quality`]); `None` where qualities
        /// stand for themselves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        objective: Option<Objective>,
        /// The candidates that were told before it was resumed, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        told: Vec<Candidate>,
    },
    /// A candidate of a discrete search has been trained for another epoch.
    CandidateTrained {
        /// The phase.
        phase: Where,
        /// Number of the candidate.
        task: u64,
        /// Epochs so far.
        epochs: usize,
        /// Its quality now.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
        quality: Option<f64>,
    },
    /// A discrete search has learned the outcome of a candidate.
    CandidateTold {
        /// The phase.
        phase: Where,
        /// Number of the candidate.
        task: u64,
        /// The number of candidates that have been told.
        told: usize,
        /// Share of the budget that is spent, 0 to 1.
        share: f64,
        /// The candidate and its measurements.
        candidate: Candidate,
        /// The best quality so far.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
        best: Option<f64>,
        /// The reason for which it was not measured: the limit that it breaks, or the failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A state from which the run can be resumed has been written.
    Checkpoint {
        /// The phase.
        phase: Where,
        /// The epoch the state continues in.
        epoch: usize,
        /// The step the state continues with.
        step: usize,
        /// The path of the state.
        path: String,
    },
    /// Something worth a line to a human reader.
    Note {
        /// The line.
        text: String,
    },
    /// A phase is complete.
    PhaseFinished {
        /// The phase.
        phase: Where,
        /// Values by name.
        #[serde(with = "number::map")]
        metrics: BTreeMap<String, f64>,
    },
    /// The run was stopped before its end.
    Stopped {
        /// The phase.
        phase: Where,
        /// The epoch it would continue in.
        epoch: usize,
        /// The step it would continue with.
        step: usize,
    },
    /// The last event of a complete run.
    Finished {
        /// Values by name.
        #[serde(with = "number::map")]
        metrics: BTreeMap<String, f64>,
    },
}

impl Event {
    /// The event's name, as in its `event` field.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run_started",
            Self::PhaseStarted { .. } => "phase_started",
            Self::Step { .. } => "step",
            Self::EpochFinished { .. } => "epoch_finished",
            Self::Weights { .. } => "weights",
            Self::Entropy { .. } => "entropy",
            Self::Architecture { .. } => "architecture",
            Self::RuleHolds { .. } => "rule_holds",
            Self::ExplorationStarted { .. } => "exploration_started",
            Self::CandidateTrained { .. } => "candidate_trained",
            Self::CandidateTold { .. } => "candidate_told",
            Self::Checkpoint { .. } => "checkpoint",
            Self::Note { .. } => "note",
            Self::PhaseFinished { .. } => "phase_finished",
            Self::Stopped { .. } => "stopped",
            Self::Finished { .. } => "finished",
        }
    }

    /// The phase the event belongs to, where it belongs to one.
    #[must_use]
    pub fn phase(&self) -> Option<&Where> {
        match self {
            Self::PhaseStarted { phase, .. }
            | Self::Step { phase, .. }
            | Self::EpochFinished { phase, .. }
            | Self::Weights { phase, .. }
            | Self::Entropy { phase, .. }
            | Self::Architecture { phase, .. }
            | Self::RuleHolds { phase, .. }
            | Self::ExplorationStarted { phase, .. }
            | Self::CandidateTrained { phase, .. }
            | Self::CandidateTold { phase, .. }
            | Self::Checkpoint { phase, .. }
            | Self::PhaseFinished { phase, .. }
            | Self::Stopped { phase, .. } => Some(phase),
            Self::RunStarted { .. } | Self::Note { .. } | Self::Finished { .. } => None,
        }
    }
}
