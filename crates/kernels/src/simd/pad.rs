//! Copies of planes with a border around them.

use pulp::{Simd, WithSimd};

use super::{load, load_first, store, store_first};

/// The place of a plane inside its padded copy.
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

    /// The place of a position of the padded plane.
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
        if step == 1 {
            let scale = simd.splat_f32s(self.scale);
            let shift = simd.splat_f32s(self.shift);
            let zero = simd.splat_f32s(0.0);
            let rows = Rows {
                source: self.source,
                target: self.target,
                start: self.frame.place(border.0, border.1),
                pitch: self.frame.pitch(),
                height,
                width,
            };
            // SAFETY: the two checks above cover all rows.
            unsafe {
                if self.rectify {
                    rows.map::<S>(|x| {
                        let y = simd.mul_add_e_f32s(scale, x, shift);
                        simd.select_f32s(simd.less_than_f32s(y, zero), zero, y)
                    });
                } else {
                    rows.map::<S>(|x| simd.mul_add_e_f32s(scale, x, shift));
                }
            }
            return;
        }
        let floor = if self.rectify { 0.0 } else { f32::NEG_INFINITY };
        let line = |x: f32| {
            let y = self.scale * x + self.shift;
            if y < floor { floor } else { y }
        };
        for (row, source) in self.source.chunks_exact(width.max(1)).take(height).enumerate() {
            let start = |column: usize| self.frame.place(row + border.0, border.1 + column);
            if step == 2 {
                halves(source, self.target, (start(0), start(1)), line);
                continue;
            }
            for first in 0..step.min(width) {
                let values = source[first..].iter().step_by(step);
                for (target, x) in self.target[start(first)..].iter_mut().zip(values) {
                    *target = line(*x);
                }
            }
        }
    }
}

/// The rows of a plane and where they go.
struct Rows<'a> {
    source: &'a [f32],
    target: &'a mut [f32],
    start: usize,
    pitch: usize,
    height: usize,
    width: usize,
}

impl Rows<'_> {
    /// # Safety
    /// `source` must hold all rows, `target` all rows `pitch` apart from `start` on.
    #[inline(always)]
    unsafe fn map<S: Simd>(self, map: impl Fn(S::f32s) -> S::f32s) {
        let lanes = S::F32_LANES;
        for row in 0..self.height {
            // SAFETY: as the caller's; whole registers end before the row does.
            unsafe {
                let source = self.source.as_ptr().add(row * self.width);
                let target = self.target.as_mut_ptr().add(self.start + row * self.pitch);
                let mut at = 0;
                while at + lanes <= self.width {
                    store::<S>(target.add(at), map(load::<S>(source.add(at))));
                    at += lanes;
                }
                if at < self.width {
                    let count = self.width - at;
                    let y = map(load_first::<S>(source.add(at), count));
                    store_first::<S>(target.add(at), y, count);
                }
            }
        }
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
    let low = even.min(odd);
    let high = even.max(odd);
    let (before, after) = target.split_at_mut(high);
    let low = &mut before[low..];
    let high = after;
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
