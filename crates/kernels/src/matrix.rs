//! Matrix products on slices: own loops for `f32`, a checked door to the `gemm` crate.
#![allow(unsafe_code, reason = "gemm::gemm takes raw pointers; lengths are checked here")]

use crate::simd::InstructionSet;
use gemm::Parallelism;

use crate::float::Float;
use crate::simd::{self, Packed, panel_len};

/// A borrowed matrix that covers its slice exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix over the whole of `data`.
    pub(crate) fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(Some(data.len()), rows.checked_mul(columns), "matrix size");
        Self { data, rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

impl<T: Float> Matrix<'_, T> {
    fn at(&self, row: usize, column: usize) -> T {
        self.data[row * self.row_stride + column * self.column_stride]
    }
}

/// The products that convolutions need, on this thread.
pub(crate) trait Product: Float {
    /// A left operand, ready for many products.
    type Operand: Send + Sync;

    /// Prepares a left operand.
    fn operand(matrix: Matrix<'_, Self>) -> Self::Operand;

    /// `target = left * right`, both row-major; `panel` is scratch.
    fn multiply(
        arch: InstructionSet,
        target: &mut [Self],
        left: &Self::Operand,
        right: &[Self],
        panel: &mut Vec<Self>,
    );
}

/// Inner sizes up to which a panel of columns fits the cache beside the left operand, so that
/// the own loop beats a product in blocks.
const MOST_INNER: usize = 512;

/// A left operand in single precision.
#[derive(Debug)]
pub(crate) enum Single {
    Packed(Packed, usize),
    /// Row-major.
    Plain {
        data: Vec<f32>,
        rows: usize,
        inner: usize,
    },
}

impl Product for f32 {
    type Operand = Single;

    fn operand(matrix: Matrix<'_, f32>) -> Single {
        let rows = matrix.rows;
        let inner = matrix.columns;
        if inner <= MOST_INNER {
            return Single::Packed(Packed::new(rows, inner, |m, k| matrix.at(m, k)), inner);
        }
        let places = (0..rows).flat_map(|m| (0..inner).map(move |k| (m, k)));
        Single::Plain { data: places.map(|(m, k)| matrix.at(m, k)).collect(), rows, inner }
    }

    fn multiply(
        arch: InstructionSet,
        target: &mut [f32],
        left: &Single,
        right: &[f32],
        panel: &mut Vec<f32>,
    ) {
        match left {
            Single::Packed(left, inner) => {
                let columns = right.len() / inner;
                panel.resize(panel_len(*inner), 0.0);
                arch.dispatch(simd::Multiply {
                    left,
                    right,
                    right_pitch: columns,
                    target,
                    target_pitch: columns,
                    columns,
                    add: false,
                    panel,
                });
            }
            Single::Plain { data, rows, inner } => {
                let right = Matrix::new(right, *inner, right.len() / inner);
                multiply(target, Write::Replace, Matrix::new(data, *rows, *inner), right);
            }
        }
    }
}

/// `target += left * right^T`, all row-major, the rows of left and right of `columns` values.
pub(crate) fn add_outer<T: Float>(target: &mut [T], left: &[T], right: &[T], columns: usize) {
    let left = Matrix::new(left, left.len() / columns, columns);
    let right = Matrix::new(right, right.len() / columns, columns);
    multiply(target, Write::Add, left, right.transposed());
}

impl Product for f64 {
    /// Row-major, with its numbers of rows and columns.
    type Operand = (Vec<f64>, usize, usize);

    fn operand(matrix: Matrix<'_, f64>) -> Self::Operand {
        let places = (0..matrix.rows).flat_map(|m| (0..matrix.columns).map(move |k| (m, k)));
        let data = places.map(|(m, k)| matrix.at(m, k)).collect();
        (data, matrix.rows, matrix.columns)
    }

    fn multiply(
        _: InstructionSet,
        target: &mut [f64],
        left: &Self::Operand,
        right: &[f64],
        _: &mut Vec<f64>,
    ) {
        let (data, rows, inner) = left;
        let right = Matrix::new(right, *inner, right.len() / inner);
        multiply(target, Write::Replace, Matrix::new(data, *rows, *inner), right);
    }
}

/// A product replaces what is there, or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Replace,
    Add,
}

/// `target = left * right` or `target += left * right`, `target` row-major, on this thread.
fn multiply<T: Float>(target: &mut [T], write: Write, left: Matrix<'_, T>, right: Matrix<'_, T>) {
    let rows = left.rows;
    let inner = left.columns;
    let columns = right.columns;
    assert_eq!(inner, right.rows, "inner size");
    assert_eq!(Some(target.len()), rows.checked_mul(columns), "target size");
    let keep = match write {
        Write::Replace => T::ZERO,
        Write::Add => T::one(),
    };
    // SAFETY: `Matrix` can only be built over a slice of exactly rows * columns elements with
    // strides (columns, 1) or their exchange, and `target` was just checked to hold
    // rows * columns elements with strides (columns, 1), so every address gemm derives from
    // these sizes and strides is inside its slice. `target` is a unique borrow, so it overlaps
    // neither operand. `Float` is implemented for f32 and f64 alone, which gemm supports.
    // Slices are at most isize::MAX bytes, so the casts cannot wrap.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            target.as_mut_ptr(),
            1,
            columns as isize,
            write == Write::Add,
            left.data.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            keep,
            T::one(),
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Matrix, Write, multiply};

    #[test]
    fn products_by_hand() {
        let left = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let right = [1.0, 0.0, -1.0, 2.0, 0.5, 1.0];
        let mut target = [f64::NAN; 4];
        multiply(&mut target, Write::Replace, Matrix::new(&left, 2, 3), Matrix::new(&right, 3, 2));
        assert_eq!(target.to_vec(), [0.5, 7.0, 2.0, 16.0]);
        multiply(&mut target, Write::Add, Matrix::new(&left, 2, 3), Matrix::new(&right, 3, 2));
        assert_eq!(target.to_vec(), [1.0, 14.0, 4.0, 32.0]);
    }

    #[test]
    fn transposed_product() {
        let left = [1.0f32, 2.0, 3.0, 4.0];
        let right = [1.0f32, 0.0, 0.0, 1.0];
        let mut target = [0.0; 4];
        let left = Matrix::new(&left, 2, 2).transposed();
        multiply(&mut target, Write::Replace, left, Matrix::new(&right, 2, 2));
        assert_eq!(target.to_vec(), [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    #[should_panic(expected = "matrix size")]
    fn a_short_slice_is_refused() {
        let _ = Matrix::new(&[1.0f32; 5], 2, 3);
    }
}
