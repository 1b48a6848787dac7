//! `dartloom regret`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use dartloom::explore::{EvolutionConfig, ExploreError, RegretCurve, Table, explore, regrets};
use dartloom::noise::Noise;
use dartloom::verdict::ConfiguredExplorer;
use serde::Serialize;

use crate::error::CliError;
use crate::option::{different, within};
use crate::output;
use crate::score::number;
use dartloom_engine::{Benchmark, input};
use dartloom_report::table;
use dartloom_report::{Labels, Series, chart};

/// The distance that explorers keep from a benchmark's best, evaluation by evaluation.
///
/// A search sees one column and is reported by another: its regret is what the architecture it
/// likes best lacks of the table's best.
#[derive(Debug, Args)]
pub(crate) struct RegretArguments {
    /// A table of architectures as CSV, maybe packed as .gz, with the columns `arch`, `params` and
    /// `flops`.
    #[arg(long, value_name = "FILE.csv")]
    table: PathBuf,
    /// The benchmark whose architectures these are.
    #[arg(long, value_name = "NAME", value_parser = crate::score::benchmark())]
    space: Benchmark,
    /// The score that a search sees.
    #[arg(long, value_name = "COLUMN")]
    quality: String,
    /// The score that is reported of its findings.
    #[arg(long, value_name = "COLUMN")]
    reported: String,
    /// The explorers.
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        default_value = "random_genotypes,evolution",
        value_parser = PossibleValuesParser::new(names())
    )]
    explorers: Vec<String>,
    /// Seeds 0 to N-1.
    #[arg(long, value_name = "N", default_value_t = 100)]
    seeds: u64,
    /// Evaluations of each search.
    #[arg(long, value_name = "N", default_value_t = 500)]
    budget: usize,
    /// Go on with a table that lacks architectures of the benchmark: proposals that it does not
    /// have fail, and how many did is told.
    #[arg(long)]
    partial: bool,
    /// The file of the curves.
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Explorers that a table can answer: it has architectures as they are trained in the end.
fn names() -> Vec<&'static str> {
    let known = ConfiguredExplorer::known().into_iter().map(|(name, _)| name);
    known.filter(|name| *name != "halving").collect()
}

/// The mean regrets of an explorer.
#[derive(Debug, Serialize)]
struct Found {
    explorer: String,
    seeds: usize,
    /// `None` while a seed has measured nothing.
    mean: Vec<Option<f64>>,
    /// `None` where there is no mean, and of one seed.
    deviation: Vec<Option<f64>>,
    /// Proposals of all seeds.
    proposals: usize,
    /// Those of them that the table does not have.
    missing: usize,
}

/// The table, and how many architectures it could have.
struct Subject {
    table: Table,
    size: u64,
}

pub(crate) fn run(arguments: &RegretArguments) -> Result<ExitCode, CliError> {
    different("--explorers", &arguments.explorers)?;
    within("--seeds", arguments.seeds, (1, u64::MAX))?;
    if let Some(path) = &arguments.svg {
        output::check_place(path)?;
        output::check_apart(path, [arguments.table.as_path()])?;
    }
    let subject = read(arguments)?;
    within("--budget", arguments.budget as u64, (1, subject.size))?;
    let found = arguments.explorers.iter().map(|name| search(arguments, name, &subject.table));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    if let Some(path) = &arguments.svg {
        output::write(path, &draw(arguments, &found)?)?;
    }
    output::print(&render(arguments, &found, &subject)?)?;
    // Searches that measured nothing are no result.
    let nothing = found.iter().all(|found| found.mean.iter().all(Option::is_none));
    Ok(ExitCode::from(u8::from(nothing)))
}

fn read(arguments: &RegretArguments) -> Result<Subject, CliError> {
    let RegretArguments { table: path, space, quality, reported, partial, .. } = arguments;
    let table = space.table(input::table(path)?, quality, reported);
    let table = table.map_err(|error| CliError::content(path, error))?;
    // Both benchmarks have thousands of architectures.
    let size = space.domain().map_err(CliError::work)?.size().unwrap_or(u64::MAX);
    if table.len() as u64 != size && !partial {
        let path = path.clone();
        let found = table.len();
        return Err(CliError::PartialTable { path, found, size });
    }
    Ok(Subject { table, size })
}

fn search(arguments: &RegretArguments, name: &str, table: &Table) -> Result<Found, CliError> {
    let explorer = configured(name);
    let mut proposals = 0;
    let mut missing = 0;
    let run = |seed| -> Result<Vec<Option<f64>>, ExploreError> {
        let domain = arguments.space.domain()?;
        let mut explorer = explorer.build(domain, Noise::new(seed))?;
        let trials = explore(&mut *explorer, &mut &*table, arguments.budget)?;
        proposals += trials.len();
        let unknown = trials.iter().filter(|trial| table.row(&trial.proposal.genotype).is_none());
        missing += unknown.count();
        regrets(table, &trials)
    };
    let work = |error: ExploreError| CliError::work(error);
    let runs = (0..arguments.seeds).map(run).collect::<Result<Vec<_>, _>>().map_err(work)?;
    let RegretCurve { mean, deviation, seeds } = RegretCurve::of(&runs).map_err(work)?;
    Ok(Found { explorer: name.to_owned(), seeds, mean, deviation, proposals, missing })
}

/// An explorer by its name; evolution with a population that is small beside the budget.
fn configured(name: &str) -> ConfiguredExplorer {
    let known = ConfiguredExplorer::known().into_iter().find(|(known, _)| *known == name);
    match known {
        Some((_, ConfiguredExplorer::Evolution(_))) | None => {
            ConfiguredExplorer::Evolution(EvolutionConfig { population: 20, sample: 5 })
        }
        Some((_, other)) => other,
    }
}

fn draw(arguments: &RegretArguments, found: &[Found]) -> Result<String, CliError> {
    let curve = |found: &Found| Series {
        name: found.explorer.clone(),
        points: (1..)
            .map(f64::from)
            .zip(&found.mean)
            .filter_map(|(x, y)| Some((x, (*y)?)))
            .collect(),
        line: true,
    };
    let title = format!("mean regret of {} over {} seeds", arguments.reported, arguments.seeds);
    let labels = Labels { title: &title, x: "evaluations", y: "regret" };
    Ok(chart(labels, &found.iter().map(curve).collect::<Vec<_>>())?)
}

fn render(
    arguments: &RegretArguments,
    found: &[Found],
    subject: &Subject,
) -> Result<String, CliError> {
    if arguments.json {
        return output::json(&found, "the regrets");
    }
    let budget = arguments.budget;
    let mut places = vec![budget.div_ceil(50), budget.div_ceil(10), budget.div_ceil(5), budget];
    places.dedup();
    let mut rows = vec![vec!["regret after".to_owned()]];
    rows[0].extend(places.iter().map(usize::to_string));
    for Found { explorer, mean, deviation, .. } in found {
        let mut row = vec![explorer.clone()];
        row.extend(places.iter().map(|&place| {
            let at = place.min(mean.len()) - 1;
            match (mean[at], deviation[at]) {
                (None, _) => "none".to_owned(),
                (Some(mean), None) => number(mean),
                (Some(mean), Some(deviation)) => {
                    format!("{} ± {}", number(mean), number(deviation))
                }
            }
        }));
        rows.push(row);
    }
    Ok(table(&rows) + &notes(found, subject, budget))
}

/// Lines on what the numbers leave out.
fn notes(found: &[Found], subject: &Subject, budget: usize) -> String {
    let mut text = String::new();
    let rows = subject.table.len();
    let size = subject.size;
    if rows as u64 != size {
        text += &format!("the table has {rows} of the {size} architectures of the benchmark\n");
    }
    for Found { explorer, seeds, mean, proposals, missing, .. } in found {
        if *missing > 0 {
            text +=
                &format!("{explorer}: {missing} of {proposals} proposals are not in the table\n");
        }
        if mean.len() < budget {
            let last = mean.len();
            text +=
                &format!("{explorer}: no seed of {seeds} had anything to propose after {last}\n");
        }
    }
    text
}
