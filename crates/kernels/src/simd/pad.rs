//! Copies of planes with a border around them.

use pulp::{Simd, WithSimd};

use super::{load, load_first, store, store_first};

/// Where a plane lies inside its padded copy.
///
/// Column `c` of the padded copy is stored in phase `c % step` at place `c / step`, so that the
/// inputs of one tap for neighbouring outputs of a convolution with stride `step` are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Rows above and below, columns left and right.
    pub(crate) border: (usize, usize),
    pub(crate) step: usize,
}

impl Frame {
    /// Floats of one phase of a padded row.
    pub(crate) fn pitch(&self) -> usize {
        (self.width + 2 * self.border.1).div_ceil(self.step)
    }

    /// Floats of a padded plane.
    pub(crate) fn len(&self) -> usize {
        (self.height + 2 * self.border.0) * self.step * self.pitch()
    }

    /// Where a position of the padded plane is stored.
    pub(crate) fn place(&self, row: usize, column: usize) -> usize {
        (row * self.step + column % self.step) * self.pitch() + column / self.step
    }
}

/// Fills the interior of a padded copy with `scale * x + shift`, or its positive part.
#[derive(Debug)]
pub(crate) struct Pad<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) target: &'a mut [f32],
    pub(crate) frame: Frame,
    pub(crate) scale: f32,
    pub(crate) shift: f32,
    pub(crate) rectify: bool,
}

impl WithSimd for Pad<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Frame { height, width, border, step } = self.frame;
        assert!(height * width <= self.source.len(), "source");
        assert!(self.frame.len() <= self.target.len(), "target");
        let floor = if self.rectify { 0.0 } else { f32::NEG_INFINITY };
        for (row, source) in self.source.chunks_exact(width.max(1)).take(height).enumerate() {
            if step == 1 {
                let start = self.frame.place(row + border.0, border.1);
                let target = &mut self.target[start..start + width];
                line(simd, source, target, (self.scale, self.shift), floor);
                continue;
            }
            if step == 2 {
                let start = self.frame.place(row + border.0, border.1);
                let other = self.frame.place(row + border.0, border.1 + 1);
                halves(source, self.target, (start, other), |x| {
                    let y = self.scale * x + self.shift;
                    if y < floor { floor } else { y }
                });
                continue;
            }
            for first in 0..step.min(width) {
                let start = self.frame.place(row + border.0, border.1 + first);
                let values = source[first..].iter().step_by(step);
                for (target, x) in self.target[start..].iter_mut().zip(values) {
                    let y = self.scale * x + self.shift;
                    *target = if y < floor { floor } else { y };
                }
            }
        }
    }
}

/// `max(floor, scale * x + shift)` along a row; NaN stays NaN.
#[inline(always)]
fn line<S: Simd>(
    simd: S,
    source: &[f32],
    target: &mut [f32],
    (scale, shift): (f32, f32),
    floor: f32,
) {
    let (scale, shift) = (simd.splat_f32s(scale), simd.splat_f32s(shift));
    let floor = simd.splat_f32s(floor);
    let width = source.len().min(target.len());
    let mut at = 0;
    while at + S::F32_LANES <= width {
        // SAFETY: a whole register is left in both rows.
        unsafe {
            let y = simd.mul_add_e_f32s(scale, load::<S>(source.as_ptr().add(at)), shift);
            let y = simd.select_f32s(simd.less_than_f32s(y, floor), floor, y);
            store::<S>(target.as_mut_ptr().add(at), y);
        }
        at += S::F32_LANES;
    }
    while at < width {
        let count = width - at;
        // SAFETY: `count` floats are left in both rows.
        unsafe {
            let x = load_first::<S>(source.as_ptr().add(at), count);
            let y = simd.mul_add_e_f32s(scale, x, shift);
            let y = simd.select_f32s(simd.less_than_f32s(y, floor), floor, y);
            store_first::<S>(target.as_mut_ptr().add(at), y, count);
        }
        at += S::F32_LANES;
    }
}

/// Even columns of a row to one place, odd ones to another.
#[inline(always)]
fn halves(
    source: &[f32],
    target: &mut [f32],
    (even, odd): (usize, usize),
    map: impl Fn(f32) -> f32,
) {
    let pairs = source.len() / 2;
    let (low, high) = (even.min(odd), even.max(odd));
    let (before, after) = target.split_at_mut(high);
    let (low, high) = (&mut before[low..], after);
    let (first, second) = if even < odd { (low, high) } else { (high, low) };
    let both = source.chunks_exact(2).zip(first[..pairs].iter_mut().zip(&mut second[..pairs]));
    for (pair, (first, second)) in both {
        *first = map(pair[0]);
        *second = map(pair[1]);
    }
    if source.len() % 2 == 1 {
        first[pairs] = map(source[source.len() - 1]);
    }
}
