//! The calls that every implementation is held to.

use super::case::{Call, Case, Content};
use crate::{ConvSpec, PoolSpec, Statistics};

/// Square windows, strides and paddings, as the spaces have them.
const fn conv(stride: usize, dilation: usize, padding: usize, groups: usize) -> ConvSpec {
    ConvSpec {
        stride: (stride, stride),
        dilation: (dilation, dilation),
        padding: (padding, padding),
        groups,
    }
}

const fn pool(kernel: usize, stride: usize, padding: usize) -> PoolSpec {
    PoolSpec { kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding) }
}

/// Input, weight and how it slides.
const CONVOLUTIONS: &[([usize; 4], [usize; 4], ConvSpec)] = &[
    // Pointwise: a channel count that is no multiple of 8, one pixel, one image, stride 2.
    ([2, 5, 4, 3], [7, 5, 1, 1], conv(1, 1, 0, 1)),
    ([2, 16, 1, 1], [8, 16, 1, 1], conv(1, 1, 0, 1)),
    ([1, 8, 3, 3], [8, 8, 1, 1], conv(1, 1, 0, 1)),
    ([2, 4, 5, 7], [6, 4, 1, 1], conv(2, 1, 0, 1)),
    ([3, 36, 7, 5], [12, 36, 1, 1], conv(1, 1, 0, 1)),
    // Depthwise 3x3 and 5x5, plain, dilated, strided.
    ([2, 3, 7, 5], [3, 1, 3, 3], conv(1, 1, 1, 3)),
    ([1, 9, 6, 6], [9, 1, 5, 5], conv(1, 1, 2, 9)),
    ([2, 8, 8, 8], [8, 1, 3, 3], conv(2, 1, 1, 8)),
    ([2, 5, 9, 7], [5, 1, 5, 5], conv(2, 1, 2, 5)),
    ([2, 4, 9, 9], [4, 1, 3, 3], conv(1, 2, 2, 4)),
    ([2, 4, 11, 11], [4, 1, 5, 5], conv(2, 2, 4, 4)),
    ([1, 1, 17, 19], [1, 1, 3, 3], conv(1, 1, 1, 1)),
    // Dilated beyond the plane: most taps meet padding alone.
    ([2, 3, 1, 1], [3, 1, 5, 5], conv(1, 2, 4, 3)),
    ([1, 6, 2, 3], [6, 1, 5, 5], conv(1, 2, 4, 6)),
    ([2, 3, 3, 2], [3, 1, 3, 3], conv(2, 4, 4, 3)),
    ([2, 2, 3, 3], [4, 2, 3, 3], conv(1, 3, 3, 1)),
    // Dense and grouped, and no two axes alike.
    ([2, 3, 8, 8], [16, 3, 3, 3], conv(1, 1, 1, 1)),
    ([1, 6, 5, 5], [9, 2, 3, 3], conv(2, 1, 1, 3)),
    ([2, 9, 7, 5], [12, 9, 3, 3], conv(1, 1, 1, 1)),
    ([1, 17, 4, 6], [8, 17, 3, 3], conv(1, 1, 0, 1)),
    (
        [2, 4, 6, 9],
        [3, 4, 1, 7],
        ConvSpec { stride: (1, 2), dilation: (1, 1), padding: (0, 3), groups: 1 },
    ),
    (
        [2, 4, 9, 6],
        [4, 1, 3, 2],
        ConvSpec { stride: (2, 3), dilation: (3, 1), padding: (1, 2), groups: 4 },
    ),
];

/// Input and window.
const POOLINGS: &[([usize; 4], PoolSpec)] = &[
    ([2, 5, 7, 6], pool(3, 1, 1)),
    ([2, 5, 7, 6], pool(3, 2, 1)),
    ([1, 9, 8, 8], pool(2, 2, 0)),
    ([2, 3, 1, 1], pool(3, 1, 1)),
    ([2, 3, 1, 1], pool(3, 2, 1)),
    ([1, 1, 2, 5], pool(1, 1, 0)),
    ([1, 4, 9, 9], pool(5, 3, 2)),
    ([2, 3, 6, 8], PoolSpec { kernel: (2, 5), stride: (3, 1), padding: (1, 0) }),
];

/// Shapes of images to rectify, normalise or enlarge; more than one value per channel.
const IMAGES: [[usize; 4]; 5] =
    [[2, 3, 1, 1], [1, 5, 3, 7], [2, 8, 4, 4], [3, 36, 7, 5], [4, 1, 9, 11]];

const STATISTICS: [Statistics; 3] = [Statistics::Update, Statistics::Freeze, Statistics::BatchOnly];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |input: [usize; 4], content, call| cases.push(Case { input, content, call });
    for &(input, weight, spec) in CONVOLUTIONS {
        add(input, Content::Values, Call::Conv2d { weight, spec });
    }
    for &(input, spec) in POOLINGS {
        for content in [Content::Values, Content::Ties, Content::NotFinite] {
            add(input, content, Call::MaxPool2d(spec));
        }
        for count_padding in [false, true] {
            add(input, Content::Values, Call::AvgPool2d { spec, count_padding });
        }
    }
    for input in IMAGES {
        for content in [Content::Values, Content::Ties, Content::NotFinite] {
            add(input, content, Call::Relu);
        }
        for statistics in STATISTICS {
            for affine in [false, true] {
                add(input, Content::Values, Call::BatchNorm { affine, statistics });
            }
        }
        for factor in [(1, 1), (2, 2), (3, 1)] {
            add(input, Content::Values, Call::UpsampleNearest2d { factor });
        }
    }
    cases
}
