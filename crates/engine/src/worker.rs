//! Processes that train candidates for a run's discrete searches.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use dartloom::Error;
use dartloom::record::RunDir;
use dartloom::verdict::VerdictError;

use crate::catalog::Catalog;
use crate::error::EngineError;
use crate::experiment::{self, Chosen, Plan};
use crate::run::check_images;

/// The run that a worker belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The experiment with every value filled in.
    pub experiment: PathBuf,
    /// Key of the explorer.
    pub method: String,
    /// Seed of the comparison.
    pub seed: u64,
    /// The directory in which candidates are saved.
    pub checkpoints: PathBuf,
}

/// Trains one candidate, which the run that started this process names on `input`; what comes of it
/// goes to `output`.
///
/// # Errors
/// An experiment that cannot be read, other images than those that the run began with, no such
/// explorer, or a pool that cannot be understood.
pub fn serve(
    assignment: &Assignment,
    catalog: &Catalog,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<ExitCode, EngineError> {
    let Assignment { experiment, method, seed, checkpoints } = assignment;
    let plan = Plan::with(
        experiment::load(experiment, &Chosen::default())?,
        &experiment.display().to_string(),
        catalog,
    )?;
    check_images(experiment, &plan.images()?)?;
    let comparison = plan.comparison();
    let explorer = comparison.explorers.iter().find(|explorer| explorer.key == *method);
    let explorer = explorer.ok_or_else(|| EngineError::Field {
        origin: experiment.display().to_string(),
        field: "explorers",
        expected: "the explorer that this worker is for",
        found: method.clone(),
    })?;
    let work = |error: VerdictError| EngineError::work(Error::from(error));
    let images = comparison.candidate_images(explorer, *seed).map_err(work)?;
    let checkpoints = RunDir::open(checkpoints).map_err(EngineError::work)?;
    let training = comparison.training(explorer, *seed, &images, checkpoints);
    let code = dartloom::dist::worker::serve(input, output, |task, reporter| {
        training.handle(&task.payload, &mut |value| reporter.progress(value))
    });
    code.map_err(EngineError::work)
}
