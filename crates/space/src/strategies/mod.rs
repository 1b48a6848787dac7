//! Strategies for property tests (feature `proptest`): arbitrary valid values of this crate.
//!
//! [`space`] and [`genotype`] are any values that can be made, whether shapes fit or not;
//! [`buildable_space`] can be lowered at the image side it comes with, and [`weights_of`] gives
//! weight tables that belong to a space.

mod genotypes;
mod operations;
mod spaces;

pub use genotypes::{cell_genotype, genotype, weight_table, weights_of};
pub use operations::{op_name, op_set, op_spec, stage};
pub use spaces::{buildable_space, cell_graph, network, space, stem};
