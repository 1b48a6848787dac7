//! A window over bundles: where its taps lie in copies with one register for each position.

use super::Axis;
use super::back::{Back, Phase};
use crate::simd::Frame;
use crate::simd::bundle::{Interior, MOST, Walk};

/// A window over planes of one size, and its transpose.
#[derive(Clone, Debug)]
pub(crate) struct Bundled {
    /// The padded copy of an input plane.
    pub(crate) frame: Frame,
    pub(crate) interior: Interior,
    /// Where the input of every tap lies for the first output.
    pub(crate) offsets: Vec<usize>,
    /// From the padded copy to a plain output.
    pub(crate) walk: Walk,
    /// The padded copy of an output plane.
    pub(crate) back_frame: Frame,
    pub(crate) back_interior: Interior,
    pub(crate) phases: Vec<BackPhase>,
}

/// Input positions that lie a stride apart, and the outputs they met.
#[derive(Clone, Debug)]
pub(crate) struct BackPhase {
    /// Where those outputs lie for the first position.
    pub(crate) offsets: Vec<usize>,
    /// Place and tap of each.
    pub(crate) taps: Vec<(usize, usize)>,
    /// From the padded copy of an output to a plain input.
    pub(crate) walk: Walk,
}

/// Bytes of a bundle's padded copies that stay close enough to the core.
const MOST_BYTES: usize = 256 * 1024;

/// Whether a bundle of these planes fits the cache with its borders.
pub(crate) fn fits(vertical: Axis, horizontal: Axis) -> bool {
    let side = |axis: Axis| axis.input.max(axis.output) + 2 * axis.padding;
    let positions = side(vertical).saturating_mul(side(horizontal));
    positions.saturating_mul(MOST * size_of::<f32>()) <= MOST_BYTES
}

impl Bundled {
    pub(crate) fn new(vertical: Axis, horizontal: Axis) -> Self {
        let border = (vertical.padding, horizontal.padding);
        let frame = Frame { height: vertical.input, width: horizontal.input, border, step: 1 };
        let rows = 0..vertical.kernel;
        let taps = rows.flat_map(|row| (0..horizontal.kernel).map(move |column| (row, column)));
        let place =
            |(row, column)| frame.place(row * vertical.dilation, column * horizontal.dilation);
        let walk = Walk {
            rows: vertical.output,
            columns: horizontal.output,
            source: (vertical.stride * frame.pitch(), horizontal.stride),
            first: 0,
            target: (horizontal.output, 1),
        };
        let back = Back::new(vertical, horizontal);
        let phase = |phase: &Phase| BackPhase {
            offsets: phase.taps.iter().map(|(place, _)| *place).collect(),
            taps: phase.taps.clone(),
            walk: Walk {
                rows: phase.rows,
                columns: phase.columns,
                source: (back.frame.pitch(), 1),
                first: phase.row * horizontal.input + phase.column,
                target: (vertical.stride * horizontal.input, horizontal.stride),
            },
        };
        Self {
            frame,
            interior: Interior::new(frame),
            offsets: taps.map(place).collect(),
            walk,
            back_frame: back.frame,
            back_interior: Interior::new(back.frame),
            phases: back.phases.iter().map(phase).collect(),
        }
    }

    /// Positions of an input plane.
    pub(crate) fn input(&self) -> usize {
        self.frame.height * self.frame.width
    }

    /// Positions of an output plane.
    pub(crate) fn output(&self) -> usize {
        self.walk.rows * self.walk.columns
    }

    /// The place of the first output in its padded copy.
    pub(crate) fn back_first(&self) -> usize {
        self.back_frame.place(self.back_frame.border.0, self.back_frame.border.1)
    }

    /// Planes that one task takes: whole bundles of `lanes`, a number that sizes alone say.
    pub(crate) fn per_task(&self, lanes: usize) -> usize {
        let cost = self.input().max(self.output()).max(1);
        crate::parallel::chunks_per_task(cost).next_multiple_of(lanes)
    }
}
