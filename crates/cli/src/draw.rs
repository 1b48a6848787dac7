//! `dartloom draw`.

use std::path::Path;
use std::process::ExitCode;

use dartloom::space::Genotype;

use crate::args::DrawArguments;
use crate::error::CliError;
use crate::say::say;
use crate::{genotype, output, spaces, svg};

/// Draws a genotype or a space as DOT or SVG.
pub(crate) fn run(arguments: &DrawArguments) -> Result<ExitCode, CliError> {
    let out = &arguments.out;
    let form = out.extension().and_then(|ending| ending.to_str());
    let text = match form {
        Some("dot") => graph(&arguments.subject)?,
        Some("svg") => svg::all(&svg::parts(&graph(&arguments.subject)?)?)?,
        _ => return Err(CliError::DrawingForm { path: out.clone() }),
    };
    output::write(out, &text)?;
    say!("wrote {}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// What is drawn, as DOT.
fn graph(subject: &str) -> Result<String, CliError> {
    if Genotype::published(subject).is_ok() {
        return Ok(genotype::resolve(subject)?.to_dot());
    }
    if let Some(space) = spaces::builtin(subject) {
        return Ok(space?.to_dot());
    }
    let path = Path::new(subject);
    // Spaces have operations, genotypes do not.
    if path.exists() && output::read(path)?.contains("op_set") {
        return Ok(spaces::read(path)?.to_dot());
    }
    Ok(genotype::resolve(subject)?.to_dot())
}
