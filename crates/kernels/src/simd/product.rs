//! Matrix products with a small left operand: 1x1 convolutions on one image.

use pulp::{Simd, WithSimd};

use super::{load, store_first};

/// Rows of the left operand that share one pass over a panel.
const MOST_ROWS: usize = 6;

/// Registers of columns in a panel.
const WIDE: usize = 2;

/// A left operand, its rows in blocks of nearly equal height: `[block][inner][row]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    data: Vec<f32>,
    rows: usize,
    inner: usize,
}

impl Packed {
    /// Packs `rows` rows of `inner` values, given by row and place.
    pub(crate) fn new(rows: usize, inner: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut data = Vec::with_capacity(rows * inner);
        for (first, height) in blocks(rows) {
            for k in 0..inner {
                data.extend((first..first + height).map(|row| value(row, k)));
            }
        }
        Self { data, rows, inner }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

/// First row and height of every block.
fn blocks(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = rows.div_ceil(MOST_ROWS).max(1);
    (0..count).map(move |block| {
        let first = block * rows / count;
        (first, (block + 1) * rows / count - first)
    })
}

/// Floats that [`Multiply`] needs for a panel of `inner` rows.
pub(crate) fn panel_len(inner: usize) -> usize {
    inner * WIDE * super::SLACK
}

/// `target[m][x] = sum_k left[m][k] * right[k][x]`, or adds it.
///
/// Rows of `right` lie `right_pitch` apart, those of `target` `target_pitch`.
#[derive(Debug)]
pub(crate) struct Multiply<'a> {
    pub(crate) left: &'a Packed,
    pub(crate) right: &'a [f32],
    pub(crate) right_pitch: usize,
    pub(crate) target: &'a mut [f32],
    pub(crate) target_pitch: usize,
    pub(crate) columns: usize,
    pub(crate) add: bool,
    /// Scratch of [`panel_len`] floats.
    pub(crate) panel: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Packed { rows, inner, .. } = *self.left;
        if self.columns == 0 || rows == 0 {
            return;
        }
        let step = WIDE * S::F32_LANES;
        assert_eq!(self.left.data.len(), rows * inner, "left");
        let right = (inner.max(1) - 1) * self.right_pitch + self.columns;
        assert!(inner == 0 || right <= self.right.len(), "right");
        assert!((rows - 1) * self.target_pitch + self.columns <= self.target.len(), "target");
        assert!(inner * step <= self.panel.len(), "panel");
        let mut column = 0;
        while column < self.columns {
            // SAFETY: the checks above cover all rows and columns; a panel has `inner` rows of
            // `step` floats.
            unsafe {
                // Columns of `right` are copied side by side once and then read by every block of
                // rows, from the nearest cache and without a pitch.
                self.fill::<S>(column);
                for (first, height) in blocks(rows) {
                    match height {
                        1 => self.tile::<S, 1>(simd, first, column),
                        2 => self.tile::<S, 2>(simd, first, column),
                        3 => self.tile::<S, 3>(simd, first, column),
                        4 => self.tile::<S, 4>(simd, first, column),
                        5 => self.tile::<S, 5>(simd, first, column),
                        _ => self.tile::<S, MOST_ROWS>(simd, first, column),
                    }
                }
            }
            column += step;
        }
    }
}

impl Multiply<'_> {
    /// Copies `WIDE` registers of columns, zeros beyond the last column.
    #[inline(always)]
    unsafe fn fill<S: Simd>(&mut self, column: usize) {
        let lanes = S::F32_LANES;
        let whole = column + WIDE * lanes <= self.columns;
        // SAFETY: see `with_simd`.
        unsafe {
            let mut panel = self.panel.as_mut_ptr();
            let mut source = self.right.as_ptr().add(column);
            for k in 0..self.left.inner {
                for v in 0..WIDE {
                    let value = if whole {
                        load::<S>(source.add(v * lanes))
                    } else {
                        let count = (self.columns - column).saturating_sub(v * lanes);
                        super::load_first::<S>(source.wrapping_add(v * lanes), count)
                    };
                    super::store::<S>(panel.add(v * lanes), value);
                }
                panel = panel.add(WIDE * lanes);
                if k + 1 < self.left.inner {
                    source = source.add(self.right_pitch);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const M: usize>(&mut self, simd: S, first: usize, column: usize) {
        let lanes = S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); WIDE]; M];
        // SAFETY: see `with_simd`; a block of `M` rows holds `M * inner` values.
        unsafe {
            let mut left = self.left.data.as_ptr().add(first * self.left.inner);
            let mut panel = self.panel.as_ptr();
            for _ in 0..self.left.inner {
                let right = [load::<S>(panel), load::<S>(panel.add(lanes))];
                for (m, sums) in sums.iter_mut().enumerate() {
                    let factor = simd.splat_f32s(*left.add(m));
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = simd.mul_add_e_f32s(factor, right, *sum);
                    }
                }
                left = left.add(M);
                panel = panel.add(WIDE * lanes);
            }
            let target = self.target.as_mut_ptr().add(first * self.target_pitch + column);
            for (m, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    let count = (self.columns - column).saturating_sub(v * lanes);
                    let target = target.wrapping_add(m * self.target_pitch + v * lanes);
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
