//! Elementwise passes over planes.

use pulp::{Simd, WithSimd};

use super::{load, load_first, store, store_first};

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
        // Sums that do not wait for one another: a multiply-add takes four cycles and two begin in
        // each.
        const WIDE: usize = 4;
        let lanes = S::F32_LANES;
        let len = self.target.len();
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

/// `target = a g + b (y - centre) + c`: the gradient behind a batch norm, or before it.
#[derive(Debug)]
pub(crate) struct Blend<'a> {
    pub(crate) gradient: &'a [f32],
    pub(crate) value: &'a [f32],
    pub(crate) factors: (f32, f32, f32),
    /// A large mean would leave few digits of `b y + c`.
    pub(crate) centre: f32,
    pub(crate) target: &'a mut [f32],
}

impl WithSimd for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (a, b, c) = self.factors;
        let a = simd.splat_f32s(a);
        let b = simd.splat_f32s(b);
        let c = simd.splat_f32s(c);
        let centre = simd.splat_f32s(self.centre);
        zip(simd, self.gradient, self.value, self.target, |g, y, _| {
            let y = simd.sub_f32s(y, centre);
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
        let scale = simd.splat_f32s(self.scale);
        let shift = simd.splat_f32s(self.shift);
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
        let scale = simd.splat_f32s(self.scale);
        let shift = simd.splat_f32s(self.shift);
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
    let lanes = S::F32_LANES;
    let len = target.len();
    assert!(a.len() >= len && b.len() >= len, "operands");
    let a = a.as_ptr();
    let b = b.as_ptr();
    let target = target.as_mut_ptr();
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
