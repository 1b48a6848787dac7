//! Sums over the choices of a cell: smallest, largest and mean.

use std::collections::BTreeMap;

use dartloom_space::{CellSpec, Edge};

use super::Draws;

/// The costs of the choices of a cell, wherever it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// The cell without genes as one operation; `None` if it cannot be one.
    pub(super) fused: Option<u64>,
    /// The cell without genes, run staged.
    pub(super) staged: u64,
    /// A sum of terms, or a node without terms, run staged.
    pub(super) node: u64,
    /// The choice of operation `o` of row `r` at `r * ops + o`.
    pub(super) choices: Vec<Choice>,
}

/// The cost that a gene adds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Choice {
    /// Added in any case.
    pub(super) always: u64,
    /// Added where the whole cell is one operation; `None` if it then cannot be one.
    pub(super) fused: Option<u64>,
    /// Added where the cell runs staged and the gene's node reaches the output.
    pub(super) staged: u64,
    /// `true` if it is run at all.
    pub(super) runs: bool,
}

/// Smallest, largest and total of some sums.
#[derive(Clone, Copy, Debug)]
struct Sums {
    least: u64,
    most: u64,
    /// The total of all sums.
    total: f64,
}

/// Sums over a number of choices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    count: f64,
    sums: Sums,
}

impl Default for Tally {
    /// One choice that costs nothing.
    fn default() -> Self {
        Self { count: 1.0, sums: Sums { least: 0, most: 0, total: 0.0 } }
    }
}

impl Tally {
    pub(super) fn least(&self) -> u64 {
        self.sums.least
    }

    pub(super) fn most(&self) -> u64 {
        self.sums.most
    }

    pub(super) fn mean(&self) -> f64 {
        self.sums.total / self.count
    }

    /// Adds the choices of another, independent cell. The counts are meaningless afterwards.
    pub(super) fn and(self, other: Self) -> Self {
        let sums = Sums {
            least: self.sums.least + other.sums.least,
            most: self.sums.most + other.sums.most,
            total: self.mean() + other.mean(),
        };
        Self { count: 1.0, sums }
    }

    fn plus(self, cost: u64) -> Self {
        let Sums { least, most, total } = self.sums;
        let total = total + cost as f64 * self.count;
        Self { sums: Sums { least: least + cost, most: most + cost, total }, ..self }
    }

    fn minus(self, cost: u64) -> Self {
        let Sums { least, most, total } = self.sums;
        let total = total - cost as f64 * self.count;
        Self { sums: Sums { least: least - cost, most: most - cost, total }, ..self }
    }

    /// These choices or those.
    fn or(self, other: Self) -> Self {
        let sums = Sums {
            least: self.sums.least.min(other.sums.least),
            most: self.sums.most.max(other.sums.most),
            total: self.sums.total + other.sums.total,
        };
        Self { count: self.count + other.count, sums }
    }
}

/// A set of nodes.
type Live = u128;

/// The facts about earlier choices that later choices depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// Nodes that reach the output, as bits.
    live: Live,
    /// `true` if all operations can be one.
    whole: bool,
    /// In-edges that the node has kept so far.
    picked: usize,
    /// `true` if any of them is run.
    terms: bool,
}

/// The costs of the choices if the cell is one operation, and if it runs staged.
type Costs = (Tally, Tally);

/// Sums over all choices of the cell of `spec`, `ops` operations on an edge.
pub(super) fn tally(spec: &CellSpec, (draws, ops): (Draws, usize), cell: &Cell) -> Tally {
    let live = spec.graph.concat().iter().fold(0, |bits, &node| bits | bit(node));
    let start = State { live, whole: cell.fused.is_some(), picked: 0, terms: false };
    let mut states = BTreeMap::from([(start, (Tally::default(), Tally::default()))]);
    for node in spec.graph.own_nodes().rev() {
        let rows: Vec<usize> = spec.graph.rows_into(node).collect();
        let kept = draws.kept(rows.len());
        for (index, &row) in rows.iter().enumerate() {
            let choices = &cell.choices[row * ops..(row + 1) * ops];
            let left = rows.len() - index - 1;
            states = edge(&states, spec.graph.edges()[row], (kept, left), choices, cell.node);
        }
        states = summed(states, node, cell.node);
    }
    let ends = states.into_iter().map(|(state, (fused, staged))| match cell.fused {
        Some(base) if state.whole => fused.plus(base),
        _ => staged.plus(cell.staged),
    });
    ends.reduce(Tally::or).unwrap_or_default()
}

/// The choices at one edge: to leave it out, or one of its operations.
fn edge(
    states: &BTreeMap<State, Costs>,
    edge: Edge,
    (kept, left): (usize, usize),
    choices: &[Choice],
    node: u64,
) -> BTreeMap<State, Costs> {
    let mut next = BTreeMap::new();
    for (&state, &(fused, staged)) in states {
        if state.picked + left >= kept {
            put(&mut next, state, (fused, staged));
        }
        if state.picked == kept {
            continue;
        }
        for choice in choices {
            let live = state.live & bit(edge.to) != 0 && choice.runs;
            let own = choice.always + if live { choice.staged + node } else { 0 };
            let after = State {
                live: state.live | if live { bit(edge.from) } else { 0 },
                whole: state.whole && choice.fused.is_some(),
                picked: state.picked + 1,
                terms: state.terms || choice.runs,
            };
            let whole = choice.always + choice.fused.unwrap_or(0);
            put(&mut next, after, (fused.plus(whole), staged.plus(own)));
        }
    }
    next
}

/// Ends a node: `n` terms take `n - 1` sums; a node without terms is one tensor of zeros.
fn summed(states: BTreeMap<State, Costs>, node: usize, cost: u64) -> BTreeMap<State, Costs> {
    let mut next = BTreeMap::new();
    for (state, (fused, staged)) in states {
        let staged = match (state.live & bit(node) != 0, state.terms) {
            (false, _) => staged,
            (true, true) => staged.minus(cost),
            (true, false) => staged.plus(cost),
        };
        put(&mut next, State { picked: 0, terms: false, ..state }, (fused, staged));
    }
    next
}

fn put(states: &mut BTreeMap<State, Costs>, state: State, (fused, staged): Costs) {
    let sum = |old: &mut Costs| *old = (old.0.or(fused), old.1.or(staged));
    states.entry(state).and_modify(sum).or_insert((fused, staged));
}

/// Cells have at most 64 inputs and 64 nodes, so that every node has a bit of its own.
fn bit(node: usize) -> Live {
    1 << node
}
