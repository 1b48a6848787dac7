//! Processes that train candidates.

use std::ffi::OsString;
use std::path::PathBuf;

use dartloom::dist::{DistError, Launch, LocalConfig, LocalPool, Rules, TaskPool};
use dartloom::explore::ExploreError;
use dartloom::record::RunDir;
use dartloom::verdict::VerdictError;
use dartloom::verdict::{ExplorerParts, Workers};

use super::verdict::threads;
use crate::args::RunArguments;
use crate::error::CliError;

/// Starts this program again for every candidate.
#[derive(Debug)]
pub(super) struct Processes {
    program: PathBuf,
    /// The experiment with every value filled in.
    experiment: PathBuf,
    config: LocalConfig,
}

/// The pool that `arguments` ask for: processes that share the threads of this one.
///
/// `explorers` says whether the experiment has any: options of workers would have no effect otherwise.
pub(super) fn pool(arguments: &RunArguments, explorers: bool) -> Result<LocalConfig, CliError> {
    let RunArguments { workers, worker_memory, worker_stall, .. } = arguments;
    let given = [
        ("--workers", workers.map(|number| number.to_string())),
        ("--worker-memory", worker_memory.map(|bytes| bytes.to_string())),
        ("--worker-stall", worker_stall.map(|seconds| seconds.to_string())),
    ];
    let given = given.into_iter().find_map(|(option, value)| Some((option, value?)));
    if let (Some((option, found)), false) = (given, explorers) {
        let expected =
            "an experiment with discrete searches (`explorers`), which alone have workers";
        return Err(CliError::OptionValue { option, expected, found });
    }
    let workers = workers.unwrap_or(1);
    if !(1..=MOST_WORKERS).contains(&workers) {
        let option = "--workers";
        let expected = "1 to 1024 processes";
        return Err(CliError::OptionValue { option, expected, found: workers.to_string() });
    }
    let threads_each = (threads() / workers).max(1);
    let rules = Rules { stall: *worker_stall, ..Rules::default() };
    let config = LocalConfig::new(workers, threads_each, *worker_memory);
    let config = LocalConfig { rules, ..config };
    config.check().map_err(CliError::input)?;
    Ok(config)
}

/// More than a machine starts; keeps a typing error from taking all its processes.
const MOST_WORKERS: usize = 1024;

impl Processes {
    /// Processes of this program in such a pool.
    pub(super) fn new(config: LocalConfig, experiment: PathBuf) -> Result<Self, CliError> {
        let program = std::env::current_exe()
            .map_err(|source| CliError::Read { path: PathBuf::from("this program"), source })?;
        Ok(Self { program, experiment, config })
    }
}

/// Settings of the allocator of workers, whose limit of memory counts what it has reserved: it reserves a GiB at
/// once, and may be written to only as far as it is used.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");

impl Processes {
    /// Makes sure that workers can be started and fit their memory, before anything is searched. Workers of all
    /// explorers are the same program with the same images.
    pub(super) fn try_out(
        &self,
        explorers: &[ExplorerParts<'_>],
        dir: &RunDir,
    ) -> Result<(), CliError> {
        let Some(explorer) = explorers.first() else { return Ok(()) };
        LocalPool::try_out(&self.launch(&explorer.key, 0, dir), &self.config).map_err(|error| {
            match error {
                DistError::Limit { .. } => CliError::WorkerMemory { source: error },
                other => CliError::work(other),
            }
        })
    }

    fn launch(&self, key: &str, seed: u64, checkpoints: &RunDir) -> Launch {
        let seed = seed.to_string();
        let arguments: [OsString; 9] = [
            "worker".into(),
            "--experiment".into(),
            self.experiment.clone().into(),
            "--method".into(),
            key.into(),
            "--seed".into(),
            seed.into(),
            "--checkpoints".into(),
            checkpoints.path().into(),
        ];
        let mut launch = Launch::new(&self.program, arguments);
        launch.environment.push((ALLOCATOR.0.to_owned(), ALLOCATOR.1.to_owned()));
        launch
    }
}

impl Workers for Processes {
    fn threads_each(&self) -> usize {
        self.config.threads_each
    }

    fn pool(
        &self,
        key: &str,
        seed: u64,
        checkpoints: &RunDir,
    ) -> Result<Box<dyn TaskPool>, VerdictError> {
        let launch = self.launch(key, seed, checkpoints);
        let pool = LocalPool::new(&launch, self.config.clone()).map_err(ExploreError::from)?;
        Ok(Box::new(pool))
    }
}
