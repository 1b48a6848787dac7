//! Transformations of tiles.

use pulp::Simd;

use super::super::{load, store};
use super::{Tiling, apart};

// No closures here: what they compute with registers is not compiled for these registers.

/// Two registers `step` floats apart.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn two<S: Simd>(source: *const f32, step: usize) -> [S::f32s; 2] {
    // SAFETY: the caller vouches for them.
    unsafe { [load::<S>(source), load::<S>(source.add(step))] }
}

/// Four registers `step` floats apart.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn four<S: Simd>(source: *const f32, step: usize) -> [S::f32s; 4] {
    // SAFETY: the caller vouches for them.
    unsafe {
        [
            load::<S>(source),
            load::<S>(source.add(step)),
            load::<S>(source.add(2 * step)),
            load::<S>(source.add(3 * step)),
        ]
    }
}

/// `B^T d` of four registers.
#[inline(always)]
fn input<S: Simd>(simd: S, d: [S::f32s; 4]) -> [S::f32s; 4] {
    [
        simd.sub_f32s(d[0], d[2]),
        simd.add_f32s(d[1], d[2]),
        simd.sub_f32s(d[2], d[1]),
        simd.sub_f32s(d[1], d[3]),
    ]
}

/// `A^T m` of four registers.
#[inline(always)]
fn output<S: Simd>(simd: S, m: [S::f32s; 4]) -> [S::f32s; 2] {
    let sum = simd.add_f32s(m[1], m[2]);
    let difference = simd.sub_f32s(m[1], m[2]);
    [simd.add_f32s(m[0], sum), simd.sub_f32s(difference, m[3])]
}

/// `A g` of two registers.
#[inline(always)]
fn gradient<S: Simd>(simd: S, g: [S::f32s; 2]) -> [S::f32s; 4] {
    [g[0], simd.add_f32s(g[0], g[1]), simd.sub_f32s(g[0], g[1]), simd.neg_f32s(g[1])]
}

/// `B^T d B` of every tile of staged rows: to `[place][tile][channel]`.
///
/// # Safety
/// Source and target must be as large as that.
#[inline(always)]
pub(super) unsafe fn input_tiles<S: Simd>(
    simd: S,
    staged: *const f32,
    tiling: Tiling,
    channels: usize,
    target: *mut f32,
) {
    let line = (2 * tiling.columns + 2) * channels;
    let pitch = apart(tiling.all, channels);
    for [row, column, tile] in tiling.tiles() {
        let mut channel = 0;
        while channel < channels {
            // SAFETY: a tile reads four rows and columns from twice its own on.
            unsafe {
                let source = staged.add(2 * row * line + 2 * column * channels + channel);
                let down = [
                    input(simd, four::<S>(source, line)),
                    input(simd, four::<S>(source.add(channels), line)),
                    input(simd, four::<S>(source.add(2 * channels), line)),
                    input(simd, four::<S>(source.add(3 * channels), line)),
                ];
                let target = target.add(tile * channels + channel);
                let row = |r: usize| [down[0][r], down[1][r], down[2][r], down[3][r]];
                for r in 0..4 {
                    let across = input(simd, row(r));
                    for (c, value) in across.into_iter().enumerate() {
                        store::<S>(target.add((4 * r + c) * pitch), value);
                    }
                }
            }
            channel += S::F32_LANES;
        }
    }
}

/// `A g A^T` of every tile of staged gradients: to `[place][tile][channel]`.
///
/// # Safety
/// Source and target must be as large as that.
#[inline(always)]
pub(super) unsafe fn gradient_tiles<S: Simd>(
    simd: S,
    staged: *const f32,
    tiling: Tiling,
    channels: usize,
    target: *mut f32,
) {
    let line = 2 * tiling.columns * channels;
    let pitch = apart(tiling.all, channels);
    for [row, column, tile] in tiling.tiles() {
        let mut channel = 0;
        while channel < channels {
            // SAFETY: a tile reads two rows and columns from twice its own on.
            unsafe {
                let source = staged.add(2 * row * line + 2 * column * channels + channel);
                let down = [
                    gradient(simd, two::<S>(source, line)),
                    gradient(simd, two::<S>(source.add(channels), line)),
                ];
                let target = target.add(tile * channels + channel);
                let row = |r: usize| [down[0][r], down[1][r]];
                for r in 0..4 {
                    let across = gradient(simd, row(r));
                    for (c, value) in across.into_iter().enumerate() {
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
                output(simd, four::<S>(source, 4 * pitch)),
                output(simd, four::<S>(source.add(pitch), 4 * pitch)),
                output(simd, four::<S>(source.add(2 * pitch), 4 * pitch)),
                output(simd, four::<S>(source.add(3 * pitch), 4 * pitch)),
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
