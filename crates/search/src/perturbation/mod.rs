//! Selection of operations by the supernet's loss of quality without them.

mod probe;
mod search;

use dartloom_noise::Noise;
use dartloom_record::Refused;
use dartloom_space::{Edge, Genotype, Space};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use self::probe::{Probe, Removed};
pub use self::search::perturb;
use crate::{CandidateId, Kept, SearchError};

/// The measure by which a supernet is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Criterion {
    /// The score on the validation images that the task selects by, its negative where lower is
    /// better.
    #[default]
    Score,
    /// The negative of the loss on the validation images: never even where shares of right answers
    /// are.
    Loss,
}

/// Selection by perturbation (DARTS-PT).
///
/// The edges of all cells are decided one after the other, in an order that the seed draws. With
/// `s` the score of the supernet on the validation images (`criterion`) and `s(e, o)` that without
/// operation `o` on edge `e`, its weight set to 0 and all others as they were, `e` keeps
///
/// ```text
/// o_e = argmax_o  s - s(e, o)        over operations other than "none"
/// ```
///
/// alone. Then, in an order drawn again, each node keeps the `edges` in-edges with the largest
/// `s - s(e)`, where `s(e)` is the score without the edge. After every decision the weights are
/// trained for `tune` steps at the learning rate of the search's last epoch; logits rest. Batch
/// norms use the statistics of the batch. Wang et al., *Rethinking Architecture
/// Selection in Differentiable NAS*, ICLR 2021, algorithm 1. Cost: one pass over the validation
/// images per operation and edge, one per in-edge, and one per decision.
///
/// # Differences from the paper
/// Weights are tuned for steps rather than epochs, and the logits rest meanwhile; the released code
/// goes on moving them, begins again at a tenth of the first learning rate, and decides on one edge
/// of each cell before it tunes. "None" is not a candidate: the spaces of the paper do not have it.
/// The first of equals wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PerturbationConfig {
    /// The measure by which the supernet is judged.
    pub criterion: Criterion,
    /// In-edges that every node keeps, if it has as many.
    pub edges: usize,
    /// Training steps after every decision.
    pub tune: usize,
}

impl Default for PerturbationConfig {
    /// By the task's score, two edges per node, without tuning.
    fn default() -> Self {
        Self { criterion: Criterion::Score, edges: 2, tune: 0 }
    }
}

/// The choice, and the measurements behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Perturbed {
    /// The architecture.
    pub genotype: Genotype,
    /// The cost of every removal, in the order of evaluation.
    pub drops: Vec<PerturbationDrop>,
}

/// The supernet's loss of quality without a candidate or an edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerturbationDrop {
    /// Name of the cell.
    pub cell: String,
    /// Source node of the edge.
    pub from: usize,
    /// Target node of the edge.
    pub to: usize,
    /// The operation that was taken away; `None` for the whole edge.
    pub op: Option<String>,
    /// The score before minus the score without it.
    pub drop: f64,
}

/// Decides on every edge, then on every node.
fn select(
    space: &Space,
    config: &PerturbationConfig,
    mut kept: Kept,
    noise: Noise,
    probe: &mut dyn Probe,
) -> Result<(Kept, Vec<PerturbationDrop>), SearchError> {
    if config.edges == 0 {
        let field = "edges";
        let expected = "at least 1 in-edge";
        return Err(Refused::new(field, expected, "0").into());
    }
    let mut drops = Vec::new();
    let cells = || space.cells().iter().enumerate();
    let mut edges: Vec<(usize, usize)> = cells()
        .flat_map(|(cell, spec)| (0..spec.graph.edges().len()).map(move |row| (cell, row)))
        .collect();
    edges.shuffle(&mut noise.stream("order of edges", 0));
    for (cell, row) in edges {
        let ops = kept.choices(space, (cell, row));
        let removals = ops.iter().map(|&op| CandidateId { cell, row, op });
        let removals = removals.map(Removed::Candidate).collect();
        let Some(best) = harms(space, &kept, removals, probe, &mut drops)?.into_iter().next()
        else {
            kept.cut(cell, row);
            continue;
        };
        kept.choose(CandidateId { cell, row, op: ops[best] });
        probe.tune(&kept)?;
    }
    let mut nodes: Vec<(usize, usize)> = cells()
        .flat_map(|(cell, spec)| spec.graph.own_nodes().map(move |node| (cell, node)))
        .collect();
    nodes.shuffle(&mut noise.stream("order of nodes", 0));
    for (cell, node) in nodes {
        let rows = kept.live(space, (cell, node));
        if rows.len() <= config.edges {
            continue;
        }
        let removals = rows.iter().map(|&row| Removed::Edge { cell, row }).collect();
        let ranked = harms(space, &kept, removals, probe, &mut drops)?;
        for index in &ranked[config.edges..] {
            kept.cut(cell, rows[*index]);
        }
        probe.tune(&kept)?;
    }
    Ok((kept.decided(), drops))
}

/// Indices of removals, the most harmful first; if there is only one, it is not tried.
fn harms(
    space: &Space,
    kept: &Kept,
    removals: Vec<Removed>,
    probe: &mut dyn Probe,
    drops: &mut Vec<PerturbationDrop>,
) -> Result<Vec<usize>, SearchError> {
    if removals.len() < 2 {
        return Ok((0..removals.len()).collect());
    }
    let before = probe.score(kept, None)?;
    let mut found = Vec::with_capacity(removals.len());
    for (index, removed) in removals.into_iter().enumerate() {
        let drop = before - probe.score(kept, Some(removed))?;
        drops.push(record(space, removed, drop));
        found.push((index, drop));
    }
    // Stable: of equals the first.
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(found.into_iter().map(|(index, _)| index).collect())
}

fn record(space: &Space, removed: Removed, drop: f64) -> PerturbationDrop {
    let (cell, row, op) = match removed {
        Removed::Candidate(CandidateId { cell, row, op }) => (cell, row, Some(op)),
        Removed::Edge { cell, row } => (cell, row, None),
    };
    let spec = &space.cells()[cell];
    let Edge { from, to } = spec.graph.edges()[row];
    let op = op.map(|op| space.op_set().ops()[op].name.clone());
    PerturbationDrop { cell: spec.name.clone(), from, to, op, drop }
}

#[cfg(test)]
mod tests;
