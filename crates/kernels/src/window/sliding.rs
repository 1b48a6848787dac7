//! A window laid out for the SIMD loops: where its taps lie in padded planes.

use crate::simd::InstructionSet;

use super::{Axis, Back, offsets, valid_taps};
use crate::simd::{Copy, Correlate, Frame, SLACK, Tap, WindowMax};

/// A window over planes of one size.
#[derive(Clone, Debug)]
pub(crate) struct Sliding {
    /// Rows, then columns.
    axes: (Axis, Axis),
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
        let border = (vertical.padding, horizontal.padding);
        Self::framed((vertical, horizontal), border, (0, 0))
    }

    /// A window whose padded copies, of inputs and of outputs, have a border of at least `border`.
    pub(crate) fn with_border(
        (vertical, horizontal): (Axis, Axis),
        border: (usize, usize),
    ) -> Self {
        let border = (border.0.max(vertical.padding), border.1.max(horizontal.padding));
        Self::framed((vertical, horizontal), border, border)
    }

    fn framed(axes: (Axis, Axis), border: (usize, usize), least: (usize, usize)) -> Self {
        let (vertical, horizontal) = axes;
        let frame = Frame {
            height: vertical.input,
            width: horizontal.input,
            border,
            step: horizontal.stride,
        };
        Self {
            axes,
            frame,
            row_step: vertical.stride * horizontal.stride * frame.pitch(),
            offsets: offsets(frame, vertical, horizontal),
            output: (vertical.output, horizontal.output),
            back: Back::new(vertical, horizontal, least),
        }
    }

    /// Elements of an input plane.
    pub(crate) fn input(&self) -> usize {
        self.frame.height * self.frame.width
    }

    /// The number of taps of every output that fall inside the input, row-major.
    pub(crate) fn valid_taps(&self) -> Vec<usize> {
        valid_taps(self.axes.0, self.axes.1)
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

    /// The maximum of every window of a padded copy, and in `winner` the tap it came from.
    pub(crate) fn maximum<'a>(
        &'a self,
        source: &'a [f32],
        target: &'a mut [f32],
        winner: Option<&'a mut [f32]>,
    ) -> WindowMax<'a> {
        let Self { row_step, offsets, output: (rows, columns), .. } = self;
        let row_step = *row_step;
        let rows = *rows;
        let columns = *columns;
        WindowMax { source, row_step, offsets, rows, columns, target, winner }
    }

    /// Gives windows of negative infinities to their first input: nothing beats the border.
    pub(crate) fn give_empty(&self, best: &[f32], winner: &mut [f32]) {
        let lowest = |value: &f32| value.to_bits() == f32::NEG_INFINITY.to_bits();
        // Without a branch per value, since there is hardly ever one.
        if !best.iter().fold(false, |any, value| any | lowest(value)) {
            return;
        }
        let (vertical, horizontal) = self.axes;
        let windows = best.iter().zip(winner).enumerate();
        for (window, (_, tap)) in windows.filter(|(_, (value, _))| lowest(value)) {
            let row = vertical.first_tap(window / horizontal.output);
            let column = horizontal.first_tap(window % horizontal.output);
            *tap = (row * horizontal.kernel + column) as f32;
        }
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
