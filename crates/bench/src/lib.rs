#![doc = include_str!("../README.md")]

mod args;
mod batch;
mod error;
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
mod size;
mod train_step;
mod unet_step;

pub use args::{BenchArguments, default_threads, few};
pub use error::BenchError;

use std::path::PathBuf;

use args::Subject;
use dartloom::kernels::InstructionSet;
use dartloom_engine::EngineError;
use serde::Serialize;

/// Seed of images, labels and initial weights: two benches of one command see the same numbers.
const SEED: u64 = 0;
/// Classes of the images that are made up.
const CLASSES: u32 = 10;

/// The program that measures.
pub struct Caller<'a> {
    /// It is started as `PROGRAM bench memory --child ..` for every network whose memory is
    /// measured.
    pub program: PathBuf,
    /// Hears of every case as it is measured.
    pub say: &'a mut dyn FnMut(&str),
}

impl std::fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("program", &self.program).finish_non_exhaustive()
    }
}

/// Measures what is asked for: the figures as a table, or as one line of JSON.
///
/// # Errors
/// Arguments that make no sense, files that cannot be read, too little memory, and work that
/// failed.
pub fn run(arguments: &BenchArguments, caller: &mut Caller<'_>) -> Result<String, BenchError> {
    match &arguments.subject {
        Subject::SearchStep(arguments) => search_step::run(arguments),
        Subject::TrainStep(arguments) => train_step::run(arguments),
        Subject::UnetStep(arguments) => unet_step::run(arguments),
        Subject::Infer(arguments) => infer::run(arguments),
        Subject::Kernels(arguments) => kernels::run(arguments),
        Subject::Peak(arguments) => peak::run(arguments),
        Subject::Memory(arguments) => memory::run(arguments, caller),
    }
}

/// Vector instructions that the kernels compute with.
fn instruction_set() -> Result<&'static str, BenchError> {
    InstructionSet::in_use().map(InstructionSet::name).map_err(BenchError::input)
}

/// A value as one line of JSON.
fn as_json(value: &impl Serialize) -> Result<String, BenchError> {
    let text = serde_json::to_string(value)
        .map_err(|error| EngineError::Encode { what: "the figures", message: error.to_string() })?;
    Ok(text + "\n")
}
