//! `dartloom decode`.

use std::process::ExitCode;

use dartloom::decode::builtin;
use dartloom::space::WeightTable;

use crate::args::DecodeArguments;
use crate::error::CliError;
use crate::{output, spaces};

/// Turns a weight table into a genotype.
pub(crate) fn run(arguments: &DecodeArguments) -> Result<ExitCode, CliError> {
    let decoder = builtin(&arguments.decoder).map_err(CliError::input)?;
    let space = spaces::resolve(&arguments.space)?;
    let path = &arguments.weights;
    let weights = WeightTable::from_json(&output::read(path)?)
        .map_err(|error| CliError::content(path, error))?;
    let decoded =
        decoder.decode(&space, &weights).map_err(|error| CliError::content(path, error))?;
    for note in &decoded.notes {
        eprintln!("{note}");
    }
    let text = serde_json::to_string_pretty(&decoded.genotype);
    let text = text
        .map_err(|error| CliError::Encode { what: "the genotype", message: error.to_string() })?
        + "\n";
    match &arguments.out {
        Some(path) => output::write(path, &text)?,
        None => output::print(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}
