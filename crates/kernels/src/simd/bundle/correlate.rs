//! Sums over the taps of a window, one register for each position.

use pulp::Simd;

use super::sweep::{Place, Tile, Walk, step};

/// The places of taps for the first position, and their factors, one lane for each plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taps<'a, R> {
    pub(crate) offsets: &'a [usize],
    /// As many as `offsets`, or none at all: every factor is one.
    pub(crate) weights: &'a [R],
}

/// `target[first + r, c] = sum_t weight_t * source[offset_t + r, c]`.
#[inline(always)]
pub(crate) fn correlate<S: Simd>(
    simd: S,
    source: &[S::f32s],
    taps: Taps<'_, S::f32s>,
    walk: &Walk,
    target: &mut [S::f32s],
) {
    if walk.is_empty() {
        return;
    }
    assert!(taps.offsets.iter().all(|offset| walk.reads(*offset, source.len())), "source");
    assert!(walk.writes(target.len()), "target");
    let source = source.as_ptr();
    let target = target.as_mut_ptr();
    // SAFETY: the checks above cover every tap and position.
    unsafe {
        if taps.weights.is_empty() {
            walk.sweep(&mut Sums::<S, false> { simd, source, taps, walk, target });
        } else {
            assert_eq!(taps.offsets.len(), taps.weights.len(), "weights");
            walk.sweep(&mut Sums::<S, true> { simd, source, taps, walk, target });
        }
    }
}

struct Sums<'a, S: Simd, const WEIGHTED: bool> {
    simd: S,
    source: *const S::f32s,
    taps: Taps<'a, S::f32s>,
    walk: &'a Walk,
    target: *mut S::f32s,
}

impl<S: Simd, const WEIGHTED: bool> Tile for Sums<'_, S, WEIGHTED> {
    #[inline(always)]
    unsafe fn visit<const N: usize, const STEP: usize>(&mut self, place: Place) {
        let Self { simd, taps, .. } = *self;
        let mut sums = [simd.splat_f32s(0.0); N];
        // SAFETY: `correlate` checked taps and positions; there are as many weights as offsets.
        unsafe {
            let source = self.source.add(place.from);
            for (tap, offset) in taps.offsets.iter().enumerate() {
                let source = source.add(*offset);
                for (column, sum) in sums.iter_mut().enumerate() {
                    let x = *source.add(column * step::<STEP>(self.walk));
                    *sum = if WEIGHTED {
                        simd.mul_add_e_f32s(*taps.weights.get_unchecked(tap), x, *sum)
                    } else {
                        simd.add_f32s(x, *sum)
                    };
                }
            }
            let target = self.target.add(place.to);
            for (column, sum) in sums.into_iter().enumerate() {
                *target.add(column * self.walk.target.1) = sum;
            }
        }
    }
}
