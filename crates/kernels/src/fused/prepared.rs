//! The parameters of a block in the form its loops read.

use super::block::{Block, Spatial};
use super::window::Window;
use crate::simd::{Packed, Tap};

/// A block's parameters, for the way forward and the way back.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    /// Taps of every channel's filter.
    pub(super) taps: Vec<Tap>,
    /// Filters of a square window, reversed on the way back.
    pub(super) weights: Vec<f32>,
    /// One operand per group of the 1x1 convolution.
    pub(super) pointwise: Vec<Packed>,
}

impl Prepared {
    pub(super) fn forward(block: &Block, parameters: &[f32]) -> Self {
        let taps = match &block.spatial {
            Spatial::Depthwise { window, weight } if window.square.is_none() => {
                let taps = window.sizes.taps();
                let weights = &parameters[*weight..][..taps * block.input.channels];
                window.sliding.taps(weights)
            }
            Spatial::Average { window, .. } => window.sliding.taps(&ones(window)),
            _ => Vec::new(),
        };
        let pointwise = block.pointwise.as_ref().map_or_else(Vec::new, |pointwise| {
            let inputs = pointwise.inputs;
            let pack = |&(place, outputs): &(usize, usize)| {
                Packed::new(outputs, inputs, |row, k| parameters[place + row * inputs + k])
            };
            pointwise.groups.iter().map(pack).collect()
        });
        let weights = square(block, parameters).map_or_else(Vec::new, <[f32]>::to_vec);
        Self { taps, weights, pointwise }
    }

    /// Taps come channel by channel, within it phase by phase.
    pub(super) fn backward(block: &Block, parameters: &[f32]) -> Self {
        let taps = match &block.spatial {
            Spatial::Depthwise { window, weight } if window.square.is_none() => {
                let count = window.sizes.taps();
                let filters = &parameters[*weight..][..count * block.input.channels];
                window.sliding.back.taps(filters, count)
            }
            Spatial::Average { window, .. } => {
                window.sliding.back.taps(&ones(window), window.sizes.taps())
            }
            _ => Vec::new(),
        };
        let pointwise = block.pointwise.as_ref().map_or_else(Vec::new, |pointwise| {
            let inputs = pointwise.inputs;
            let pack = |&(place, outputs): &(usize, usize)| {
                Packed::new(inputs, outputs, |row, k| parameters[place + k * inputs + row])
            };
            pointwise.groups.iter().map(pack).collect()
        });
        let weights = square(block, parameters).map_or_else(Vec::new, |filters| {
            let count = filters.len() / block.input.channels.max(1);
            filters.chunks(count.max(1)).flat_map(|filter| filter.iter().rev().copied()).collect()
        });
        Self { taps, weights, pointwise }
    }
}

/// The filters of a depthwise convolution with a square window.
fn square<'a>(block: &Block, parameters: &'a [f32]) -> Option<&'a [f32]> {
    match &block.spatial {
        Spatial::Depthwise { window, weight } if window.square.is_some() => {
            Some(&parameters[*weight..][..window.sizes.taps() * block.input.channels])
        }
        _ => None,
    }
}

/// The filter of a sum.
fn ones(window: &Window) -> Vec<f32> {
    vec![1.0; window.sizes.taps()]
}
