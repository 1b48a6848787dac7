//! The places of the taps of a sliding window in padded planes, forwards and backwards.

use super::extent::Extent;
use crate::simd::{Frame, Grid};
use crate::window::{Axis, Back};

/// Sizes of a window per axis, rows first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub(super) kernel: (usize, usize),
    pub(super) stride: (usize, usize),
    pub(super) dilation: (usize, usize),
    pub(super) padding: (usize, usize),
}

/// A window over planes of one extent.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) sizes: Sizes,
    /// The padded copy of an input plane.
    pub(super) frame: Frame,
    /// Rows of the padded copy between output rows, in floats.
    pub(super) row_step: usize,
    /// The place of every tap's input for the first output.
    pub(super) offsets: Vec<usize>,
    pub(super) output: (usize, usize),
    pub(super) back: Back,
    pub(super) square: Option<Square>,
}

/// A window whose taps form a square with equal distances, at stride 1: its rows of inputs are
/// shared among outputs.
#[derive(Clone, Debug)]
pub(super) struct Square {
    /// Output rows between two rows of taps.
    pub(super) apart: usize,
    pub(super) columns: Vec<usize>,
    /// The same for the transposed window, whose taps come in reverse.
    pub(super) back: Vec<usize>,
}

impl Sizes {
    /// Rows and columns of the output, if the window fits the padded plane.
    pub(super) fn output(&self, input: Extent) -> Option<(usize, usize)> {
        let side = |input: usize, kernel: usize, stride: usize, dilation: usize, padding: usize| {
            let reach = dilation * kernel.checked_sub(1)? + 1;
            Some((input + 2 * padding).checked_sub(reach)?.checked_div(stride)? + 1)
        };
        let Self { kernel, stride, dilation, padding } = *self;
        let rows = side(input.height, kernel.0, stride.0, dilation.0, padding.0)?;
        let columns = side(input.width, kernel.1, stride.1, dilation.1, padding.1)?;
        (rows > 0 && columns > 0).then_some((rows, columns))
    }

    pub(super) fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Rows and columns, one axis each.
    fn axes(&self, input: Extent, output: (usize, usize)) -> (Axis, Axis) {
        let Self { kernel, stride, dilation, padding } = *self;
        let vertical = Axis {
            input: input.height,
            output: output.0,
            kernel: kernel.0,
            stride: stride.0,
            dilation: dilation.0,
            padding: padding.0,
        };
        let horizontal = Axis {
            input: input.width,
            output: output.1,
            kernel: kernel.1,
            stride: stride.1,
            dilation: dilation.1,
            padding: padding.1,
        };
        (vertical, horizontal)
    }
}

impl Window {
    /// The window over `input`; padded copies get a border of at least `border`.
    pub(super) fn new(sizes: Sizes, input: Extent, border: (usize, usize)) -> Option<Self> {
        let output = sizes.output(input)?;
        let border = (border.0.max(sizes.padding.0), border.1.max(sizes.padding.1));
        let frame =
            Frame { height: input.height, width: input.width, border, step: sizes.stride.1 };
        let taps = (0..sizes.kernel.0).flat_map(|y| (0..sizes.kernel.1).map(move |x| (y, x)));
        let offsets = taps
            .map(|(y, x)| {
                let row = border.0 - sizes.padding.0 + y * sizes.dilation.0;
                frame.place(row, border.1 - sizes.padding.1 + x * sizes.dilation.1)
            })
            .collect();
        let row_step = sizes.stride.0 * sizes.stride.1 * frame.pitch();
        let (vertical, horizontal) = sizes.axes(input, output);
        // Branches that ask for the same border share the zeros around their planes.
        let back = Back::new(vertical, horizontal, border);
        let mut window = Self { sizes, frame, row_step, offsets, output, back, square: None };
        window.square = window.square();
        Some(window)
    }

    /// Windows of negative infinities are won by their first input: nothing beats the border.
    pub(super) fn give_empty(&self, best: &[f32], winner: &mut [f32]) {
        let lowest = |value: &f32| value.to_bits() == f32::NEG_INFINITY.to_bits();
        // Without a branch per value, since there is hardly ever one.
        if !best.iter().fold(false, |any, value| any | lowest(value)) {
            return;
        }
        let Sizes { kernel, stride, dilation, padding } = self.sizes;
        let windows = best.iter().zip(winner).enumerate();
        for (window, (_, tap)) in windows.filter(|(_, (value, _))| lowest(value)) {
            let row = window / self.output.1;
            let column = window % self.output.1;
            let row = padding.0.saturating_sub(row * stride.0).div_ceil(dilation.0);
            let column = padding.1.saturating_sub(column * stride.1).div_ceil(dilation.1);
            *tap = (row * kernel.1 + column) as f32;
        }
    }

    fn square(&self) -> Option<Square> {
        let Sizes { kernel, stride, dilation, .. } = self.sizes;
        let [phase] = &self.back.phases[..] else { return None };
        let side = kernel.0;
        if kernel.0 != kernel.1 || stride != (1, 1) || !Grid::serves(side) {
            return None;
        }
        // Back taps are stored forwards; the farthest one reads the first row.
        let back = phase.taps.iter().rev().take(side).map(|tap| tap.0).collect();
        Some(Square { apart: dilation.0, columns: self.offsets[..side].to_vec(), back })
    }
}
