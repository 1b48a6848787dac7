//! The rule of DARTS.

use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::rule::Rule;
use crate::{DecodeError, Decoded, Decoder, EmptyPolicy, NonePolicy, TieBreak, identity};

/// The strongest in-edges of every node, each with its strongest operation.
///
/// For node `j` of a cell, with `W[i][o]` the weight of operation `o` on the edge from `i`
/// (`weights`) and `B[i]` that edge's weight where the table has any (1 otherwise):
///
/// ```text
/// strength(i) = max_o B[i] W[i][o]            over o != none under NonePolicy::Exclude
/// kept        = the `edges` strongest edges   (all, where there are fewer)
/// op(i)       = argmax_o B[i] W[i][o]         for each kept i, o != none under Exclude
/// ```
///
/// Genes stand node by node and within a node from the strongest to the weakest edge. This is
/// section 2.4 of Liu, Simonyan and Yang, *DARTS: Differentiable Architecture Search*, ICLR 2019;
/// with edge weights it is the rule of Xu et al., *PC-DARTS*, ICLR 2020. Cost: `O(E |O| log |O|)`
/// for `E` edges.
///
/// # Differences from the paper
/// The paper leaves ties open. [`TopK::darts`] breaks them as its released code does: equal
/// operations by the lowest index, equal edges by the lowest predecessor. Edge weights must not
/// be negative: the papers that multiply by raw edge logits would choose the *worst* operation
/// where a logit is below 0, so pass them softmaxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopK {
    /// Edges kept per node, 1 or more.
    pub edges: usize,
    /// The rule that chooses among equal operations and among equal edges.
    pub ties: TieBreak,
    /// The treatment of operations that cut the edge.
    pub none: NonePolicy,
    /// The treatment of nodes without edges.
    pub empty: EmptyPolicy,
}

impl TopK {
    /// The rule as the released code has it: two edges, lowest index first, "none" excluded.
    pub const fn darts() -> Self {
        Self {
            edges: 2,
            ties: TieBreak::LowestIndex,
            none: NonePolicy::Exclude,
            empty: EmptyPolicy::Error,
        }
    }
}

impl Default for TopK {
    /// [`TopK::darts`].
    fn default() -> Self {
        Self::darts()
    }
}

impl Decoder for TopK {
    /// # Errors
    /// [`DecodeError::Table`], [`DecodeError::EdgeWeight`], [`DecodeError::NoEdges`],
    /// [`DecodeError::NoOperation`], [`DecodeError::EmptyNode`], [`DecodeError::EmptyCell`].
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        if self.edges == 0 {
            return Err(DecodeError::NoEdges { found: 0 });
        }
        let keep = Some(self.edges);
        Rule { keep, ties: self.ties, none: self.none, empty: self.empty }.decode(space, weights)
    }

    fn identity(&self) -> Option<String> {
        identity::of("TopK", self)
    }
}

#[cfg(test)]
mod tests;
