//! The matrix products at the places of tiles.

use pulp::Simd;

use super::super::{load, store};
use super::{PLACES, WIDE, apart};

/// Channels or tiles that are summed one after the other: rounding grows with their number.
const RUN: usize = 64;

/// Sizes of the products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Channels of whole registers of inputs, and of gradients of outputs.
    pub(super) left: usize,
    pub(super) right: usize,
    /// Channels of inputs that are summed over, or rows of a gradient.
    pub(super) inner: usize,
    pub(super) tiles: usize,
}

/// `m[place][tile][o] = sum_c v[place][tile][c] u[place][c][o]` for `W` registers of outputs, `R`
/// tiles at a time.
///
/// # Safety
/// `v` must hold `[PLACES][tiles][channels of whole registers]`, `u` `[PLACES][channels][W
/// registers]`, `m` `[PLACES][tiles][W registers]`.
#[inline(always)]
pub(super) unsafe fn panel_product<S: Simd, const W: usize, const R: usize>(
    simd: S,
    v: *const f32,
    u: &[f32],
    size: Sizes,
    m: *mut f32,
) {
    let lanes = S::F32_LANES;
    let Sizes { left: pitch, inner: channels, tiles, .. } = size;
    assert!(u.len() >= PLACES * channels * W * lanes, "panel");
    for place in 0..PLACES {
        // SAFETY: as the caller's.
        unsafe {
            let v = v.add(place * apart(tiles, pitch));
            let u = u.as_ptr().add(place * channels * W * lanes);
            let m = m.add(place * apart(tiles, W * lanes));
            let mut tile = 0;
            while tile + R <= tiles {
                let v = v.add(tile * pitch);
                rows::<S, W, R>(simd, v, pitch, u, channels, m.add(tile * W * lanes));
                tile += R;
            }
            while tile + 2 <= tiles {
                let v = v.add(tile * pitch);
                rows::<S, W, 2>(simd, v, pitch, u, channels, m.add(tile * W * lanes));
                tile += 2;
            }
            if tile < tiles {
                let v = v.add(tile * pitch);
                rows::<S, W, 1>(simd, v, pitch, u, channels, m.add(tile * W * lanes));
            }
        }
    }
}

/// `R` rows of a product.
#[inline(always)]
unsafe fn rows<S: Simd, const W: usize, const R: usize>(
    simd: S,
    left: *const f32,
    pitch: usize,
    right: *const f32,
    inner: usize,
    target: *mut f32,
) {
    let lanes = S::F32_LANES;
    let mut totals = [[simd.splat_f32s(0.0); W]; R];
    // SAFETY: as the caller's.
    unsafe {
        let mut right = right;
        let mut first = 0;
        while first < inner {
            let mut sums = [[simd.splat_f32s(0.0); W]; R];
            for k in first..inner.min(first + RUN) {
                let mut own = [simd.splat_f32s(0.0); W];
                for (w, own) in own.iter_mut().enumerate() {
                    *own = load::<S>(right.add(w * lanes));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let factor = simd.splat_f32s(*left.add(r * pitch + k));
                    for (sum, own) in sums.iter_mut().zip(own) {
                        *sum = simd.mul_add_e_f32s(factor, own, *sum);
                    }
                }
                right = right.add(W * lanes);
            }
            for (totals, sums) in totals.iter_mut().zip(sums) {
                for (total, sum) in totals.iter_mut().zip(sums) {
                    *total = simd.add_f32s(*total, sum);
                }
            }
            first += RUN;
        }
        for (r, totals) in totals.into_iter().enumerate() {
            for (w, total) in totals.into_iter().enumerate() {
                store::<S>(target.add((r * W + w) * lanes), total);
            }
        }
    }
}

/// `sums[o][place][c] += sum_t d[place][t][o] v[place][t][c]`, or sets them.
///
/// # Safety
/// `v` and `d` must hold `[PLACES][tiles][channels]`, with `left` and `right` channels, the sums
/// `[inner][PLACES][left]`, if they are not fresh.
#[inline(always)]
pub(super) unsafe fn accumulate<S: Simd>(
    simd: S,
    (v, d): (*const f32, *const f32),
    size: Sizes,
    sums: *mut f32,
    fresh: bool,
) {
    let Sizes { left, right, inner, tiles } = size;
    for place in 0..PLACES {
        let mut tile = 0;
        while tile < tiles {
            // SAFETY: as the caller's.
            unsafe {
                Product {
                    v: v.add(place * apart(tiles, left) + tile * left),
                    d: d.add(place * apart(tiles, right) + tile * right),
                    sums: sums.add(place * left),
                    size: Sizes { left, right, inner, tiles: RUN.min(tiles - tile) },
                    fresh: fresh && tile == 0,
                }
                .run(simd);
            }
            tile += RUN;
        }
    }
}

/// The product of one place.
struct Product {
    v: *const f32,
    d: *const f32,
    sums: *mut f32,
    size: Sizes,
    fresh: bool,
}

impl Product {
    /// Adds all rows.
    ///
    /// # Safety
    /// As for [`accumulate`].
    #[inline(always)]
    unsafe fn run<S: Simd>(&self, simd: S) {
        const ROWS: usize = 6;
        let lanes = S::F32_LANES;
        let registers = self.size.left / lanes;
        let mut register = 0;
        while register < registers {
            let wide = WIDE.min(registers - register);
            let column = register * lanes;
            let mut row = 0;
            while row < self.size.inner {
                // SAFETY: these rows and columns exist.
                row += unsafe {
                    match (wide, self.size.inner - row) {
                        (WIDE, ROWS..) => self.add::<S, WIDE, ROWS>(simd, row, column),
                        (WIDE, 4..) => self.add::<S, WIDE, 4>(simd, row, column),
                        (WIDE, 2..) => self.add::<S, WIDE, 2>(simd, row, column),
                        (WIDE, _) => self.add::<S, WIDE, 1>(simd, row, column),
                        (_, 8..) => self.add::<S, 1, 8>(simd, row, column),
                        (_, 4..) => self.add::<S, 1, 4>(simd, row, column),
                        (_, 2..) => self.add::<S, 1, 2>(simd, row, column),
                        _ => self.add::<S, 1, 1>(simd, row, column),
                    }
                };
            }
            register += wide;
        }
    }

    /// Adds `R` rows of `W` registers and says how many rows that were.
    #[inline(always)]
    unsafe fn add<S: Simd, const W: usize, const R: usize>(
        &self,
        simd: S,
        row: usize,
        column: usize,
    ) -> usize {
        let lanes = S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); W]; R];
        // SAFETY: as the caller's: these rows and columns exist.
        unsafe {
            let mut v = self.v.add(column);
            let mut d = self.d.add(row);
            for _ in 0..self.size.tiles {
                let mut own = [simd.splat_f32s(0.0); W];
                for (w, own) in own.iter_mut().enumerate() {
                    *own = load::<S>(v.add(w * lanes));
                }
                for (r, sums) in sums.iter_mut().enumerate() {
                    let factor = simd.splat_f32s(*d.add(r));
                    for (sum, own) in sums.iter_mut().zip(own) {
                        *sum = simd.mul_add_e_f32s(factor, own, *sum);
                    }
                }
                v = v.add(self.size.left);
                d = d.add(self.size.right);
            }
            for (r, sums) in sums.into_iter().enumerate() {
                for (w, sum) in sums.into_iter().enumerate() {
                    let target =
                        self.sums.add((row + r) * PLACES * self.size.left + column + w * lanes);
                    let before = if self.fresh { simd.splat_f32s(0.0) } else { load::<S>(target) };
                    store::<S>(target, simd.add_f32s(before, sum));
                }
            }
        }
        R
    }
}
