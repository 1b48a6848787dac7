//! Reading a log of events back.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::{Event, ObserverError};

/// The version of events, which every line of a log carries. In version 1, which carried none,
/// phases were sentences.
pub(crate) const VERSION: u32 = 2;

/// One line of a log: an event and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Seconds on the clock of the writer of the log, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// The contents of a log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    /// The complete lines, in order.
    pub records: Vec<Record>,
    /// Length in bytes of the complete lines. Cut the file to this length before appending to it,
    /// so that the next line does not continue a truncated one.
    pub complete_bytes: u64,
    /// The last line, if it has no end.
    pub truncated: Option<Truncated>,
}

/// A last line without its line feed: the writer was killed while it wrote it.
///
/// Even if its text happens to be a whole event, it is not among the records: a line is complete
/// only with its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// Its number, counted from 1.
    pub line: usize,
    /// Its bytes, with invalid UTF-8 replaced.
    pub text: String,
}

/// The version, read before the rest of a line, which another version may have changed.
#[derive(Deserialize)]
struct Version {
    #[serde(default = "first")]
    version: u32,
}

fn first() -> u32 {
    1
}

/// Reads JSON lines as [`JsonLines`](crate::JsonLines) writes them.
///
/// This crate opens no files: hand in a [`BufReader`](std::io::BufReader) of one, or the bytes
/// themselves. A last line without a line feed is reported in [`EventLog::truncated`], not an
/// error.
///
/// # Errors
/// [`ObserverError::Version`] for a line of another version, [`ObserverError::Malformed`] with its
/// number for a complete line that is not an event (an empty one included), [`ObserverError::Read`]
/// when the source fails.
pub fn read_events_from(mut source: impl BufRead) -> Result<EventLog, ObserverError> {
    let mut log = EventLog::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let length = source
            .read_until(b'\n', &mut bytes)
            .map_err(|source| ObserverError::Read { line, source })?;
        if length == 0 {
            break;
        }
        if bytes.last() != Some(&b'\n') {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            log.truncated = Some(Truncated { line, text });
            break;
        }
        let malformed = |source| ObserverError::Malformed { line, source };
        let Version { version } = serde_json::from_slice(&bytes).map_err(malformed)?;
        if version != VERSION {
            return Err(ObserverError::Version { line, known: VERSION, found: version });
        }
        let record = serde_json::from_slice(&bytes).map_err(malformed)?;
        log.records.push(record);
        log.complete_bytes += length as u64;
    }
    Ok(log)
}
