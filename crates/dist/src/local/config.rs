//! The settings of a local pool.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{DistError, Rules};

/// The command that starts a worker's process: usually the same program, told that it is a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Variables of its environment, beside those of this process.
    pub environment: Vec<(String, String)>,
}

impl Launch {
    /// A program with arguments.
    pub fn new(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.into(), arguments, environment: Vec::new() }
    }
}

/// Workers of a local pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// One for each worker: bytes of memory that its process may have, `None` for any number.
    pub workers: Vec<Option<u64>>,
    /// Threads of each process (`RAYON_NUM_THREADS`).
    pub threads_each: usize,
    /// Leases, attempts, rests.
    pub rules: Rules,
}

impl Default for LocalConfig {
    /// One worker of one thread, without a limit of memory.
    fn default() -> Self {
        Self { workers: vec![None], threads_each: 1, rules: Rules::default() }
    }
}

impl LocalConfig {
    /// Equal workers.
    pub fn new(workers: usize, threads_each: usize, memory: Option<u64>) -> Self {
        Self { workers: vec![memory; workers], threads_each, ..Self::default() }
    }

    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`DistError::Rules`] naming the field.
    pub fn check(&self) -> Result<(), DistError> {
        let numbers = [("workers", self.workers.len()), ("threads_each", self.threads_each)];
        if let Some((field, found)) = numbers.into_iter().find(|&(_, number)| number == 0) {
            let expected = "at least 1";
            let found = found.to_string();
            return Err(DistError::Rules { field, expected, found });
        }
        self.rules.check()
    }
}
