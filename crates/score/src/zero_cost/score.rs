//! The trait of all scores, and their spread over seeds.

use std::fmt;
use std::ops::Range;

use candle_core::DType;
use dartloom_data::Batch;
use dartloom_net::memory::{Breakdown, Training, Workload};
use dartloom_noise::Noise;
use dartloom_ops::{Execution, Model};
use dartloom_record::statistics::{mean, sample_sd};
use dartloom_task::Task;
use serde::{Deserialize, Serialize};

use super::{
    Fisher, GradNorm, Grasp, JacobianCovariance, LinearRegions, Naswot, NtkCondition, Snip,
    Subject, Synflow, Zen, ZeroCostError,
};

/// A score of an untrained network.
///
/// # Contract
/// Equal networks, batches and seeds give equal scores, which are finite. The network is unchanged
/// afterwards, running statistics included.
pub trait ZeroCostScore: fmt::Debug {
    /// Its name in [`by_name`] and in programs.
    fn name(&self) -> &'static str;

    /// `true` if more is better.
    fn higher_is_better(&self) -> bool {
        true
    }

    /// The type of the numbers that it computes with.
    fn dtype(&self) -> DType {
        DType::F32
    }

    /// The parts of a batch that it reads.
    fn reads(&self) -> Reads {
        Reads::Labels
    }

    /// The needs of its passes, on a batch of this many images.
    fn workload(&self, batch: usize) -> Workload {
        with_gradients(self.dtype(), batch)
    }

    /// Bytes that it keeps besides the tensors of its passes, for this many images and parameters.
    fn beside(&self, images: u64, parameters: u64) -> u64 {
        let _ = images;
        let _ = parameters;
        0
    }

    /// The score of a network of [`dtype`](Self::dtype) at its initialisation; randomness draws
    /// from `noise`.
    ///
    /// # Errors
    /// [`ZeroCostError`] with the reason when there is no number that says something.
    fn score(&self, given: &Scorable<'_>, noise: Noise) -> Result<f64, ZeroCostError>;
}

/// The input of a score.
#[derive(Clone, Copy, Debug)]
pub struct Scorable<'a> {
    /// The network, at its initialisation.
    pub network: &'a dyn Model,
    /// Images, and targets that fit the task.
    pub batch: &'a Batch,
    /// The task of the network: its loss is the one that scores take gradients of.
    pub task: &'a dyn Task,
}

/// Parts of a batch that a score reads; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// The shape of an image.
    Shape,
    /// The number of images.
    Size,
    /// The images.
    Images,
    /// The labels.
    Labels,
}

/// Bytes at the peak of a process that scores `subject` with a batch of this many images, from
/// shapes alone.
///
/// # Errors
/// As [`Subject::network`].
pub fn memory(
    score: &dyn ZeroCostScore,
    subject: &Subject<'_>,
    batch: usize,
) -> Result<Breakdown, ZeroCostError> {
    let work = score.workload(batch);
    let passes = dartloom_net::memory::predict(subject.plan, subject.registry, &work)?;
    let parameters = passes.parameters / work.dtype.size_in_bytes() as u64;
    let beside = score.beside(batch as u64, parameters);
    Ok(passes + Breakdown { workspace: beside, ..Breakdown::default() })
}

/// Passes forwards and backwards, without an optimiser.
pub(super) fn with_gradients(dtype: DType, batch: usize) -> Workload {
    let training = Some(Training { moments: 0, ..Training::default() });
    Workload { training, ..forward_alone(dtype, batch) }
}

/// Passes forwards.
pub(super) fn forward_alone(dtype: DType, batch: usize) -> Workload {
    Workload { execution: Execution::Staged, dtype, ..Workload::inference(batch) }
}

/// Bytes of a matrix in double precision with a row and a column for each image.
pub(super) fn pairs(images: u64) -> u64 {
    images.saturating_mul(images).saturating_mul(size_of::<f64>() as u64)
}

/// A score over several initialisations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    /// Mean over the seeds.
    pub mean: f64,
    /// Standard deviation of the seeds around the mean, with `n - 1`; `None` if there is one seed.
    pub deviation: Option<f64>,
    /// Number of seeds.
    pub seeds: usize,
}

/// Gives a batch for a seed.
pub type Draw<'a> = dyn FnMut(Noise) -> Result<Batch, ZeroCostError> + 'a;

/// Scores a subject for each of some seeds: `Noise::new(seed)` determines its weights and its
/// batch.
///
/// # Errors
/// [`ZeroCostError::NoSeeds`], and that of the first seed for which there is no score.
pub fn scored(
    score: &dyn ZeroCostScore,
    subject: &Subject<'_>,
    draw: &mut Draw<'_>,
    seeds: Range<u64>,
) -> Result<Scored, ZeroCostError> {
    let mut values = Vec::new();
    for seed in seeds {
        let noise = Noise::new(seed).child("zero-cost");
        let batch = draw(noise)?;
        let batch = batch.to(batch.inputs.device(), score.dtype())?;
        let network = subject.network(score.dtype(), noise)?;
        let given = Scorable { network: &*network, batch: &batch, task: subject.task };
        let value = score.score(&given, noise)?;
        if !value.is_finite() {
            let score = score.name();
            let what = "scores";
            return Err(ZeroCostError::NotFinite { score, what, found: value });
        }
        values.push(value);
    }
    let Some(mean) = mean(&values) else {
        return Err(ZeroCostError::NoSeeds { score: score.name() });
    };
    Ok(Scored { mean, deviation: sample_sd(&values), seeds: values.len() })
}

/// All scores of this module.
fn all() -> Vec<Box<dyn ZeroCostScore>> {
    vec![
        Box::new(Synflow),
        Box::new(Snip),
        Box::new(Grasp),
        Box::new(Fisher),
        Box::new(GradNorm),
        Box::new(JacobianCovariance),
        Box::new(Naswot),
        Box::new(NtkCondition),
        Box::new(LinearRegions),
        Box::new(Zen::default()),
    ]
}

/// The names of all scores.
pub fn names() -> Vec<&'static str> {
    all().iter().map(|score| score.name()).collect()
}

/// The score of that name.
///
/// # Errors
/// [`ZeroCostError::Unknown`] with the known names.
pub fn by_name(name: &str) -> Result<Box<dyn ZeroCostScore>, ZeroCostError> {
    let found = all().into_iter().find(|score| score.name() == name);
    found.ok_or_else(|| ZeroCostError::Unknown { found: name.to_owned(), known: names() })
}
