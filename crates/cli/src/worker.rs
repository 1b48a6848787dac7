//! This program as a worker of a run's discrete searches.

use std::process::ExitCode;

use dartloom::Error;
use dartloom::dist::worker::serve;
use dartloom::record::RunDir;
use dartloom::verdict::VerdictError;

use crate::args::WorkerArguments;
use crate::error::CliError;
use crate::experiment::{self, Chosen, Plan};
use crate::run::check_images;

/// Trains one candidate, which the run that started this process names on the standard input.
pub(crate) fn run(arguments: &WorkerArguments) -> Result<ExitCode, CliError> {
    let WorkerArguments { experiment, method, seed, checkpoints } = arguments;
    let plan = Plan::new(
        experiment::load(experiment, &Chosen::default())?,
        &experiment.display().to_string(),
    )?;
    check_images(experiment, &plan.images()?)?;
    let comparison = plan.comparison();
    let explorer = comparison.explorers.iter().find(|explorer| explorer.key == *method);
    let explorer = explorer.ok_or_else(|| CliError::Field {
        origin: experiment.display().to_string(),
        field: "explorers",
        expected: "the explorer that this worker is for",
        found: method.clone(),
    })?;
    let work = |error: VerdictError| CliError::work(Error::from(error));
    let images = comparison.candidate_images(explorer, *seed).map_err(work)?;
    let checkpoints = RunDir::open(checkpoints).map_err(CliError::work)?;
    let training = comparison.training(explorer, *seed, &images, checkpoints).map_err(work)?;
    let code = serve(std::io::stdin(), std::io::stdout(), |task, reporter| {
        training.handle(&task.payload, &mut |value| reporter.progress(value))
    });
    code.map_err(CliError::work)
}
