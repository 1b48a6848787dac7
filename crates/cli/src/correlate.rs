//! `dartloom correlate`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dartloom::data::permutation;
use dartloom::explore::Measured;
use dartloom::ops::Registry;
use dartloom::record::StatisticsError;
use dartloom::record::statistics::{kendall_tau, spearman_rho};
use dartloom::score::zero_cost::{Subject, ZeroCostScore, scored};
use serde::Serialize;

use crate::error::CliError;
use crate::option::{different, within};
use crate::output;
use crate::score::{ProbeArguments, number};
use dartloom_engine::{Benchmark, input};
use dartloom_report::table;

/// Do zero-cost scores rank architectures as a table of measurements does?
///
/// Rows are drawn without repetition. A row counts for a score and a column where the score says
/// something and the column has a number; correlations are those of scores with less turned into
/// more where less is better, so that 1 is a perfect ranking.
#[derive(Debug, Args)]
pub(crate) struct CorrelateArguments {
    /// A table of architectures as CSV, maybe packed as .gz, with the column `arch`.
    #[arg(long, value_name = "FILE.csv")]
    table: PathBuf,
    /// The benchmark whose architectures these are.
    #[arg(long, value_name = "NAME", value_parser = crate::score::benchmark())]
    space: Benchmark,
    /// Columns to correlate with.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', required = true)]
    column: Vec<String>,
    /// Rows to draw; all when left out.
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Seed of the drawing; 0 when left out.
    #[arg(long, value_name = "S", requires = "sample")]
    seed: Option<u64>,
    #[command(flatten)]
    probe: ProbeArguments,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// The agreement of a score with a column.
#[derive(Debug, Serialize)]
struct Agreement {
    score: &'static str,
    column: String,
    /// Rows with both numbers.
    rows: usize,
    /// Rows that the column has no number for.
    missing: usize,
    /// Rows that the score refused.
    refused: usize,
    /// `None` where too few rows or no ranks are left.
    kendall: Option<f64>,
    spearman: Option<f64>,
    /// The reason where there is no correlation.
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    sampled: usize,
    seed: u64,
    batch: usize,
    agreements: Vec<Agreement>,
    /// Rows by the reason that a score gave for saying nothing.
    refusals: BTreeMap<String, usize>,
}

/// Correlates scores with the columns of a table. Without any correlation there is no result.
pub(crate) fn run(arguments: &CorrelateArguments) -> Result<ExitCode, CliError> {
    different("--column", &arguments.column)?;
    let mut probe = arguments.probe.resolve()?;
    probe.build = arguments.space.build(arguments.probe.channels, probe.build);
    let all = read(arguments)?;
    let drawn = draw(arguments, &all)?;
    let registry = &Registry::standard().map_err(CliError::work)?;
    let task = &*probe.task()?;
    // Thousands of networks are not held at once.
    let plan = |row: &Measured| arguments.space.plan(&row.genotype, probe.build);
    for row in &drawn {
        let plan = &plan(row).map_err(CliError::input)?;
        probe.admit(&Subject { plan, registry, task })?;
    }

    let mut refusals = BTreeMap::new();
    let mut agreements = Vec::new();
    for score in &probe.scores {
        let mut values = Vec::with_capacity(drawn.len());
        for row in &drawn {
            let plan = &plan(row).map_err(CliError::input)?;
            let subject = Subject { plan, registry, task };
            let draw = &mut |noise| probe.draw(noise);
            match scored(&**score, &subject, draw, probe.seeds()) {
                Ok(found) if score.higher_is_better() => values.push(Some(found.mean)),
                Ok(found) => values.push(Some(-found.mean)),
                Err(error) => {
                    *refusals.entry(error.to_string()).or_insert(0) += 1;
                    values.push(None);
                }
            }
        }
        for (index, column) in arguments.column.iter().enumerate() {
            agreements.push(agreement(&**score, (index, column), &values, &drawn));
        }
    }
    let seed = arguments.seed.unwrap_or(0);
    let batch = probe.batch;
    let answer = Answer { sampled: drawn.len(), seed, batch, agreements, refusals };
    output::print(&render(&answer, arguments.json)?)?;
    let nothing = answer.agreements.iter().all(|found| found.none.is_some());
    Ok(ExitCode::from(u8::from(nothing)))
}

fn read(arguments: &CorrelateArguments) -> Result<Vec<Measured>, CliError> {
    let CorrelateArguments { table, space, column, .. } = arguments;
    let rows = space.rows(input::table(table)?, column);
    rows.map_err(|error| CliError::content(table, error))
}

/// The rows that are asked for.
fn draw<'a>(
    arguments: &CorrelateArguments,
    all: &'a [Measured],
) -> Result<Vec<&'a Measured>, CliError> {
    let mut order = permutation(all.len(), arguments.seed.unwrap_or(0), 0);
    if let Some(sample) = arguments.sample {
        within("--sample", sample as u64, (2, all.len() as u64))?;
        order.truncate(sample);
    }
    Ok(order.iter().map(|&row| &all[row]).collect())
}

fn agreement(
    score: &dyn ZeroCostScore,
    (index, column): (usize, &str),
    values: &[Option<f64>],
    drawn: &[&Measured],
) -> Agreement {
    let both = values.iter().zip(drawn);
    let both = both.filter_map(|(value, row)| Some(((*value)?, row.values[index]?)));
    let (scores, measured): (Vec<f64>, Vec<f64>) = both.unzip();
    let kendall = kendall_tau(&scores, &measured);
    let spearman = spearman_rho(&scores, &measured);
    Agreement {
        score: score.name(),
        column: column.to_owned(),
        rows: scores.len(),
        missing: drawn.iter().filter(|row| row.values[index].is_none()).count(),
        refused: values.iter().filter(|value| value.is_none()).count(),
        none: kendall.as_ref().err().map(|error| reason(error, score.name(), column)),
        kendall: kendall.ok(),
        spearman: spearman.ok(),
    }
}

/// The reason for which numbers do not correlate, in the words of the command.
fn reason(error: &StatisticsError, score: &str, column: &str) -> String {
    match error {
        StatisticsError::TooFewPairs { found } => {
            format!("two rows with both numbers are needed, and there are {found}")
        }
        StatisticsError::Constant { series: "first", value } => {
            format!("`{score}` is {} in every row", number(*value))
        }
        StatisticsError::Constant { value, .. } => {
            format!("`{column}` is {} in every row", number(*value))
        }
        other => other.to_string(),
    }
}

fn render(answer: &Answer, json: bool) -> Result<String, CliError> {
    if json {
        return output::json(answer, "the correlations");
    }
    let head = ["score", "column", "rows", "missing", "refused", "Kendall tau", "Spearman rho"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let or_none = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), number);
    for found in &answer.agreements {
        rows.push(vec![
            found.score.to_owned(),
            found.column.clone(),
            found.rows.to_string(),
            found.missing.to_string(),
            found.refused.to_string(),
            or_none(found.kendall),
            or_none(found.spearman),
        ]);
    }
    let mut text = table(&rows);
    for found in &answer.agreements {
        if let Some(reason) = &found.none {
            text += &format!("{} and {}: {reason}\n", found.score, found.column);
        }
    }
    for (reason, rows) in &answer.refusals {
        text += &format!("{rows} rows: {reason}\n");
    }
    Ok(text)
}
