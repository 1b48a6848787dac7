//! Why a command did not do what it was asked for.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dartloom::space::text::suggestion;
use thiserror::Error;

/// Why a command ended without its result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CliError {
    /// A file of the user's that cannot be read.
    #[error("{}: cannot read it: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file that is no text.
    #[error("{}: expected text in UTF-8, found {found}", path.display())]
    NoText { path: PathBuf, found: String },
    /// A place of an experiment file that cannot be understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    ExperimentText { path: PathBuf, line: usize, column: usize, message: String },
    /// A file whose content a library refuses.
    #[error("{}: {source}", path.display())]
    Content { path: PathBuf, source: Box<dartloom::Error> },
    /// An experiment that cannot be run.
    #[error("{origin}: {source}")]
    Experiment { origin: String, source: Box<dartloom::Error> },
    /// A field of an experiment that cannot be used.
    #[error("{origin}: {field}: expected {expected}, found {found}")]
    Field { origin: String, field: &'static str, expected: &'static str, found: String },
    /// A command-line value that a library refuses.
    #[error(transparent)]
    Input(Box<dartloom::Error>),
    /// `--set` without `=`.
    #[error("--set {found}: expected key=value")]
    SetForm { found: String },
    /// `--set` of a key that is not there.
    #[error("--set {key}: unknown key `{part}`; {}", suggestion(part, known))]
    SetKey { key: String, part: String, known: Vec<String> },
    /// `--set` of a value that does not fit its key.
    #[error("--set {key}={value}: {message}")]
    SetValue { key: String, value: String, message: String },
    /// A name that is neither built in nor a file.
    #[error("`{found}` is no {what} and no file; {}", suggestion(found, known))]
    UnknownName { found: String, what: &'static str, known: Vec<String> },
    /// A genotype of a space that nobody named.
    #[error("`{found}` belongs to a space of its own: name that with --space")]
    NoSpace { found: String },
    /// An operation whose cost only its code knows.
    #[error("the cost of operation `{op}` is not known: it has no recipe")]
    NoCost { op: String },
    /// A genotype without a chain of cells.
    #[error("`{found}` belongs to a space of its own; only genotypes of chains can be counted")]
    NoChain { found: String },
    /// A combination of options that makes no sense.
    #[error("{option}: expected {expected}, found {found}")]
    OptionValue { option: &'static str, expected: &'static str, found: String },
    /// An option's settings that cannot be read.
    #[error("{option}, column {column}: {message}")]
    OptionText { option: &'static str, column: usize, message: String },
    /// A table that lacks architectures.
    #[error(
        "{}: expected all {size} architectures of the benchmark, found {found}; --partial goes on \
         without the others",
        path.display()
    )]
    PartialTable { path: PathBuf, found: usize, size: u64 },
    /// An option whose number is out of range.
    #[error("{option}: expected {}, found {found}", range(*least, *most))]
    OptionRange { option: &'static str, least: u64, most: u64, found: u64 },
    /// An option that has no effect on what it is given with.
    #[error("{option} has no effect on {subject}: leave it out{hint}")]
    NoEffect { option: &'static str, subject: String, hint: &'static str },
    /// An option that names the same thing twice.
    #[error("{option}: `{found}` twice")]
    Repeated { option: &'static str, found: String },
    /// Something that needs more memory than there is.
    #[error(
        "{what} needs {} of memory, and {limit} {}{}",
        crate::room::amount(*needed),
        crate::room::amount(*available),
        fitting.map_or_else(String::new, |batch| format!("; it fits with --batch {batch}"))
    )]
    Room { what: String, needed: u64, available: u64, limit: String, fitting: Option<usize> },
    /// A tensor of a parity file that cannot be used.
    #[error("{}: tensor `{tensor}`: expected {expected}, found {found}", path.display())]
    Parity { path: PathBuf, tensor: String, expected: String, found: String },
    /// A process that did not do what it was started for.
    #[error("{case}: the process that trains it failed: {message}")]
    Child { case: String, message: String },
    /// A thread pool that cannot be started.
    #[error("cannot start a thread pool: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A drawing of an unknown form.
    #[error("{}: expected a name that ends in .svg or .dot", path.display())]
    DrawingForm { path: PathBuf },
    /// A picture that cannot be made.
    #[error(transparent)]
    Report(#[from] dartloom_report::ReportError),
    /// Workers that have too little memory for this program.
    #[error("--worker-memory: {source}")]
    WorkerMemory { source: dartloom::dist::DistError },
    /// A run directory that belongs to something else.
    #[error(
        "{} holds files but no run of dartloom; choose another directory with --out",
        path.display()
    )]
    ForeignDirectory { path: PathBuf },
    /// A run directory of another experiment.
    #[error(
        "{} holds a run of another experiment:\n{}\nchoose another directory with --out, or \
         start anew with --overwrite",
        path.display(), differences.iter().map(|d| format!("  {d}")).collect::<Vec<_>>().join("\n")
    )]
    OtherExperiment { path: PathBuf, differences: Vec<String> },
    /// A run that began with other images.
    #[error(
        "{}: the {which} are not those that the run began with: their digest was {there}, and is \
         {here}; put the images back, choose another directory with --out, or start anew with \
         --overwrite",
        path.display()
    )]
    OtherImages { path: PathBuf, which: &'static str, there: String, here: String },
    /// A run of seeds that are not asked for any more.
    #[error(
        "{} holds a run of seeds {}, and this one asks for {}; ask for all of them, and for more if you \
         like, or choose another directory with --out",
        path.display(), seeds(there), seeds(here)
    )]
    FewerSeeds { path: PathBuf, there: Vec<u64>, here: Vec<u64> },
    /// A run of a version whose results cannot be verified.
    #[error(
        "{} holds a run of an older version of dartloom, whose results have no checksums; choose \
         another directory with --out, or start anew with --overwrite",
        path.display()
    )]
    OldRun { path: PathBuf },
    /// Labels that are not below the number of classes.
    #[error(
        "{source}; `data: Idx(directory: \"{}\", classes: N)` says that there are N classes",
        directory.display()
    )]
    Classes { directory: PathBuf, source: Box<CliError> },
    /// A run that needs more memory than there is.
    #[error(
        "{what} is predicted to need {}, {limit} {}; `dartloom estimate` says where it goes, \
         --memory BYTES counts on another amount", crate::room::amount(*needed), crate::room::amount(*available)
    )]
    Memory { what: String, needed: u64, available: u64, limit: String },
    /// A link where a run would write or remove a file.
    #[error(
        "{}: expected a file or directory of a run, found a link; it is neither followed nor \
         replaced: remove it, or choose another directory with --out",
        path.display()
    )]
    Link { path: PathBuf },
    /// Two programs on one run.
    #[error("{}: another dartloom is at work on this run", path.display())]
    Locked { path: PathBuf },
    /// A place where no result could be written.
    #[error("{}: cannot write there: {source}", path.display())]
    Place { path: PathBuf, source: io::Error },
    /// A result that cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// A value that cannot be put into its text form.
    #[error("{what} cannot be written as text: {message}")]
    Encode { what: &'static str, message: String },
    /// Signals cannot be heard.
    #[error("Ctrl-C cannot be handled: {0}")]
    Signals(#[from] ctrlc::Error),
    /// The work itself failed.
    #[error(transparent)]
    Work(Box<dartloom::Error>),
}

fn seeds(seeds: &[u64]) -> String {
    seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

/// `at least 1`, `from 1 to 9`.
fn range(least: u64, most: u64) -> String {
    match most {
        u64::MAX => format!("at least {least}"),
        _ => format!("from {least} to {most}"),
    }
}

impl CliError {
    /// 2 when what was typed or given is at fault, 1 otherwise.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Write { .. }
            | Self::Encode { .. }
            | Self::Report(_)
            | Self::Signals(_)
            | Self::Threads(_)
            | Self::Child { .. }
            | Self::Work(_) => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }

    /// The work itself failed with `error`.
    pub(crate) fn work(error: impl Into<dartloom::Error>) -> Self {
        Self::Work(Box::new(error.into()))
    }

    /// A command-line value was refused with `error`.
    pub(crate) fn input(error: impl Into<dartloom::Error>) -> Self {
        Self::Input(Box::new(error.into()))
    }

    /// The content of the file at `path` was refused with `error`.
    pub(crate) fn content(path: &Path, error: impl Into<dartloom::Error>) -> Self {
        Self::Content { path: path.to_owned(), source: Box::new(error.into()) }
    }

    /// The experiment from `origin` was refused with `error`.
    pub(crate) fn experiment(origin: &str, error: impl Into<dartloom::Error>) -> Self {
        Self::Experiment { origin: origin.to_owned(), source: Box::new(error.into()) }
    }
}
