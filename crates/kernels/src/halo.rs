//! A padded copy of one plane, laid out so that strided windows read contiguous runs.
//!
//! Column `c` of the padded plane is stored in phase `c % stride` at place `c / stride`, so the
//! inputs of one tap for consecutive outputs lie side by side whatever the stride.

use std::ops::Range;

use crate::float::Float;
use crate::window::Axis;

/// Elements handled side by side in inner loops.
pub(crate) const LANES: usize = 8;

/// The layout of a padded plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Halo {
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
    pitch: usize,
}

impl Halo {
    pub(crate) fn new(vertical: Axis, horizontal: Axis) -> Self {
        let width = horizontal.input + 2 * horizontal.padding;
        Self { vertical, horizontal, pitch: width.div_ceil(horizontal.stride) }
    }

    /// Elements of the plane it surrounds.
    pub(crate) fn plane_len(&self) -> usize {
        self.vertical.input * self.horizontal.input
    }

    /// Elements of the output plane.
    pub(crate) fn output_len(&self) -> usize {
        self.vertical.output * self.horizontal.output
    }

    /// A buffer with `border` everywhere, and [`LANES`] elements more than the plane needs, so
    /// that blocks of lanes may be read past the end of a run.
    pub(crate) fn buffer<T: Float>(&self, border: T) -> Vec<T> {
        let rows = self.vertical.input + 2 * self.vertical.padding;
        vec![border; rows * self.horizontal.stride * self.pitch + LANES]
    }

    /// Overwrites the interior of `buffer` with `plane`; the border stays.
    pub(crate) fn load<T: Float>(&self, plane: &[T], buffer: &mut [T]) {
        for (row, source) in plane.chunks_exact(self.horizontal.input).enumerate() {
            for (place, columns) in self.interior(row) {
                if self.horizontal.stride == 1 {
                    buffer[place..][..source.len()].copy_from_slice(source);
                    continue;
                }
                let column = source.iter().skip(columns).step_by(self.horizontal.stride);
                for (target, value) in buffer[place..].iter_mut().zip(column) {
                    *target = *value;
                }
            }
        }
    }

    /// Copies the interior of `buffer` into `plane`.
    pub(crate) fn store<T: Float>(&self, buffer: &[T], plane: &mut [T]) {
        for (row, target) in plane.chunks_exact_mut(self.horizontal.input).enumerate() {
            for (place, columns) in self.interior(row) {
                if self.horizontal.stride == 1 {
                    target.copy_from_slice(&buffer[place..][..target.len()]);
                    continue;
                }
                let column = target.iter_mut().skip(columns).step_by(self.horizontal.stride);
                for (target, value) in column.zip(&buffer[place..]) {
                    *target = *value;
                }
            }
        }
    }

    /// For every phase, where the interior of row `row` begins in the buffer and the first column
    /// that lies there; further columns follow in steps of the stride.
    fn interior(&self, row: usize) -> impl Iterator<Item = (usize, usize)> {
        let (stride, padding) = (self.horizontal.stride, self.horizontal.padding);
        let start = (row + self.vertical.padding) * stride * self.pitch;
        (0..stride).map(move |phase| {
            let column = (phase + stride - padding % stride) % stride;
            (start + phase * self.pitch + (column + padding) / stride, column)
        })
    }

    /// The run of inputs that tap `(tap_row, tap_column)` meets along output row `row`.
    #[inline(always)]
    pub(crate) fn run(&self, row: usize, tap_row: usize, tap_column: usize) -> Range<usize> {
        let row = row * self.vertical.stride + tap_row * self.vertical.dilation;
        let start = self.place(row, tap_column * self.horizontal.dilation);
        start..start + self.horizontal.output
    }

    /// Where the padded row that tap row `tap_row` of output row `row` meets begins.
    #[inline(always)]
    pub(crate) fn row_start(&self, row: usize, tap_row: usize) -> usize {
        let row = row * self.vertical.stride + tap_row * self.vertical.dilation;
        row * self.horizontal.stride * self.pitch
    }

    /// Where the run of every tap column begins within its padded row.
    pub(crate) fn tap_offsets<const K: usize>(&self) -> [usize; K] {
        std::array::from_fn(|tap| self.place(0, tap * self.horizontal.dilation))
    }

    #[inline(always)]
    fn place(&self, row: usize, column: usize) -> usize {
        let stride = self.horizontal.stride;
        (row * stride + column % stride) * self.pitch + column / stride
    }
}
