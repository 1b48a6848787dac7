//! Processes that train candidates.

use std::ffi::OsString;
use std::path::PathBuf;

use dartloom::dist::{DistError, Launch, LocalConfig, LocalPool, Rules, TaskPool};
use dartloom::explore::ExploreError;
use dartloom::record::RunDir;
use dartloom::verdict::VerdictError;
use dartloom::verdict::{ExplorerParts, Workers};

use super::WorkerOptions;
use super::verdict::threads;
use crate::error::EngineError;

/// Starts a program again for every candidate.
#[derive(Debug)]
pub(super) struct Processes {
    program: PathBuf,
    /// The experiment with every value filled in.
    experiment: PathBuf,
    config: LocalConfig,
}

/// The pool that `options` ask for: processes that share the threads of this one.
///
/// `explorers` says whether the experiment has any: options of workers would have no effect
/// otherwise.
pub(super) fn pool(options: &WorkerOptions, explorers: bool) -> Result<LocalConfig, EngineError> {
    let WorkerOptions { count, memory, stall } = *options;
    let given = [
        ("workers", count.map(|number| number.to_string())),
        ("worker-memory", memory.map(|bytes| bytes.to_string())),
        ("worker-stall", stall.map(|seconds| seconds.to_string())),
    ];
    let given = given.into_iter().find_map(|(setting, value)| Some((setting, value?)));
    if let (Some((setting, found)), false) = (given, explorers) {
        let expected =
            "an experiment with discrete searches (`explorers`), which alone have workers";
        return Err(EngineError::Workers { setting, expected, found });
    }
    let workers = count.unwrap_or(1);
    if !(1..=MOST_WORKERS).contains(&workers) {
        let expected = "1 to 1024 processes";
        let found = workers.to_string();
        return Err(EngineError::Workers { setting: "workers", expected, found });
    }
    let threads_each = (threads() / workers).max(1);
    let rules = Rules { stall, ..Rules::default() };
    let config = LocalConfig::new(workers, threads_each, memory);
    let config = LocalConfig { rules, ..config };
    config.check().map_err(EngineError::input)?;
    Ok(config)
}

/// More than a machine starts; keeps a typing error from taking all its processes.
const MOST_WORKERS: usize = 1024;

impl Processes {
    /// Processes of `program` in such a pool.
    pub(super) fn new(config: LocalConfig, program: PathBuf, experiment: PathBuf) -> Self {
        Self { program, experiment, config }
    }
}

/// Settings of the allocator of workers, whose limit of memory counts what it has reserved: it
/// reserves a GiB at once, and may be written to only as far as it is used.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");

impl Processes {
    /// Makes sure that workers can be started and fit their memory, before anything is searched.
    /// Workers of all explorers are the same program with the same images.
    pub(super) fn try_out(
        &self,
        explorers: &[ExplorerParts<'_>],
        dir: &RunDir,
    ) -> Result<(), EngineError> {
        let Some(explorer) = explorers.first() else { return Ok(()) };
        LocalPool::try_out(&self.launch(&explorer.key, 0, dir), &self.config).map_err(|error| {
            match error {
                DistError::Limit { .. } => EngineError::WorkerMemory { source: error },
                other => EngineError::work(other),
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
