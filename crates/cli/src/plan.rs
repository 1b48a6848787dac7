//! `dartloom plan`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dartloom_bench::default_threads;
use dartloom_engine::draft::{DraftConfig, draft};
use dartloom_engine::output::check_new;

use crate::error::CliError;
use crate::say::say;
use crate::{crops, output};

/// Measures data and writes an experiment file for them, with the reason for every number as a
/// comment: tiles or crops, the task with weights of classes, batches, epochs, random changes, and
/// the hand-made network, a self-configured U-Net for masks.
///
/// The file is read back and checked with the data before it is written; `dartloom run FILE` runs
/// it. Exit codes: 0 done, 1 failure, 2 bad usage or input.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// A folder whose layout says what it is, or an experiment file, whose data are taken.
    #[arg(value_name = "FOLDER|EXPERIMENT.ron")]
    data: PathBuf,
    /// The file; stdout when left out.
    #[arg(long, value_name = "FILE.ron")]
    out: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long, requires = "out")]
    overwrite: bool,
    /// Memory that training may take, such as `8GiB`; three quarters of what the machine has when
    /// left out.
    #[arg(long, value_name = "BYTES", value_parser = crate::estimate::bytes)]
    memory: Option<u64>,
    /// Threads of the kernels; 2 where there are two cores, when left out.
    #[arg(long, value_name = "T", value_parser = dartloom_bench::few)]
    threads: Option<usize>,
}

/// Drafts an experiment and writes or prints it.
pub(crate) fn run(arguments: &PlanArguments) -> Result<ExitCode, CliError> {
    let PlanArguments { data, out, overwrite, memory, threads } = arguments;
    if let Some(out) = out {
        if *overwrite {
            output::check_place(out)?
        } else {
            check_new(out)?
        }
        output::check_apart(out, [data.as_path()])?;
    }
    let threads = threads.unwrap_or_else(default_threads);
    let config = DraftConfig { memory: *memory, threads };
    let file = out.as_deref().unwrap_or(Path::new("plan.ron"));
    let drafted = draft(data, file, &config)?;
    if let Some(crops) = &drafted.crops {
        say!("{}", crops::text(crops).trim_end());
    }
    match out {
        Some(out) => {
            output::write(out, &drafted.text)?;
            say!("{}: `dartloom run {}` runs it", out.display(), out.display());
        }
        None => output::print(&drafted.text)?,
    }
    Ok(ExitCode::SUCCESS)
}
