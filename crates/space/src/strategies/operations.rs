//! Arbitrary operations.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::{OpSet, OpSpec, Pair, Recipe, Stage, Stride, When, Width};

fn pair(values: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Pair> {
    (values.clone(), values).prop_map(|(height, width)| Pair { height, width })
}

fn kernel() -> impl Strategy<Value = Pair> {
    pair(0..=4).prop_map(|half| Pair::new(2 * half.height + 1, 2 * half.width + 1))
}

fn stride() -> impl Strategy<Value = Stride> {
    prop_oneof![Just(Stride::Unit), Just(Stride::Edge), Just(Stride::Height), Just(Stride::Width)]
}

fn width() -> impl Strategy<Value = Width> {
    prop_oneof![
        Just(Width::Same),
        (1_usize..=8).prop_map(Width::Times),
        (1_usize..=8).prop_map(Width::Over),
    ]
}

/// Any stage that an operation may have.
pub fn stage() -> impl Strategy<Value = Stage> {
    let when = prop_oneof![Just(When::Always), Just(When::Search), Just(When::Retrain)];
    let conv = (kernel(), width(), pair(1..=3), stride(), 1_usize..=4);
    prop_oneof![
        Just(Stage::Relu),
        Just(Stage::Identity),
        Just(Stage::Zero),
        when.prop_map(|when| Stage::Norm { when }),
        pair(1..=4).prop_map(|factor| Stage::Upsample { factor }),
        width().prop_map(|out| Stage::FactorizedReduce { out }),
        (width(), stride()).prop_map(|(out, stride)| Stage::Pointwise { out, stride }),
        (kernel(), stride()).prop_map(|(kernel, stride)| Stage::MaxPool { kernel, stride }),
        (kernel(), stride()).prop_map(|(kernel, stride)| Stage::AvgPool { kernel, stride }),
        (kernel(), pair(1..=3), stride()).prop_map(|(kernel, dilation, stride)| {
            Stage::Depthwise { kernel, dilation, stride }
        }),
        conv.prop_map(|(kernel, out, dilation, stride, groups)| {
            Stage::Conv { kernel, out, dilation, stride, groups }
        }),
    ]
}

/// Any name an operation may have.
pub fn op_name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_+-]{1,12}"
}

/// Any operation: with recipes, or built from code.
pub fn op_spec() -> impl Strategy<Value = OpSpec> {
    let recipe = || option::of(vec(stage(), 1..6).prop_map(Recipe));
    let parts = (op_name(), recipe(), recipe());
    parts.prop_map(|(name, recipe, strided)| OpSpec { name, recipe, strided })
}

/// Any set of one to five operations.
pub fn op_set() -> impl Strategy<Value = OpSet> {
    let parts = ("\\PC{0,10}", vec(op_spec(), 1..=5));
    parts.prop_filter_map("a valid set", |(name, mut ops)| {
        for (index, op) in ops.iter_mut().enumerate() {
            op.name = format!("{}_{index}", op.name);
        }
        OpSet::new(name, ops).ok()
    })
}
