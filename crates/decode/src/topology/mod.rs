//! Topologies of layered lattices whose links may be on together, as in DiNTS.

mod best;
mod block;
mod budget;
mod chances;
mod costs;
mod count;
mod error;
mod grouped;
mod lattice;

pub use best::RatedTopology;
pub use block::Block;
pub use budget::EdgeBudget;
pub use chances::EdgeChances;
pub use costs::PatternCost;
pub use count::TopologyCounts;
pub use error::TopologyError;
pub use lattice::{Topology, TopologyLattice};

#[cfg(test)]
mod tests;
