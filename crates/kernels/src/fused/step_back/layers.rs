//! Gradients of the layers of a step.

use super::{LANE_TERMS, Moving, Read, Step};
use crate::fused::backward::GradientSlabs;
use crate::fused::block::{Block, Spatial};
use crate::fused::lines::Line;
use crate::fused::prepared::Prepared;
use crate::fused::scratch::{Scratch, room, run};
use crate::fused::spatial::spatial;
use crate::fused::spatial_back::SpatialBack;
use crate::simd::{Combine, LaneSums, Mask, Multiply, Outer, TapGradient, panel_len};

impl Step<'_> {
    /// Weight gradient of the 1x1 convolution: what it read is computed once more.
    pub(super) fn pointwise_weights(
        &self,
        read: Read<'_>,
        gradient: &[f32],
        parameters: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Read { block, forward, input } = read;
        let Some(pointwise) = &block.pointwise else { return };
        let mut middle = std::mem::take(&mut scratch.middle);
        let between = room(&mut middle, block.middle.len());
        spatial(self.context.arch, block, forward, input, scratch, between);
        let plane = block.middle.plane();
        let inputs = pointwise.inputs;
        let part = LANE_TERMS * self.context.arch.lanes();
        let mut row = 0;
        for (group, &(place, outputs)) in pointwise.groups.iter().enumerate() {
            let left = &gradient[row * plane..][..outputs * plane];
            let right = &between[group * inputs * plane..][..inputs * plane];
            // Part by part, so that no lane adds up more than `LANE_TERMS` products.
            for first in (0..plane).step_by(part) {
                let outer = Outer {
                    left: &left[first..],
                    right: &right[first..],
                    left_rows: outputs,
                    right_rows: inputs,
                    left_pitch: plane,
                    right_pitch: plane,
                    columns: part.min(plane - first),
                    target: &mut parameters[place - block.parameters.0..][..outputs * inputs],
                };
                run(self.context.arch, outer);
            }
            row += outputs;
        }
        scratch.middle = middle;
    }

    pub(super) fn pointwise_back(
        &self,
        block: &Block,
        back: &Prepared,
        gradient: &[f32],
        middle: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Some(pointwise) = &block.pointwise else { return };
        let plane = block.middle.plane();
        let inputs = pointwise.inputs;
        let mut row = 0;
        let groups = pointwise.groups.iter().zip(&back.pointwise);
        for ((&(_, outputs), left), target) in groups.zip(middle.chunks_exact_mut(inputs * plane)) {
            let multiply = Multiply {
                left,
                right: &gradient[row * plane..][..outputs * plane],
                right_pitch: plane,
                target,
                target_pitch: plane,
                columns: plane,
                add: false,
                panel: room(&mut scratch.panel, panel_len(outputs)),
            };
            run(self.context.arch, multiply);
            row += outputs;
        }
    }

    /// Weight gradient of a depthwise convolution.
    pub(super) fn filter_weights(
        &self,
        read: Read<'_>,
        middle: &[f32],
        parameters: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Read { block, input, .. } = read;
        let Spatial::Depthwise { window, weight } = &block.spatial else { return };
        scratch.padded.fill_all(self.context.arch, window.sliding.frame, block, input);
        let taps = window.sizes.taps();
        let plane = block.middle.plane();
        let (rows, columns) = window.sliding.output;
        let band = (LANE_TERMS / columns.div_ceil(self.context.arch.lanes())).max(1);
        let filters = parameters[weight - block.parameters.0..].chunks_exact_mut(taps);
        for ((channel, gradient), filter) in middle.chunks_exact(plane).enumerate().zip(filters) {
            let sums = room(&mut scratch.lanes, taps * crate::simd::SLACK);
            for first in (0..rows).step_by(band) {
                sums.fill(0.0);
                let task = TapGradient {
                    source: &scratch.padded.plane(channel)[first * window.sliding.row_step..],
                    row_step: window.sliding.row_step,
                    offsets: &window.sliding.offsets,
                    gradient: &gradient[first * columns..],
                    rows: band.min(rows - first),
                    columns,
                    sums: &mut *sums,
                };
                run(self.context.arch, task);
                run(self.context.arch, LaneSums { sums: &*sums, target: &mut *filter });
            }
        }
    }

    /// Through the spatial part and the ReLU to what the block read.
    pub(super) fn spread(
        &self,
        moving: &Moving,
        through: SpatialBack<'_>,
        slab: &mut GradientSlabs<'_>,
        scratch: &mut Scratch,
    ) {
        if !moving.descends {
            return;
        }
        let SpatialBack { arch, block, input, .. } = through;
        let plane = block.input.plane();
        let mut own = std::mem::take(&mut scratch.input_gradient);
        let gradient = room(&mut own, plane);
        let targets = match self.depth.checked_sub(1) {
            None => self.ends(self.term(moving), slab).1,
            Some(before) => {
                let range = self.context.layout.inner[self.node][moving.index][before].clone();
                &mut slab.inner[range]
            }
        };
        // A source collects from all who read it; between two blocks there is one reader.
        let add = self.depth == 0;
        for (channel, target) in targets.chunks_exact_mut(plane).enumerate() {
            let Line { scale, shift, .. } = input.line(channel);
            through.write(channel, scratch, gradient);
            if block.relu {
                let input = &input.data[channel * plane..][..plane];
                run(arch, Mask { gradient, input, scale, shift, target, add });
            } else {
                run(arch, Combine { terms: &[(1.0, gradient)], shift: 0.0, target, add });
            }
        }
        scratch.input_gradient = own;
    }
}
