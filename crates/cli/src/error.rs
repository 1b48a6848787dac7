//! Reasons for which a command has no result.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dartloom::space::text::suggestion;
use dartloom_bench::BenchError;
use dartloom_engine::EngineError;
use thiserror::Error;

/// The reason for which a command ended without its result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CliError {
    /// An experiment that cannot be read, planned or run; or the work itself.
    #[error("{}", told(.0))]
    Engine(#[from] EngineError),
    /// A benchmark without figures.
    #[error("{}", measured(.0))]
    Bench(BenchError),
    /// A picture that cannot be made.
    #[error(transparent)]
    Report(#[from] dartloom_report::ReportError),
    /// A file that cannot be read.
    #[error("{}: cannot read it: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A name that is neither built in nor a file.
    #[error("`{found}` is no {what} and no file; {}", suggestion(found, known))]
    UnknownName { found: String, what: &'static str, known: Vec<String> },
    /// A genotype of a space that nobody named.
    #[error("`{found}` belongs to a space of its own: name that with --space")]
    NoSpace { found: String },
    /// An operation whose cost only its code knows.
    #[error("the cost of operation `{op}` is not known: it has no recipe")]
    NoCost { op: String },
    /// An operation that a distance has no weight for.
    #[error(
        "operation `{op}` has no score in `{weights}`, which has those of {known}; --weights \
         FILE.json gives every operation one, `none` included where a genotype names it"
    )]
    NoScore { op: String, weights: String, known: String },
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
    /// A drawing of an unknown form.
    #[error("{}: expected a name that ends in .svg or .dot", path.display())]
    DrawingForm { path: PathBuf },
    /// A stream that cannot be written to.
    #[error("{}: cannot write it: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// A value that cannot be put into its text form.
    #[error("{what} cannot be written as text: {message}")]
    Encode { what: &'static str, message: String },
    /// Signals cannot be heard.
    #[error("Ctrl-C cannot be handled: {0}")]
    Signals(#[from] ctrlc::Error),
}

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        Self::Bench(error)
    }
}

/// The engine's words, with the options that are meant and those that help.
fn told(error: &EngineError) -> String {
    const OTHER_PLACE: &str = "choose another directory with --out";
    let before = match error {
        EngineError::SetForm { .. } | EngineError::SetKey { .. } | EngineError::SetValue { .. } => {
            "--set "
        }
        EngineError::SetMethods { .. } => "--set: ",
        EngineError::Workers { .. } => "--",
        EngineError::WorkerMemory { .. } => "--worker-memory: ",
        _ => "",
    };
    let after = match error {
        EngineError::SetMethods { .. } => "; --method NAME,... replaces them".to_owned(),
        EngineError::Exists { .. } => "; --overwrite replaces it".to_owned(),
        EngineError::ForeignDirectory { .. } => format!("; {OTHER_PLACE}"),
        EngineError::OtherExperiment { .. } => {
            format!("\n{OTHER_PLACE}, or start anew with --overwrite")
        }
        EngineError::OtherImages { .. } => {
            format!(", {OTHER_PLACE}, or start anew with --overwrite")
        }
        EngineError::OldRun { .. } => format!(" ({OTHER_PLACE}), or start anew with --overwrite"),
        EngineError::FewerSeeds { .. } | EngineError::Link { .. } => format!(", or {OTHER_PLACE}"),
        EngineError::Room { fitting: Some(batch), .. } => format!("; it fits with --batch {batch}"),
        EngineError::Memory { .. } => {
            "; `dartloom estimate` says where it goes, --memory BYTES counts on another amount"
                .to_owned()
        }
        _ => String::new(),
    };
    format!("{before}{error}{after}")
}

fn measured(error: &BenchError) -> String {
    match error {
        BenchError::Engine(error) => told(error),
        other => other.to_string(),
    }
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
        let is_of_input = match self {
            Self::Engine(error) => error.is_of_input(),
            Self::Bench(error) => error.is_of_input(),
            Self::Write { .. } | Self::Encode { .. } | Self::Report(_) | Self::Signals(_) => false,
            _ => true,
        };
        ExitCode::from(if is_of_input { 2 } else { 1 })
    }

    /// The work itself failed with `error`.
    pub(crate) fn work(error: impl Into<dartloom::Error>) -> Self {
        Self::Engine(EngineError::work(error))
    }

    /// A command-line value was refused with `error`.
    pub(crate) fn input(error: impl Into<dartloom::Error>) -> Self {
        Self::Engine(EngineError::input(error))
    }

    /// The content of the file at `path` was refused with `error`.
    pub(crate) fn content(path: &Path, error: impl Into<dartloom::Error>) -> Self {
        Self::Engine(EngineError::content(path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_quoted_with_the_options_that_help() {
        let path = PathBuf::from("runs/x");
        let rows = [
            (
                EngineError::SetForm { found: "layers".to_owned() },
                "--set layers: expected key=value",
            ),
            (
                EngineError::ForeignDirectory { path },
                "runs/x holds files but no run of dartloom; choose another directory with --out",
            ),
            (
                EngineError::Room {
                    what: "a step".to_owned(),
                    needed: 7 << 30,
                    available: 6 << 30,
                    limit: "the machine has".to_owned(),
                    fitting: Some(6),
                },
                "a step needs 7.0 GiB of memory, and the machine has 6.0 GiB; it fits with --batch 6",
            ),
        ];
        for (error, text) in rows {
            assert_eq!(CliError::Bench(error.into()).to_string(), text);
        }
    }
}
