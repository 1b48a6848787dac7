//! The cost of a pattern.

use serde::{Deserialize, Serialize};

/// The cost of a pattern `m` of a block, with `eta(m)` its probability given that the block is not
/// empty:
///
/// ```text
/// eta(m) = prod over edges in m of s_e, prod over the others of (1 - s_e), over Z
/// Z      = 1 - prod over all edges of (1 - s_e)
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PatternCost {
    /// `-ln eta(m)`: the topology of the least cost is the most probable feasible one. Patterns of
    /// probability 0 are never taken.
    #[default]
    Exact,
    /// `-ln(eta(m) + 1e-5) + 0.001`, as in the released code of DiNTS: no pattern costs more than
    /// 11.52, so that very unlikely ones are hardly told apart.
    Released,
}

impl PatternCost {
    /// The cost of a pattern from `-ln eta` of it.
    #[must_use]
    pub fn of(self, surprise: f64) -> f64 {
        match self {
            Self::Exact => surprise,
            Self::Released => 0.001 - ((-surprise).exp() + 1e-5).ln(),
        }
    }

    /// `true` if a pattern of probability 0 has no cost.
    pub(super) fn refuses_impossible(self) -> bool {
        self == Self::Exact
    }
}

/// The parts of `-ln eta` of a block's patterns.
#[derive(Debug)]
pub(super) struct Surprise {
    edges: Vec<[f64; 2]>,
    /// Natural logarithm of the probability that the block is not empty.
    pub(super) log_not_empty: f64,
}

impl Surprise {
    pub(super) fn new(on: &[f64]) -> Self {
        let edges: Vec<[f64; 2]> = on.iter().map(|&on| [-(-on).ln_1p(), -on.ln()]).collect();
        Self { edges, log_not_empty: not_empty(on).ln() }
    }

    /// Minus the logarithm of the probability that an edge is off (`false`) or on.
    pub(super) fn of(&self, edge: usize, on: bool) -> f64 {
        self.edges[edge][usize::from(on)]
    }
}

/// `Z`: the probability that not every edge is off.
pub(super) fn not_empty(on: &[f64]) -> f64 {
    let off: f64 = on.iter().map(|&on| (-on).ln_1p()).sum();
    -off.exp_m1()
}
