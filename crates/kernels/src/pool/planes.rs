//! Walking the planes of a pooling in parallel, in double precision.

use super::spec::Geometry;
use crate::halo::Halo;
use crate::parallel::{Blocks, fill_blocks, map_chunks};

/// Every output plane from its padded input plane: `pool(halo, padded, y)`, `y` being zero.
pub(super) fn pool(
    geometry: &Geometry,
    x: &[f64],
    border: f64,
    pool: impl Fn(&Halo, &[f64], &mut [f64]) + Sync + Send,
) -> Vec<f64> {
    let halo = geometry.halo();
    let planes = (halo.plane_len(), halo.output_len());
    map_chunks(
        x,
        planes,
        || halo.buffer(border),
        |padded, _, x, y| {
            halo.load(x, padded);
            pool(&halo, padded, y);
        },
    )
}

/// Every input-gradient plane from its index: `unpool(plane, scratch, dx)`.
pub(super) fn unpool<S>(
    geometry: &Geometry,
    scratch: impl Fn() -> S + Sync + Send,
    unpool: impl Fn(usize, &mut S, &mut [f64]) + Sync + Send,
) -> Vec<f64> {
    let count = geometry.planes();
    let block = geometry.halo().plane_len();
    let blocks = Blocks { count, block, len: count * block, cost: block };
    fill_blocks(blocks, scratch, |scratch, plane, dx| unpool(plane, scratch, dx)).0
}
