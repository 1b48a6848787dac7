//! The program and machine around a run.

use std::path::PathBuf;

use dartloom::record::Clock;

use crate::machine::Available;

/// The program and machine around a run: the engine itself asks neither the clock nor the
/// environment.
pub struct Host<'a> {
    /// The words of the command that started the run, kept in its directory.
    pub command: Vec<String>,
    /// Operating system and processor family, such as `linux x86_64`.
    pub system: String,
    /// The program that is started as `PROGRAM worker ..` for every candidate of a discrete search
    /// and serves it ([`serve`](crate::worker::serve)); `None` to train candidates in this process,
    /// where one that runs out of memory ends everything.
    pub worker: Option<PathBuf>,
    /// Seconds since any moment: costs are measured with it.
    pub clock: Clock<'a>,
    /// Seconds since 1970: log lines have it. What is not finite is left out.
    pub date: fn() -> f64,
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, system, worker, .. } = self;
        let mut shown = f.debug_struct("Host");
        shown.field("command", command).field("system", system).field("worker", worker);
        shown.finish_non_exhaustive()
    }
}

/// The ways in which a run can be carried out; its results do not depend on them.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Directory of the run.
    pub out: PathBuf,
    /// Start anew where a run is stored.
    pub overwrite: bool,
    /// Processes that train candidates of discrete searches.
    pub workers: WorkerOptions,
    /// Memory that the run may count on; what the machine has when `None`.
    pub memory: Option<Available>,
}

/// Processes that train candidates of discrete searches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkerOptions {
    /// Their number; 1 when `None`.
    pub count: Option<usize>,
    /// Bytes of memory that each may have.
    pub memory: Option<u64>,
    /// Seconds without an epoch after which a candidate is ended.
    pub stall: Option<f64>,
}
