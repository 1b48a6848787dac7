//! A padded copy of one plane, laid out so that strided windows read contiguous runs.
//!
//! Column `c` of the padded plane is stored in phase `c % stride` at place `c / stride`, so the
//! inputs of one tap for consecutive outputs lie side by side whatever the stride.

use std::ops::Range;

use crate::window::Axis;

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

    /// A buffer with `border` everywhere.
    pub(crate) fn buffer(&self, border: f64) -> Vec<f64> {
        let rows = self.vertical.input + 2 * self.vertical.padding;
        vec![border; rows * self.horizontal.stride * self.pitch]
    }

    /// Overwrites the interior of `buffer` with `plane`; the border stays.
    pub(crate) fn load(&self, plane: &[f64], buffer: &mut [f64]) {
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
    pub(crate) fn store(&self, buffer: &[f64], plane: &mut [f64]) {
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
        let stride = self.horizontal.stride;
        let padding = self.horizontal.padding;
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

    #[inline(always)]
    fn place(&self, row: usize, column: usize) -> usize {
        let stride = self.horizontal.stride;
        (row * stride + column % stride) * self.pitch + column / stride
    }
}
