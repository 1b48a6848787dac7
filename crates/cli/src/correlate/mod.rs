//! `dartloom correlate`.

mod rows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dartloom::data::permutation;
use dartloom::metrics::statistics::{kendall_tau, spearman_rho};
use dartloom::ops::Registry;
use dartloom::search::zero_cost::{Subject, ZeroCostScore, scored};
use serde::Serialize;

use crate::error::CliError;
use crate::output;
use crate::score::{Benchmark, ProbeArguments, number};
use crate::table::table;
use rows::Row;

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
    #[arg(long, value_name = "NAME")]
    space: Benchmark,
    /// Columns to correlate with.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', required = true)]
    column: Vec<String>,
    /// Rows to draw; all when left out.
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Seed of the drawing.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    probe: ProbeArguments,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// How a score and a column agree.
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

/// Correlates scores with the columns of a table.
pub(crate) fn run(arguments: &CorrelateArguments) -> Result<ExitCode, CliError> {
    let mut probe = arguments.probe.resolve()?;
    probe.build = arguments.space.build(arguments.probe.channels, probe.build);
    let all = rows::read(&arguments.table, arguments.space, &arguments.column)?;
    let sample = arguments.sample.unwrap_or(all.len()).min(all.len());
    let mut order = permutation(all.len(), arguments.seed, 0);
    order.truncate(sample);
    let drawn: Vec<&Row> = order.iter().map(|&row| &all[row]).collect();

    let registry = Registry::standard().map_err(CliError::work)?;
    let mut refusals = BTreeMap::new();
    let mut agreements = Vec::new();
    for score in &probe.scores {
        let mut values = Vec::with_capacity(drawn.len());
        for row in &drawn {
            let plan = arguments.space.plan(&row.genotype, probe.build).map_err(CliError::input)?;
            let subject = Subject { plan: &plan, registry: &registry };
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
            agreements.push(agreement(&**score, column, index, &values, &drawn));
        }
    }
    let (seed, batch) = (arguments.seed, probe.batch);
    let answer = Answer { sampled: drawn.len(), seed, batch, agreements, refusals };
    output::print(&render(&answer, arguments.json)?)?;
    Ok(ExitCode::SUCCESS)
}

fn agreement(
    score: &dyn ZeroCostScore,
    column: &str,
    index: usize,
    values: &[Option<f64>],
    drawn: &[&Row],
) -> Agreement {
    let both = values.iter().zip(drawn);
    let both = both.filter_map(|(value, row)| Some(((*value)?, row.values[index]?)));
    let (scores, measured): (Vec<f64>, Vec<f64>) = both.unzip();
    Agreement {
        score: score.name(),
        column: column.to_owned(),
        rows: scores.len(),
        missing: drawn.iter().filter(|row| row.values[index].is_none()).count(),
        refused: values.iter().filter(|value| value.is_none()).count(),
        kendall: kendall_tau(&scores, &measured).ok(),
        spearman: spearman_rho(&scores, &measured).ok(),
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
    for (reason, rows) in &answer.refusals {
        text += &format!("{rows} rows: {reason}\n");
    }
    Ok(text)
}
