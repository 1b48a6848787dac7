#![doc = include_str!("../README.md")]

mod arch_weights;
mod blueprint;
mod cell;
pub mod distance;
mod drawing;
mod error;
mod format;
mod genotype;
mod graph;
pub mod hand_made;
mod layer;
pub mod nasbench201;
pub mod nasbench_macro;
mod network;
mod op_set;
mod outputs;
mod pair;
mod recipe;
mod size;
mod space;
#[cfg(feature = "proptest")]
pub mod strategies;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod text;
pub mod topology;
mod weights;

pub use arch_weights::{ArchWeights, CellId, CellWeights, LogitId, PortId};
pub use blueprint::{
    AuxPlan, Blueprint, Build, Candidate, CellPlan, Cost, EdgePlan, HeadPlan, InputPlan,
    PartialPlan, Phase, PortPlan, StemPlan, TransformPlan,
};
pub use cell::{CellGraph, CellSpec, Edge};
pub use drawing::{Drawing, DrawnEdge, DrawnNode, DrawnPart, EdgeLabel, Line};
pub use error::SpaceError;
pub use genotype::{CellGenotype, Gene, Genotype, Layout, Links, NodeOrder, PortLinks};
pub use hand_made::graph::{Graph, GraphBuilder, GraphInput, GraphNode, Join};
pub use layer::{Layer, Resize, Shape};
pub use network::{
    Activation, Aux, AuxHead, Begin, Chain, ConfiguredStem, Dropout, Head, Hidden, Lattice,
    LatticeCells, Link, LinkWeights, Network, Placement, Port, PortChoice, Repeats, Source, Stem,
    WeighedLink,
};
pub use num_bigint::BigUint;
pub use op_set::{OpSet, OpSpec};
pub use outputs::Outputs;
pub use pair::Pair;
pub use recipe::{Lowering, Recipe, Stage, Stride, When, Width};
pub use size::{SpaceSize, darts_size};
pub use space::{CellOutput, Space};
pub use weights::{CellTable, WeightTable};
