//! Policies for cases that a rule's formula leaves open.

use std::cmp::Reverse;

use rand::RngCore;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The rule that chooses among equal candidates.
///
/// Operations count in the order of their set, edges in the row order of their cell (sources
/// ascending).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TieBreak {
    /// The first one, as the released DARTS code does for operations and edges.
    #[default]
    LowestIndex,
    /// The last one.
    HighestIndex,
    /// A random one. The draw depends on the seed and on the place of the tie, not on other ties.
    Seeded(u64),
}

/// The treatment of operations that cut the edge ("none").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NonePolicy {
    /// They neither rank an edge nor are chosen, however heavy (DARTS).
    #[default]
    Exclude,
    /// They do not rank an edge, but an edge is cut if they are its heaviest operation (the
    /// Auto-DeepLab ports). The same as `Include` if edges are not ranked.
    ExcludeFromRank,
    /// They rank an edge and can be chosen, which cuts it (NAS-Bench-201).
    Include,
}

/// The treatment of a node whose edges are all cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EmptyPolicy {
    /// Decoding fails and names the node.
    #[default]
    Error,
    /// The node keeps the edge with the heaviest operation that does not cut, with that operation.
    KeepBest,
    /// The node drops out, and with it every edge that starts there. A cell without any output
    /// node left is an error.
    Skip,
}

/// The place of a tie: the key of a seeded draw.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Among the edges into a node of a cell.
    Node { cell: usize, node: usize },
    /// Among the operations of a row of a cell.
    Row { cell: usize, row: usize },
    /// Among the ways into a placed cell, or to the head.
    Path { placement: Option<usize> },
}

impl Place {
    fn stream(self) -> u64 {
        let (cell, item, kind) = match self {
            Self::Node { cell, node } => (cell, node, 0),
            Self::Row { cell, row } => (cell, row, 1),
            // Beyond all cells.
            Self::Path { placement } => {
                (1 << 20, placement.unwrap_or(0), u64::from(placement.is_none()))
            }
        };
        ((cell as u64) << 32) | ((item as u64) << 1) | kind
    }
}

impl TieBreak {
    /// One key per candidate; among equals the smallest key is taken.
    pub(crate) fn keys(self, candidates: usize, place: Place) -> Vec<Key> {
        match self {
            Self::LowestIndex => (0..candidates).map(Key::Ascending).collect(),
            Self::HighestIndex => (0..candidates).map(|i| Key::Descending(Reverse(i))).collect(),
            Self::Seeded(seed) => {
                let mut noise = ChaCha8Rng::seed_from_u64(seed);
                noise.set_stream(place.stream());
                (0..candidates).map(|_| Key::Drawn(noise.next_u64())).collect()
            }
        }
    }
}

/// Order among equal candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Ascending(usize),
    Descending(Reverse<usize>),
    Drawn(u64),
}
