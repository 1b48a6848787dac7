//! Processes that train candidates.

use std::ffi::OsString;
use std::path::PathBuf;

use dartloom::dist::{DistError, Launch, LocalConfig, LocalPool, Rules, TaskPool};
use dartloom::search::explore::ExploreError;
use dartloom::search::{ExplorerParts, SearchError, Workers};
use dartloom::train::RunDir;

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

impl Processes {
    /// As many as `arguments` say, which share the threads of this process.
    pub(super) fn new(arguments: &RunArguments, experiment: PathBuf) -> Result<Self, CliError> {
        let program = std::env::current_exe()
            .map_err(|source| CliError::Read { path: PathBuf::from("this program"), source })?;
        let workers = arguments.workers.max(1);
        let threads_each = (threads() / workers).max(1);
        let rules = Rules { stall: arguments.worker_stall, ..Rules::default() };
        let config = LocalConfig::new(workers, threads_each, arguments.worker_memory);
        let config = LocalConfig { rules, ..config };
        config.check().map_err(CliError::input)?;
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
    ) -> Result<Box<dyn TaskPool>, SearchError> {
        let launch = self.launch(key, seed, checkpoints);
        let pool = LocalPool::new(&launch, self.config.clone()).map_err(ExploreError::from)?;
        Ok(Box::new(pool))
    }
}
