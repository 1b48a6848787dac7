//! Sums of shifted rows: depthwise convolution, its input gradient, average pooling.

use pulp::{Simd, WithSimd};

use super::{load, reach, store_first};

/// One term of the sum: where the source of the first output lies, and its factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tap {
    pub(crate) offset: usize,
    pub(crate) weight: f32,
}

/// `target[r][c] = sum_t weight_t * source[offset_t + r * row_step + c]`, or adds it.
///
/// `source` is read up to a register past the last column.
#[derive(Debug)]
pub(crate) struct Correlate<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) row_step: usize,
    pub(crate) taps: &'a [Tap],
    pub(crate) target: &'a mut [f32],
    pub(crate) pitch: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) add: bool,
}

impl<'a> Correlate<'a> {
    /// Writes a plane of `rows` and `columns` without gaps.
    pub(crate) fn plane(
        source: &'a [f32],
        row_step: usize,
        taps: &'a [Tap],
        target: &'a mut [f32],
        (rows, columns): (usize, usize),
    ) -> Self {
        Self { source, row_step, taps, target, pitch: columns, rows, columns, add: false }
    }
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = S::F32_LANES;
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let offsets = self.taps.iter().map(|tap| tap.offset);
        let reach = reach::<S>(offsets, self.row_step, self.rows, self.columns);
        assert!(reach <= self.source.len(), "source");
        assert!((self.rows - 1) * self.pitch + self.columns <= self.target.len(), "target");
        let mut column = 0;
        while column < self.columns {
            // SAFETY: the two checks above cover every row and every register of a strip.
            column += lanes
                * unsafe {
                    match (self.columns - column).div_ceil(lanes) {
                        1 => self.strip::<S, 1, 8>(simd, column),
                        2 | 3 => self.strip::<S, 2, 4>(simd, column),
                        _ => self.strip::<S, 4, 2>(simd, column),
                    }
                };
        }
    }
}

impl Correlate<'_> {
    /// All rows of `V` registers of columns, `R` rows at a time; returns `V`.
    #[inline(always)]
    unsafe fn strip<S: Simd, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        column: usize,
    ) -> usize {
        let mut row = 0;
        // SAFETY: `row + (rows of the tile) <= self.rows` in every call.
        unsafe {
            while row + R <= self.rows {
                self.tile::<S, V, R>(simd, row, column);
                row += R;
            }
            if row + 4 <= self.rows {
                self.tile::<S, V, 4>(simd, row, column);
                row += 4;
            }
            if row + 2 <= self.rows {
                self.tile::<S, V, 2>(simd, row, column);
                row += 2;
            }
            while row < self.rows {
                self.tile::<S, V, 1>(simd, row, column);
                row += 1;
            }
        }
        V
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let lanes = S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        // SAFETY: `with_simd` checked the farthest tap, the last row and the last register.
        unsafe {
            let source = self.source.as_ptr().add(row * self.row_step + column);
            for tap in self.taps {
                let weight = simd.splat_f32s(tap.weight);
                for (r, sums) in sums.iter_mut().enumerate() {
                    let source = source.add(tap.offset + r * self.row_step);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = simd.mul_add_e_f32s(weight, load::<S>(source.add(v * lanes)), *sum);
                    }
                }
            }
            let target = self.target.as_mut_ptr().add(row * self.pitch + column);
            for (r, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    let count = (self.columns - column).saturating_sub(v * lanes);
                    let target = target.add(r * self.pitch + v * lanes);
                    let sum = if self.add {
                        simd.add_f32s(super::load_first::<S>(target, count), *sum)
                    } else {
                        *sum
                    };
                    store_first::<S>(target, sum, count);
                }
            }
        }
    }
}
