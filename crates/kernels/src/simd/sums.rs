//! Sums over planes that lose digits neither to a large mean nor to a long plane.
//!
//! A register takes part in a dozen roundings at most before it goes to double precision, and what
//! is squared or multiplied is a distance from the mean. So a sum of terms is wrong by at most
//! `1e-6` of the sum of their absolute values, whatever the width of the registers.

use pulp::{Simd, WithSimd};

use super::{SLACK, load, store};

/// Sum of a plane, and sum of squares about the plane's own mean.
///
/// The relative error of the squares is below `1e-6` as long as the mean is less than `1e6`
/// deviations from zero.
#[derive(Debug)]
pub(crate) struct Moments<'a>(pub(crate) &'a [f32]);

impl WithSimd for Moments<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        let x = self.0;
        let len = self.0.len() as f64;
        if x.is_empty() {
            return (0.0, 0.0);
        }
        let (whole, rest) = x.split_at(x.len() / S::F32_LANES * S::F32_LANES);
        // SAFETY: `blocks` asks for whole registers.
        let at = |at: usize| unsafe { load::<S>(whole.as_ptr().add(at)) };
        let [total] =
            blocks(simd, whole.len(), |place, [sum]| *sum = simd.add_f32s(*sum, at(place)));
        let total = total + rest.iter().map(|x| f64::from(*x)).sum::<f64>();
        // The mean but for a rounding, which the sum of distances puts right.
        let centre = (total / len) as f32;
        let middle = simd.splat_f32s(centre);
        let [mut distances, mut squares] = blocks(simd, whole.len(), |place, [sum, squares]| {
            let distance = simd.sub_f32s(at(place), middle);
            *sum = simd.add_f32s(*sum, distance);
            *squares = simd.mul_add_e_f32s(distance, distance, *squares);
        });
        for x in rest {
            let distance = f64::from(*x) - f64::from(centre);
            distances += distance;
            squares += distance * distance;
        }
        let squares = squares - distances * distances / len;
        // Not `max`, which would make a number of what is none.
        (f64::from(centre) * len + distances, if squares < 0.0 { 0.0 } else { squares })
    }
}

/// `sum g` and `sum g (y - mean)` over a plane.
#[derive(Debug)]
pub(crate) struct PairSums<'a> {
    pub(crate) gradient: &'a [f32],
    /// As many as `gradient`.
    pub(crate) value: &'a [f32],
    pub(crate) mean: f64,
}

impl WithSimd for PairSums<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        let Self { gradient, value, mean } = self;
        let len = gradient.len();
        assert_eq!(len, value.len(), "operands");
        let whole = len / S::F32_LANES * S::F32_LANES;
        let centre = mean as f32;
        let middle = simd.splat_f32s(centre);
        let [mut plain, mut weighted] = blocks(simd, whole, |at, [plain, weighted]| {
            // SAFETY: `blocks` asks for whole registers up to `whole`.
            let (g, y) = unsafe {
                (load::<S>(gradient.as_ptr().add(at)), load::<S>(value.as_ptr().add(at)))
            };
            *plain = simd.add_f32s(*plain, g);
            *weighted = simd.mul_add_e_f32s(g, simd.sub_f32s(y, middle), *weighted);
        });
        for (g, y) in gradient[whole..].iter().zip(&value[whole..]) {
            plain += f64::from(*g);
            weighted += f64::from(*g) * (f64::from(*y) - f64::from(centre));
        }
        (plain, weighted + (f64::from(centre) - mean) * plain)
    }
}

/// Registers that are added up side by side, so that none waits for its last addition.
const WIDE: usize = 4;

/// Additions to one register before it goes to double precision.
const STEPS: usize = 8;

/// `N` sums over `len` floats, a multiple of the lanes: `step(at, sums)` adds the register at `at`.
#[inline(always)]
fn blocks<S: Simd, const N: usize>(
    simd: S,
    len: usize,
    step: impl Fn(usize, &mut [S::f32s; N]),
) -> [f64; N] {
    let lanes = S::F32_LANES;
    let mut totals = [[0.0f64; SLACK]; N];
    let mut at = 0;
    while at < len {
        let end = len.min(at + STEPS * WIDE * lanes);
        let mut sums = [[simd.splat_f32s(0.0); N]; WIDE];
        while at + WIDE * lanes <= end {
            for (v, sums) in sums.iter_mut().enumerate() {
                step(at + v * lanes, sums);
            }
            at += WIDE * lanes;
        }
        while at < end {
            step(at, &mut sums[0]);
            at += lanes;
        }
        let [a, b, c, d] = sums;
        for (n, total) in totals.iter_mut().enumerate() {
            let sum = simd.add_f32s(simd.add_f32s(a[n], b[n]), simd.add_f32s(c[n], d[n]));
            let mut whole = [0.0f32; SLACK];
            // SAFETY: no register is wider than `SLACK`.
            unsafe { store::<S>(whole.as_mut_ptr(), sum) };
            for (total, sum) in total.iter_mut().zip(whole).take(lanes) {
                *total += f64::from(sum);
            }
        }
    }
    totals.map(|mut total| {
        let mut width = lanes;
        while width > 1 {
            width /= 2;
            for lane in 0..width {
                total[lane] += total[lane + width];
            }
        }
        total[0]
    })
}
