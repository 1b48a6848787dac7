//! Maxima over windows, which tap they came from, and the way back.

use pulp::Simd;

use super::sweep::{Place, Tile, Walk, step};

/// Windows over a padded copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows<'a> {
    /// The places of the taps for the first position.
    pub(crate) offsets: &'a [usize],
    pub(crate) walk: &'a Walk,
    /// `true` if every value of the source is a number. NaN beats all of them.
    pub(crate) numbers: bool,
}

impl Windows<'_> {
    /// Checks that all windows lie in a source and a target of these lengths.
    #[inline(always)]
    fn check(&self, source: usize, target: usize) {
        assert!(self.offsets.iter().all(|offset| self.walk.reads(*offset, source)), "source");
        assert!(self.walk.writes(target), "target");
    }
}

/// `target[first + r, c] = max_t source[offset_t + r, c]`.
#[inline(always)]
pub(crate) fn maximum<S: Simd>(
    simd: S,
    source: &[S::f32s],
    windows: Windows<'_>,
    target: &mut [S::f32s],
) {
    let Windows { offsets, walk, numbers } = windows;
    if walk.is_empty() {
        return;
    }
    windows.check(source.len(), target.len());
    let source = source.as_ptr();
    let target = target.as_mut_ptr();
    // SAFETY: the check covers every tap and position.
    unsafe {
        if numbers {
            walk.sweep(&mut Maximum::<S, true> { simd, source, offsets, walk, target });
        } else {
            walk.sweep(&mut Maximum::<S, false> { simd, source, offsets, walk, target });
        }
    }
}

struct Maximum<'a, S: Simd, const NUMBERS: bool> {
    simd: S,
    source: *const S::f32s,
    offsets: &'a [usize],
    walk: &'a Walk,
    target: *mut S::f32s,
}

impl<S: Simd, const NUMBERS: bool> Tile for Maximum<'_, S, NUMBERS> {
    #[inline(always)]
    unsafe fn visit<const N: usize, const STEP: usize>(&mut self, place: Place) {
        let simd = self.simd;
        let mut best = [simd.splat_f32s(f32::NEG_INFINITY); N];
        // SAFETY: `maximum` checked taps and positions.
        unsafe {
            let source = self.source.add(place.from);
            for offset in self.offsets {
                let source = source.add(*offset);
                for (column, best) in best.iter_mut().enumerate() {
                    let x = *source.add(column * step::<STEP>(self.walk));
                    // The maximum of x86 gives its second argument where either is no number, and
                    // would lose `x`. Comparisons keep it, in three instructions instead of one.
                    *best = if NUMBERS {
                        simd.max_f32s(x, *best)
                    } else {
                        let beats = simd.greater_than_f32s(x, *best);
                        let larger = simd.select_f32s(beats, x, *best);
                        simd.select_f32s(simd.equal_f32s(x, x), larger, x)
                    };
                }
            }
            let target = self.target.add(place.to);
            for (column, best) in best.into_iter().enumerate() {
                *target.add(column * self.walk.target.1) = best;
            }
        }
    }
}

/// The number of the first tap that holds the maximum, as a float; among NaN the last one wins.
///
/// `start` is, position by position, the tap that wins where nothing beats negative infinity.
#[inline(always)]
pub(crate) fn winners<S: Simd>(
    simd: S,
    source: &[S::f32s],
    windows: Windows<'_>,
    start: &[f32],
    target: &mut [S::f32s],
) {
    let Windows { offsets, walk, numbers } = windows;
    if walk.is_empty() {
        return;
    }
    windows.check(source.len(), target.len());
    assert_eq!(start.len(), walk.rows * walk.columns, "start");
    let source = source.as_ptr();
    let target = target.as_mut_ptr();
    // SAFETY: the checks cover every tap and position.
    unsafe {
        if numbers {
            walk.sweep(&mut Winners::<S, true> { simd, source, offsets, walk, start, target });
        } else {
            walk.sweep(&mut Winners::<S, false> { simd, source, offsets, walk, start, target });
        }
    }
}

struct Winners<'a, S: Simd, const NUMBERS: bool> {
    simd: S,
    source: *const S::f32s,
    offsets: &'a [usize],
    walk: &'a Walk,
    start: &'a [f32],
    target: *mut S::f32s,
}

impl<S: Simd, const NUMBERS: bool> Winners<'_, S, NUMBERS> {
    /// Lets `x` from tap `number` meet the best so far.
    #[inline(always)]
    fn meet(
        &self,
        (best, winner): (S::f32s, S::f32s),
        x: S::f32s,
        number: S::f32s,
    ) -> (S::f32s, S::f32s) {
        let simd = self.simd;
        // Greater, not equal: among equal values the first tap stays.
        let beats = simd.greater_than_f32s(x, best);
        let winner = simd.select_f32s(beats, number, winner);
        if NUMBERS {
            return (simd.max_f32s(x, best), winner);
        }
        // Only NaN differs from itself.
        let known = simd.equal_f32s(x, x);
        let best = simd.select_f32s(beats, x, best);
        (simd.select_f32s(known, best, x), simd.select_f32s(known, winner, number))
    }
}

impl<S: Simd, const NUMBERS: bool> Tile for Winners<'_, S, NUMBERS> {
    #[inline(always)]
    unsafe fn visit<const N: usize, const STEP: usize>(&mut self, place: Place) {
        let simd = self.simd;
        // Eight pairs would not fit the registers.
        if N == 8 {
            let step = step::<STEP>(self.walk);
            let Place { row, column, from, to } = place;
            let next = Place {
                row,
                column: column + 4,
                from: from + 4 * step,
                to: to + 4 * self.walk.target.1,
            };
            // SAFETY: both halves are inside the tile.
            unsafe {
                self.visit::<4, STEP>(place);
                self.visit::<4, STEP>(next);
            }
            return;
        }
        let lowest = simd.splat_f32s(f32::NEG_INFINITY);
        // SAFETY: `winners` checked taps, positions and starts.
        unsafe {
            let start = self.start.as_ptr().add(place.row * self.walk.columns + place.column);
            let mut best: [_; N] =
                std::array::from_fn(|column| (lowest, simd.splat_f32s(*start.add(column))));
            let source = self.source.add(place.from);
            for (tap, offset) in self.offsets.iter().enumerate() {
                let source = source.add(*offset);
                let number = simd.splat_f32s(tap as f32);
                for (column, best) in best.iter_mut().enumerate() {
                    let x = *source.add(column * step::<STEP>(self.walk));
                    *best = self.meet(*best, x, number);
                }
            }
            let target = self.target.add(place.to);
            for (column, (_, winner)) in best.into_iter().enumerate() {
                *target.add(column * self.walk.target.1) = winner;
            }
        }
    }
}

/// The windows that some inputs met, and the tap in which they did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meetings<'a> {
    /// Offset and number of every tap.
    pub(crate) taps: &'a [(usize, usize)],
    pub(crate) walk: &'a Walk,
}

/// `target[first + r, c] = sum_t gradient[o_t + r, c]` where `winner[o_t + r, c] == t`.
#[inline(always)]
pub(crate) fn collect<S: Simd>(
    simd: S,
    gradient: &[S::f32s],
    winner: &[S::f32s],
    meetings: Meetings<'_>,
    target: &mut [S::f32s],
) {
    let Meetings { taps, walk } = meetings;
    if walk.is_empty() {
        return;
    }
    let len = gradient.len().min(winner.len());
    assert!(taps.iter().all(|(offset, _)| walk.reads(*offset, len)), "source");
    assert!(walk.writes(target.len()), "target");
    let gradient = gradient.as_ptr();
    let winner = winner.as_ptr();
    let target = target.as_mut_ptr();
    // SAFETY: the checks above cover every tap and position.
    unsafe { walk.sweep(&mut Collect { simd, gradient, winner, taps, walk, target }) };
}

struct Collect<'a, S: Simd> {
    simd: S,
    gradient: *const S::f32s,
    winner: *const S::f32s,
    taps: &'a [(usize, usize)],
    walk: &'a Walk,
    target: *mut S::f32s,
}

impl<S: Simd> Tile for Collect<'_, S> {
    #[inline(always)]
    unsafe fn visit<const N: usize, const STEP: usize>(&mut self, place: Place) {
        let simd = self.simd;
        let zero = simd.splat_f32s(0.0);
        let mut sums = [zero; N];
        // SAFETY: `collect` checked taps and positions.
        unsafe {
            for (offset, tap) in self.taps {
                let gradient = self.gradient.add(place.from + offset);
                let winner = self.winner.add(place.from + offset);
                let tap = simd.splat_f32s(*tap as f32);
                for (column, sum) in sums.iter_mut().enumerate() {
                    let at = column * step::<STEP>(self.walk);
                    let own = simd.equal_f32s(*winner.add(at), tap);
                    *sum = simd.add_f32s(*sum, simd.select_f32s(own, *gradient.add(at), zero));
                }
            }
            let target = self.target.add(place.to);
            for (column, sum) in sums.into_iter().enumerate() {
                *target.add(column * self.walk.target.1) = sum;
            }
        }
    }
}
