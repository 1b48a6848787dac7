//! The messages between pools and worker processes: one JSON value a line.

use std::io::{self, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;

/// The mark before every line of a worker; other output of its program is ignored.
const MARK: char = '\u{1e}';

/// A job: the first line that a worker reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) version: u32,
    /// The work; `None` if only the start of the worker is tried.
    pub(crate) work: Option<Work>,
    /// Bytes of memory.
    pub(crate) memory: Option<u64>,
    /// Seconds between two signs of life.
    pub(crate) heartbeat: f64,
}

/// A task on its way to a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    pub(crate) task: u64,
    pub(crate) attempt: u32,
    pub(crate) payload: Value,
}

/// The version of this protocol.
pub(crate) const VERSION: u32 = 2;

/// A message of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum Message {
    /// It has taken its job: what happens from here on happens to the task.
    Ready,
    /// Its limit is less than the memory it has now: `held` bytes of writable data before the task.
    TooSmall { held: u64 },
    /// It lives.
    Heartbeat { peak: Option<u64> },
    /// Its handler's report.
    Progress { value: Value },
    /// Its handler's result.
    Done { value: Value, peak: Option<u64> },
    /// There is no result, for the reason in `failure`.
    Failed { failure: Failure, peak: Option<u64> },
    /// The machine lacks something that the task needs.
    Machine { message: String },
}

/// Writes a line as a whole, so that lines of several threads do not mix.
pub(crate) fn write(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    // The line feed before it ends whatever the program has begun to print.
    to.write_all(format!("\n{MARK}{text}\n").as_bytes())?;
    to.flush()
}

/// The value of a line; `None` for other output of the program.
pub(crate) fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(line).ok()?.trim_end().strip_prefix(MARK)?;
    serde_json::from_str(text).ok()
}
