//! Walking the planes of a pooling in parallel.

use rayon::prelude::*;

use super::spec::Geometry;
use crate::float::Float;
use crate::halo::Halo;
use crate::parallel::chunks_per_task;

/// Every output plane from its padded input plane: `pool(padded, y)`.
pub(super) fn pool<T: Float, S>(
    geometry: &Geometry,
    x: &[T],
    border: T,
    scratch: impl Fn() -> S + Sync + Send,
    pool: impl Fn(&Halo, &[T], &mut S, &mut [T]) + Sync + Send,
) -> Vec<T> {
    let halo = geometry.halo();
    let mut y = vec![T::ZERO; geometry.planes() * halo.output_len()];
    y.par_chunks_mut(halo.output_len())
        .enumerate()
        .with_min_len(chunks_per_task(halo.plane_len()))
        .for_each_init(
            || (halo.buffer(border), scratch()),
            |(padded, scratch), (plane, y)| {
                halo.load(&x[plane * halo.plane_len()..][..halo.plane_len()], padded);
                pool(&halo, padded, scratch, y);
            },
        );
    y
}

/// Every input-gradient plane from its index: `unpool(plane index, dx)`.
pub(super) fn unpool<T: Float, S>(
    geometry: &Geometry,
    scratch: impl Fn() -> S + Sync + Send,
    unpool: impl Fn(usize, &mut S, &mut [T]) + Sync + Send,
) -> Vec<T> {
    let length = geometry.halo().plane_len();
    let mut dx = vec![T::ZERO; geometry.planes() * length];
    dx.par_chunks_mut(length)
        .enumerate()
        .with_min_len(chunks_per_task(length))
        .for_each_init(scratch, |scratch, (plane, dx)| unpool(plane, scratch, dx));
    dx
}
