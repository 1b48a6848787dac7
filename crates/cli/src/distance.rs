//! `dartloom distance`.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use dartloom::space::distance::{
    Frame, OpScores, Pairing, PositionDistance, SetDistance, SetDistances,
};
use dartloom::space::{Genotype, SpaceError};
use serde::Serialize;

use crate::args::DistanceArguments;
use crate::error::CliError;
use crate::output;
use crate::say::say;
use dartloom_engine::{genotype, input, spaces};
use dartloom_report::table;

/// The findings, as JSON.
#[derive(Debug, Serialize)]
struct Distances {
    first: String,
    second: String,
    weights: String,
    /// Distances as shares of the sum of all scores.
    cells: Vec<CellRow>,
    share: f64,
    mean_score: f64,
    left_out: usize,
    by_position: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_by_position: Option<String>,
}

/// One pair of cells.
#[derive(Debug, Serialize)]
struct CellRow {
    forward: f64,
    backward: f64,
    share: f64,
    mean_score: f64,
}

/// Prints how far two genotypes are apart.
pub(crate) fn run(arguments: &DistanceArguments) -> Result<ExitCode, CliError> {
    let first = &arguments.first;
    let second = &arguments.second;
    let a = genotype::resolve(first)?;
    let b = genotype::resolve(second)?;
    let scores = scores(&arguments.weights)?;
    let set = SetDistance { pairing: Pairing::Shorter, ..SetDistance::official(scores.clone()) };
    let weights = &arguments.weights;
    let found = set.genotypes(&a, &b).map_err(|error| explained(error, weights))?;
    // The two scales differ by their divisor alone.
    let factor = scores.sum() / scores.len() as f64;
    if found.left_out > 0 {
        let left_out = found.left_out;
        let compared = found.cells.len();
        say!(
            "the last {left_out} cells of the longer chain are not compared: the shorter \
                   one has {compared}"
        );
    }
    let by_position = by_position(arguments, (&a, &b), scores)?;
    let distances = Distances {
        first: first.to_string_lossy().into_owned(),
        second: second.to_string_lossy().into_owned(),
        weights: arguments.weights.to_string_lossy().into_owned(),
        cells: rows(&found, factor),
        share: found.mean(),
        mean_score: found.mean() * factor,
        left_out: found.left_out,
        by_position: by_position.as_ref().ok().copied(),
        not_by_position: by_position.err(),
    };
    output::print(&render(&distances, arguments.json)?)?;
    Ok(ExitCode::SUCCESS)
}

fn rows(found: &SetDistances, factor: f64) -> Vec<CellRow> {
    let row = |cell: &dartloom::space::distance::CellDistance| CellRow {
        forward: cell.forward,
        backward: cell.backward,
        share: cell.symmetric(),
        mean_score: cell.symmetric() * factor,
    };
    found.cells.iter().map(row).collect()
}

/// Published scores by name, or else those in the file of that name.
fn scores(name: &OsStr) -> Result<OpScores, CliError> {
    let path = Path::new(name);
    match name.to_str() {
        Some("means") => Ok(OpScores::means()),
        Some("medians") => Ok(OpScores::medians()),
        _ if path.exists() => {
            OpScores::from_json(&input::read(path)?).map_err(|error| CliError::content(path, error))
        }
        _ => Err(CliError::UnknownName {
            found: name.to_string_lossy().into_owned(),
            what: "table of scores",
            known: vec!["means".to_owned(), "medians".to_owned()],
        }),
    }
}

/// The distance by position, or why there is none.
fn by_position(
    arguments: &DistanceArguments,
    (a, b): (&Genotype, &Genotype),
    scores: OpScores,
) -> Result<Result<f64, String>, CliError> {
    let frame = match &arguments.space {
        Some(name) => Frame::of_space(&spaces::resolve(name)?),
        None => {
            let first = Frame::of_genotype(a);
            let second = Frame::of_genotype(b);
            if first != second {
                let why = format!(
                    "the first has {first}, the second {second}; name the space they are both \
                     from with --space"
                );
                return Ok(Err(why));
            }
            first
        }
    };
    let found: Result<f64, SpaceError> = PositionDistance::new(frame, scores).genotypes(a, b);
    found.map(Ok).map_err(|error| explained(error, &arguments.weights))
}

/// A missing score with the option that gives it; published scores are those of one set of
/// operations, and others have none.
fn explained(error: SpaceError, weights: &OsStr) -> CliError {
    match unscored(&error) {
        Some((op, known)) => CliError::NoScore {
            op: op.to_owned(),
            weights: weights.to_string_lossy().into_owned(),
            known: known.join(", "),
        },
        None => CliError::input(error),
    }
}

/// The operation that has no score, and those that have one.
fn unscored(error: &SpaceError) -> Option<(&str, &[String])> {
    match error {
        SpaceError::NoScore { op, known } => Some((op, known)),
        SpaceError::At { source, .. } => unscored(source),
        _ => None,
    }
}

fn render(distances: &Distances, json: bool) -> Result<String, CliError> {
    if json {
        let text = serde_json::to_string(distances).map(|text| text + "\n");
        return text.map_err(|error| CliError::Encode {
            what: "the distances",
            message: error.to_string(),
        });
    }
    let words = ["cell", "forward", "backward", "share", "mean score"];
    let mut rows = vec![words.map(str::to_owned).to_vec()];
    for (index, cell) in distances.cells.iter().enumerate() {
        let ways = [cell.forward, cell.backward].map(|way| format!("{way:.4}"));
        rows.push(
            [vec![index.to_string()], ways.to_vec(), scales(cell.share, cell.mean_score)].concat(),
        );
    }
    let nothing = || vec![String::new(), String::new()];
    let mean = scales(distances.share, distances.mean_score);
    rows.push([vec!["M, the mean".to_owned()], nothing(), mean].concat());
    let mut text = table(&rows);
    match (distances.by_position, &distances.not_by_position) {
        (Some(found), _) => text.push_str(&format!("\nby position: {found:.4}\n")),
        (None, why) => {
            let why = why.as_deref().unwrap_or_default();
            text.push_str(&format!("\nnot comparable by position: {why}\n"));
        }
    }
    Ok(text)
}

fn scales(share: f64, mean_score: f64) -> Vec<String> {
    vec![format!("{share:.4}"), format!("{mean_score:.2}")]
}
