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
                let offsets = window.offsets.iter().cycle();
                let pair = |(&offset, &weight)| Tap { offset, weight };
                offsets.zip(weights).map(pair).collect()
            }
            Spatial::Average { window, .. } => ones(window.offsets.iter().copied()),
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
                let filters = parameters[*weight..][..count * block.input.channels].chunks(count);
                filters.flat_map(|filter| back_taps(window, |tap| filter[tap])).collect()
            }
            Spatial::Average { window, .. } => back_taps(window, |_| 1.0).collect(),
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

fn ones(offsets: impl Iterator<Item = usize>) -> Vec<Tap> {
    offsets.map(|offset| Tap { offset, weight: 1.0 }).collect()
}

fn back_taps(window: &Window, weight: impl Fn(usize) -> f32) -> impl Iterator<Item = Tap> {
    let taps = window.back.phases.iter().flat_map(|phase| &phase.taps);
    taps.map(move |&(offset, tap)| Tap { offset, weight: weight(tap) })
}
