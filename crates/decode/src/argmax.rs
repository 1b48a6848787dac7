//! The strongest operation of every edge.

use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::rule::Rule;
use crate::{DecodeError, Decoded, Decoder, EmptyPolicy, NonePolicy, TieBreak, identity};

/// Every edge with its strongest operation.
///
/// With `W[e][o]` the weight of operation `o` on edge `e` (`weights`) and `B[e]` that edge's
/// weight, or 1 if the table has none: `op(e) = argmax_o B[e] W[e][o]`. If "none" is included and
/// wins, the edge is cut: it has no gene. Genes are listed in the cell's row order. This is how
/// NAS-Bench-201 cells are derived from a search (Dong and Yang, ICLR 2020); with edge weights it
/// is equation 9 of the Preligens study of differentiable search. Cost: `O(E |O| log |O|)` for `E`
/// edges.
///
/// # Differences from the paper
/// Edge weights must not be negative. A positive edge weight does not change which operation of its
/// row is strongest, and zero makes them all equal. The raw logit of the equation would turn argmax
/// into argmin if it is below 0, so pass it through a softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Argmax {
    /// The rule that chooses among equal operations.
    pub ties: TieBreak,
    /// The treatment of operations that cut the edge.
    pub none: NonePolicy,
    /// The treatment of nodes without edges.
    pub empty: EmptyPolicy,
}

impl Argmax {
    /// The rule of NAS-Bench-201: "none" can win and cuts the edge; a node without edges drops
    /// out.
    pub const fn nasbench201() -> Self {
        Self { ties: TieBreak::LowestIndex, none: NonePolicy::Include, empty: EmptyPolicy::Skip }
    }
}

impl Default for Argmax {
    /// [`Argmax::nasbench201`].
    fn default() -> Self {
        Self::nasbench201()
    }
}

impl Decoder for Argmax {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::EdgeWeight`], [`DecodeError::NoOperation`],
    /// [`DecodeError::EmptyNode`], [`DecodeError::EmptyCell`].
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        let ties = self.ties;
        let none = self.none;
        let empty = self.empty;
        Rule { keep: None, ties, none, empty }.decode(space, weights)
    }

    fn identity(&self) -> Option<String> {
        identity::of("Argmax", self)
    }
}

#[cfg(test)]
mod tests;
