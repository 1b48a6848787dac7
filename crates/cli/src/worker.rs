//! This program as a worker of a run's discrete searches.

use std::process::ExitCode;

use dartloom_engine::Catalog;
use dartloom_engine::worker::{Assignment, serve};

use crate::args::WorkerArguments;
use crate::error::CliError;

/// Trains one candidate, which the run that started this process names on the standard input.
pub(crate) fn run(arguments: &WorkerArguments) -> Result<ExitCode, CliError> {
    let WorkerArguments { experiment, method, seed, checkpoints } = arguments;
    let assignment = Assignment {
        experiment: experiment.clone(),
        method: method.clone(),
        seed: *seed,
        checkpoints: checkpoints.clone(),
    };
    Ok(serve(&assignment, &Catalog::standard(), std::io::stdin(), std::io::stdout())?)
}
