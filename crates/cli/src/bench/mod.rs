//! `dartloom bench`: what a step costs in time and memory.

mod args;
mod batch;
mod infer;
mod kernels;
mod measure;
mod memory;
mod method;
mod network;
mod parity;
mod peak;
mod phases;
mod recompute;
mod report;
mod search_step;
mod train_step;

pub(crate) use args::{BenchArguments, default_threads, few};

use std::process::ExitCode;

use args::Subject;
use dartloom::kernels::InstructionSet;
use serde::Serialize;

use crate::error::CliError;
use crate::output;

/// Seed of images, labels and initial weights: two benches of one command see the same numbers.
const SEED: u64 = 0;
/// Classes of the images that are made up.
const CLASSES: u32 = 10;

/// Measures what is asked for and prints it.
pub(crate) fn run(arguments: &BenchArguments) -> Result<ExitCode, CliError> {
    match &arguments.subject {
        Subject::SearchStep(arguments) => search_step::run(arguments)?,
        Subject::TrainStep(arguments) => train_step::run(arguments)?,
        Subject::Infer(arguments) => infer::run(arguments)?,
        Subject::Kernels(arguments) => kernels::run(arguments)?,
        Subject::Peak(arguments) => peak::run(arguments)?,
        Subject::Memory(arguments) => memory::run(arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Vector instructions that the kernels compute with.
fn instruction_set() -> Result<&'static str, CliError> {
    InstructionSet::in_use().map(InstructionSet::name).map_err(CliError::input)
}

/// Prints a value as one line of JSON.
fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string(value)
        .map_err(|error| CliError::Encode { what: "the figures", message: error.to_string() })?;
    output::print(&(text + "\n"))
}
