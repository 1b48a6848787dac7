//! Reasons for which an experiment cannot be read, planned or run.

use std::io;
use std::path::{Path, PathBuf};

use dartloom::space::text::suggestion;
use thiserror::Error;

use crate::machine::amount;

/// The reason for which there is no experiment, no plan or no run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A file of the user's that cannot be read.
    #[error("{}: cannot read it: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file that is no text.
    #[error("{}: expected text in UTF-8, found {found}", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// The first thing in it that is no text.
        found: String,
    },
    /// A place of an experiment file that cannot be understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    ExperimentText {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// The value that was expected there.
        message: String,
    },
    /// A file whose content a library refuses.
    #[error("{}: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The library's reason.
        source: Box<dartloom::Error>,
    },
    /// An experiment that cannot be run.
    #[error("{origin}: {source}")]
    Experiment {
        /// The file, and the method where there are several.
        origin: String,
        /// The library's reason.
        source: Box<dartloom::Error>,
    },
    /// A field of an experiment that cannot be used.
    #[error("{origin}: {field}: expected {expected}, found {found}")]
    Field {
        /// The file, and the method where there are several.
        origin: String,
        /// Path of the field.
        field: &'static str,
        /// The values that it may have.
        expected: &'static str,
        /// The value found.
        found: String,
    },
    /// A part that the catalogue does not know.
    #[error("{origin}: {field}: unknown name `{found}`; {}", suggestion(found, known))]
    UnknownPart {
        /// The file, and the method where there are several.
        origin: String,
        /// Path of the field.
        field: &'static str,
        /// The name.
        found: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A part that cannot be made of its settings.
    #[error("{origin}: {field}: {source}")]
    Part {
        /// The file, and the method where there are several.
        origin: String,
        /// Path of the field.
        field: &'static str,
        /// The part's reason.
        source: crate::catalog::PartError,
    },
    /// A value that a library refuses.
    #[error(transparent)]
    Input(Box<dartloom::Error>),
    /// An assignment without `=`.
    #[error("{found}: expected key=value")]
    SetForm {
        /// The assignment.
        found: String,
    },
    /// An assignment to a key that is not there.
    #[error("{key}: unknown key `{part}`; {}", suggestion(part, known))]
    SetKey {
        /// The whole key.
        key: String,
        /// The part of it that is not there.
        part: String,
        /// The keys that could stand there.
        known: Vec<String>,
    },
    /// An assignment of a value that does not fit its key.
    #[error("{key}={value}: {message}")]
    SetValue {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// The value that was expected.
        message: String,
    },
    /// An assignment that would make another method of a method.
    #[error("expected the methods of the experiment, found {found}")]
    SetMethods {
        /// The value.
        found: String,
    },
    /// A name that is neither built in nor a file.
    #[error("`{found}` is no {what} and no file; {}", suggestion(found, known))]
    UnknownName {
        /// The name.
        found: String,
        /// Whatever it was to be a name of.
        what: &'static str,
        /// The names there are.
        known: Vec<String>,
    },
    /// Images or results of a prediction that cannot be.
    #[error("expected {expected}, found {found}")]
    Prediction {
        /// Whatever was expected.
        expected: String,
        /// Whatever was found.
        found: String,
    },
    /// A setting of the workers that makes no sense.
    #[error("{setting}: expected {expected}, found {found}")]
    Workers {
        /// The setting.
        setting: &'static str,
        /// The values that it may have.
        expected: &'static str,
        /// The value found.
        found: String,
    },
    /// Workers that have too little memory for this program.
    #[error("{source}")]
    WorkerMemory {
        /// The pool's reason.
        source: dartloom::dist::DistError,
    },
    /// A run directory that belongs to something else.
    #[error("{} holds files but no run of dartloom", path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A run directory of another experiment.
    #[error(
        "{} holds a run of another experiment:\n{}",
        path.display(), differences.iter().map(|d| format!("  {d}")).collect::<Vec<_>>().join("\n")
    )]
    OtherExperiment {
        /// The directory.
        path: PathBuf,
        /// A line for each value that differs.
        differences: Vec<String>,
    },
    /// A run that began with other images.
    #[error(
        "{}: the {which} are not those that the run began with: their digest was {there}, and is \
         {here}; put the images back",
        path.display()
    )]
    OtherImages {
        /// The directory.
        path: PathBuf,
        /// The part of the data.
        which: &'static str,
        /// Digest of the images that the run began with.
        there: String,
        /// Digest of those of the experiment.
        here: String,
    },
    /// A run of seeds that are not asked for any more.
    #[error(
        "{} holds a run of seeds {}, and this one asks for {}; ask for all of them, and for more if you \
         like",
        path.display(), seeds(there), seeds(here)
    )]
    FewerSeeds {
        /// The directory.
        path: PathBuf,
        /// Seeds of the run that is there.
        there: Vec<u64>,
        /// Seeds that are asked for.
        here: Vec<u64>,
    },
    /// A run of a version whose files are others.
    #[error(
        "{} holds a run of an older version of dartloom, {}; that version can go on with it, and this one \
         begins another run in another directory",
        path.display(), differs
    )]
    OldRun {
        /// The directory.
        path: PathBuf,
        /// In what its files are others.
        differs: &'static str,
    },
    /// Labels that are not below the number of classes.
    #[error(
        "{source}; `data: Idx(directory: \"{}\", classes: N)` says that there are N classes",
        directory.display()
    )]
    Classes {
        /// The directory of images.
        directory: PathBuf,
        /// The refused label.
        source: Box<EngineError>,
    },
    /// Something that needs more memory than there is.
    #[error("{what} needs {} of memory, and {limit} {}", amount(*needed), amount(*available))]
    Room {
        /// It.
        what: String,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        available: u64,
        /// The one that says so.
        limit: String,
        /// The largest batch that would fit.
        fitting: Option<usize>,
    },
    /// A run that needs more memory than there is.
    #[error("{what} is predicted to need {}, {limit} {}", amount(*needed), amount(*available))]
    Memory {
        /// The part of the run.
        what: String,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        available: u64,
        /// The one that says so.
        limit: String,
    },
    /// A link where a run would write or remove a file.
    #[error(
        "{}: expected a file or directory of a run, found a link; it is neither followed nor \
         replaced: remove it",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Two programs on one run.
    #[error("{}: another dartloom is at work on this run", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A place where no result could be written.
    #[error("{}: cannot write there: {source}", path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A result whose file is there already.
    #[error("{}: expected a new file, found one that is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A result whose file is read as well, or is that of another result.
    #[error("{}: expected a file of its own, found one that is read or written besides", path.display())]
    Shared {
        /// The file.
        path: PathBuf,
    },
    /// A result that cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A value that cannot be put into its text form.
    #[error("{what} cannot be written as text: {message}")]
    Encode {
        /// The value.
        what: &'static str,
        /// The encoder's reason.
        message: String,
    },
    /// A directory in which no run was begun.
    #[error("{}: there is no run", path.display())]
    NoRun {
        /// The directory.
        path: PathBuf,
    },
    /// A run whose page cannot be made.
    #[error(transparent)]
    Report(dartloom_report::ReportError),
    /// The work itself failed.
    #[error(transparent)]
    Work(Box<dartloom::Error>),
}

fn seeds(seeds: &[u64]) -> String {
    seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

impl EngineError {
    /// True when what was given is at fault, and not the work or the machine.
    pub fn is_of_input(&self) -> bool {
        !matches!(self, Self::Write { .. } | Self::Encode { .. } | Self::Work(_))
    }

    /// The work itself failed with `error`.
    pub fn work(error: impl Into<dartloom::Error>) -> Self {
        Self::Work(Box::new(error.into()))
    }

    /// A value was refused with `error`.
    pub fn input(error: impl Into<dartloom::Error>) -> Self {
        Self::Input(Box::new(error.into()))
    }

    /// The content of the file at `path` was refused with `error`.
    pub fn content(path: &Path, error: impl Into<dartloom::Error>) -> Self {
        Self::Content { path: path.to_owned(), source: Box::new(error.into()) }
    }

    /// The experiment from `origin` was refused with `error`.
    pub(crate) fn experiment(origin: &str, error: impl Into<dartloom::Error>) -> Self {
        Self::Experiment { origin: origin.to_owned(), source: Box::new(error.into()) }
    }
}
