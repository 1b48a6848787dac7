#![doc = include_str!("../README.md")]

mod argmax;
mod assembly;
mod builtin;
mod cell;
mod constrained;
mod dag;
mod decoder;
mod dominance;
mod edge_weighted;
mod encoding;
mod error;
mod identity;
mod levels;
mod note;
mod paths;
mod policy;
mod rank;
mod rule;
mod scale;
#[cfg(test)]
mod testing;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod threshold;
mod top_k;
mod topology;

pub use argmax::Argmax;
pub use assembly::DeadGenes;
pub use builtin::{ConfiguredDecoder, ConfiguredPaths, builtin, builtin_names};
pub use constrained::{Budget, Constrained, OpCost, OpCosts};
pub use dag::{
    BestOfDag, Dag, DagEdge, DagError, DagPath, DagTie, RankedPaths, ScoreStatistics, SeveralPaths,
};
pub use decoder::{Decoded, Decoder};
pub use dominance::dominant_share;
pub use edge_weighted::EdgeWeighted;
pub use encoding::{Encoding, Unlisted};
pub use error::DecodeError;
pub use levels::{Border, LevelPath, LevelShares};
pub use note::{EdgeIn, Note};
pub use paths::{
    BestPath, BudgetSize, DecodedPaths, Entry, FeasibleTopology, LinkBudget, Linked, MeanOver,
    MultiPath, Path, PathCount, PathDecoder, PathNote, Spread, Transitions, decode_network,
};
pub use policy::{EmptyPolicy, NonePolicy, TieBreak};
pub use scale::{OffScale, Scale};
pub use threshold::{EdgeThreshold, SparseThreshold};
pub use top_k::TopK;
pub use topology::{
    Block, EdgeBudget, EdgeChances, PatternCost, RatedTopology, Topology, TopologyCounts,
    TopologyError, TopologyLattice,
};
