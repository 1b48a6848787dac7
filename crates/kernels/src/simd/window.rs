//! Maxima over windows, and which tap they came from.

use pulp::{Simd, WithSimd};

use super::{load, load_first, reach, store_first};

/// `target[r][c] = max_t source[offset_t + r * row_step + c]`, with the number of the first tap
/// that holds it in `winner`, as a float.
///
/// `source` is read up to a register past the last column. NaN beats every number.
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
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let offsets = self.offsets.iter().copied();
        let reach = reach::<S>(offsets, self.row_step, self.rows, self.columns);
        assert!(reach <= self.source.len(), "source");
        let len = self.rows * self.columns;
        assert!(len <= self.target.len(), "target");
        // SAFETY: the checks cover the farthest tap, the last row and register, and the targets.
        unsafe {
            match self.winner.as_deref_mut() {
                Some(winner) => {
                    assert!(len <= winner.len(), "winner");
                    let winner = winner.as_mut_ptr();
                    self.scan::<S, true>(simd, winner);
                }
                None => self.scan::<S, false>(simd, std::ptr::null_mut()),
            }
        }
    }
}

impl WindowMax<'_> {
    /// All windows; `winner` is written to when `TAPS`.
    #[inline(always)]
    unsafe fn scan<S: Simd, const TAPS: bool>(&mut self, simd: S, winner: *mut f32) {
        let lowest = simd.splat_f32s(f32::NEG_INFINITY);
        for row in 0..self.rows {
            let mut column = 0;
            while column < self.columns {
                let mut best = lowest;
                let mut first = simd.splat_f32s(0.0);
                let count = self.columns - column;
                let at = row * self.columns + column;
                // SAFETY: the caller checked the farthest tap, the last row and register.
                unsafe {
                    let source = self.source.as_ptr().add(row * self.row_step + column);
                    for (tap, offset) in self.offsets.iter().enumerate() {
                        let x = load::<S>(source.add(*offset));
                        let number = simd.equal_f32s(x, x);
                        let beats = simd.greater_than_f32s(x, best);
                        best = simd.select_f32s(beats, x, best);
                        best = simd.select_f32s(number, best, x);
                        if TAPS {
                            let tap = simd.splat_f32s(tap as f32);
                            first = simd.select_f32s(beats, tap, first);
                            first = simd.select_f32s(number, first, tap);
                        }
                    }
                    store_first::<S>(self.target.as_mut_ptr().add(at), best, count);
                    if TAPS {
                        store_first::<S>(winner.add(at), first, count);
                    }
                }
                column += S::F32_LANES;
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
        let offsets = self.taps.iter().map(|(offset, _)| *offset);
        let reach = reach::<S>(offsets, self.row_step, self.rows, self.columns);
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
