//! Maxima over windows, and which tap they came from.

use pulp::{Simd, WithSimd};

use super::{load, load_first, store_first};

/// `target[r][c] = max_t source[offset_t + r * row_step + c]`, with the number of the first tap
/// that holds it in `winner`, as a float.
///
/// `source` is read up to a register past the last column. NaN wins over everything before it.
#[derive(Debug)]
pub(crate) struct WindowMax<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) row_step: usize,
    pub(crate) offsets: &'a [usize],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) target: &'a mut [f32],
    pub(crate) winner: Option<&'a mut [f32]>,
}

impl WithSimd for WindowMax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let farthest = self.offsets.iter().copied().max().unwrap_or(0);
        let width = self.columns.next_multiple_of(lanes);
        assert!(farthest + (self.rows - 1) * self.row_step + width <= self.source.len(), "source");
        let len = self.rows * self.columns;
        assert!(len <= self.target.len(), "target");
        let mut winner = self.winner;
        assert!(winner.as_ref().is_none_or(|winner| len <= winner.len()), "winner");
        for row in 0..self.rows {
            let mut column = 0;
            while column < self.columns {
                let (mut best, mut first) =
                    (simd.splat_f32s(f32::NEG_INFINITY), simd.splat_f32s(0.0));
                let count = self.columns - column;
                let at = row * self.columns + column;
                // SAFETY: the checks above cover the farthest tap, the last row and register.
                unsafe {
                    let source = self.source.as_ptr().add(row * self.row_step + column);
                    for (tap, offset) in self.offsets.iter().enumerate() {
                        let x = load::<S>(source.add(*offset));
                        // "Not at most" is also true of NaN.
                        let worse = simd.less_than_or_equal_f32s(x, best);
                        best = simd.select_f32s(worse, best, x);
                        first = simd.select_f32s(worse, first, simd.splat_f32s(tap as f32));
                    }
                    store_first::<S>(self.target.as_mut_ptr().add(at), best, count);
                    if let Some(winner) = &mut winner {
                        store_first::<S>(winner.as_mut_ptr().add(at), first, count);
                    }
                }
                column += lanes;
            }
        }
    }
}

/// `target[r][c] += sum_t gradient[o_t + r * row_step + c]` where
/// `winner[o_t + r * row_step + c] == t`, for the given taps `t` and their offsets `o_t`.
///
/// Both sources are read up to a register past the last column.
#[derive(Debug)]
pub(crate) struct Winner<'a> {
    pub(crate) gradient: &'a [f32],
    pub(crate) winner: &'a [f32],
    pub(crate) row_step: usize,
    /// Offset and number of every tap.
    pub(crate) taps: &'a [(usize, usize)],
    pub(crate) target: &'a mut [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) add: bool,
}

impl WithSimd for Winner<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let farthest = self.taps.iter().map(|(offset, _)| *offset).max().unwrap_or(0);
        let width = self.columns.next_multiple_of(lanes);
        let reach = farthest + (self.rows - 1) * self.row_step + width;
        assert!(reach <= self.gradient.len() && reach <= self.winner.len(), "source");
        assert!(self.rows * self.columns <= self.target.len(), "target");
        let zero = simd.splat_f32s(0.0);
        for row in 0..self.rows {
            let mut column = 0;
            while column < self.columns {
                let at = row * self.row_step + column;
                let count = self.columns - column;
                // SAFETY: the checks above cover the farthest tap, the last row and register.
                unsafe {
                    let target = self.target.as_mut_ptr().add(row * self.columns + column);
                    let mut sum = if self.add { load_first::<S>(target, count) } else { zero };
                    for (offset, tap) in self.taps {
                        let won = load::<S>(self.winner.as_ptr().add(at + offset));
                        let own = simd.equal_f32s(won, simd.splat_f32s(*tap as f32));
                        let g = load::<S>(self.gradient.as_ptr().add(at + offset));
                        sum = simd.add_f32s(sum, simd.select_f32s(own, g, zero));
                    }
                    store_first::<S>(target, sum, count);
                }
                column += lanes;
            }
        }
    }
}
