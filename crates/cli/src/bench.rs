//! `dartloom bench`.

use std::process::ExitCode;

use dartloom_bench::{BenchArguments, Caller};

use crate::error::CliError;
use crate::output;
use crate::run::this_program;
use crate::say::say;

/// Measures what is asked for and prints it.
pub(crate) fn run(arguments: &BenchArguments) -> Result<ExitCode, CliError> {
    let mut caller = Caller { program: this_program()?, say: &mut |line| say!("{line}") };
    output::print(&dartloom_bench::run(arguments, &mut caller)?)?;
    Ok(ExitCode::SUCCESS)
}
