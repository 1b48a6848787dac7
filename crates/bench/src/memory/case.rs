//! The trained network: a candidate's network or a preset's supernet.

use dartloom::explore::Domain;
use dartloom::net::memory::{self, Breakdown, Workload};
use dartloom::ops::{Execution, Recompute, Registry};
use dartloom::presets::{self, Method};
use dartloom::space::{Blueprint, Build, Genotype, Shape, Space};
use serde::{Deserialize, Serialize};

use super::super::CLASSES;
use crate::error::BenchError;
use dartloom_engine::{room, spaces};

/// Something to be trained for a few steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Case {
    pub(super) subject: Subject,
    /// Base channels; a preset's own when there are none.
    pub(super) channels: Option<usize>,
    pub(super) batch: usize,
    pub(super) input: Shape,
    pub(super) recompute: Recompute,
    /// One operation after the other.
    pub(super) staged: bool,
    pub(super) steps: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Subject {
    Candidate { space: String, candidate: usize, genotype: Genotype },
    Preset { name: String },
}

/// Base channels of candidates.
const CHANNELS: usize = 16;

impl Case {
    pub(super) fn name(&self) -> String {
        match &self.subject {
            Subject::Candidate { space, candidate, .. } => format!("{space} {candidate}"),
            Subject::Preset { name } => name.clone(),
        }
    }

    pub(super) fn execution(&self) -> Execution {
        if self.staged { Execution::Staged } else { self.recompute.into() }
    }

    /// The network that is trained.
    pub(super) fn blueprint(&self) -> Result<Blueprint, BenchError> {
        let build = |channels: usize| {
            Build::new(self.channels.unwrap_or(channels), CLASSES as usize, self.input)
        };
        match &self.subject {
            Subject::Candidate { space, genotype, .. } => {
                let space = spaces::resolve(space)?;
                let network = genotype.network_in(&space).map_err(BenchError::input)?;
                Blueprint::derived(genotype, &network, space.op_set(), build(CHANNELS))
            }
            Subject::Preset { name } => {
                let method = preset(name)?;
                let space = method.space().map_err(BenchError::input)?;
                let build = Build { partial: method.partial, ..build(method.channels) };
                Blueprint::supernet(&space, build)
            }
        }
        .map_err(BenchError::input)
    }

    fn workload(&self, plan: &Blueprint, threads: usize) -> Result<Workload, BenchError> {
        Ok(match &self.subject {
            Subject::Candidate { .. } => Workload { threads, ..Workload::training(self.batch) },
            Subject::Preset { name } => {
                let method = preset(name)?;
                let choices = method.choices;
                let config = method.search.bilevel;
                config.workload(self.batch, choices.logits(plan), threads)
            }
        })
    }

    /// The bytes that the process will hold at its peak.
    pub(super) fn predict(&self, threads: usize) -> Result<Breakdown, BenchError> {
        let plan = self.blueprint()?;
        let registry = Registry::standard().map_err(BenchError::work)?;
        let work = Workload { execution: self.execution(), ..self.workload(&plan, threads)? };
        memory::predict(&plan, &registry, &work).map_err(BenchError::input)
    }
}

impl Case {
    /// Refuses a case that needs more memory than there is.
    pub(super) fn admit(&self, threads: usize) -> Result<(), BenchError> {
        let needs = |batch| Self { batch, ..self.clone() }.predict(threads).map(|all| all.total());
        needs(self.batch)?;
        let what = || format!("{} on batches of {}", self.name(), self.batch);
        Ok(room::admit(what, self.batch, |batch| needs(batch).ok())?)
    }
}

/// The architectures of a space: all edges and operations where all of them are searched, `top`
/// in-edges per node otherwise.
pub(super) fn domain(space: &Space, top: usize) -> Domain {
    if space.name() == "nasbench201" {
        return Domain::every_edge(space.clone());
    }
    Domain::top(space.clone(), top)
}

pub(super) fn preset(name: &str) -> Result<Method, BenchError> {
    presets::by_name(name).map_err(BenchError::input)
}
