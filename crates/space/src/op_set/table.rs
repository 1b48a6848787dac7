//! The one place where operation names meet recipes.

use super::OpSpec;
use crate::{Pair, Stage, Stride, When, Width};

/// Names [`OpSet::builtin`](super::OpSet::builtin) knows.
pub(super) const SET_NAMES: [&str; 7] =
    ["S", "O_base", "S_o", "O_large", "nasbench201", "dints", "all"];

/// DARTS' eight operations in DARTS' order (arXiv 1806.09055, section 3.1.1); also O_base of the
/// Preligens study.
const O_BASE: [&str; 8] = [
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
];

/// The twelve operations of DARTOpti (D-DARTS section 4.4).
const S_O: [&str; 12] = [
    "conv_3x1_1x3",
    "conv_7x1_1x7",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "simple_conv_1x1",
    "simple_conv_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "bottleneck_1x3x1",
];

/// The eleven operations of the Preligens study, section 4.2.
const O_LARGE: [&str; 11] = [
    "conv2d_1",
    "conv2d_2",
    "conv2d_3",
    "depthconv2d_1",
    "depthconv2d_2",
    "depthconv2d_3",
    "splitconv2d_1",
    "splitconv2d_2",
    "splitconv2d_3",
    "skip_connect",
    "cut",
];

const NASBENCH_201: [&str; 5] =
    ["none", "skip_connect", "simple_conv_1x1", "simple_conv_3x3", "avg_pool_3x3"];

/// The operations of a built-in set, in order.
pub(super) fn members(set: &str) -> Option<Vec<OpSpec>> {
    let names: &[&str] = match set {
        "S" => &O_BASE[1..],
        "O_base" => &O_BASE,
        "S_o" => &S_O,
        "O_large" => &O_LARGE,
        "nasbench201" => &NASBENCH_201,
        "dints" => &["skip_connect", "simple_conv_3x3"],
        "all" => return Some(all()),
        _ => return None,
    };
    let all = all();
    Some(names.iter().filter_map(|name| all.iter().find(|op| op.name == *name).cloned()).collect())
}

fn all() -> Vec<OpSpec> {
    let mut ops = vec![
        OpSpec::new("none", [Stage::Zero]),
        pool("max_pool_3x3", |kernel, stride| Stage::MaxPool { kernel, stride }),
        pool("avg_pool_3x3", |kernel, stride| Stage::AvgPool { kernel, stride }),
        OpSpec::new("skip_connect", [Stage::Identity]).with_strided([
            Stage::Relu,
            Stage::FactorizedReduce { out: Width::Same },
            NORM,
        ]),
        separable("sep_conv_3x3", 3),
        separable("sep_conv_5x5", 5),
        dilated("dil_conv_3x3", 3),
        dilated("dil_conv_5x5", 5),
        separable("sep_conv_7x7", 7),
        cross("conv_3x1_1x3", 3),
        cross("conv_7x1_1x7", 7),
        dense("simple_conv_1x1", 1),
        dense("simple_conv_3x3", 3),
        dense("simple_conv_5x5", 5),
        bottleneck(),
        OpSpec::new("cut", [Stage::Zero]),
    ];
    for (size, kernel) in [(1, 3), (2, 5), (3, 7)] {
        ops.push(dense(&format!("conv2d_{size}"), kernel));
        ops.push(depthwise(&format!("depthconv2d_{size}"), kernel));
        ops.push(split(&format!("splitconv2d_{size}"), kernel));
    }
    ops
}

const NORM: Stage = Stage::Norm { when: When::Always };
const POINTWISE: Stage = Stage::Pointwise { out: Width::Same, stride: Stride::Unit };

fn taps(kernel: usize, dilation: usize, stride: Stride) -> Stage {
    Stage::Depthwise { kernel: Pair::both(kernel), dilation: Pair::both(dilation), stride }
}

fn conv(kernel: Pair, stride: Stride) -> Stage {
    Stage::Conv { kernel, out: Width::Same, dilation: Pair::both(1), stride, groups: 1 }
}

/// Pooling; supernets normalise its output, derived networks do not.
fn pool(name: &str, stage: impl Fn(Pair, Stride) -> Stage) -> OpSpec {
    OpSpec::new(name, [stage(Pair::both(3), Stride::Edge), Stage::Norm { when: When::Search }])
}

/// Depthwise-separable convolution applied twice; only the first carries the stride.
fn separable(name: &str, kernel: usize) -> OpSpec {
    let half = |stride| [Stage::Relu, taps(kernel, 1, stride), POINTWISE, NORM];
    OpSpec::new(name, [half(Stride::Edge), half(Stride::Unit)].concat())
}

fn dilated(name: &str, kernel: usize) -> OpSpec {
    OpSpec::new(name, [Stage::Relu, taps(kernel, 2, Stride::Edge), POINTWISE, NORM])
}

/// A `1 x k` convolution that strides along the width, then a `k x 1` one along the height.
fn cross(name: &str, kernel: usize) -> OpSpec {
    let row = conv(Pair::new(1, kernel), Stride::Width);
    let column = conv(Pair::new(kernel, 1), Stride::Height);
    OpSpec::new(name, [Stage::Relu, row, column, NORM])
}

/// A `k x 1` convolution, then a `1 x k` one: the spatially separable convolution of O_large.
fn split(name: &str, kernel: usize) -> OpSpec {
    let column = conv(Pair::new(kernel, 1), Stride::Height);
    let row = conv(Pair::new(1, kernel), Stride::Width);
    OpSpec::new(name, [Stage::Relu, column, row, NORM])
}

fn dense(name: &str, kernel: usize) -> OpSpec {
    OpSpec::new(name, [Stage::Relu, conv(Pair::both(kernel), Stride::Edge), NORM])
}

fn depthwise(name: &str, kernel: usize) -> OpSpec {
    OpSpec::new(name, [Stage::Relu, taps(kernel, 1, Stride::Edge), NORM])
}

/// ReLU, 1x1, norm, 3x3 with the stride, norm, 1x1 to four times the width, norm, ReLU, 1x1 back,
/// norm; no inner residual.
fn bottleneck() -> OpSpec {
    let wide = Stage::Pointwise { out: Width::Times(4), stride: Stride::Unit };
    let middle = conv(Pair::both(3), Stride::Edge);
    OpSpec::new(
        "bottleneck_1x3x1",
        [Stage::Relu, POINTWISE, NORM, middle, NORM, wide, NORM, Stage::Relu, POINTWISE, NORM],
    )
}
