//! Spaces and data as small as possible.

use dartloom_data::{Dataset, InMemory, Subset, digits};
use dartloom_ops::Registry;
use dartloom_space::{Build, OpSet, Shape, Space, Stem};
use dartloom_task::Classification;

pub(crate) fn registry() -> Registry {
    Registry::standard().unwrap()
}

/// A chain of three cells of one or two nodes.
pub(crate) fn space(ops: OpSet, nodes: usize) -> Space {
    Space::darts(ops, 3, nodes, Stem::cifar(2)).unwrap()
}

pub(crate) fn two_ops() -> OpSet {
    registry().op_set("two", &["skip_connect", "sep_conv_3x3"]).unwrap()
}

pub(crate) fn first_digits(count: usize) -> Subset<InMemory> {
    Subset::new(digits().train, (0..count).collect()).unwrap()
}

pub(crate) fn build(data: &dyn Dataset, channels: usize) -> Build {
    let shape = data.shape();
    let input = Shape::new(shape.channels, shape.height, shape.width);
    Build::new(channels, 10, input)
}

/// Every kind of operation, "none" among them.
pub(crate) fn four_ops() -> OpSet {
    let names = ["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"];
    registry().op_set("four", &names).unwrap()
}

/// One of the ten digits.
pub(crate) fn task() -> Classification {
    Classification::new(10).unwrap()
}
