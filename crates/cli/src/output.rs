//! Writing results.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) use dartloom_engine::output::{check_apart, check_place, write};

use crate::error::CliError;
use crate::say::say;

/// Writes a result to stdout. A reader that has seen enough is no failure.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Write { path: PathBuf::from("stdout"), source })
        }
        _ => Ok(()),
    }
}

/// Shows what reading the command line has come to: help and version are results, all else is told.
pub(crate) fn told(message: &clap::Error) -> ExitCode {
    let shown = message.print();
    let code = u8::try_from(message.exit_code()).unwrap_or(2);
    match shown {
        Err(source) if !message.use_stderr() && source.kind() != ErrorKind::BrokenPipe => {
            let error = CliError::Write { path: PathBuf::from("stdout"), source };
            say!("error: {error}");
            error.exit_code()
        }
        _ => ExitCode::from(code),
    }
}

/// A result as one line of JSON; `what` names it where that is not possible.
pub(crate) fn json(value: &impl serde::Serialize, what: &'static str) -> Result<String, CliError> {
    let text = serde_json::to_string(value).map(|text| text + "\n");
    text.map_err(|error| CliError::Encode { what, message: error.to_string() })
}
