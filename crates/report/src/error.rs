//! Reasons for which there is no picture.

use dartloom_record::RecordError;
use thiserror::Error;

/// The reason for which a report cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A chart that the drawing library cannot make.
    #[error("chart `{title}`: cannot be drawn: {found}")]
    Chart {
        /// Its title.
        title: String,
        /// The drawing library's words.
        found: String,
    },
    /// A table that cannot be written.
    #[error("table `{title}`: cannot be written: {found}")]
    Table {
        /// Its title.
        title: String,
        /// The writer's words.
        found: String,
    },
    /// An architecture in an event that is no genotype.
    #[error("the architecture of epoch {epoch}: expected a genotype, found {found}")]
    Genotype {
        /// Its epoch, counted from 0.
        epoch: usize,
        /// The reader's words.
        found: String,
    },
    /// A run that cannot be read, or a file that cannot be written.
    #[error(transparent)]
    Record(RecordError),
}
