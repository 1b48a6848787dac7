//! Rows of planes with channels side by side, and back.

use std::ops::Range;

use pulp::Simd;

use super::super::bundle::{STEP, lanes_to_rows, rows_to_lanes};
use super::super::{load, store};
use super::{Planes, whole};

/// Rows of tiles of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) image: usize,
    pub(crate) first: usize,
    pub(crate) rows: usize,
}

/// Copies the pixels that a segment reads of some channels to `[row][column][channel]`, with zeros
/// around them: two rows for each row of tiles and `extent.0` more, of `extent.1` columns.
///
/// # Safety
/// The target must hold all of that, the image and the channels must exist.
#[inline(always)]
pub(super) unsafe fn stage<S: Simd>(
    simd: S,
    (x, range): (Planes<'_>, Range<usize>),
    segment: Segment,
    padding: (usize, usize),
    extent: (usize, usize),
    target: *mut f32,
) {
    let lanes = S::F32_LANES;
    let channels = whole(range.len(), lanes);
    let plane = x.height * x.width;
    let columns = extent.1;
    let zero = simd.splat_f32s(0.0);
    let inside = x.width.min(columns.saturating_sub(padding.1));
    let image = &x.data[segment.image * x.len()..][..x.len()];
    let mut channel = 0;
    while channel < range.len() {
        let own = lanes.min(range.len() - channel);
        for row in 0..2 * segment.rows + extent.0 {
            // SAFETY: rows, columns and channels are inside the target, and sources inside the
            // image.
            unsafe {
                let target = target.add(row * columns * channels + channel);
                let place = |column: usize| target.add(column * channels);
                let source = (2 * segment.first + row).checked_sub(padding.0);
                let Some(source) = source.filter(|source| *source < x.height) else {
                    (0..columns).for_each(|column| store::<S>(place(column), zero));
                    continue;
                };
                (0..padding.1.min(columns)).for_each(|column| store::<S>(place(column), zero));
                let source = image.as_ptr().add((range.start + channel) * plane + source * x.width);
                let mut column = 0;
                if own == lanes {
                    while column + STEP <= inside {
                        let values = rows_to_lanes(simd, source.add(column), plane);
                        for (step, value) in values.into_iter().enumerate() {
                            store::<S>(place(padding.1 + column + step), value);
                        }
                        column += STEP;
                    }
                }
                while column < inside {
                    let target = place(padding.1 + column);
                    if own < lanes {
                        store::<S>(target, zero);
                    }
                    for lane in 0..own {
                        *target.add(lane) = *source.add(lane * plane + column);
                    }
                    column += 1;
                }
                let rest = padding.1 + inside..columns;
                rest.for_each(|column| store::<S>(place(column), zero));
            }
        }
        channel += lanes;
    }
}

/// Writes a register's channels of `[row][column][lane]` to their planes, as far as these go.
///
/// # Safety
/// The source must hold two rows and two columns for each tile, and the rows of the segment must
/// be writable in all channels of its image at `y`.
#[inline(always)]
pub(super) unsafe fn unstage<S: Simd>(
    simd: S,
    staged: *const f32,
    segment: Segment,
    columns: usize,
    channel: usize,
    [channels, height, width]: [usize; 3],
    y: *mut f32,
) {
    let lanes = S::F32_LANES;
    let own = lanes.min(channels - channel);
    let plane = height * width;
    let rows = (2 * segment.rows).min(height - 2 * segment.first);
    for row in 0..rows {
        // SAFETY: as the caller's; rows and columns beyond the planes are not written.
        unsafe {
            let source = staged.add(row * 2 * columns * lanes);
            let first = (segment.image * channels + channel) * plane;
            let target = y.add(first + (2 * segment.first + row) * width);
            let mut column = 0;
            if own == lanes {
                while column + STEP <= width {
                    let source = source.add(column * lanes);
                    let values = [
                        load::<S>(source),
                        load::<S>(source.add(lanes)),
                        load::<S>(source.add(2 * lanes)),
                        load::<S>(source.add(3 * lanes)),
                    ];
                    lanes_to_rows(simd, values, target.add(column), plane);
                    column += STEP;
                }
            }
            while column < width {
                for lane in 0..own {
                    *target.add(lane * plane + column) = *source.add(column * lanes + lane);
                }
                column += 1;
            }
        }
    }
}
