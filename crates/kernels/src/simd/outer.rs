//! Sums of outer products along rows: the weight gradient of a 1x1 convolution.

use pulp::{Simd, WithSimd};

use super::{load, load_first};

/// `target[m][n] += sum_x left[m][x] * right[n][x]` for rows of `columns` values.
#[derive(Debug)]
pub(crate) struct Outer<'a> {
    pub(crate) left: &'a [f32],
    pub(crate) right: &'a [f32],
    pub(crate) left_rows: usize,
    pub(crate) right_rows: usize,
    /// Distance between the rows of `left` and of `right`.
    pub(crate) left_pitch: usize,
    pub(crate) right_pitch: usize,
    pub(crate) columns: usize,
    pub(crate) target: &'a mut [f32],
}

impl WithSimd for Outer<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.left_rows == 0 || self.right_rows == 0 || self.columns == 0 {
            return;
        }
        let end = |rows: usize, pitch: usize| (rows - 1) * pitch + self.columns;
        assert!(end(self.left_rows, self.left_pitch) <= self.left.len(), "left");
        assert!(end(self.right_rows, self.right_pitch) <= self.right.len(), "right");
        assert!(self.left_rows * self.right_rows <= self.target.len(), "target");
        let mut row = 0;
        // SAFETY: blocks stay inside the rows, whose extent was checked.
        unsafe {
            while row + 4 <= self.left_rows {
                self.block::<S, 4>(simd, row);
                row += 4;
            }
            while row < self.left_rows {
                self.block::<S, 1>(simd, row);
                row += 1;
            }
        }
    }
}

impl Outer<'_> {
    #[inline(always)]
    unsafe fn block<S: Simd, const M: usize>(&mut self, simd: S, row: usize) {
        let mut column = 0;
        // SAFETY: as the caller's.
        unsafe {
            // Four by two sums and their operands fit sixteen registers.
            while column + 2 <= self.right_rows {
                self.tile::<S, M, 2>(simd, row, column);
                column += 2;
            }
            while column < self.right_rows {
                self.tile::<S, M, 1>(simd, row, column);
                column += 1;
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const M: usize, const N: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let lanes = S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); N]; M];
        // SAFETY: rows `row..row + M` of left and `column..column + N` of right exist.
        unsafe {
            let left = self.left.as_ptr().add(row * self.left_pitch);
            let right = self.right.as_ptr().add(column * self.right_pitch);
            let mut x = 0;
            while x + lanes <= self.columns {
                let mut a = [simd.splat_f32s(0.0); M];
                for (m, a) in a.iter_mut().enumerate() {
                    *a = load::<S>(left.add(m * self.left_pitch + x));
                }
                for n in 0..N {
                    let b = load::<S>(right.add(n * self.right_pitch + x));
                    for (sums, a) in sums.iter_mut().zip(a) {
                        sums[n] = simd.mul_add_e_f32s(a, b, sums[n]);
                    }
                }
                x += lanes;
            }
            let rest = self.columns - x;
            if rest > 0 {
                for n in 0..N {
                    let b = load_first::<S>(right.add(n * self.right_pitch + x), rest);
                    for (m, sums) in sums.iter_mut().enumerate() {
                        let a = load_first::<S>(left.add(m * self.left_pitch + x), rest);
                        sums[n] = simd.mul_add_e_f32s(a, b, sums[n]);
                    }
                }
            }
            let target = self.target.as_mut_ptr().add(row * self.right_rows + column);
            for (m, sums) in sums.iter().enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    *target.add(m * self.right_rows + n) += simd.reduce_sum_f32s(*sum);
                }
            }
        }
    }
}
