//! Topologies of layered lattices whose links may be on together, as in DiNTS: what is feasible,
//! how many there are, and uniform random ones.

mod block;
mod count;
mod error;
mod grouped;
mod lattice;
mod links;

pub use block::{Block, Edges, Joint, Nodes, listed};
pub use count::TopologyCounts;
pub use error::TopologyError;
pub use grouped::{Algebra, Groups, MOST_STATES, groups};
pub use lattice::{Topology, TopologyLattice};
pub use links::LinkTopologies;
