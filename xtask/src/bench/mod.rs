//! `cargo xtask bench`: dartloom and PyTorch make the same step in turn, one process each time.
//!
//! A machine's speed changes from minute to minute, so times are only compared within a repetition,
//! in which both programs run one after the other. What is reported is the median of the
//! repetitions' ratios. Before that, both make one step from the same weights and must agree.

mod cases;
mod figures;
mod kernels;
mod machine;
mod parity;
mod peak;
mod programs;
mod ratio;
mod record;
mod steps;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::error::Error;
use crate::invocation::Invocation;
use crate::say::say;
use cases::StepCase;
use programs::Programs;
use record::Record;

/// The case that is measured, its repetitions, and the places of the programs.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The suite or case to measure.
    #[arg(value_enum, default_value_t = Suite::Search)]
    pub suite: Suite,
    /// Repetitions: each runs PyTorch in both memory layouts, and dartloom
    #[arg(long, value_name = "R", default_value_t = 5, value_parser = count())]
    pub repetitions: u32,
    /// Steps that are timed in every process, after one that is not
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = count())]
    pub steps: u32,
    /// Threads of both programs
    #[arg(long, value_name = "T", default_value_t = 2, value_parser = count())]
    pub threads: u32,
    /// Python with torch, numpy and safetensors
    #[arg(long, value_name = "PATH", default_value = "python3")]
    pub python: PathBuf,
    /// Let PyTorch leave out gradients that nobody uses, which DARTS' own code does not
    #[arg(long)]
    pub lean: bool,
    /// Let PyTorch make the step that results are compared on in double precision, which takes
    /// twice the memory
    #[arg(long)]
    pub double: bool,
    /// File that results are appended to as JSON lines
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// A number that makes sense for all three.
fn count() -> clap::builder::RangedU64ValueParser<u32> {
    clap::builder::RangedU64ValueParser::new().range(1..=1000)
}

/// A set of benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// A first-order search step of DARTS: 16 channels, 8 cells, batch 64
    Search,
    /// The same with batch 16
    SearchB16,
    /// The same with batch 16 and second order
    SecondOrder,
    /// A search step of PC-DARTS: 16 channels, 8 cells, batch 64, a quarter of the channels
    PcDarts,
    /// A first-order search step on small grey images: 8 channels, 5 cells, batch 32
    Small,
    /// A first-order search step of DARTS in a U-Net, for every pixel: 16 channels, 6 cells, 2
    /// images of 3x128x128
    UnetSearch,
    /// A training step of DARTS_V2: 36 channels, 20 cells, batch 32, auxiliary head, drop-path
    Retrain,
    /// A training step of the hand-made U-Net: 16 base channels, four halvings, 4 images of
    /// 3x128x128
    Unet,
    /// Single kernels
    Kernels,
    /// The search step with batch 16 on one thread and on two
    Threads,
    /// Everything
    All,
}

/// Measures and prints.
///
/// # Errors
/// When a program fails or both do not make the same step; with several benchmarks, after the last.
pub fn run(root: &Path, options: &Options) -> Result<(), Error> {
    Invocation::cargo("build --release --bin dartloom").run(root)?;
    let programs = Programs::new(root, &options.python)?;
    let mut record = Record::open(options.out.as_deref())?;
    machine::describe(&programs, &mut record)?;
    let peak = peak::measure(&programs, options.threads, &mut record)?;
    let mut failures = 0;
    let cases = cases::of(options.suite, options.threads);
    let alone = cases.len() + usize::from(has_kernels(options.suite)) == 1;
    let mut medians = Vec::new();
    for case in &cases {
        match measure(case, &programs, options, &peak, &mut record) {
            Ok(outcome) => medians.push((case, outcome)),
            Err(error) if alone => return Err(error),
            Err(error) => {
                say!("{}: failed: {error}", case.name);
                failures += 1;
            }
        }
    }
    steps::print_speed_up(&medians);
    if has_kernels(options.suite) {
        kernels::run(&programs, options, &mut record)?;
    }
    if failures == 0 { Ok(()) } else { Err(Error::Benchmarks { failures }) }
}

fn has_kernels(suite: Suite) -> bool {
    matches!(suite, Suite::Kernels | Suite::All)
}

fn measure(
    case: &StepCase,
    programs: &Programs,
    options: &Options,
    peak: &peak::Peak,
    record: &mut Record,
) -> Result<steps::Outcome, Error> {
    say!("\n{} ({} threads): {}", case.name, case.threads, case.about);
    parity::check(case, programs, options.double, record)?;
    let outcome = steps::repeat(case, programs, options, record)?;
    outcome.print(peak.best(case.threads));
    record.line(&outcome.json(case.name))?;
    Ok(outcome)
}

#[cfg(test)]
mod tests;
