//! Moments of planes whose mean is large beside their deviation.

use pulp::{Simd, WithSimd};

use super::{SLACK, load};

/// Sum, and sum of squares about the plane's own mean.
///
/// Values are summed as differences from the first one, so that a large mean costs no digits.
#[derive(Debug)]
pub(crate) struct Centred<'a>(pub(crate) &'a [f32]);

impl WithSimd for Centred<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        let (Some(pivot), len) = (self.0.first(), self.0.len() as f64) else {
            return (0.0, 0.0);
        };
        let differences = fold(simd, self.0, *pivot, |x, sum| simd.add_f32s(x, sum));
        let mean = f64::from(*pivot) + differences / len;
        let centre = mean as f32;
        let squares = fold(simd, self.0, centre, |x, sum| simd.mul_add_e_f32s(x, x, sum));
        // The squares are smallest about the mean, from which the centre is a rounding away.
        let distance = mean - f64::from(centre);
        (mean * len, (squares - len * distance * distance).max(0.0))
    }
}

/// Sums `step(x - centre)`.
#[inline(always)]
fn fold<S: Simd>(
    simd: S,
    x: &[f32],
    centre: f32,
    step: impl Fn(S::f32s, S::f32s) -> S::f32s,
) -> f64 {
    const WIDE: usize = 4;
    let lanes = S::F32_LANES;
    let middle = simd.splat_f32s(centre);
    let mut sums = [simd.splat_f32s(0.0); WIDE];
    let whole = x.len() / lanes * lanes;
    let mut at = 0;
    while at + WIDE * lanes <= whole {
        for (v, sum) in sums.iter_mut().enumerate() {
            // SAFETY: `WIDE` registers are left.
            let value = unsafe { load::<S>(x.as_ptr().add(at + v * lanes)) };
            *sum = step(simd.sub_f32s(value, middle), *sum);
        }
        at += WIDE * lanes;
    }
    while at < whole {
        // SAFETY: a register is left.
        let value = unsafe { load::<S>(x.as_ptr().add(at)) };
        sums[0] = step(simd.sub_f32s(value, middle), sums[0]);
        at += lanes;
    }
    let [a, b, c, d] = sums;
    let total = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
    let mut rest = [0.0f32; SLACK];
    for (place, x) in rest.iter_mut().zip(&x[whole..]) {
        *place = x - centre;
    }
    // SAFETY: no register is wider than `SLACK`.
    let rest = unsafe { load::<S>(rest.as_ptr()) };
    f64::from(simd.reduce_sum_f32s(step(rest, total)))
}
