//! Sums over the taps of a window, one register for each position.

use pulp::Simd;

/// From where to where a loop over rows and columns goes, in positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Between neighbouring rows and columns of the source.
    pub(crate) source: (usize, usize),
    /// The first place of the target.
    pub(crate) first: usize,
    /// Between neighbouring rows and columns of the target.
    pub(crate) target: (usize, usize),
}

impl Walk {
    /// Positions from the first to behind the last one with these steps.
    #[inline(always)]
    pub(super) fn reach(&self, step: (usize, usize)) -> usize {
        (self.rows - 1) * step.0 + (self.columns - 1) * step.1 + 1
    }
}

/// Where taps lie for the first position, and their factors, one lane for each plane.
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
    if walk.rows == 0 || walk.columns == 0 {
        return;
    }
    let farthest = taps.offsets.iter().copied().max().unwrap_or(0);
    assert!(taps.offsets.is_empty() || farthest + walk.reach(walk.source) <= source.len());
    assert!(walk.first + walk.reach(walk.target) <= target.len(), "target");
    // SAFETY: the checks above cover every tap and position.
    unsafe {
        if taps.weights.is_empty() {
            sweep::<S, false>(simd, source, taps, walk, target);
        } else {
            assert_eq!(taps.offsets.len(), taps.weights.len(), "weights");
            sweep::<S, true>(simd, source, taps, walk, target);
        }
    }
}

/// # Safety
/// As checked by `correlate`.
#[inline(always)]
unsafe fn sweep<S: Simd, const WEIGHTED: bool>(
    simd: S,
    source: &[S::f32s],
    taps: Taps<'_, S::f32s>,
    walk: &Walk,
    target: &mut [S::f32s],
) {
    for row in 0..walk.rows {
        let mut column = 0;
        while column < walk.columns {
            let from = row * walk.source.0 + column * walk.source.1;
            let to = walk.first + row * walk.target.0 + column * walk.target.1;
            // SAFETY: so many columns are left.
            unsafe {
                let source = source.as_ptr().add(from);
                let target = target.as_mut_ptr().add(to);
                column += match walk.columns - column {
                    8.. => tile::<S, WEIGHTED, 8>(simd, source, taps, walk, target),
                    4..8 => tile::<S, WEIGHTED, 4>(simd, source, taps, walk, target),
                    2..4 => tile::<S, WEIGHTED, 2>(simd, source, taps, walk, target),
                    _ => tile::<S, WEIGHTED, 1>(simd, source, taps, walk, target),
                };
            }
        }
    }
}

/// # Safety
/// `N` columns must be left, with all taps.
#[inline(always)]
unsafe fn tile<S: Simd, const WEIGHTED: bool, const N: usize>(
    simd: S,
    source: *const S::f32s,
    taps: Taps<'_, S::f32s>,
    walk: &Walk,
    target: *mut S::f32s,
) -> usize {
    let mut sums = [simd.splat_f32s(0.0); N];
    // SAFETY: the caller vouches for the columns; there are as many weights as offsets.
    unsafe {
        for (tap, offset) in taps.offsets.iter().enumerate() {
            let source = source.add(*offset);
            for (column, sum) in sums.iter_mut().enumerate() {
                let x = *source.add(column * walk.source.1);
                *sum = if WEIGHTED {
                    simd.mul_add_e_f32s(*taps.weights.get_unchecked(tap), x, *sum)
                } else {
                    simd.add_f32s(x, *sum)
                };
            }
        }
        for (column, sum) in sums.into_iter().enumerate() {
            *target.add(column * walk.target.1) = sum;
        }
    }
    N
}
