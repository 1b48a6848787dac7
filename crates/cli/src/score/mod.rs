//! `dartloom score`.

mod arguments;
mod network;

use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use dartloom::ops::Registry;
use dartloom::score::zero_cost::{Scored, Subject, scored};
use serde::Serialize;

pub(crate) use arguments::{ProbeArguments, ScoreArguments};

use crate::error::CliError;
use crate::output;
use dartloom_engine::Benchmark;
use dartloom_report::table;

/// The benchmarks by name, as an argument.
pub(crate) fn benchmark() -> impl TypedValueParser<Value = Benchmark> {
    PossibleValuesParser::new(Benchmark::ALL.map(Benchmark::name)).try_map(|name| {
        Benchmark::by_name(&name).ok_or_else(|| format!("unknown benchmark `{name}`"))
    })
}

/// A score, as JSON.
#[derive(Debug, Serialize)]
struct Said {
    score: &'static str,
    higher_is_better: bool,
    #[serde(flatten)]
    found: Option<Scored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// Scores a network that nobody trained.
pub(crate) fn run(arguments: &ScoreArguments) -> Result<ExitCode, CliError> {
    let probe = arguments.probe.resolve()?;
    let plan = network::plan(arguments, probe.build)?;
    let registry = Registry::standard().map_err(CliError::work)?;
    let task = probe.task()?;
    let subject = Subject { plan: &plan, registry: &registry, task: &*task };
    probe.admit(&subject)?;
    let said: Vec<Said> = probe
        .scores
        .iter()
        .map(|score| {
            let outcome = scored(&**score, &subject, &mut |noise| probe.draw(noise), probe.seeds());
            let (found, refused) = match outcome {
                Ok(found) => (Some(found), None),
                Err(error) => (None, Some(error.to_string())),
            };
            let name = score.name();
            let higher_is_better = score.higher_is_better();
            Said { score: name, higher_is_better, found, refused }
        })
        .collect();
    output::print(&render(&said, arguments.json)?)?;
    // Nothing but refusals is no result.
    Ok(ExitCode::from(u8::from(said.iter().all(|said| said.found.is_none()))))
}

fn render(said: &[Said], json: bool) -> Result<String, CliError> {
    if json {
        return output::json(&said, "the scores");
    }
    let head = ["score", "better", "mean", "deviation", "seeds"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    for Said { score, higher_is_better, found, .. } in said {
        let better = if *higher_is_better { "higher" } else { "lower" };
        let numbers = match found {
            Some(found) => {
                let deviation = found.deviation.map_or_else(String::new, number);
                [number(found.mean), deviation, found.seeds.to_string()]
            }
            None => ["refused", "", ""].map(str::to_owned),
        };
        let mut row = vec![(*score).to_owned(), better.to_owned()];
        row.extend(numbers);
        rows.push(row);
    }
    let mut text = table(&rows);
    for reason in said.iter().filter_map(|said| said.refused.as_ref()) {
        text += &format!("{reason}\n");
    }
    Ok(text)
}

/// Six digits, with an exponent where they are far from the point: synaptic flow is huge.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.5e}")
    }
}
