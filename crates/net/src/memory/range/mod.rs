//! The memory and cost of all candidates of a space.

mod tally;

use dartloom_ops::{Registry, Variables};
use dartloom_space::{Blueprint, Build, CellPlan, CellSpec, EdgePlan, Gene, Layer, Space};
use serde::{Deserialize, Serialize};

use self::tally::{Cell, Choice, Tally, tally};
use super::{Magnitude, Process, Workload, breakdown, outside};
use crate::NetError;
use crate::body::{Body, NoNumbers};
use crate::cell::{CellGenes, CellMemory, GeneMemory, Kept};

/// The genotypes of a space that are its candidates, all equally likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Draws {
    /// Every node keeps this many in-edges (all if it has no more, at least one), one operation
    /// each, zero operations left out.
    Top(usize),
    /// Every edge has one operation, zeros included.
    EveryEdge,
}

/// The smallest, the mean and the largest of a number over all candidates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The smallest.
    pub least: u64,
    /// The mean.
    pub mean: f64,
    /// The largest.
    pub most: u64,
}

/// The numbers that the candidates of a space need.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranges {
    /// Trainable numbers, the auxiliary head's not counted; exact.
    pub parameters: Range,
    /// Multiply-adds for one image; exact.
    pub macs: Range,
    /// Bytes that [`predict`](super::predict) predicts for [`Build`] and [`Workload`]: no candidate
    /// needs less than `least` or more than `most`.
    pub memory: Range,
    /// Largest distance in bytes of the ends of `memory` from the true ones; the mean is off by
    /// half of it at most.
    pub slack: u64,
}

/// Computes the ranges of `space` without looking at every candidate.
///
/// Parameters, multiply-adds and the bytes kept for the backward pass are sums over a candidate's
/// genes. Their smallest and largest values follow by dynamic programming over the cell's nodes,
/// from the last to the first. A state says which nodes reach the output and whether all operations
/// so far can be one fused operation; the choices of one node affect the costs of another in no
/// other way. The mean is computed along with them, as a sum over candidates and their number. The
/// cells of a candidate are chosen independently of one another, so the numbers of cells add up.
///
/// Of a space that leaves choices of links, candidates are those that keep all of them.
///
/// The bytes held for a moment are a maximum over cells and nodes instead. They are bounded from
/// both sides: by a cell without operations and by the largest operations of any node.
///
/// # Errors
/// As [`Blueprint::derived`] and [`predict`](super::predict); [`NetError::Uncountable`] if all
/// operations on every edge together are too large.
pub fn ranges(
    space: &Space,
    build: Build,
    registry: &Registry,
    draws: Draws,
    work: &Workload,
) -> Result<Ranges, NetError> {
    let ops: Vec<&str> = draws.ops(space);
    let cells = space.cells().iter().map(|spec| spec.genotype(genes(spec, &ops))).collect();
    let all = space.genotype(cells)?.with_links(space.network().all_links())?;
    let plan = Blueprint::derived(&all, &all.network_in(space)?, space.op_set(), build)?;
    Magnitude::of(&plan, registry)?.check(work)?;
    let mut bare = plan.clone();
    // What a network laid out by hand has beside its blocks is no choice.
    let chosen = bare.cells.iter_mut().filter(|cell| cell.cell.is_some());
    chosen.for_each(|cell| cell.edges.clear());
    let mut vars = Variables::outline(work.dtype);
    let placed = plan.cells.iter().map(|cell| {
        let mut rng = NoNumbers;
        let mut root = vars.builder(&mut rng);
        CellGenes::of(cell, registry, &mut root, work)
    });
    let placed: Vec<CellGenes> = placed.collect::<Result<_, _>>()?;
    let costs = costs(&plan, registry)?;
    let cost = registry.cost(&bare)?;
    let frame = Body::outline(&bare, registry, work.dtype)?;
    let fixed = breakdown((build.input, outside(&bare)?), frame.sums(), frame.variables(), work);
    let parts = Parts { plan: &plan, placed: &placed, costs: &costs, work };
    let mut sums = [Tally::default(); 3];
    for (index, spec) in space.cells().iter().enumerate() {
        let places: Vec<usize> =
            (0..plan.cells.len()).filter(|&place| plan.cells[place].cell == Some(index)).collect();
        // A cell that the network has no place for costs nothing, whatever it is.
        if places.is_empty() {
            continue;
        }
        for (sum, what) in sums.iter_mut().zip([What::Parameters, What::Macs, What::Kept]) {
            let cell = parts.cell(&places, what);
            *sum = sum.and(tally(spec, (draws, ops.len()), &cell));
        }
    }
    let [parameters, macs, kept] = sums;
    let (low, high) = parts.held(space, draws, ops.len());
    // The process holds room of that size once more.
    let held = |bytes: u64| 2 * bytes;
    let outside = fixed.activations * (PERCENT + Process::default().remainder) / PERCENT;
    let rest =
        fixed.total() - fixed.process + Process::default().base - fixed.activations + outside;
    let memory = Range {
        least: kept.least() / PERCENT + rest + held(low),
        mean: kept.mean() / PERCENT as f64 + rest as f64 + held(low).midpoint(held(high)) as f64,
        most: kept.most() / PERCENT + rest + held(high) + ROUNDING,
    };
    let exact = |sum: Tally, fixed: u64| Range {
        least: sum.least() + fixed,
        mean: sum.mean() + fixed as f64,
        most: sum.most() + fixed,
    };
    Ok(Ranges {
        parameters: exact(parameters, cost.parameters),
        macs: exact(macs, cost.macs),
        memory,
        slack: held(high) - held(low) + ROUNDING,
    })
}

/// Hundredths in a whole: shares of bytes are counted in hundredths.
const PERCENT: u64 = 100;
/// Bytes that may be lost by dividing the parts by [`PERCENT`] one by one.
const ROUNDING: u64 = 3;

/// The number that is added up.
#[derive(Clone, Copy, Debug)]
enum What {
    Parameters,
    Macs,
    /// Hundredths of the bytes held for a whole step, including the process's share.
    Kept,
}

/// The cost of a gene, wherever its cell runs.
#[derive(Clone, Copy, Debug, Default)]
struct GeneCost {
    parameters: u64,
    macs: u64,
    buffers: u64,
}

/// The plan of all genes and their costs, by placed cell.
struct Parts<'a> {
    plan: &'a Blueprint,
    placed: &'a [CellGenes],
    costs: &'a [Vec<GeneCost>],
    work: &'a Workload,
}

impl Draws {
    fn ops(self, space: &Space) -> Vec<&str> {
        let all = space.op_set().ops().iter();
        let zeros = self == Self::EveryEdge;
        let ops: Vec<&str> =
            all.filter(|op| zeros || !op.is_zero()).map(|op| op.name.as_str()).collect();
        if ops.is_empty() { space.op_set().names().collect() } else { ops }
    }

    /// In-edges that a node with `edges` of them keeps.
    fn kept(self, edges: usize) -> usize {
        match self {
            Self::Top(top) => top.clamp(1, edges.max(1)).min(edges),
            Self::EveryEdge => edges,
        }
    }
}

/// Every operation on every edge: operation `o` of row `r` is gene `r * ops + o`.
fn genes(spec: &CellSpec, ops: &[&str]) -> Vec<Gene> {
    let edges = spec.graph.edges().iter();
    let gene = |from, to, op: &&str| Gene { op: (*op).to_owned(), from, to };
    edges.flat_map(|edge| ops.iter().map(move |op| gene(edge.from, edge.to, op))).collect()
}

/// The cost of every gene of every placed cell.
fn costs(plan: &Blueprint, registry: &Registry) -> Result<Vec<Vec<GeneCost>>, NetError> {
    let of = |cell: &CellPlan| {
        let mut alone = Blueprint { stem: Vec::new(), aux: None, ..plan.clone() };
        alone.head.branches.clear();
        let bare = CellPlan { ports: Vec::new(), edges: Vec::new(), ..cell.clone() };
        let mut gene = |edge: &EdgePlan| {
            alone.cells = vec![CellPlan { edges: vec![edge.clone()], ..bare.clone() }];
            let cost = registry.cost(&alone)?;
            let layers = edge.candidates.iter().filter_map(|own| own.layers.as_ref()).flatten();
            let norm = |layer: &Layer| match layer {
                Layer::Norm { channels, .. } => 2 * *channels as u64,
                _ => 0,
            };
            let buffers = layers.map(norm).sum();
            Ok(GeneCost { parameters: cost.parameters, macs: cost.macs, buffers })
        };
        cell.edges.iter().map(&mut gene).collect()
    };
    plan.cells.iter().map(of).collect()
}

impl Parts<'_> {
    /// The cost of the cell at some places, gene by gene.
    fn cell(&self, places: &[usize], what: What) -> Cell {
        let mut cell = Cell { fused: Some(0), ..Cell::default() };
        let count = places.first().map_or(0, |&place| self.plan.cells[place].edges.len());
        cell.choices = vec![Choice { fused: Some(0), ..Choice::default() }; count];
        for &place in places {
            let own = &self.placed[place];
            if let What::Kept = what {
                let base = |base: &CellMemory| {
                    hundredths(Kept { all: base.kept + base.output, slabs: base.slabs })
                };
                cell.node += hundredths(Kept { all: own.node, slabs: 0 });
                cell.staged += base(&own.staged);
                cell.fused = cell.fused.zip(own.fused.as_ref()).map(|(sum, own)| sum + base(own));
            }
            for (gene, choice) in cell.choices.iter_mut().enumerate() {
                self.add(choice, (place, gene), what);
            }
        }
        cell
    }

    fn add(&self, choice: &mut Choice, (place, gene): (usize, usize), what: What) {
        let cost = self.costs[place][gene];
        let memory = &self.placed[place].genes[gene];
        choice.runs = memory.is_some();
        match what {
            What::Parameters => choice.always += cost.parameters,
            What::Macs => choice.always += cost.macs,
            What::Kept => {
                let copies = self.work.training.map_or(1, |own| 2 + own.moments + own.copies);
                let numbers = cost.parameters * copies + cost.buffers;
                choice.always += PERCENT * self.work.numbers(numbers);
                let Some(memory) = memory else { return };
                choice.staged += hundredths(memory.staged);
                let fused = choice.fused.zip(memory.fused);
                choice.fused = fused.map(|(sum, own)| sum + hundredths(own));
            }
        }
    }

    /// Least and most bytes that a candidate holds for a moment.
    fn held(&self, space: &Space, draws: Draws, ops: usize) -> (u64, u64) {
        let threads = self.work.threads as u64;
        let mut low = 0;
        let mut high = 0;
        let mut scratch = 0;
        for (cell, placed) in self.plan.cells.iter().zip(self.placed) {
            let staged = placed.staged.transient();
            let fused = placed.fused.map_or(staged, |fused| fused.transient());
            // Without a way back nothing is sure to be held.
            low = if self.work.training.is_some() { low.max(fused.min(staged)) } else { 0 };
            let genes = placed.genes.iter().flatten();
            let alone = genes.clone().map(|gene| gene.transient).max().unwrap_or(0);
            let spec = cell.cell.map(|index| &space.cells()[index]);
            let most = spec.map_or(0, |spec| placed.most_held(spec, draws, ops));
            high = high.max(staged + alone).max(fused + most);
            let base = placed.fused.map_or(0, |fused| fused.scratch);
            scratch = genes.map(|gene| gene.scratch).fold(scratch.max(base), u64::max);
        }
        (low, high + scratch * threads)
    }
}

impl CellGenes {
    /// The most that the genes of a fused cell add to the bytes held for a moment: the rooms of one
    /// node, and the gradients of all operands.
    fn most_held(&self, spec: &CellSpec, draws: Draws, ops: usize) -> u64 {
        let mut room = 0;
        let mut packed = 0;
        for node in spec.graph.own_nodes() {
            let rows: Vec<usize> = spec.graph.rows_into(node).collect();
            let most = |of: fn(&GeneMemory) -> u64| {
                let row = |&row: &usize| {
                    let genes = self.genes[row * ops..(row + 1) * ops].iter().flatten();
                    genes.map(of).max().unwrap_or(0)
                };
                let mut most: Vec<u64> = rows.iter().map(row).collect();
                most.sort_unstable_by_key(|&bytes| std::cmp::Reverse(bytes));
                most.iter().take(draws.kept(rows.len())).sum::<u64>()
            };
            room = room.max(most(|gene| gene.inner));
            packed += most(|gene| gene.packed);
        }
        room + packed
    }
}

/// Hundredths of the kept bytes, and of the bytes that the process holds because of them.
fn hundredths(kept: Kept) -> u64 {
    PERCENT * kept.all + Process::default().remainder * (kept.all - kept.slabs)
}

#[cfg(test)]
mod tests;
