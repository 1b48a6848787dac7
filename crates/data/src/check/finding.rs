//! Findings of the check.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

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
    /// A finding about a subject, without a place and values.
    #[must_use]
    pub fn new(severity: Severity, subject: Subject) -> Self {
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

    /// A finding for which training is refused.
    #[must_use]
    pub fn error(subject: Subject) -> Self {
        Self::new(Severity::Error, subject)
    }

    /// A finding that is probably not meant.
    #[must_use]
    pub fn warning(subject: Subject) -> Self {
        Self::new(Severity::Warning, subject)
    }

    /// A fact worth knowing.
    #[must_use]
    pub fn note(subject: Subject) -> Self {
        Self::new(Severity::Note, subject)
    }

    /// The same about a file or folder.
    #[must_use]
    pub fn at(mut self, file: &Path) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// The same at a place in it.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same with the values that are expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// The same with the value found.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }

    /// The same with a change that mends it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
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

/// Findings of one kind after which the others are only counted.
const SHOWN: usize = 10;

/// The first findings of each severity, and a line about the others.
pub(crate) fn shown(findings: Vec<Finding>) -> Vec<Finding> {
    let mut result = Vec::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let all: Vec<_> = findings.iter().filter(|finding| finding.severity == severity).collect();
        result.extend(all.iter().take(SHOWN).map(|finding| (*finding).clone()));
        if let Some(next) = all.get(SHOWN) {
            let found = format!("{} more of this kind", all.len() - SHOWN);
            result.push(Finding::new(severity, next.subject).found(found));
        }
    }
    result
}

/// Everything that the check found, errors first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Findings, which are put in order.
    #[must_use]
    pub fn new(mut findings: Vec<Finding>) -> Self {
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
