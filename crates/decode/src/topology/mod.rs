//! Topologies of layered lattices whose links may be on together, as in DiNTS: their probabilities,
//! and the best of them.

mod best;
mod budget;
mod chances;
mod costs;

pub use best::RatedTopology;
pub use budget::EdgeBudget;
pub use chances::EdgeChances;
pub use costs::PatternCost;
pub use dartloom_space::topology::{
    Block, Topology, TopologyCounts, TopologyError, TopologyLattice,
};

#[cfg(test)]
mod tests;
