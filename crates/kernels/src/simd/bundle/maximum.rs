//! Maxima over windows, which tap they came from, and the way back.

use pulp::Simd;

use super::Walk;

/// Windows over a padded copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows<'a> {
    /// Where the taps lie for the first position.
    pub(crate) offsets: &'a [usize],
    pub(crate) walk: &'a Walk,
}

impl Windows<'_> {
    /// Whether all windows lie in a source and a target of these lengths.
    fn fit(&self, source: usize, target: usize) -> bool {
        let farthest = self.offsets.iter().copied().max().unwrap_or(0);
        farthest + self.walk.reach(self.walk.source) <= source
            && self.walk.first + self.walk.reach(self.walk.target) <= target
    }

    /// Places of the source and target for every position.
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(usize, usize)) {
        let Walk { source, first, target, .. } = *self.walk;
        for row in 0..self.walk.rows {
            for column in 0..self.walk.columns {
                let from = row * source.0 + column * source.1;
                visit(from, first + row * target.0 + column * target.1);
            }
        }
    }
}

/// `target[first + r, c] = max_t source[offset_t + r, c]`. NaN beats every number; a caller who
/// knows that there is none says `numbers`.
#[inline(always)]
pub(crate) fn maximum<S: Simd>(
    simd: S,
    source: &[S::f32s],
    windows: Windows<'_>,
    numbers: bool,
    target: &mut [S::f32s],
) {
    if windows.walk.rows == 0 || windows.walk.columns == 0 {
        return;
    }
    assert!(windows.fit(source.len(), target.len()), "source and target");
    let lowest = simd.splat_f32s(f32::NEG_INFINITY);
    windows.each(|from, to| {
        let mut best = lowest;
        for offset in windows.offsets {
            // SAFETY: `fit` covers every tap and position.
            let x = unsafe { *source.get_unchecked(from + offset) };
            best = if numbers { simd.max_f32s(x, best) } else { larger(simd, x, best) };
        }
        // SAFETY: `fit` covers every position.
        unsafe { *target.get_unchecked_mut(to) = best };
    });
}

#[inline(always)]
fn larger<S: Simd>(simd: S, x: S::f32s, best: S::f32s) -> S::f32s {
    let beats = simd.greater_than_f32s(x, best);
    let best = simd.select_f32s(beats, x, best);
    simd.select_f32s(simd.equal_f32s(x, x), best, x)
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
    if windows.walk.rows == 0 || windows.walk.columns == 0 {
        return;
    }
    assert!(windows.fit(source.len(), target.len()), "source and target");
    assert_eq!(start.len(), windows.walk.rows * windows.walk.columns, "start");
    let one = simd.splat_f32s(1.0);
    let mut start = start.iter();
    windows.each(|from, to| {
        let mut best = simd.splat_f32s(f32::NEG_INFINITY);
        let mut winner = simd.splat_f32s(start.next().copied().unwrap_or(0.0));
        let mut number = simd.splat_f32s(0.0);
        for offset in windows.offsets {
            // SAFETY: `fit` covers every tap and position.
            let x = unsafe { *source.get_unchecked(from + offset) };
            // Not `x <= best` would take NaN as well, but also every number after it.
            let beats = simd.greater_than_f32s(x, best);
            let lost = simd.equal_f32s(x, x);
            best = simd.select_f32s(beats, x, best);
            best = simd.select_f32s(lost, best, x);
            winner = simd.select_f32s(beats, number, winner);
            winner = simd.select_f32s(lost, winner, number);
            number = simd.add_f32s(number, one);
        }
        // SAFETY: `fit` covers every position.
        unsafe { *target.get_unchecked_mut(to) = winner };
    });
}

/// Which windows some inputs met, and in which tap.
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
    let walk = meetings.walk;
    if walk.rows == 0 || walk.columns == 0 {
        return;
    }
    let windows = Windows { offsets: &[], walk };
    let farthest = meetings.taps.iter().map(|(offset, _)| *offset).max().unwrap_or(0);
    let reach = if meetings.taps.is_empty() { 0 } else { farthest + walk.reach(walk.source) };
    assert!(reach <= gradient.len() && reach <= winner.len(), "source");
    assert!(walk.first + walk.reach(walk.target) <= target.len(), "target");
    let zero = simd.splat_f32s(0.0);
    windows.each(|from, to| {
        let mut sum = zero;
        for (offset, tap) in meetings.taps {
            // SAFETY: the checks above cover every tap and position.
            unsafe {
                let own = *winner.get_unchecked(from + offset);
                let own = simd.equal_f32s(own, simd.splat_f32s(*tap as f32));
                let g = *gradient.get_unchecked(from + offset);
                sum = simd.add_f32s(sum, simd.select_f32s(own, g, zero));
            }
        }
        // SAFETY: the checks above cover every position.
        unsafe { *target.get_unchecked_mut(to) = sum };
    });
}
