//! Errors of image files.

use std::path::PathBuf;

use crate::check::{Finding, Report, Subject};

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
    /// An image to be read in parts of which too much can only be decoded together.
    #[error(
        "{}: expected at most {} MiB to be decoded in one piece, found {} MiB of this {format}; a \
         TIFF file of tiles is read in parts (`gdal_translate -co TILED=YES IN OUT`)",
        path.display(),
        most >> 20,
        bytes >> 20
    )]
    InOnePiece {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: super::Format,
        /// Bytes of the rows that are decoded together.
        bytes: u64,
        /// Bytes that are allowed.
        most: u64,
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

impl From<&ImageError> for Finding {
    fn from(error: &ImageError) -> Self {
        let finding = Finding::error(Subject::File);
        match error {
            ImageError::Read { path, source } => {
                finding.at(path).expected("a file that can be read").found(source.to_string())
            }
            ImageError::Kind { path, expected, found } => {
                let finding = finding.at(path).expected(*expected).found(found);
                finding.remedy("convert or remove the file")
            }
            ImageError::Damaged { path, format, reason } => {
                let finding = finding.at(path).expected(format!("a whole {format} file"));
                finding.found(reason).remedy("replace or remove the file")
            }
            ImageError::TooLarge { path, width, height, limit } => {
                let finding = finding.at(path).expected(format!("at most {limit} pixels"));
                let pixels = u128::from(*width) * u128::from(*height);
                finding
                    .found(format!("{width} x {height}"))
                    .remedy(format!("`max_pixels: {pixels}`, or `tiles: ()` for large images"))
            }
            ImageError::InOnePiece { path, bytes, most, .. } => {
                let finding = finding.at(path).expected(format!("a piece of at most {most} bytes"));
                finding.found(format!("{bytes} bytes")).remedy("a TIFF file of tiles")
            }
            ImageError::Changed { path, expected, found, .. } => {
                let finding = Finding::error(Subject::Changed).at(path).expected(expected);
                finding.found(found).remedy("put the file back, or divide the data anew")
            }
            ImageError::Setting { field, expected, found } => {
                Finding::error(Subject::Layout).place(*field).expected(expected).found(found)
            }
            ImageError::Refused(report) => {
                report.errors().next().cloned().unwrap_or(finding.found(error.to_string()))
            }
        }
    }
}
