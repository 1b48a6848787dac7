//! Elementwise passes and sums over planes.

use pulp::{Simd, WithSimd};

use super::{load, load_first, store, store_first};

/// Sum and centred sum of squares of a plane.
#[derive(Debug)]
pub(crate) struct Moments<'a>(pub(crate) &'a [f32]);

impl WithSimd for Moments<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        let one = simd.splat_f32s(1.0);
        let total = fold(simd, self.0, |x, sum| simd.mul_add_e_f32s(x, one, sum));
        let mean = total / self.0.len().max(1) as f32;
        let centre = simd.splat_f32s(mean);
        let mut squares = fold(simd, self.0, |x, sum| {
            let x = simd.sub_f32s(x, centre);
            simd.mul_add_e_f32s(x, x, sum)
        });
        // Lanes beyond the end hold zeros; take their squares back.
        let rest = self.0.len() % S::F32_LANES;
        if rest > 0 {
            squares -= (S::F32_LANES - rest) as f32 * mean * mean;
        }
        (f64::from(total), f64::from(squares.max(0.0)))
    }
}

/// Sums `step` over registers; zeros fill the last one.
#[inline(always)]
fn fold<S: Simd>(simd: S, x: &[f32], step: impl Fn(S::f32s, S::f32s) -> S::f32s) -> f32 {
    const WIDE: usize = 4;
    let lanes = S::F32_LANES;
    let mut sums = [simd.splat_f32s(0.0); WIDE];
    let mut at = 0;
    while at + WIDE * lanes <= x.len() {
        for (v, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `WIDE` registers are left.
            *sum = step(unsafe { load::<S>(x.as_ptr().add(at + v * lanes)) }, *sum);
        }
        at += WIDE * lanes;
    }
    while at < x.len() {
        // SAFETY: at least one float is left.
        sums[0] = step(unsafe { load_first::<S>(x.as_ptr().add(at), x.len() - at) }, sums[0]);
        at += lanes;
    }
    let [a, b, c, d] = sums;
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)))
}

/// `sum g` and `sum g (y - mean)` over a plane.
#[derive(Debug)]
pub(crate) struct PairSums<'a> {
    pub(crate) gradient: &'a [f32],
    pub(crate) value: &'a [f32],
    pub(crate) mean: f32,
}

impl WithSimd for PairSums<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        const WIDE: usize = 2;
        let (lanes, len) = (S::F32_LANES, self.gradient.len().min(self.value.len()));
        let mean = simd.splat_f32s(self.mean);
        let zero = simd.splat_f32s(0.0);
        let (mut plain, mut weighted) = ([zero; WIDE], [zero; WIDE]);
        let (gradient, value) = (self.gradient.as_ptr(), self.value.as_ptr());
        let mut at = 0;
        // SAFETY: whole registers end at `len` at the latest; after them `len - at` floats are
        // left.
        unsafe {
            while at + WIDE * lanes <= len {
                for v in 0..WIDE {
                    let g = load::<S>(gradient.add(at + v * lanes));
                    let y = simd.sub_f32s(load::<S>(value.add(at + v * lanes)), mean);
                    plain[v] = simd.add_f32s(plain[v], g);
                    weighted[v] = simd.mul_add_e_f32s(g, y, weighted[v]);
                }
                at += WIDE * lanes;
            }
            while at < len {
                let g = load_first::<S>(gradient.add(at), len - at);
                let y = simd.sub_f32s(load_first::<S>(value.add(at), len - at), mean);
                plain[0] = simd.add_f32s(plain[0], g);
                weighted[0] = simd.mul_add_e_f32s(g, y, weighted[0]);
                at += lanes;
            }
        }
        let total = |[a, b]: [S::f32s; WIDE]| f64::from(simd.reduce_sum_f32s(simd.add_f32s(a, b)));
        (total(plain), total(weighted))
    }
}

/// `target = shift + sum_t factor_t * plane_t`, or adds it.
#[derive(Debug)]
pub(crate) struct Combine<'a> {
    pub(crate) terms: &'a [(f32, &'a [f32])],
    pub(crate) shift: f32,
    pub(crate) target: &'a mut [f32],
    pub(crate) add: bool,
}

impl WithSimd for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        const WIDE: usize = 4;
        let (lanes, len) = (S::F32_LANES, self.target.len());
        assert!(self.terms.iter().all(|(_, plane)| plane.len() >= len), "terms");
        let shift = simd.splat_f32s(self.shift);
        let mut at = 0;
        while at + WIDE * lanes <= len {
            let mut sums = [shift; WIDE];
            // SAFETY: `WIDE` registers are left in the target and in every term.
            unsafe {
                let target = self.target.as_mut_ptr().add(at);
                if self.add {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = simd.add_f32s(*sum, load::<S>(target.add(v * lanes)));
                    }
                }
                for (factor, plane) in self.terms {
                    let factor = simd.splat_f32s(*factor);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let x = load::<S>(plane.as_ptr().add(at + v * lanes));
                        *sum = simd.mul_add_e_f32s(factor, x, *sum);
                    }
                }
                for (v, sum) in sums.iter().enumerate() {
                    store::<S>(target.add(v * lanes), *sum);
                }
            }
            at += WIDE * lanes;
        }
        while at < len {
            let count = |v: usize| (len - at).saturating_sub(v * lanes);
            let mut sums = [shift; WIDE];
            // SAFETY: `count` floats are left in the target and in every term.
            unsafe {
                let target = self.target.as_mut_ptr().wrapping_add(at);
                if self.add {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let old = load_first::<S>(target.wrapping_add(v * lanes), count(v));
                        *sum = simd.add_f32s(*sum, old);
                    }
                }
                for (factor, plane) in self.terms {
                    let factor = simd.splat_f32s(*factor);
                    let plane = plane.as_ptr().wrapping_add(at);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let x = load_first::<S>(plane.wrapping_add(v * lanes), count(v));
                        *sum = simd.mul_add_e_f32s(factor, x, *sum);
                    }
                }
                for (v, sum) in sums.iter().enumerate() {
                    store_first::<S>(target.wrapping_add(v * lanes), *sum, count(v));
                }
            }
            at += WIDE * lanes;
        }
    }
}

/// `target = a g + b y + c`: the gradient behind a batch norm, or before it.
#[derive(Debug)]
pub(crate) struct Blend<'a> {
    pub(crate) gradient: &'a [f32],
    pub(crate) value: &'a [f32],
    pub(crate) factors: (f32, f32, f32),
    pub(crate) target: &'a mut [f32],
}

impl WithSimd for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (a, b, c) = self.factors;
        let (a, b, c) = (simd.splat_f32s(a), simd.splat_f32s(b), simd.splat_f32s(c));
        zip(simd, self.gradient, self.value, self.target, |g, y, _| {
            simd.mul_add_e_f32s(a, g, simd.mul_add_e_f32s(b, y, c))
        });
    }
}

/// `target += g` (or `= g`) where `scale * x + shift > 0`; elsewhere `+ 0` (or `= 0`).
#[derive(Debug)]
pub(crate) struct Mask<'a> {
    pub(crate) gradient: &'a [f32],
    pub(crate) input: &'a [f32],
    pub(crate) scale: f32,
    pub(crate) shift: f32,
    pub(crate) target: &'a mut [f32],
    pub(crate) add: bool,
}

impl WithSimd for Mask<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (scale, shift) = (simd.splat_f32s(self.scale), simd.splat_f32s(self.shift));
        let zero = simd.splat_f32s(0.0);
        let add = self.add;
        zip(simd, self.gradient, self.input, self.target, |g, x, old| {
            let x = simd.mul_add_e_f32s(scale, x, shift);
            let g = simd.select_f32s(simd.greater_than_f32s(x, zero), g, zero);
            if add { simd.add_f32s(old, g) } else { g }
        });
    }
}

/// `target = max(0, scale * x + shift)`, or without the maximum; NaN stays NaN.
#[derive(Debug)]
pub(crate) struct Rectify<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) scale: f32,
    pub(crate) shift: f32,
    pub(crate) rectify: bool,
    pub(crate) target: &'a mut [f32],
}

impl WithSimd for Rectify<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (scale, shift) = (simd.splat_f32s(self.scale), simd.splat_f32s(self.shift));
        let floor = simd.splat_f32s(if self.rectify { 0.0 } else { f32::NEG_INFINITY });
        zip(simd, self.source, self.source, self.target, |x, _, _| {
            let y = simd.mul_add_e_f32s(scale, x, shift);
            simd.select_f32s(simd.less_than_f32s(y, floor), floor, y)
        });
    }
}

/// `target = map(a, b, target)` element by element.
#[inline(always)]
fn zip<S: Simd>(
    _: S,
    a: &[f32],
    b: &[f32],
    target: &mut [f32],
    map: impl Fn(S::f32s, S::f32s, S::f32s) -> S::f32s,
) {
    const WIDE: usize = 2;
    let (lanes, len) = (S::F32_LANES, target.len());
    assert!(a.len() >= len && b.len() >= len, "operands");
    let (a, b, target) = (a.as_ptr(), b.as_ptr(), target.as_mut_ptr());
    let mut at = 0;
    // SAFETY: whole registers end at `len` at the latest; after them `len - at` floats are left.
    unsafe {
        while at + WIDE * lanes <= len {
            for v in 0..WIDE {
                let at = at + v * lanes;
                let y = map(load::<S>(a.add(at)), load::<S>(b.add(at)), load::<S>(target.add(at)));
                store::<S>(target.add(at), y);
            }
            at += WIDE * lanes;
        }
        while at < len {
            let count = len - at;
            let old = load_first::<S>(target.add(at), count);
            let y = map(load_first::<S>(a.add(at), count), load_first::<S>(b.add(at), count), old);
            store_first::<S>(target.add(at), y, count);
            at += lanes;
        }
    }
}
