//! A window over bundles: where its taps lie in copies with one register for each position.

mod map;

use std::ops::Range;

use super::{Axis, Back, Phase, offsets};
use crate::simd::Frame;
use crate::simd::bundle::{Interior, MOST, Room, Walk};
pub(crate) use map::{Body, Bundle};

/// A window over planes of one size, and its transpose.
#[derive(Clone, Debug)]
pub(crate) struct Bundled {
    /// The padded copy of an input plane.
    pub(crate) frame: Frame,
    pub(crate) interior: Interior,
    /// The place of every tap's input for the first output.
    pub(crate) offsets: Vec<usize>,
    /// From the padded copy to a plain output.
    pub(crate) walk: Walk,
    pub(crate) bands: Vec<Band>,
    /// The padded copy of an output plane.
    pub(crate) back_frame: Frame,
    pub(crate) back_interior: Interior,
    pub(crate) phases: Vec<BackPhase>,
}

/// Some output rows: small enough that what they need and give is in the nearest cache.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// Steps of the interior that no band before needed.
    pub(crate) steps: Range<usize>,
    /// The place in the padded copy that the walk begins at.
    pub(crate) source: usize,
    pub(crate) walk: Walk,
}

impl Band {
    /// Positions of the band.
    pub(crate) fn len(&self) -> usize {
        self.walk.rows * self.walk.columns
    }
}

/// Positions that a band has at least, unless a plane has fewer.
const BAND: usize = 128;

/// The bands of all output rows. `rows` is how many rows of an input each of them needs.
fn bands(walk: Walk, interior: &Interior, rows: impl Fn(usize) -> usize) -> Vec<Band> {
    let mut height = BAND.div_ceil(walk.columns.max(1));
    while !(height * walk.columns).is_multiple_of(4) {
        height += 1;
    }
    let mut steps = 0;
    let band = |first: usize| {
        let count = height.min(walk.rows - first);
        let start = steps;
        steps = match rows(first + count - 1) {
            _ if first + count == walk.rows => interior.steps(),
            0 => steps,
            rows => interior.steps_to(rows - 1),
        };
        let own = Walk { rows: count, ..walk };
        Band { steps: start..steps, source: first * walk.source.0, walk: own }
    };
    (0..walk.rows).step_by(height).map(band).collect()
}

/// Input positions that lie a stride apart, and the outputs they met.
#[derive(Clone, Debug)]
pub(crate) struct BackPhase {
    /// The places of those outputs for the first position.
    pub(crate) offsets: Vec<usize>,
    /// Place and tap of each.
    pub(crate) taps: Vec<(usize, usize)>,
    /// From the padded copy of an output to a plain input.
    pub(crate) walk: Walk,
}

/// Bytes of a bundle's padded copy up to which it stays close to the core.
const MOST_BYTES: usize = 256 * 1024;

/// `true` if planes go side by side. On the planes of cells, 8 to 32 pixels a side, this was
/// measured against planes one by one on AVX2: even or somewhat faster at stride 1 where a row
/// fills registers, 2 to 6 times as fast on rows of 8 and at stride 2. It is not for planes too
/// few to fill the lanes, nor for those of which a bundle leaves the cache.
pub(crate) fn serves(planes: usize, vertical: Axis, horizontal: Axis) -> bool {
    let side = |axis: Axis| axis.input.max(axis.output).saturating_add(2 * axis.padding);
    let positions = side(vertical).saturating_mul(side(horizontal));
    planes >= MOST && positions.saturating_mul(MOST * size_of::<f32>()) <= MOST_BYTES
}

impl Bundled {
    pub(crate) fn new(vertical: Axis, horizontal: Axis) -> Self {
        let border = (vertical.padding, horizontal.padding);
        let frame = Frame { height: vertical.input, width: horizontal.input, border, step: 1 };
        let walk = Walk {
            rows: vertical.output,
            columns: horizontal.output,
            source: (vertical.stride * frame.pitch(), horizontal.stride),
            first: 0,
            target: (horizontal.output, 1),
        };
        let used = |row| (0..vertical.kernel).any(|tap| vertical.meets(row, tap));
        let interior = Interior::new(frame, used);
        // Rows that the farthest tap of an output row reaches.
        let reach = |row: usize| {
            let last = row * vertical.stride + (vertical.kernel - 1) * vertical.dilation + 1;
            last.saturating_sub(vertical.padding).min(vertical.input)
        };
        let bands = bands(walk, &interior, reach);
        let back = Back::new(vertical, horizontal, (0, 0));
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
            interior,
            offsets: offsets(frame, vertical, horizontal),
            walk,
            bands,
            back_frame: back.frame,
            back_interior: Interior::new(back.frame, |_| true),
            phases: back.phases.iter().map(phase).collect(),
        }
    }

    /// Room for the padded copy of an input, with `border` around it, and for a band of outputs.
    pub(crate) fn rooms(&self, border: f32) -> [Room; 2] {
        [Room::new(self.frame.len(), border), Room::new(self.band(), 0.0)]
    }

    /// All steps of an input.
    pub(crate) fn whole(&self) -> (&Interior, Range<usize>) {
        (&self.interior, 0..self.interior.steps())
    }

    /// All steps of an output.
    pub(crate) fn back_whole(&self) -> (&Interior, Range<usize>) {
        (&self.back_interior, 0..self.back_interior.steps())
    }

    /// Positions of the largest band.
    fn band(&self) -> usize {
        self.bands.iter().map(Band::len).max().unwrap_or(0)
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
