//! `dartloom evaluate`.

mod tables;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use dartloom::data::images::Part;
use dartloom::record::Observer as _;
use dartloom_engine::evaluate::{Judgement, evaluate};
use dartloom_report::table;
use serde::Serialize;

use crate::error::CliError;
use crate::output;
use crate::predict::load;
use crate::run::{STOPPED, Signal};
use tables::{SaidCurve, SaidTable};

/// Judges a trained network on data: the loss and all scores of its task, with the tables behind
/// them: classes, confusions, objects at every IoU, labels or values. Images of a folder are
/// normalised as those that it was trained with. Exit codes: 0 done, 1 failure, 2 bad usage or
/// input, 130 stopped by Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A trained network, such as `models/darts-0.safetensors` in the directory of a run.
    model: PathBuf,
    /// A folder whose layout says what it is, or an experiment file, whose data and task are used.
    #[arg(value_name = "FOLDER|EXPERIMENT.ron")]
    data: PathBuf,
    /// The part of the data.
    #[arg(long, value_name = "PART", default_value = "test")]
    part: PartName,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    /// Write `evaluation.json`, the line of `--json`, and curves as SVG into this directory; it is
    /// made where it is not there.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartName {
    /// The images to train with.
    Train,
    /// The images to choose with.
    Valid,
    /// The images to report on.
    Test,
}

impl From<PartName> for Part {
    fn from(name: PartName) -> Self {
        match name {
            PartName::Train => Self::Train,
            PartName::Valid => Self::Valid,
            PartName::Test => Self::Test,
        }
    }
}

/// A judgement, as JSON.
#[derive(Debug, Serialize)]
struct Said<'a> {
    images: usize,
    loss: f64,
    objective: &'a str,
    scores: serde_json::Map<String, serde_json::Value>,
    tables: Vec<SaidTable>,
    curves: Vec<SaidCurve<'a>>,
}

/// Judges and prints.
pub(crate) fn run(arguments: &EvaluateArguments) -> Result<ExitCode, CliError> {
    if let Some(out) = &arguments.out {
        check_directory(out)?;
    }
    let model = load(&arguments.model)?;
    let mut signal = Signal::listen()?;
    let part = arguments.part.into();
    let found = evaluate(&model, &arguments.data, part, &mut |_| signal.go_on())?;
    let Some(found) = found else { return Ok(ExitCode::from(STOPPED)) };
    output::print(&if arguments.json { json(&found)? } else { rows(&found) })?;
    if let Some(out) = &arguments.out {
        write(&found, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a file in the place of the directory before anything is computed.
fn check_directory(out: &Path) -> Result<(), CliError> {
    if !out.exists() || out.is_dir() {
        return Ok(());
    }
    let found = format!("the file {}", out.display());
    Err(CliError::OptionValue { option: "--out", expected: "a directory", found })
}

/// Writes JSON and curves.
fn write(found: &Judgement, out: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(out)
        .map_err(|source| CliError::Write { path: out.to_owned(), source })?;
    output::write(&out.join("evaluation.json"), &json(found)?)?;
    for curve in &found.details.curves {
        let path = out.join(format!("{}.svg", curve.name));
        output::write(&path, &tables::svg(curve)?)?;
    }
    Ok(())
}

fn json(found: &Judgement) -> Result<String, CliError> {
    let scores = found.evaluation.scores.iter();
    let tables = found.details.tables.iter();
    let said = Said {
        images: found.images,
        loss: found.evaluation.loss,
        objective: &found.objective.name,
        scores: scores.map(|(name, value)| (name.to_owned(), value.into())).collect(),
        tables: tables.map(|table| SaidTable::of(table, &found.class_names)).collect(),
        curves: found.details.curves.iter().map(SaidCurve::of).collect(),
    };
    output::json(&said, "the scores")
}

fn rows(found: &Judgement) -> String {
    let mut rows = vec![["score", "value", ""].map(str::to_owned).to_vec()];
    let mut row = |name: &str, value: f64, note: &str| {
        rows.push(vec![name.to_owned(), format!("{value:.4}"), note.to_owned()]);
    };
    row("loss", found.evaluation.loss, "");
    for (name, value) in found.evaluation.scores.iter() {
        let selects = *name == *found.objective.name;
        // The tables below have the others.
        if selects || !found.details.told.iter().any(|told| told == name) {
            row(name, value, if selects { "selects" } else { "" });
        }
    }
    let tables = found.details.tables.iter();
    let tables: String = tables.map(|own| tables::text(own, &found.class_names)).collect();
    format!("{} images\n{}{tables}", found.images, table(&rows))
}
