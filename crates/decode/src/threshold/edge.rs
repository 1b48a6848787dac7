//! All edges, with the operations above the threshold.

use dartloom_space::{Gene, Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::{RELEASED, check};
use crate::assembly::{Assembly, DeadGenes};
use crate::cell::Cell;
use crate::{DecodeError, Decoded, Decoder, EmptyPolicy, NonePolicy, Note, TieBreak, identity};

/// Every edge with its strongest operations that reach a threshold; an edge may have several.
///
/// With `W[e][o]` the weight of operation `o` on edge `e` (`weights`, of a sigmoid), the edge's
/// weight multiplied in where the table has any, and the threshold `t` (`threshold`):
///
/// ```text
/// ops(e) = {o among the `ops` heaviest of e : W[e][o] >= t}      `ops: None`: among all
/// ```
///
/// Chu et al., *Fair DARTS*, ECCV 2020, `threshold_edge` of its released code and of D-DARTS';
/// with all operations `threshold_complete` of D-DARTS'. Genes stand edge by edge in row order,
/// and on an edge from the lightest to the heaviest operation (with all operations: in the order
/// of the set), as there. Cost: `O(E |O| log |O|)` for `E` edges.
///
/// # Differences from the paper
/// As for [`SparseThreshold`](crate::SparseThreshold): a node that loses every edge drops out, and
/// with it the edges that start there; the released code ([`DeadGenes::Keep`]) lists their genes.
/// The released code takes the last of equal operations ([`TieBreak::HighestIndex`]).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EdgeThreshold {
    /// Least weight of a kept operation, itself included.
    pub threshold: f64,
    /// Operations that may stay per edge, 1 or more; `None` for all.
    pub ops: Option<usize>,
    /// The rule that chooses among equal operations.
    pub ties: TieBreak,
    /// The treatment of operations that cut the edge. Unless excluded, they may take one of the
    /// `ops` places; they never become genes.
    pub none: NonePolicy,
    /// The treatment of nodes without edges.
    pub empty: EmptyPolicy,
    /// The fate of genes that start at an empty node.
    pub dead: DeadGenes,
}

impl Default for EdgeThreshold {
    /// Two operations per edge at 0.85, as released; empty nodes drop out with what starts there.
    fn default() -> Self {
        Self {
            threshold: RELEASED,
            ops: Some(2),
            ties: TieBreak::HighestIndex,
            none: NonePolicy::Exclude,
            empty: EmptyPolicy::Skip,
            dead: DeadGenes::Drop,
        }
    }
}

impl EdgeThreshold {
    /// Every operation of every edge that reaches 0.85 (`threshold_complete` of D-DARTS).
    pub fn complete() -> Self {
        Self { ops: None, ..Self::default() }
    }

    fn node(&self, cell: &Cell<'_>, node: usize, notes: &mut Vec<Note>) -> Vec<Gene> {
        let rows = cell.spec.graph.rows_into(node);
        rows.flat_map(|row| self.edge(cell, row, notes)).collect()
    }

    fn edge(&self, cell: &Cell<'_>, row: usize, notes: &mut Vec<Note>) -> Vec<Gene> {
        let ranked = cell.ops_of(row, self.none != NonePolicy::Exclude, self.ties);
        let places = self.ops.unwrap_or(usize::MAX);
        let edge = || cell.edge(row);
        let mut first = 0;
        for group in ranked.groups() {
            // Equal operations of which some have a place and some have not.
            if first < places && first + group.len() > places {
                let tied = group.iter().map(|&(op, _)| cell.op(op)).collect();
                notes.push(Note::OpTie { edge: edge(), tied, by: self.ties });
            }
            first += group.len();
        }
        let placed = ranked.order().iter().take(places);
        let heavy = placed.clone().take_while(|(_, weight)| *weight >= self.threshold);
        let mut kept: Vec<(usize, f64)> = heavy.copied().collect();
        // Of those that have a place but are too light the heaviest is worth a remark.
        if let Some(&(op, weight)) = placed.clone().nth(kept.len()) {
            let op = cell.op(op);
            let threshold = self.threshold;
            notes.push(Note::Below { edge: edge(), op, weight, threshold });
        }
        match self.ops {
            Some(_) => kept.reverse(),
            None => kept.sort_unstable_by_key(|&(op, _)| op),
        }
        let mut genes = Vec::with_capacity(kept.len());
        for (op, _) in kept {
            if cell.cuts(op) {
                notes.push(Note::Cut { edge: edge(), op: cell.op(op) });
            } else {
                genes.push(cell.gene(row, op));
            }
        }
        genes
    }
}

impl Decoder for EdgeThreshold {
    /// # Errors
    /// [`DecodeError::Threshold`], [`DecodeError::NoEdges`] for no operation per edge, and as
    /// [`TopK::decode`](crate::TopK).
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        check(self.threshold)?;
        if self.ops == Some(0) {
            return Err(DecodeError::NoOperations { found: 0 });
        }
        let ties = self.ties;
        let empty = self.empty;
        Assembly { ties, empty, dead: self.dead }
            .decode(space, weights, |cell, node, notes| self.node(cell, node, notes))
    }

    fn identity(&self) -> Option<String> {
        identity::of("EdgeThreshold", self)
    }
}
