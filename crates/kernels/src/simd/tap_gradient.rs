//! The weight gradient of a depthwise convolution on one plane.

use pulp::{Simd, WithSimd};

use super::{SLACK, load, load_first, reach, store};

/// `sums[t] += sum_{r,c} gradient[r][c] * source[offset_t + r * row_step + c]`, lane by lane.
///
/// A sum is [`SLACK`] floats that add up to it, so that planes in a row need no reduction.
#[derive(Debug)]
pub(crate) struct TapGradient<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) row_step: usize,
    pub(crate) offsets: &'a [usize],
    pub(crate) gradient: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) sums: &'a mut [f32],
}

impl WithSimd for TapGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        if self.rows == 0 || self.columns == 0 {
            return;
        }
        let offsets = self.offsets.iter().copied();
        let reach = reach::<S>(offsets, self.row_step, self.rows, self.columns);
        assert!(reach <= self.source.len(), "source");
        assert!(self.rows * self.columns <= self.gradient.len(), "gradient");
        assert!(self.offsets.len() * SLACK <= self.sums.len(), "sums");
        let mut first = 0;
        // SAFETY: the checks above cover every tap, row and register.
        unsafe {
            while first < self.offsets.len() {
                first += match self.offsets.len() - first {
                    1 => self.taps::<S, 1>(simd, first),
                    2 => self.taps::<S, 2>(simd, first),
                    3 | 4 => self.taps::<S, 3>(simd, first),
                    5..=7 => self.taps::<S, 5>(simd, first),
                    8 | 16 => self.taps::<S, 8>(simd, first),
                    _ => self.taps::<S, 9>(simd, first),
                };
            }
        }
    }
}

impl TapGradient<'_> {
    #[inline(always)]
    unsafe fn taps<S: Simd, const T: usize>(&mut self, simd: S, first: usize) -> usize {
        let lanes = S::F32_LANES;
        // SAFETY: `first + T <= offsets.len()`, and `with_simd` checked what these reach.
        unsafe {
            let target = self.sums.as_mut_ptr().add(first * SLACK);
            let mut sums = [simd.splat_f32s(0.0); T];
            for (t, sum) in sums.iter_mut().enumerate() {
                *sum = load::<S>(target.add(t * SLACK));
            }
            let mut sources = [self.source.as_ptr(); T];
            for (t, source) in sources.iter_mut().enumerate() {
                *source = source.add(*self.offsets.get_unchecked(first + t));
            }
            for row in 0..self.rows {
                let gradient = self.gradient.as_ptr().add(row * self.columns);
                let mut column = 0;
                while column < self.columns {
                    let own = load_first::<S>(gradient.add(column), self.columns - column);
                    let at = row * self.row_step + column;
                    for (sum, source) in sums.iter_mut().zip(sources) {
                        *sum = simd.mul_add_e_f32s(own, load::<S>(source.add(at)), *sum);
                    }
                    column += lanes;
                }
            }
            for (t, sum) in sums.iter().enumerate() {
                store::<S>(target.add(t * SLACK), *sum);
            }
        }
        T
    }
}

/// `target[t] +=` the lanes of sum `t` of a [`TapGradient`].
#[derive(Debug)]
pub(crate) struct LaneSums<'a> {
    pub(crate) sums: &'a [f32],
    pub(crate) target: &'a mut [f32],
}

impl WithSimd for LaneSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        assert!(self.target.len() * SLACK <= self.sums.len(), "sums");
        for (target, sum) in self.target.iter_mut().zip(self.sums.chunks_exact(SLACK)) {
            // SAFETY: no register is wider than `SLACK`.
            *target += simd.reduce_sum_f32s(unsafe { load::<S>(sum.as_ptr()) });
        }
    }
}
