//! Findings of the check.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use super::ImageError;

/// The weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Training is refused.
    Error,
    /// Probably not meant.
    Warning,
    /// A fact worth knowing.
    Note,
}

impl Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// The subject of a finding.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The layout of the folder.
    Layout,
    /// A name of a file or folder.
    Name,
    /// A file that cannot be read, or is no image.
    File,
    /// An image without a mask, a mask without an image, a row without a file.
    Pair,
    /// A table.
    Table,
    /// Sizes of images and masks.
    Size,
    /// Numbers of bands, and types of values.
    Bands,
    /// Values that are not finite.
    NotFinite,
    /// Values of masks.
    MaskValue,
    /// Masks that hold no labels.
    MaskKind,
    /// Classes without images or pixels.
    EmptyClass,
    /// Shares of classes.
    Shares,
    /// Equal images.
    Repeat,
    /// An orientation that is not applied.
    Orientation,
    /// A file that changed since the data were divided.
    Changed,
}

impl Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Layout => "layout",
            Self::Name => "name",
            Self::File => "file",
            Self::Pair => "pair",
            Self::Table => "table",
            Self::Size => "size",
            Self::Bands => "bands",
            Self::NotFinite => "not finite",
            Self::MaskValue => "mask values",
            Self::MaskKind => "mask",
            Self::EmptyClass => "empty class",
            Self::Shares => "shares",
            Self::Repeat => "equal images",
            Self::Orientation => "orientation",
            Self::Changed => "changed",
        })
    }
}

/// One thing that the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its weight.
    pub severity: Severity,
    /// Its subject.
    pub subject: Subject,
    /// The file or folder.
    pub file: Option<PathBuf>,
    /// The place in the file: a row, a column, a pixel.
    pub place: Option<String>,
    /// The values that are expected.
    pub expected: String,
    /// The value found.
    pub found: String,
    /// A change that mends it, with the exact field; empty where there is none.
    pub remedy: String,
}

impl Finding {
    pub(super) fn new(severity: Severity, subject: Subject) -> Self {
        Self {
            severity,
            subject,
            file: None,
            place: None,
            expected: String::new(),
            found: String::new(),
            remedy: String::new(),
        }
    }

    pub(super) fn error(subject: Subject) -> Self {
        Self::new(Severity::Error, subject)
    }

    pub(super) fn warning(subject: Subject) -> Self {
        Self::new(Severity::Warning, subject)
    }

    pub(super) fn note(subject: Subject) -> Self {
        Self::new(Severity::Note, subject)
    }

    pub(super) fn at(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    pub(super) fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    pub(super) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// The finding about a file that could not be read.
    pub(super) fn of(error: &ImageError) -> Self {
        let finding = Self::error(Subject::File);
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
            ImageError::Changed { path, expected, found, .. } => {
                let finding = Self::error(Subject::Changed).at(path).expected(expected);
                finding.found(found).remedy("put the file back, or divide the data anew")
            }
            ImageError::Setting { field, expected, found } => {
                Self::error(Subject::Layout).place(*field).expected(expected).found(found)
            }
            ImageError::Refused(report) => {
                report.errors().next().cloned().unwrap_or(finding.found(error.to_string()))
            }
        }
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.iter().map(|file| file.display().to_string());
        let places: Vec<String> = file.chain(self.place.clone()).collect();
        if !places.is_empty() {
            write!(f, "{}: ", places.join(", "))?;
        }
        match (self.expected.is_empty(), self.found.is_empty()) {
            (false, false) => write!(f, "expected {}, found {}", self.expected, self.found)?,
            (false, true) => write!(f, "expected {}", self.expected)?,
            _ => f.write_str(&self.found)?,
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Everything that the check found, errors first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.severity);
        Self { findings }
    }

    /// All findings, errors first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Findings for which training is refused.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error)
    }

    /// `true` with an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }
}
