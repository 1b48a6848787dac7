//! Small spaces and sets of operations, for tests (feature `testkit`).
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "made of built-in operations for tests, where an error is a failing test"
)]

use crate::{OpSet, OpSpec, Space, Stage, Stem, Width};

/// A DARTS chain of three cells with `nodes` nodes each, behind a stem twice as wide as the cells.
pub fn chain(ops: OpSet, nodes: usize) -> Space {
    Space::darts(ops, 3, nodes, Stem::cifar(2)).expect("a chain of three cells is valid")
}

/// Built-in operations by name.
pub fn ops(set: &str, names: &[&str]) -> OpSet {
    let all = OpSet::builtin("all").expect("the set of all operations is built in");
    all.subset(set, names).expect("the operations are built in")
}

/// One operation without parameters and one with some.
pub fn two_ops() -> OpSet {
    ops("two", &["skip_connect", "sep_conv_3x3"])
}

/// Every kind of operation, "none" among them.
pub fn four_ops() -> OpSet {
    ops("four", &["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"])
}

/// The set `mine`: a built-in operation, and `rest`, a recipe that no standard registry knows.
pub fn unregistered() -> OpSet {
    let rest = OpSpec::new("rest", [Stage::Identity])
        .with_strided([Stage::FactorizedReduce { out: Width::Same }]);
    let mine = [rest].into_iter().chain(ops("known", &["sep_conv_3x3"]).ops().to_vec());
    OpSet::new("mine", mine.collect()).expect("two operations of two names are a set")
}
