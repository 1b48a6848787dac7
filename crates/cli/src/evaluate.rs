//! `dartloom evaluate`.

use std::path::PathBuf;
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

/// Judges a trained network on data: the loss and all scores of its task. Images of a folder are
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
}

/// Judges and prints.
pub(crate) fn run(arguments: &EvaluateArguments) -> Result<ExitCode, CliError> {
    let model = load(&arguments.model)?;
    let mut signal = Signal::listen()?;
    let part = arguments.part.into();
    let found = evaluate(&model, &arguments.data, part, &mut |_| signal.go_on())?;
    let Some(found) = found else { return Ok(ExitCode::from(STOPPED)) };
    output::print(&if arguments.json { json(&found)? } else { rows(&found) })?;
    Ok(ExitCode::SUCCESS)
}

fn json(found: &Judgement) -> Result<String, CliError> {
    let scores = found.evaluation.scores.iter();
    let said = Said {
        images: found.images,
        loss: found.evaluation.loss,
        objective: &found.objective.name,
        scores: scores.map(|(name, value)| (name.to_owned(), value.into())).collect(),
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
        row(name, value, if *name == *found.objective.name { "selects" } else { "" });
    }
    format!("{} images\n{}", found.images, table(&rows))
}
