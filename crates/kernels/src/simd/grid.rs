//! Correlations with a square grid of taps, each input row read once for all the outputs it
//! reaches.

use pulp::{Simd, WithSimd};

use super::{load, load_first, store_first};

/// `target[r][c] = sum_{i,j} weights[i * side + j] * source[place(r, i, j) + c]`, or adds it, where
/// `place(r, i, j)` is `(r + i * apart) * row_step + columns[j]`.
///
/// `source` is read up to a register past the last column.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) row_step: usize,
    /// Output rows between two rows of taps.
    pub(crate) apart: usize,
    /// The places of the columns of the first row of taps for the first output.
    pub(crate) columns: &'a [usize],
    pub(crate) weights: &'a [f32],
    pub(crate) target: &'a mut [f32],
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) add: bool,
}

/// Output rows in a tile.
const TILE: usize = 8;

impl WithSimd for Grid<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.rows == 0 || self.width == 0 {
            return;
        }
        let side = self.columns.len();
        assert_eq!(self.weights.len(), side * side, "weights");
        let farthest = self.columns.iter().copied().max().unwrap_or(0);
        let last = (self.rows - 1 + (side.max(1) - 1) * self.apart) * self.row_step;
        let width = self.width.next_multiple_of(S::F32_LANES);
        assert!(farthest + last + width <= self.source.len(), "source");
        assert!(self.rows * self.width <= self.target.len(), "target");
        // SAFETY: the checks above cover every row and register.
        unsafe {
            match side {
                3 => self.all::<S, 3>(simd),
                _ => self.all::<S, 5>(simd),
            }
        }
    }
}

impl Grid<'_> {
    /// `true` if there is a loop for this many taps in a row.
    pub(crate) fn serves(side: usize) -> bool {
        matches!(side, 3 | 5)
    }

    /// # Safety
    /// As checked by `with_simd`, for `K` columns of taps.
    #[inline(always)]
    unsafe fn all<S: Simd, const K: usize>(&mut self, simd: S) {
        let mut column = 0;
        while column < self.width {
            // Rows that lie `apart` rows from one another share inputs.
            for first in 0..self.apart.min(self.rows) {
                let mut row = first;
                while row < self.rows {
                    let count = (self.rows - row).div_ceil(self.apart).min(TILE);
                    // SAFETY: `count` rows from `row` on, `apart` rows from one another, exist.
                    unsafe {
                        match count {
                            TILE => self.tile::<S, K, TILE>(simd, row, column),
                            4..TILE => self.tile::<S, K, 4>(simd, row, column),
                            2..4 => self.tile::<S, K, 2>(simd, row, column),
                            _ => self.tile::<S, K, 1>(simd, row, column),
                        }
                    }
                    row += self.apart
                        * match count {
                            TILE => TILE,
                            4..TILE => 4,
                            2..4 => 2,
                            _ => 1,
                        };
                }
            }
            column += S::F32_LANES;
        }
    }

    /// # Safety
    /// `R` rows of outputs, `apart` rows from one another, exist from `row` on.
    #[inline(always)]
    unsafe fn tile<S: Simd, const K: usize, const R: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let step = self.apart * self.row_step;
        let mut sums = [simd.splat_f32s(0.0); R];
        // SAFETY: see `with_simd`.
        unsafe {
            let source = self.source.as_ptr().add(row * self.row_step + column);
            for j in 0..K {
                let mut weights = [simd.splat_f32s(0.0); K];
                for (i, weight) in weights.iter_mut().enumerate() {
                    *weight = simd.splat_f32s(*self.weights.get_unchecked(i * K + j));
                }
                let source = source.add(*self.columns.get_unchecked(j));
                // Written out: indices must be constants for the sums to stay in registers.
                macro_rules! inputs {
                    ($($input:literal)*) => {$(
                        if $input < R + K - 1 {
                            let x = load::<S>(source.add($input * step));
                            reach::<S, K, R>(simd, $input, x, &weights, &mut sums);
                        }
                    )*};
                }
                inputs!(0 1 2 3 4 5 6 7 8 9 10 11);
            }
            let count = self.width - column;
            let target = self.target.as_mut_ptr().add(row * self.width + column);
            for (r, sum) in sums.iter().enumerate() {
                let target = target.add(r * self.apart * self.width);
                let sum = if self.add {
                    simd.add_f32s(load_first::<S>(target, count), *sum)
                } else {
                    *sum
                };
                store_first::<S>(target, sum, count);
            }
        }
    }
}

/// Adds one input row to all the sums it belongs to.
#[inline(always)]
fn reach<S: Simd, const K: usize, const R: usize>(
    simd: S,
    input: usize,
    x: S::f32s,
    weights: &[S::f32s; K],
    sums: &mut [S::f32s; R],
) {
    for (i, weight) in weights.iter().enumerate() {
        if input >= i && input - i < R {
            sums[input - i] = simd.mul_add_e_f32s(*weight, x, sums[input - i]);
        }
    }
}
