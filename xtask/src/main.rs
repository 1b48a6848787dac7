//! `cargo xtask`: the one entry point for everything that is not building or testing one crate.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::error::Error;
use xtask::{bench, ci, cuda, golden, look, onnx, root, say, tidy};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Automation of the dartloom workspace")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check what lints cannot see: dependency arrows, file sizes, manifests, invariants
    Tidy {
        /// Count what breaks a rule of style, in folders that are not yet held to it as well
        #[arg(long)]
        counts: bool,
    },
    /// Run everything that continuous integration runs, stopping at the first failure
    Ci {
        /// Print the steps and their commands, run nothing
        #[arg(long)]
        list: bool,
        /// Begin at this step
        #[arg(long, value_name = "STEP")]
        from: Option<String>,
        /// Leave this step out; may be repeated
        #[arg(long, value_name = "STEP")]
        skip: Vec<String>,
    },
    /// Type-check the workspace with the feature `cuda`; needs neither a GPU nor a CUDA toolkit
    Cuda,
    /// Compare against the numbers of the papers' reference code
    Golden {
        /// Folder with the cases and their manifest [default: $DARTLOOM_GOLDEN_DIR, else the
        /// committed fixtures]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Take pictures of the page of a run in a browser, and fail when its console has a word
    Look {
        /// The directory of a run, or an HTML file
        #[arg(value_name = "RUN_DIR|FILE.html")]
        page: PathBuf,
        /// Directory of the pictures [default: target/look]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Height of the pictures in pixels
        #[arg(long, value_name = "N", default_value_t = 6000)]
        height: u32,
    },
    /// Run exported models in tract and compare them with what the networks compute
    Onnx,
    /// Measure against PyTorch, process by process in turn
    Bench(bench::Options),
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<(), Error> {
    let root = root();
    match task {
        Task::Tidy { counts: false } => tidy::run(&root),
        Task::Tidy { counts: true } => tidy::run_counts(&root),
        Task::Ci { list: true, from, skip } => {
            ci::list(&root, &ci::select(from.as_deref(), &skip)?)
        }
        Task::Ci { list: false, from, skip } => {
            ci::run(&root, &ci::select(from.as_deref(), &skip)?)
        }
        Task::Bench(options) => bench::run(&root, &options),
        Task::Cuda => cuda::run(&root),
        Task::Look { page, out, height } => {
            look::run(&page, &out.unwrap_or_else(|| root.join("target/look")), height)
        }
        Task::Onnx => onnx::invocations().iter().try_for_each(|one| one.run(&root)),
        Task::Golden { dir } => {
            golden::invocations(dir.as_deref())?.iter().try_for_each(|one| one.run(&root))
        }
    }
}
