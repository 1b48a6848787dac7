//! Experiment files drafted from data.

mod cut;
mod epochs;
mod facts;
mod text;
mod weights;

use std::path::Path;

use dartloom::data::TargetSpec;
use dartloom::net::memory::{Admission, Workload, predict_graph};
use dartloom::space::Graph;
use dartloom::train::FitConfig;
use dartloom::verdict::fit_workload;

use crate::check;
use crate::crops::CropShares;
use crate::error::EngineError;
use crate::estimate::{Estimate, MethodEstimate};
use crate::experiment::{Chosen, Plan, parse};
use crate::machine::{self, Available};
use cut::Cut;
use facts::Facts;
use text::{Batches, Text};
use weights::Shares;

/// An experiment file that was drafted from data.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The contents of the file: every number with its reason as a comment.
    pub text: String,
    /// The classes that training crops show, where the draft cuts images into random crops; drawn
    /// with seed 0.
    pub crops: Option<CropShares>,
}

/// The circumstances of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftConfig {
    /// Bytes that training may take; `None` for three quarters of what the machine has, or 8 GiB
    /// where it does not say.
    pub memory: Option<u64>,
    /// Threads of the kernels.
    pub threads: usize,
}

/// Bytes where the system does not say what there is.
const USUAL_MEMORY: u64 = 8 << 30;

/// Drafts an experiment on the data that `place` names: a folder whose layout says what it is, or
/// an experiment file, whose data are taken. `file` is where the draft will stand: its name is that
/// of the experiment, and a data folder below its own is named from there.
///
/// The draft is a start: patch, batch and hand-made network follow from sizes and number of the
/// images and from predicted memory ([`space::hand_made::plan`](dartloom::space::hand_made::plan)
/// for masks), weights of classes from their shares, epochs from the number of steps. The method is
/// DARTS at a small scale. The file is read back, planned with its data and held against the memory
/// before it is returned.
///
/// # Errors
/// Those of the data, with every error of their check; [`EngineError::Memory`] where the smallest
/// batch does not fit, and those of [`Plan::new`].
pub fn draft(place: &Path, file: &Path, config: &DraftConfig) -> Result<Draft, EngineError> {
    let memory = room(config.memory);
    let origin = place.display().to_string();
    let facts = Facts::of(check::named(place)?, &origin)?;
    let work = |batch| Workload { batch, ..fit_workload(&FitConfig::default(), config.threads) };
    let predict =
        |graph: &Graph, batch: usize| Some(predict_graph(graph, &work(batch)).ok()?.total());
    let cut = Cut::of(&facts, &memory, &predict)?;
    let sets = cut.open(&facts, &origin)?;
    let shares = Shares::of(&*sets.train)?;
    let names = sets.class_names.as_deref().unwrap_or_default();
    let crops = if cut.has_crops() {
        CropShares::of(&*sets.train, names, 0).map_err(EngineError::input)?
    } else {
        None
    };
    let mut batches = Batches::of(cut.batch, sets.train.len());
    let text = |batches: Batches| {
        let samples = sets.train.len();
        Text {
            facts: &facts,
            cut: &cut,
            shares: &shares,
            crops: crops.as_ref(),
            samples,
            batches,
            file,
        }
        .written()
    };
    let first = text(batches)?;
    let plan = Plan::new(parse(&first, file, &Chosen::default())?, &file.display().to_string())?;
    if !batches.fit(&Estimate::of(&plan, config.threads, Some(memory.bytes))?, &memory)? {
        return Ok(Draft { text: first, crops });
    }
    let text = text(batches)?;
    parse(&text, file, &Chosen::default())?;
    Ok(Draft { text, crops })
}

/// The memory that a draft counts on.
fn room(given: Option<u64>) -> Available {
    let limit = |source: &str, bytes| Available { bytes, source: source.to_owned() };
    match (given, machine::available()) {
        (Some(bytes), _) => limit("training may take", bytes),
        (None, Some(found)) => {
            limit("three quarters of what the machine has are", found.bytes / 4 * 3)
        }
        (None, None) => limit("training may take", USUAL_MEMORY),
    }
}

impl Batches {
    /// Makes every batch one that fits; `false` where all of them do.
    fn fit(&mut self, estimate: &Estimate, memory: &Available) -> Result<bool, EngineError> {
        let before = *self;
        for MethodEstimate { method, search, candidates, retraining } in &estimate.methods {
            let search = search.as_ref().and_then(|search| search.admission);
            for (batch, what, admission) in [
                (&mut self.search, format!("the supernet of {method}"), search),
                (&mut self.random, "a candidate".to_owned(), candidates.admission),
                (&mut self.retrain, "the network that is found".to_owned(), retraining.admission),
            ] {
                let Some(Admission::Reject { needed, largest_batch, .. }) = admission else {
                    continue;
                };
                let Some(largest) = largest_batch.filter(|&largest| largest >= LEAST_BATCH) else {
                    return Err(EngineError::Memory {
                        what,
                        needed,
                        available: memory.bytes,
                        limit: memory.source.clone(),
                    });
                };
                *batch = largest.min(*batch);
            }
        }
        Ok(*self != before)
    }
}

/// Images of a batch at least: a norm needs two.
const LEAST_BATCH: usize = 2;

/// True where something is learnt for every pixel.
fn is_mask(targets: TargetSpec) -> bool {
    matches!(targets, TargetSpec::Mask { .. })
}

#[cfg(test)]
mod tests;
