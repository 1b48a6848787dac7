//! The places in which a sliding window meets its input, along one axis.

mod back;
mod bundled;
mod sizes;
mod sliding;

use std::ops::Range;

use crate::simd::Frame;

pub(crate) use back::{Back, Phase};
pub(crate) use bundled::{Body, Bundle, Bundled, serves};
pub(crate) use sizes::Sizes;
pub(crate) use sliding::{Padded, Sliding};

/// One axis of a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) padding: usize,
}

impl Axis {
    /// The output positions whose tap `tap` falls inside the input.
    pub(crate) fn outputs(&self, tap: usize) -> Range<usize> {
        let offset = tap * self.dilation;
        let start = self.padding.saturating_sub(offset).div_ceil(self.stride).min(self.output);
        let reach = (self.input + self.padding).saturating_sub(offset);
        let end = reach.div_ceil(self.stride).min(self.output);
        start..end.max(start)
    }

    /// The input position of tap `tap` at output `position`, if it is inside the input.
    pub(crate) fn source(&self, position: usize, tap: usize) -> Option<usize> {
        let source = (position * self.stride + tap * self.dilation).checked_sub(self.padding)?;
        (source < self.input).then_some(source)
    }

    /// `true` if tap `tap` of some output falls on input `position`.
    pub(crate) fn meets(&self, position: usize, tap: usize) -> bool {
        let distance = (position + self.padding).checked_sub(tap * self.dilation);
        distance.is_some_and(|distance| {
            distance.is_multiple_of(self.stride) && distance / self.stride < self.output
        })
    }

    /// The number of taps of output `position` that fall inside the input.
    pub(crate) fn valid_taps(&self, position: usize) -> usize {
        (0..self.kernel).filter(|&tap| self.source(position, tap).is_some()).count()
    }

    /// The first tap of output `position` that falls inside the input.
    pub(crate) fn first_tap(&self, position: usize) -> usize {
        (0..self.kernel).find(|&tap| self.source(position, tap).is_some()).unwrap_or(0)
    }
}

/// The number of taps of every output that fall inside the input, row-major.
pub(crate) fn valid_taps(vertical: Axis, horizontal: Axis) -> Vec<usize> {
    let columns: Vec<_> = (0..horizontal.output).map(|at| horizontal.valid_taps(at)).collect();
    let rows = (0..vertical.output).map(|at| vertical.valid_taps(at));
    rows.flat_map(|row| columns.iter().map(move |column| row * column)).collect()
}

/// The place of every tap's input for the first output, in padded copies whose border is at least
/// the padding.
fn offsets(frame: Frame, vertical: Axis, horizontal: Axis) -> Vec<usize> {
    let top = frame.border.0 - vertical.padding;
    let left = frame.border.1 - horizontal.padding;
    let place = |row: usize, column: usize| {
        frame.place(top + row * vertical.dilation, left + column * horizontal.dilation)
    };
    let rows = 0..vertical.kernel;
    rows.flat_map(|row| (0..horizontal.kernel).map(move |column| place(row, column))).collect()
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn ranges_agree_with_positions() {
        for stride in 1..4 {
            for dilation in 1..6 {
                for padding in 0..5 {
                    let input = 5usize;
                    let kernel = 3usize;
                    let extent = dilation * (kernel - 1) + 1;
                    let Some(slack) = (input + 2 * padding).checked_sub(extent) else { continue };
                    let output = slack / stride + 1;
                    let axis = Axis { input, output, kernel, stride, dilation, padding };
                    for tap in 0..kernel {
                        let inside: Vec<usize> =
                            (0..output).filter(|&at| axis.source(at, tap).is_some()).collect();
                        assert_eq!(inside, axis.outputs(tap).collect::<Vec<_>>(), "{axis:?} {tap}");
                        let met = inside.iter().map(|at| axis.source(*at, tap));
                        let positions = (0..input).filter(|at| axis.meets(*at, tap)).map(Some);
                        assert!(met.eq(positions), "{axis:?} {tap}");
                    }
                }
            }
        }
    }
}
