//! Paths of small lattices: scores, their statistics, and those that stay.

use dartloom_decode::{Dag, DagEdge, DagPath, PathCount, Spread, TieBreak};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::numbers::{Numbers, name_of};
use crate::golden::{GoldenError, Outcome};

/// The most paths that may stay: more than any of the lattices has.
const MOST: usize = 4096;

const SPREADS: [(&str, Spread); 3] = [
    ("population", Spread::Population),
    ("sample", Spread::Sample),
    ("variance", Spread::Variance),
];

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let cases = value.list("cases")?.iter().enumerate();
    let outcome = |(at, entry)| Outcome::of(name_of(&case.name, "", at, entry), check(case, entry));
    Ok(cases.map(outcome).collect())
}

fn check(case: &Case<'_>, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let mut numbers = Numbers::new(entry, &case.entry.tolerance);
    let edges = edges(entry)?;
    let weights = weights(entry, &edges)?;
    numbers.list("weights", &weights.iter().copied().map(Some).collect::<Vec<_>>())?;
    let nodes = entry.list("layer_of_node")?.len();
    let weighted = edges.iter().zip(&weights);
    let edges = weighted
        .map(|(&(from, to), weight)| DagEdge { from, to, log: weight.ln(), counts: true })
        .collect();
    let dag = Dag::new(nodes, edges, &[0], vec![nodes - 1])?;
    let all: Vec<DagPath> = dag.ranked().collect();
    check_paths(&mut numbers, case, entry, &all)?;
    let statistics = dag.statistics()?;
    numbers.equal("number_of_paths", &dag.count(), &(entry.count("number_of_paths")? as u128));
    numbers.equal("number of scores", &statistics.count, &dag.count());
    numbers.number("mean", Some(statistics.mean))?;
    numbers.number("variance_population", Some(statistics.variance))?;
    numbers.number("deviation_population", Some(Spread::Population.of(&statistics)))?;
    numbers.number("deviation_sample", Some(Spread::Sample.of(&statistics)))?;
    for (name, spread) in SPREADS {
        check_kept(&mut numbers, case, entry, &dag, (name, spread))?;
    }
    let best: Vec<usize> = all.first().map_or_else(Vec::new, |path| path.nodes.clone());
    numbers.equal("best_by_mean", &best, &entry.counts("best_by_mean")?);
    let product = dag.best(TieBreak::LowestIndex).map_or_else(Vec::new, |best| best.path.nodes);
    numbers.equal("best_by_product", &product, &entry.counts("best_by_product")?);
    Ok(numbers.finish())
}

/// Edges as (from, to).
fn edges(entry: &Value) -> Result<Vec<(usize, usize)>, GoldenError> {
    let pairs = rows(entry, "edges")?;
    let pair = |row: &Vec<usize>| match row[..] {
        [from, to] => Ok((from, to)),
        _ => Err(entry.wrong("edges", "pairs of nodes")),
    };
    pairs.iter().map(pair).collect()
}

/// Logits by softmax over the edges that leave a node, or that enter it.
fn weights(entry: &Value, edges: &[(usize, usize)]) -> Result<Vec<f64>, GoldenError> {
    let logits = entry.numbers("logits")?;
    let over_out = match entry.text("normalised_over")? {
        "out" => true,
        "in" => false,
        _ => return Err(entry.wrong("normalised_over", "`in` or `out`")),
    };
    if logits.len() != edges.len() {
        return Err(entry.wrong("logits", "one number per edge"));
    }
    let node = |edge: usize| if over_out { edges[edge].0 } else { edges[edge].1 };
    let share = |edge: usize| {
        let group = (0..edges.len()).filter(|&other| node(other) == node(edge));
        logits[edge].exp() / group.map(|other| logits[other].exp()).sum::<f64>()
    };
    Ok((0..edges.len()).map(share).collect())
}

/// All paths in their order, each with its numbers.
fn check_paths(
    numbers: &mut Numbers<'_>,
    case: &Case<'_>,
    entry: &Value,
    all: &[DagPath],
) -> Result<(), GoldenError> {
    let listed = entry.list("paths")?;
    numbers.equal("paths", &all.len(), &listed.len());
    for (at, (found, want)) in all.iter().zip(listed).enumerate() {
        let mut own = Numbers::new(want, &case.entry.tolerance);
        own.equal("nodes", &found.nodes, &want.counts("nodes")?);
        own.equal("edges", &found.edges.len(), &want.count("edges")?);
        own.number("log_likelihood", Some(found.log_likelihood))?;
        own.number("score", Some(found.score))?;
        numbers.all(&format!("path {at}"), own.finish());
    }
    Ok(())
}

/// The paths that three spreads above the mean keep.
fn check_kept(
    numbers: &mut Numbers<'_>,
    case: &Case<'_>,
    entry: &Value,
    dag: &Dag,
    named: (&str, Spread),
) -> Result<(), GoldenError> {
    let (name, spread) = named;
    let part = |field: &str| entry.field(field).ok_or_else(|| entry.wrong(field, "three entries"));
    let count = PathCount::Deviations { factor: 3.0, spread };
    let found = dag.several(count, MOST)?;
    let mut own = Numbers::new(part("bound")?, &case.entry.tolerance);
    own.number(name, found.bound)?;
    numbers.all("bound", own.finish());
    let reached = part("K")?.count(name)?;
    numbers.equal(&format!("K, {name}"), &found.asked, &(reached as u128));
    let kept: Vec<Vec<usize>> = found.paths.iter().map(|path| path.nodes.clone()).collect();
    let wanted = rows(part("chosen_or_best")?, name)?;
    numbers.equal(&format!("chosen_or_best, {name}"), &kept, &wanted);
    let chosen = if reached == 0 { &[][..] } else { &kept[..] };
    numbers.equal(&format!("chosen, {name}"), &chosen, &&rows(part("chosen")?, name)?[..]);
    if spread == Spread::Population {
        let on = found.paths.iter().flat_map(|path| &path.edges);
        let mut on: Vec<Vec<usize>> =
            on.map(|&edge| vec![dag.edges()[edge].from, dag.edges()[edge].to]).collect();
        on.sort_unstable();
        on.dedup();
        numbers.equal("edges_kept_population", &on, &rows(entry, "edges_kept_population")?);
    }
    Ok(())
}

/// Lists of nodes.
fn rows(value: &Value, name: &str) -> Result<Vec<Vec<usize>>, GoldenError> {
    let rows = value.rows(name)?;
    Ok(rows.into_iter().map(|row| row.into_iter().map(|n| n as usize).collect()).collect())
}
