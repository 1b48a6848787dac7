//! Copies of planes into frames with strides, and of phases back into planes.

use pulp::{Simd, WithSimd};

use super::{Frame, load_first, store_first};

/// Fills the interior of a padded copy with a plane.
#[derive(Debug)]
pub(crate) struct Copy<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) target: &'a mut [f32],
    pub(crate) frame: Frame,
}

impl WithSimd for Copy<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Frame { height, width, border, step } = self.frame;
        let rows = self.source.chunks_exact(width.max(1)).take(height).enumerate();
        for (row, source) in rows {
            let start = |first: usize| self.frame.place(row + border.0, border.1 + first);
            match step {
                1 => line(simd, source, &mut self.target[start(0)..][..width]),
                2 if width > 1 => {
                    let even = start(0);
                    let odd = start(1);
                    split(source, self.target, even, odd);
                }
                _ => {
                    for first in 0..step.min(width) {
                        let values = source[first..].iter().step_by(step);
                        for (target, x) in self.target[start(first)..].iter_mut().zip(values) {
                            *target = *x;
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn line<S: Simd>(_: S, source: &[f32], target: &mut [f32]) {
    let width = source.len().min(target.len());
    let mut at = 0;
    while at < width {
        let count = width - at;
        // SAFETY: `count` floats are left in both rows.
        unsafe {
            let x = load_first::<S>(source.as_ptr().add(at), count);
            store_first::<S>(target.as_mut_ptr().add(at), x, count);
        }
        at += S::F32_LANES;
    }
}

/// Values at even places to `even`, those at odd places to `odd`; the two ranges are apart.
#[inline(always)]
fn split(source: &[f32], target: &mut [f32], even: usize, odd: usize) {
    let (pairs, last) = source.as_chunks::<2>();
    if let [last] = last {
        target[even + pairs.len()] = *last;
    }
    let (low, high) = target.split_at_mut(even.max(odd));
    let low = &mut low[even.min(odd)..];
    let (evens, odds) = if even < odd { (low, high) } else { (high, low) };
    let evens = &mut evens[..pairs.len()];
    let odds = &mut odds[..pairs.len()];
    for (index, [a, b]) in pairs.iter().enumerate() {
        evens[index] = *a;
        odds[index] = *b;
    }
}

/// Writes every `stride`-th row of a plane from the phases of its columns, which follow one
/// another: first those of equal remainder 0 by the stride, row by row, then 1 and so on.
#[derive(Debug)]
pub(crate) struct Interleave<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) target: &'a mut [f32],
    /// Columns of the plane.
    pub(crate) width: usize,
    /// The first row to write.
    pub(crate) first: usize,
    pub(crate) stride: (usize, usize),
}

impl WithSimd for Interleave<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { source, target, width, first, stride } = self;
        let rows = (target.len() / width - first).div_ceil(stride.0);
        let targets = || (0..rows).map(|row| (first + row * stride.0) * width);
        if stride.1 == 2 && width > 1 {
            let (even, odd) = source.split_at(rows * width.div_ceil(2));
            let sources = even.chunks_exact(width.div_ceil(2)).zip(odd.chunks_exact(width / 2));
            for (start, (even, odd)) in targets().zip(sources) {
                merge(even, odd, &mut target[start..][..width]);
            }
            return;
        }
        let mut source = source;
        for phase in 0..stride.1.min(width) {
            let columns = (width - phase).div_ceil(stride.1);
            let (own, rest) = source.split_at(rows * columns);
            for (start, own) in targets().zip(own.chunks_exact(columns)) {
                let row = target[start..][..width].iter_mut().skip(phase).step_by(stride.1);
                for (target, x) in row.zip(own) {
                    *target = *x;
                }
            }
            source = rest;
        }
    }
}

/// `even` and `odd` in turn.
#[inline(always)]
fn merge(even: &[f32], odd: &[f32], target: &mut [f32]) {
    let (pairs, last) = target.as_chunks_mut::<2>();
    let evens = &even[..pairs.len()];
    let odds = &odd[..pairs.len()];
    for (index, pair) in pairs.iter_mut().enumerate() {
        *pair = [evens[index], odds[index]];
    }
    if let ([last], Some(x)) = (last, even.get(odds.len())) {
        *last = *x;
    }
}
