//! Why there is no picture.

use thiserror::Error;

/// Why a report cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
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
}
