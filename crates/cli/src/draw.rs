//! `dartloom draw`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use dartloom::space::{Drawing, Genotype};
use dartloom_report::svg;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::args::DrawArguments;
use crate::error::CliError;
use crate::output;
use crate::say::say;
use dartloom_engine::{Benchmark, genotype, input, spaces};

/// Draws a genotype or a space as DOT or SVG.
pub(crate) fn run(arguments: &DrawArguments) -> Result<ExitCode, CliError> {
    let out = &arguments.out;
    let form = out.extension().and_then(|ending| ending.to_str());
    let text = match form {
        Some("dot") => drawing(&arguments.subject)?.to_dot(),
        Some("svg") => svg::all(&drawing(&arguments.subject)?.parts),
        _ => return Err(CliError::DrawingForm { path: out.clone() }),
    };
    output::write(out, &text)?;
    say!("wrote {}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// The subject of the drawing.
fn drawing(subject: &OsStr) -> Result<Drawing, CliError> {
    if let Some(space) = subject.to_str().and_then(spaces::builtin) {
        return Ok(space?.drawing());
    }
    let path = Path::new(subject);
    let is_known = |name| Genotype::published(name).is_ok() || Benchmark::of(name).is_some();
    if subject.to_str().is_some_and(is_known) {
        return Ok(genotype::resolve(subject)?.drawing());
    }
    if !path.exists() {
        return Err(unknown(subject));
    }
    let text = input::read(path)?;
    match (spaces::parse(&text), genotype::parse(&text)) {
        (Ok(space), _) => Ok(space.drawing()),
        (Err(_), Ok(subject)) => Ok(subject.genotype.drawing()),
        (Err(error), Err(_)) if is_space(&text) => Err(CliError::content(path, error)),
        (Err(_), Err(error)) => Err(CliError::content(path, error)),
    }
}

/// A record with a set of operations, which only spaces have.
#[derive(Deserialize)]
#[serde(rename = "Space")]
struct SpaceRecord {
    #[serde(rename = "op_set")]
    _op_set: IgnoredAny,
}

/// Tells a space that something is wrong with from all other texts.
fn is_space(text: &str) -> bool {
    let json = serde_json::from_str::<SpaceRecord>(text).is_ok();
    json || ron::from_str::<SpaceRecord>(text).is_ok()
}

/// A subject that is nothing: genotypes and spaces alike could have been meant.
fn unknown(subject: &OsStr) -> CliError {
    let names = Genotype::published_names().into_iter();
    CliError::UnknownName {
        found: subject.to_string_lossy().into_owned(),
        what: "published genotype, no space",
        known: names.chain(spaces::names()).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_is_known_by_its_fields() {
        let space = spaces::resolve("darts-S").unwrap();
        assert!(is_space(&space.to_ron().unwrap()) && is_space(&space.to_json().unwrap()));
        let genotype = Genotype::published("DARTS_V2").unwrap();
        assert!(!is_space(&genotype.to_json().unwrap()));
        assert!(!is_space("(name: \"a text with op_set in it\")"));
    }
}
