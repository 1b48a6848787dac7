//! The strongest edges of a node, as far as their operation is above the threshold.

use dartloom_space::{Gene, Space, WeightTable};
use serde::{Deserialize, Serialize};

use super::{RELEASED, check};
use crate::assembly::{Assembly, DeadGenes};
use crate::cell::Cell;
use crate::rule::Rule;
use crate::{DecodeError, Decoded, Decoder, EmptyPolicy, NonePolicy, Note, TieBreak, identity};

/// The strongest in-edges of every node, each kept if its operation reaches a threshold.
///
/// For node `j` of a cell, with `W[i][o]` the weight of operation `o` on the edge from `i`
/// (`weights`, of a sigmoid), that edge's weight multiplied in where the table has any, and the
/// threshold `t` (`threshold`):
///
/// ```text
/// kept  = the `edges` edges i with the largest max_o W[i][o]
/// op(i) = argmax_o W[i][o]                 for each kept i with W[i][op(i)] >= t
/// ```
///
/// Chu et al., *Fair DARTS*, ECCV 2020, section 4, `threshold_sparse` of its released code and of
/// D-DARTS', which applies it to every cell. Genes stand node by node and within a node from the
/// strongest to the weakest edge. Cost: `O(E |O| log |O|)` for `E` edges.
///
/// # Differences from the paper
/// The papers do not say what becomes of a node that loses every edge. Here it drops out, and with
/// it the edges that start there ([`EmptyPolicy::Skip`]); a cell of nothing is an error. The
/// released code ([`DeadGenes::Keep`]) lists the genes that start at such a node, and its network
/// fails where a node has no other. Ties as in [`TopK`](crate::TopK).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SparseThreshold {
    /// Least weight of a kept operation, itself included.
    pub threshold: f64,
    /// Edges that may stay per node, 1 or more.
    pub edges: usize,
    /// The rule that chooses among equal operations and among equal edges.
    pub ties: TieBreak,
    /// The treatment of operations that cut the edge.
    pub none: NonePolicy,
    /// The treatment of nodes without edges.
    pub empty: EmptyPolicy,
    /// The fate of genes that start at an empty node.
    pub dead: DeadGenes,
}

impl Default for SparseThreshold {
    /// Two edges at 0.85, as released; empty nodes drop out with what starts there.
    fn default() -> Self {
        Self {
            threshold: RELEASED,
            edges: 2,
            ties: TieBreak::LowestIndex,
            none: NonePolicy::Exclude,
            empty: EmptyPolicy::Skip,
            dead: DeadGenes::Drop,
        }
    }
}

impl Decoder for SparseThreshold {
    /// # Errors
    /// [`DecodeError::Threshold`], [`DecodeError::NoEdges`], and as
    /// [`TopK::decode`](crate::TopK).
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        check(self.threshold)?;
        if self.edges == 0 {
            return Err(DecodeError::NoEdges { found: 0 });
        }
        let ties = self.ties;
        let none = self.none;
        let empty = self.empty;
        let rule = Rule { keep: Some(self.edges), ties, none, empty };
        let assembly = Assembly { ties, empty, dead: self.dead };
        assembly.decode(space, weights, |cell, node, notes| self.node(rule, cell, node, notes))
    }

    fn identity(&self) -> Option<String> {
        identity::of("SparseThreshold", self)
    }
}

impl SparseThreshold {
    fn node(&self, rule: Rule, cell: &Cell<'_>, node: usize, notes: &mut Vec<Note>) -> Vec<Gene> {
        let mut genes = Vec::new();
        for row in rule.kept(cell, node, notes) {
            let ranked = cell.ops_of(row, self.none != NonePolicy::Exclude, self.ties);
            let weight = ranked.best().map_or(f64::NEG_INFINITY, |(_, weight)| weight);
            let Some(gene) = rule.choose(cell, row, notes) else { continue };
            if weight >= self.threshold {
                genes.push(gene);
            } else {
                let edge = cell.edge(row);
                let threshold = self.threshold;
                notes.push(Note::Below { edge, op: gene.op, weight, threshold });
            }
        }
        genes
    }
}
