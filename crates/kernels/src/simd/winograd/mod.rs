//! Loops of Winograd's minimal filtering F(2x2, 3x3): 3x3 windows at every position, two by two
//! outputs at a time from four by four inputs.
//!
//! With `B^T = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]`,
//! `G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1]` and `A^T = [1 1 1 0; 0 1 -1 -1]`, a tile of
//! outputs is `A^T [(G w G^T) * (B^T d B)] A`, summed over input channels where the bracket is a
//! product element by element (Lavin and Gray 2016, section 4.1). A register holds channels of one
//! pixel, so that the sixteen places of a tile are registers, and sums over channels or tiles
//! matrix products, one for each place.

mod filter;
mod products;
mod stage;
mod tiles;

pub(crate) use filter::{Filter, FilterGradient, Orientation};
pub(crate) use stage::Segment;
use stage::{Frame, Out, stage, unstage};

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::SLACK;

use products::{Sizes, accumulate, panel_product};
use tiles::{Gradients, Inputs, output_tiles, transform};

/// Places of a tile of inputs.
pub(crate) const PLACES: usize = 16;

/// Registers of channels that one product makes at a time.
pub(crate) const WIDE: usize = 2;

/// Channels of whole registers.
pub(crate) fn whole(channels: usize, lanes: usize) -> usize {
    channels.next_multiple_of(lanes)
}

/// Images of which a strip takes some rows of tiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Planes<'_> {
    fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    fn check(&self, segments: &[Segment]) {
        let images = segments.iter().map(|segment| segment.image + 1).max().unwrap_or(0);
        assert!(images * self.len() <= self.data.len(), "images");
    }
}

/// Scratch of a task, of lengths that fit its strips.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    staged: Vec<MaybeUninit<f32>>,
    inputs: Vec<MaybeUninit<f32>>,
    others: Vec<MaybeUninit<f32>>,
}

/// Room for `len` floats, to be written before they are read.
fn room(buffer: &mut Vec<MaybeUninit<f32>>, len: usize) -> *mut f32 {
    buffer.clear();
    buffer.reserve(len);
    buffer.as_mut_ptr().cast()
}

/// Floats between the places of some tiles: a line of the cache more than they take, or all places
/// of a tile would push one another out of it.
fn apart(tiles: usize, channels: usize) -> usize {
    tiles * channels + SLACK
}

/// Rows of tiles among all tiles of a strip.
#[derive(Clone, Copy, Debug)]
struct Tiling {
    /// Rows of tiles, and tiles of a row.
    rows: usize,
    columns: usize,
    /// The place of the first tile in the strip.
    first: usize,
    /// Tiles of the strip.
    all: usize,
}

impl Tiling {
    /// The segments of a strip.
    fn each(segments: &[Segment], columns: usize) -> impl Iterator<Item = (Segment, Self)> {
        let all = segments.iter().map(|segment| segment.rows).sum::<usize>() * columns;
        segments.iter().scan(0, move |first, segment| {
            let own = Self { rows: segment.rows, columns, first: *first, all };
            *first += segment.rows * columns;
            Some((*segment, own))
        })
    }

    /// Rows and columns of tiles with their place in the strip.
    #[inline(always)]
    fn tiles(self) -> impl Iterator<Item = [usize; 3]> {
        let Self { rows, columns, first, .. } = self;
        (0..rows).flat_map(move |row| {
            (0..columns).map(move |column| [row, column, first + row * columns + column])
        })
    }
}

/// The outputs of some rows of tiles, for every output channel.
pub(crate) struct Strip<'a> {
    pub(crate) x: Planes<'a>,
    /// Zeros around the input, (height, width), at most two.
    pub(crate) padding: (usize, usize),
    /// The tiles, and tiles of a row.
    pub(crate) segments: &'a [Segment],
    pub(crate) columns: usize,
    pub(crate) filter: &'a Filter,
    /// The first float of the result, `[batch, channels, height, width]`.
    pub(crate) y: *mut f32,
    /// Output channels, rows and columns.
    pub(crate) output: [usize; 3],
    pub(crate) scratch: &'a mut Scratch,
}

impl WithSimd for Strip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, padding, segments, columns, filter, y, output, scratch } = self;
        x.check(segments);
        let lanes = S::F32_LANES;
        let channels = whole(x.channels, lanes);
        filter.check(x.channels, output[0], lanes);
        let extent = Extent::of(segments, columns);
        let inputs = room(&mut scratch.inputs, PLACES * apart(extent.tiles, channels));
        let staged = room(&mut scratch.staged, extent.staged(channels));
        let products = room(&mut scratch.others, PLACES * apart(extent.tiles, WIDE * lanes));
        let size = Sizes { left: channels, right: 0, inner: x.channels, tiles: extent.tiles };
        let frame = Frame { padding, rows: 2, columns: 2 * columns + 2 };
        // SAFETY: the rooms were just made as large as the loops need; the caller of the task
        // vouches for the result.
        unsafe {
            for (segment, tiling) in Tiling::each(segments, columns) {
                stage(simd, (x, 0..x.channels), segment, frame, staged);
                transform::<S, Inputs, 4>(simd, staged, tiling, channels, inputs);
            }
            let registers = output[0].div_ceil(lanes);
            let mut register = 0;
            while register < registers {
                let wide = WIDE.min(registers - register);
                let panel = filter.panel(register, lanes);
                if wide == WIDE {
                    panel_product::<S, WIDE, 6>(simd, inputs, panel, size, products);
                } else {
                    panel_product::<S, 1, 8>(simd, inputs, panel, size, products);
                }
                for own in 0..wide {
                    let channel = (register + own) * lanes;
                    for (segment, tiling) in Tiling::each(segments, columns) {
                        output_tiles(simd, products, tiling, (own, wide), staged);
                        unstage(simd, staged, segment, columns, Out { channel, shape: output, y });
                    }
                }
                register += wide;
            }
        }
    }
}

/// The room that a strip needs.
struct Extent {
    tiles: usize,
    /// Most rows of tiles of a segment.
    rows: usize,
    columns: usize,
}

impl Extent {
    fn of(segments: &[Segment], columns: usize) -> Self {
        let rows = segments.iter().map(|segment| segment.rows);
        Self {
            tiles: rows.clone().sum::<usize>() * columns,
            rows: rows.max().unwrap_or(0),
            columns,
        }
    }

    /// Floats of the pixels that a segment reads.
    fn staged(&self, channels: usize) -> usize {
        (2 * self.rows + 2) * (2 * self.columns + 2) * channels
    }
}

/// Adds what some rows of tiles contribute to the gradient of a filter, in its transformed shape:
/// `[output channel][place][input channels of whole registers]`.
pub(crate) struct FilterStrip<'a> {
    pub(crate) x: Planes<'a>,
    pub(crate) padding: (usize, usize),
    pub(crate) segments: &'a [Segment],
    pub(crate) columns: usize,
    /// The gradient of the outputs.
    pub(crate) gradient: Planes<'a>,
    /// The output channels to sum for.
    pub(crate) outputs: Range<usize>,
    pub(crate) sums: &'a mut [MaybeUninit<f32>],
    /// `true` if the sums are those of nothing yet, and not even written.
    pub(crate) fresh: bool,
    pub(crate) scratch: &'a mut Scratch,
}

impl WithSimd for FilterStrip<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { x, padding, segments, columns, gradient, outputs: own, sums, fresh, scratch } =
            self;
        assert!(own.start < own.end && own.end <= gradient.channels, "outputs");
        x.check(segments);
        gradient.check(segments);
        let lanes = S::F32_LANES;
        let left = whole(x.channels, lanes);
        let right = whole(own.len(), lanes);
        let extent = Extent::of(segments, columns);
        assert_eq!(sums.len(), PLACES * own.len() * left, "sums");
        let inputs = room(&mut scratch.inputs, PLACES * apart(extent.tiles, left));
        let outputs = room(&mut scratch.others, PLACES * apart(extent.tiles, right));
        let staged = room(&mut scratch.staged, extent.staged(left.max(right)));
        let size = Sizes { left, right, inner: own.len(), tiles: extent.tiles };
        let frame = Frame { padding, rows: 2, columns: 2 * columns + 2 };
        let plain = Frame { padding: (0, 0), rows: 0, columns: 2 * columns };
        // SAFETY: the rooms were just made as large as the loops need.
        unsafe {
            for (segment, tiling) in Tiling::each(segments, columns) {
                stage(simd, (x, 0..x.channels), segment, frame, staged);
                transform::<S, Inputs, 4>(simd, staged, tiling, left, inputs);
                stage(simd, (gradient, own.clone()), segment, plain, staged);
                transform::<S, Gradients, 2>(simd, staged, tiling, right, outputs);
            }
            accumulate(simd, (inputs, outputs), size, sums.as_mut_ptr().cast(), fresh);
        }
    }
}
