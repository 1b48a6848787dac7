//! `dartloom report` and `dartloom status`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dartloom_engine::report;

use crate::error::CliError;
use crate::output;
use crate::say::say;

/// Reads the directory of a run, finished, stopped, killed or going on, and writes one HTML file
/// that needs no network and no script: the verdict, tables, curves with their spread over seeds,
/// weights and entropies of every search, the cells as they formed, costs, settings and log. Its
/// numbers go beside it as JSON. Exit codes: 0 done, 1 failure, 2 bad usage or input.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The directory of a run.
    #[arg(value_name = "RUN_DIR")]
    run: PathBuf,
    /// The file of the page, and one that ends in `.json` beside it; `report.html` and
    /// `report.json` in the directory of the run when left out.
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
}

/// Says what of a run is done, what is being done, the best scores so far and about how long the
/// rest will take. The run is only read. Exit codes: 0 done, 2 bad usage or input.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// The directory of a run.
    #[arg(value_name = "RUN_DIR")]
    run: PathBuf,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Writes the page of a run.
pub(crate) fn report(arguments: &ReportArguments) -> Result<ExitCode, CliError> {
    let ReportArguments { run, out } = arguments;
    if let Some(out) = out {
        output::check_place(out)?;
        if out.extension().is_some_and(|ending| ending == "json") {
            let found = out.display().to_string();
            let expected = "a name that does not end in .json, as the numbers beside it do";
            return Err(CliError::OptionValue { option: "--out", expected, found });
        }
    }
    let written = report::write(run, out.as_deref())?;
    say!("wrote {} and {}", written.html.display(), written.json.display());
    Ok(ExitCode::SUCCESS)
}

/// Prints how far a run is.
pub(crate) fn status(arguments: &StatusArguments) -> Result<ExitCode, CliError> {
    let status = report::status(&arguments.run)?;
    if arguments.json {
        output::print(&output::json(&status, "the status")?)?;
    } else {
        output::print(&(status.lines().join("\n") + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
