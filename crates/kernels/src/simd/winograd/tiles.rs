//! Transformations of tiles.

use pulp::Simd;

use super::super::{load, store};
use super::{Tiling, apart};

// No closures here: what they compute with registers is not compiled for these registers.

/// `N` registers `step` floats apart.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn spaced<S: Simd, const N: usize>(
    simd: S,
    source: *const f32,
    step: usize,
) -> [S::f32s; N] {
    let mut values = [simd.splat_f32s(0.0); N];
    for (row, value) in values.iter_mut().enumerate() {
        // SAFETY: the caller vouches for them.
        *value = unsafe { load::<S>(source.add(row * step)) };
    }
    values
}

/// The left factor of tiles of `N` by `N` pixels; transposed it is the right one.
pub(super) trait Factor<const N: usize> {
    /// Its product with one column.
    fn times<S: Simd>(simd: S, d: [S::f32s; N]) -> [S::f32s; 4];
}

/// `B^T`.
pub(super) struct Inputs;

impl Factor<4> for Inputs {
    #[inline(always)]
    fn times<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
        [
            simd.sub_f32s(d[0], d[2]),
            simd.add_f32s(d[1], d[2]),
            simd.sub_f32s(d[2], d[1]),
            simd.sub_f32s(d[1], d[3]),
        ]
    }
}

/// `A`.
pub(super) struct Gradients;

impl Factor<2> for Gradients {
    #[inline(always)]
    fn times<S: Simd>(simd: S, g: [S::f32s; 2]) -> [S::f32s; 4] {
        [g[0], simd.add_f32s(g[0], g[1]), simd.sub_f32s(g[0], g[1]), simd.neg_f32s(g[1])]
    }
}

/// `A^T m` of four registers.
#[inline(always)]
fn output<S: Simd>(simd: S, m: [S::f32s; 4]) -> [S::f32s; 2] {
    let sum = simd.add_f32s(m[1], m[2]);
    let difference = simd.sub_f32s(m[1], m[2]);
    [simd.add_f32s(m[0], sum), simd.sub_f32s(difference, m[3])]
}

/// `B^T d B` of every tile of staged pixels, or `A g A^T`: to `[place][tile][channel]`.
///
/// # Safety
/// Source and target must be as large as that; a tile of `N` rows and columns begins at twice its
/// own, and the staged rows hold them all.
#[inline(always)]
pub(super) unsafe fn transform<S: Simd, F: Factor<N>, const N: usize>(
    simd: S,
    staged: *const f32,
    tiling: Tiling,
    channels: usize,
    target: *mut f32,
) {
    let line = (2 * tiling.columns + N - 2) * channels;
    let pitch = apart(tiling.all, channels);
    for [row, column, tile] in tiling.tiles() {
        let mut channel = 0;
        while channel < channels {
            // SAFETY: the caller vouches for both.
            unsafe {
                let source = staged.add(2 * row * line + 2 * column * channels + channel);
                let mut down = [[simd.splat_f32s(0.0); 4]; N];
                for (at, down) in down.iter_mut().enumerate() {
                    *down = F::times(simd, spaced::<S, N>(simd, source.add(at * channels), line));
                }
                let target = target.add(tile * channels + channel);
                for r in 0..4 {
                    let mut across = [simd.splat_f32s(0.0); N];
                    for (across, down) in across.iter_mut().zip(&down) {
                        *across = down[r];
                    }
                    for (c, value) in F::times(simd, across).into_iter().enumerate() {
                        store::<S>(target.add((4 * r + c) * pitch), value);
                    }
                }
            }
            channel += S::F32_LANES;
        }
    }
}

/// `A^T m A` of one register of products `[place][tile][register]`: to `[row][column][lane]`.
///
/// # Safety
/// Source and target must be as large as that.
#[inline(always)]
pub(super) unsafe fn output_tiles<S: Simd>(
    simd: S,
    products: *const f32,
    tiling: Tiling,
    (register, registers): (usize, usize),
    target: *mut f32,
) {
    let lanes = S::F32_LANES;
    let line = 2 * tiling.columns * lanes;
    let pitch = apart(tiling.all, registers * lanes);
    for [row, column, tile] in tiling.tiles() {
        // SAFETY: the caller vouches for both.
        unsafe {
            let source = products.add((tile * registers + register) * lanes);
            let down = [
                output(simd, spaced::<S, 4>(simd, source, 4 * pitch)),
                output(simd, spaced::<S, 4>(simd, source.add(pitch), 4 * pitch)),
                output(simd, spaced::<S, 4>(simd, source.add(2 * pitch), 4 * pitch)),
                output(simd, spaced::<S, 4>(simd, source.add(3 * pitch), 4 * pitch)),
            ];
            let target = target.add(2 * row * line + 2 * column * lanes);
            let across = |r: usize| output(simd, [down[0][r], down[1][r], down[2][r], down[3][r]]);
            for r in 0..2 {
                let across = across(r);
                store::<S>(target.add(r * line), across[0]);
                store::<S>(target.add(r * line + lanes), across[1]);
            }
        }
    }
}
