//! Errors of image files.

use std::path::PathBuf;

use super::{Finding, Report};

/// The reason for which an image file, or a folder of them, cannot be used.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file or folder that the system refuses.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file of another kind than is expected there.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// The kind that is expected.
        expected: &'static str,
        /// The kind found.
        found: String,
    },
    /// A file whose content is damaged or cut short.
    #[error("{}: damaged {format}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The format by its first bytes.
        format: super::Format,
        /// The decoder's reason.
        reason: String,
    },
    /// An image of more pixels than the limit, which guards against files that unpack to more
    /// memory than there is.
    #[error(
        "{}: expected at most {limit} pixels, found {width} x {height}; `max_pixels` raises the \
         limit, and `tiles` reads large images in parts",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its columns.
        width: u64,
        /// Its rows.
        height: u64,
        /// Pixels that are allowed.
        limit: u64,
    },
    /// A file that has changed since it was surveyed or its part was stored.
    #[error(
        "{}: the file has changed since the data were {since}: expected {expected}, found {found}",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// `checked` or `divided into parts`.
        since: &'static str,
        /// Length or digest at that time.
        expected: String,
        /// Length or digest now.
        found: String,
    },
    /// A setting that cannot be used.
    #[error("{field}: expected {expected}, found {found}")]
    Setting {
        /// Path of the field.
        field: &'static str,
        /// Values that it may have.
        expected: String,
        /// The value.
        found: String,
    },
    /// Data that the check refuses.
    #[error("{}", refusal(.0))]
    Refused(Report),
}

/// Errors that are shown at once; the check shows the others.
const SHOWN: usize = 5;

fn refusal(report: &Report) -> String {
    let errors: Vec<&Finding> = report.errors().collect();
    let mut lines: Vec<String> = errors.iter().take(SHOWN).map(ToString::to_string).collect();
    if errors.len() > SHOWN {
        lines.push(format!("and {} more", errors.len() - SHOWN));
    }
    lines.join("\n")
}
