//! Errors of recording, storing, reading back and comparing results.

use std::path::{Path, PathBuf};

use crate::Difference;

/// The reason for which a value could not be kept in a run directory, or read back from it.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A file or directory that cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The action that failed.
        action: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A stored result, or a checkpoint, of other work.
    #[error("{}: belongs to other work: {}", path.display(),
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    OtherWork {
        /// The file.
        path: PathBuf,
        /// Every value in which it differs.
        differences: Vec<Difference>,
    },
    /// A stored result that is not as it was written.
    #[error("{}: damaged: expected {expected}, found {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The expected content.
        expected: String,
        /// The content found.
        found: String,
    },
    /// A stored result in a form of another version of this crate.
    #[error("{}: expected version {known}, found {found}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that is known.
        known: u32,
        /// The version found.
        found: String,
    },
    /// A log that cannot be read.
    #[error("{}: {source}", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The reason, with its line.
        source: ObserverError,
    },
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] ObserverError),
    /// A value without a JSON form.
    #[error("expected {what} with a JSON form, found {found}")]
    Encode {
        /// A name for the value.
        what: String,
        /// The error of the encoder.
        found: String,
    },
}

impl RecordError {
    /// An error of the system about the file at `path`.
    pub fn file(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), action, source }
    }
}

/// The reason for which a statistic could not take its input.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    /// Two series that should be paired differ in length.
    #[error("expected as many values in both series, found {first} and {second}")]
    PairCount {
        /// Values in the first series.
        first: usize,
        /// Values in the second series.
        second: usize,
    },
    /// Too few pairs for a standard deviation.
    #[error("a paired comparison needs at least 2 pairs, found {found}")]
    TooFewPairs {
        /// Pairs given.
        found: usize,
    },
    /// A pair whose values, or whose difference, are not finite.
    #[error("pair {index}: expected finite values, found {first} and {second}")]
    NotFinite {
        /// The pair.
        index: usize,
        /// Its value in the first series.
        first: f64,
        /// Its value in the second series.
        second: f64,
    },
    /// A series whose values are all equal, which ranks nothing.
    #[error("the {series} series has the same value everywhere, {value}: there are no ranks")]
    Constant {
        /// The first or the second.
        series: &'static str,
        /// The value.
        value: f64,
    },
    /// Differences so large that their squares overflow.
    #[error("the differences of the pairs are too large for their variance to be computed")]
    Overflow,
}

/// The reason for which an observer could not record an event, or a log could not be read.
///
/// An observer outside this crate reports its own trouble as [`ObserverError::Write`], with
/// [`std::io::Error::other`] where the cause is no input or output.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ObserverError {
    /// The destination refused the bytes.
    #[error("cannot write the {event} event: {source}")]
    Write {
        /// The event's name, as in its `event` field.
        event: &'static str,
        /// The error of the destination.
        source: std::io::Error,
    },
    /// An event could not be put into JSON.
    #[error("cannot encode the {event} event: {source}")]
    Encode {
        /// The event's name, as in its `event` field.
        event: &'static str,
        /// The error of the encoder.
        source: serde_json::Error,
    },
    /// A table row could not be written.
    #[error("cannot write the table row of the {event} event: {source}")]
    Table {
        /// The event's name, as in its `event` field.
        event: &'static str,
        /// The error of the writer.
        source: csv::Error,
    },
    /// A log could not be read to its end.
    #[error("cannot read line {line}: {source}")]
    Read {
        /// The line, counted from 1.
        line: usize,
        /// The error of the source.
        source: std::io::Error,
    },
    /// A line of a log in a form of another version of this crate.
    #[error("line {line}: expected events of version {known}, found version {found}")]
    Version {
        /// The line, counted from 1.
        line: usize,
        /// The version that is known.
        known: u32,
        /// The version of the line; 1 if it names none.
        found: u32,
    },
    /// A line of a log that is complete but is not an event.
    #[error("line {line} is no event: {source}")]
    Malformed {
        /// The line, counted from 1.
        line: usize,
        /// The error of the decoder.
        source: serde_json::Error,
    },
}
