//! The patterns of a block by the nodes they read and write, without a list of all patterns.

use std::collections::BTreeMap;

use super::block::Joint;
use super::{Block, TopologyError};

/// The most groups of patterns of a block, and the most states of a column.
pub const MOST_STATES: usize = 1 << 20;

/// A value per group of patterns that read and write the same nodes.
pub type Groups<T> = BTreeMap<Joint, T>;

/// The rules by which values of patterns are summed up.
pub trait Algebra {
    /// The value of a group.
    type Value;

    /// The value of no edge.
    fn none(&self) -> Self::Value;

    /// A value with one more edge, off (`false`) or on; `None` where that is impossible.
    fn with(&self, value: &Self::Value, edge: usize, on: bool) -> Option<Self::Value>;

    /// The value of two sets of patterns together.
    fn either(&self, a: Self::Value, b: Self::Value) -> Self::Value;

    /// The number of states that a value stands for.
    fn states(&self, value: &Self::Value) -> usize;
}

/// The groups of a block's patterns. Edges are decided one after the other, and what has the same
/// nodes so far is summed up at once: as many steps as edges times groups, not `2^edges`. `index`
/// is that of the block, for messages.
///
/// # Errors
/// [`TopologyError::TooManyStates`] for more than [`MOST_STATES`].
pub fn groups<A: Algebra>(
    algebra: &A,
    block: &Block,
    index: usize,
) -> Result<Groups<A::Value>, TopologyError> {
    let mut groups = Groups::from([(Joint::default(), algebra.none())]);
    for edge in 0..block.edges().len() {
        groups = decided(algebra, block, edge, &groups);
        let states = groups.values().map(|value| algebra.states(value));
        if states.sum::<usize>() > MOST_STATES {
            return Err(TopologyError::TooManyStates { block: index, most: MOST_STATES });
        }
    }
    groups.remove(&Joint::default());
    Ok(groups)
}

/// Groups with one more edge.
pub(super) fn decided<A: Algebra>(
    algebra: &A,
    block: &Block,
    edge: usize,
    groups: &Groups<A::Value>,
) -> Groups<A::Value> {
    let ends = block.ends(edge);
    let mut next: Groups<A::Value> = BTreeMap::new();
    for (&joint, value) in groups {
        for on in [false, true] {
            let Some(value) = algebra.with(value, edge, on) else { continue };
            let joint = if on { joint.and(ends) } else { joint };
            let value = match next.remove(&joint) {
                Some(known) => algebra.either(known, value),
                None => value,
            };
            next.insert(joint, value);
        }
    }
    next
}
