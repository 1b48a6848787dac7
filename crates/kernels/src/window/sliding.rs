//! A window laid out for the SIMD loops: where its taps lie in padded planes.

use crate::simd::InstructionSet;

use super::Axis;
use super::back::Back;
use crate::simd::{Copy, Correlate, Frame, SLACK, Tap};

/// A window over planes of one size.
#[derive(Clone, Debug)]
pub(crate) struct Sliding {
    /// The padded copy of an input plane.
    pub(crate) frame: Frame,
    /// Floats of the padded copy between the inputs of neighbouring output rows.
    pub(crate) row_step: usize,
    /// The place of every tap's input for the first output.
    pub(crate) offsets: Vec<usize>,
    /// Rows and columns of the output.
    pub(crate) output: (usize, usize),
    pub(crate) back: Back,
}

impl Sliding {
    pub(crate) fn new(vertical: Axis, horizontal: Axis) -> Self {
        let frame = Frame {
            height: vertical.input,
            width: horizontal.input,
            border: (vertical.padding, horizontal.padding),
            step: horizontal.stride,
        };
        let rows = 0..vertical.kernel;
        let taps = rows.flat_map(|row| (0..horizontal.kernel).map(move |column| (row, column)));
        let place =
            |(row, column)| frame.place(row * vertical.dilation, column * horizontal.dilation);
        Self {
            frame,
            row_step: vertical.stride * horizontal.stride * frame.pitch(),
            offsets: taps.map(place).collect(),
            output: (vertical.output, horizontal.output),
            back: Back::new(vertical, horizontal, (0, 0)),
        }
    }

    /// The taps of kernels that follow one another.
    pub(crate) fn taps(&self, weight: &[f32]) -> Vec<Tap> {
        let offsets = self.offsets.iter().cycle();
        offsets
            .zip(weight)
            .map(|(offset, weight)| Tap { offset: *offset, weight: *weight })
            .collect()
    }

    /// The sum of `taps` at every output.
    pub(crate) fn correlate(
        &self,
        arch: InstructionSet,
        padded: &Padded,
        taps: &[Tap],
        y: &mut [f32],
    ) {
        arch.dispatch(Correlate::plane(&padded.data, self.row_step, taps, y, self.output));
    }
}

/// A padded copy of one plane.
#[derive(Clone, Debug)]
pub(crate) struct Padded {
    frame: Frame,
    pub(crate) data: Vec<f32>,
}

impl Padded {
    /// Room for a plane with `border` around it.
    pub(crate) fn new(frame: Frame, border: f32) -> Self {
        Self { frame, data: vec![border; frame.len() + SLACK] }
    }

    /// Replaces the plane; the border stays.
    pub(crate) fn load(&mut self, arch: InstructionSet, source: &[f32]) {
        arch.dispatch(Copy { source, target: &mut self.data, frame: self.frame });
    }
}
