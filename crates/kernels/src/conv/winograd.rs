//! Dense 3x3 windows at every position, by minimal filtering; see [`crate::simd::winograd`].
#![allow(unsafe_code, reason = "strips write rows of one result; parts are read when written")]

use rayon::prelude::*;

use super::geometry::Geometry;
use super::{Gradients, Wanted};
use crate::simd::InstructionSet;
use crate::simd::winograd::{
    Filter, FilterGradient, FilterStrip, Orientation, PLACES, Planes, Scratch, Segment, Strip,
    whole,
};

#[cfg(test)]
mod tests;

/// Fewest channels on either side: fewer do not pay for the transformations.
const LEAST_CHANNELS: usize = 8;

/// Floats of transformed tiles that a strip should hold, half of a second-level cache.
const STRIP: usize = 128 * 1024;

/// Most and fewest tiles of a strip, as far as rows of tiles allow.
const MOST_TILES: usize = 64;
const FEWEST_TILES: usize = 16;

/// Most partial sums of the gradient of a weight, and the tiles that are worth one.
const PARTIALS: usize = 8;
const PARTIAL_TILES: usize = 128;

/// Output channels whose gradient a task sums.
const OUTPUTS: usize = 64;

/// `true` if these kernels make this convolution.
pub(super) fn serves(geometry: &Geometry) -> bool {
    let axes = [geometry.vertical, geometry.horizontal];
    let fits = |axis: &crate::window::Axis| {
        axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1 && axis.padding <= 2
    };
    let channels = geometry.channels_in.min(geometry.channels_out);
    geometry.groups == 1 && channels >= LEAST_CHANNELS && axes.iter().all(fits)
}

/// Sizes of a correlation with padding.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    padding: (usize, usize),
    /// Output channels, rows and columns.
    output: [usize; 3],
    /// Rows of tiles of an image, and tiles of a row.
    tiles: (usize, usize),
}

impl Sizes {
    fn new(geometry: &Geometry) -> Self {
        let Geometry { batch, channels_out, vertical, horizontal, .. } = *geometry;
        Self {
            batch,
            padding: (vertical.padding, horizontal.padding),
            output: [channels_out, vertical.output, horizontal.output],
            tiles: (vertical.output.div_ceil(2), horizontal.output.div_ceil(2)),
        }
    }

    /// Those of the gradient of the input.
    fn turned(geometry: &Geometry) -> Self {
        let Geometry { batch, channels_in, vertical, horizontal, .. } = *geometry;
        Self {
            batch,
            padding: (2 - vertical.padding, 2 - horizontal.padding),
            output: [channels_in, vertical.input, horizontal.input],
            tiles: (vertical.input.div_ceil(2), horizontal.input.div_ceil(2)),
        }
    }

    /// All rows of tiles of the batch, in strips of about `tiles` tiles.
    fn strips(&self, tiles: usize) -> Vec<Vec<Segment>> {
        split(0..self.batch * self.tiles.0, tiles.div_ceil(self.tiles.1))
            .map(|rows| self.segments(rows))
            .collect()
    }

    /// Some rows of tiles of the batch by image.
    fn segments(&self, rows: std::ops::Range<usize>) -> Vec<Segment> {
        let height = self.tiles.0;
        let images = rows.start / height..rows.end.div_ceil(height);
        let segment = |image: usize| {
            let first = rows.start.max(image * height);
            let rows = rows.end.min((image + 1) * height) - first;
            Segment { image, first: first - image * height, rows }
        };
        images.map(segment).collect()
    }
}

/// Ranges of nearly equal length, of at most `most`.
fn split(
    range: std::ops::Range<usize>,
    most: usize,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let count = range.len().div_ceil(most.max(1)).max(1);
    (0..count).map(move |index| {
        let place = |index: usize| range.start + index * range.len() / count;
        place(index)..place(index + 1)
    })
}

/// Tiles of a strip whose transformed tiles have so many channels.
fn strip_tiles(channels: usize) -> usize {
    (STRIP / (PLACES * channels)).clamp(FEWEST_TILES, MOST_TILES)
}

fn planes<'a>(data: &'a [f32], [channels, height, width]: [usize; 3]) -> Planes<'a> {
    Planes { data, channels, height, width }
}

/// The start of a result that tasks write different rows of.
#[derive(Clone, Copy)]
struct Start(*mut f32);

// SAFETY: tasks write to places of their own and read none.
unsafe impl Send for Start {}
// SAFETY: as above.
unsafe impl Sync for Start {}

impl Start {
    fn get(self) -> *mut f32 {
        self.0
    }
}

fn correlate(arch: InstructionSet, sizes: Sizes, x: Planes<'_>, filter: &Filter) -> Vec<f32> {
    let len = sizes.batch * sizes.output.iter().product::<usize>();
    let mut y: Vec<f32> = Vec::with_capacity(len);
    let start = Start(y.as_mut_ptr());
    let strips = sizes.strips(strip_tiles(x.channels));
    strips.par_iter().for_each_init(Scratch::default, |scratch, segments| {
        arch.dispatch(Strip {
            x,
            padding: sizes.padding,
            segments,
            columns: sizes.tiles.1,
            filter,
            y: start.get(),
            output: sizes.output,
            scratch,
        });
    });
    // SAFETY: the strips cover all rows of tiles, and a strip writes its rows in all channels.
    unsafe { y.set_len(len) };
    y
}

pub(super) fn forward(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
) -> Vec<f32> {
    let Geometry { channels_in, channels_out, vertical, horizontal, .. } = *geometry;
    let filter = Filter::new(arch, weight, (channels_out, channels_in), Orientation::Forward);
    let x = planes(x, [channels_in, vertical.input, horizontal.input]);
    correlate(arch, Sizes::new(geometry), x, &filter)
}

pub(super) fn gradients(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
    wanted: Wanted,
) -> Gradients<f32> {
    let Geometry { channels_in, channels_out, vertical, horizontal, .. } = *geometry;
    let gradient = planes(gradient, [channels_out, vertical.output, horizontal.output]);
    let input = wanted.input.then(|| {
        let channels = (channels_out, channels_in);
        let filter = Filter::new(arch, weight, channels, Orientation::Backward);
        correlate(arch, Sizes::turned(geometry), gradient, &filter)
    });
    let weight = wanted.weight.then(|| {
        let x = planes(x, [channels_in, vertical.input, horizontal.input]);
        weight_gradient(arch, Sizes::new(geometry), x, gradient)
    });
    Gradients { input, weight }
}

/// The gradient of the weight: tasks take a share of the tiles for a share of the outputs, whose
/// sums stay in the cache. Shares depend on sizes alone.
fn weight_gradient(
    arch: InstructionSet,
    sizes: Sizes,
    x: Planes<'_>,
    gradient: Planes<'_>,
) -> Vec<f32> {
    let channels = whole(x.channels, arch.lanes());
    let rows = sizes.batch * sizes.tiles.0;
    let partials = (rows * sizes.tiles.1 / PARTIAL_TILES).clamp(1, PARTIALS);
    let shares: Vec<_> = split(0..rows, rows.div_ceil(partials)).collect();
    let blocks: Vec<_> = split(0..gradient.channels, OUTPUTS).collect();
    let part = |scratch: &mut Scratch, task: usize| {
        let outputs = blocks[task / shares.len()].clone();
        let len = PLACES * outputs.len() * channels;
        let tiles = strip_tiles(channels.midpoint(outputs.len()));
        let mut sums: Vec<f32> = Vec::with_capacity(len);
        let strips = split(shares[task % shares.len()].clone(), tiles.div_ceil(sizes.tiles.1));
        for (index, rows) in strips.enumerate() {
            arch.dispatch(FilterStrip {
                x,
                padding: sizes.padding,
                segments: &sizes.segments(rows),
                columns: sizes.tiles.1,
                gradient,
                outputs: outputs.clone(),
                sums: &mut sums.spare_capacity_mut()[..len],
                fresh: index == 0,
                scratch,
            });
        }
        // SAFETY: the first strip wrote all of them.
        unsafe { sums.set_len(len) };
        sums
    };
    let tasks = (0..shares.len() * blocks.len()).into_par_iter();
    let parts: Vec<Vec<f32>> = tasks.map_init(Scratch::default, part).collect();
    let own = x.channels * 9;
    let mut dw = vec![0.0; gradient.channels * own];
    dw.par_chunks_mut(own).enumerate().for_each(|(output, target)| {
        let block = blocks.partition_point(|block| block.end <= output);
        arch.dispatch(FilterGradient {
            parts: &parts[block * shares.len()..][..shares.len()],
            output: output - blocks[block].start,
            inputs: x.channels,
            target,
        });
    });
    dw
}
