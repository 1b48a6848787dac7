//! Four positions of every plane of a bundle, to one register for each position and back.

#[cfg(target_arch = "x86_64")]
use std::any::TypeId;

use pulp::Simd;

use super::super::{load, store};
use super::MOST;

/// Positions that move at a time.
pub(super) const STEP: usize = 4;

/// Register `i` holds float `i` of every plane, planes `pitch` floats apart.
///
/// # Safety
/// [`STEP`] floats of `S::F32_LANES` planes must be readable; no more than [`MOST`] lanes.
#[inline(always)]
pub(super) unsafe fn rows_to_lanes<S: Simd>(
    simd: S,
    source: *const f32,
    pitch: usize,
) -> [S::f32s; STEP] {
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<S>() == TypeId::of::<pulp::x86::V3>() {
        // SAFETY: the caller's eight planes; `S` is `V3`, so AVX is there.
        return unsafe { avx::rows_to_lanes(simd, source, pitch) };
    }
    let mut whole = [[0.0f32; MOST]; STEP];
    for plane in 0..S::F32_LANES {
        // SAFETY: the caller vouches for four floats of every plane.
        let row = unsafe { source.add(plane * pitch).cast::<[f32; STEP]>().read_unaligned() };
        for (lanes, value) in whole.iter_mut().zip(row) {
            lanes[plane] = value;
        }
    }
    // SAFETY: no register of the caller's is wider than `MOST`.
    whole.map(|lanes| unsafe { load::<S>(lanes.as_ptr()) })
}

/// The way back of [`rows_to_lanes`].
///
/// # Safety
/// [`STEP`] floats of `S::F32_LANES` planes must be writable; no more than [`MOST`] lanes.
#[inline(always)]
pub(super) unsafe fn lanes_to_rows<S: Simd>(
    simd: S,
    values: [S::f32s; STEP],
    target: *mut f32,
    pitch: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<S>() == TypeId::of::<pulp::x86::V3>() {
        // SAFETY: the caller's eight planes; `S` is `V3`, so AVX is there.
        return unsafe { avx::lanes_to_rows(simd, values, target, pitch) };
    }
    let mut whole = [[0.0f32; MOST]; STEP];
    for (lanes, value) in whole.iter_mut().zip(values) {
        // SAFETY: no register of the caller's is wider than `MOST`.
        unsafe { store::<S>(lanes.as_mut_ptr(), value) };
    }
    for plane in 0..S::F32_LANES {
        let row = whole.map(|lanes| lanes[plane]);
        // SAFETY: the caller vouches for four floats of every plane.
        unsafe { target.add(plane * pitch).cast::<[f32; STEP]>().write_unaligned(row) };
    }
}

/// Transpositions in registers: planes `p` and `p + 4` share one, and its halves are turned
/// alike.
#[cfg(target_arch = "x86_64")]
mod avx {
    use std::arch::x86_64::{
        __m256, _mm_loadu_ps, _mm_storeu_ps, _mm256_castpd_ps, _mm256_castps_pd,
        _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_set_m128, _mm256_unpackhi_pd,
        _mm256_unpackhi_ps, _mm256_unpacklo_pd, _mm256_unpacklo_ps,
    };
    use std::mem::transmute_copy;

    use pulp::Simd;

    use super::STEP;

    /// # Safety
    /// `S` must be `pulp::x86::V3`, and as for the caller.
    #[inline(always)]
    pub(super) unsafe fn rows_to_lanes<S: Simd>(
        _: S,
        source: *const f32,
        pitch: usize,
    ) -> [S::f32s; STEP] {
        // SAFETY: `V3` proves AVX, its registers are `__m256`, and the caller vouches for the
        // floats.
        unsafe {
            let pair = |plane: usize| {
                let low = _mm_loadu_ps(source.add(plane * pitch));
                let high = _mm_loadu_ps(source.add((plane + 4) * pitch));
                _mm256_set_m128(high, low)
            };
            let turned = turn([pair(0), pair(1), pair(2), pair(3)]);
            turned.map(|value| transmute_copy::<__m256, S::f32s>(&value))
        }
    }

    /// # Safety
    /// `S` must be `pulp::x86::V3`, and as for the caller.
    #[inline(always)]
    pub(super) unsafe fn lanes_to_rows<S: Simd>(
        _: S,
        values: [S::f32s; STEP],
        target: *mut f32,
        pitch: usize,
    ) {
        // SAFETY: as above.
        unsafe {
            let turned = turn(values.map(|value| transmute_copy::<S::f32s, __m256>(&value)));
            for (plane, pair) in turned.into_iter().enumerate() {
                _mm_storeu_ps(target.add(plane * pitch), _mm256_castps256_ps128(pair));
                let high = _mm256_extractf128_ps::<1>(pair);
                _mm_storeu_ps(target.add((plane + 4) * pitch), high);
            }
        }
    }

    /// Exchanges rows and columns in the low and in the high halves.
    ///
    /// # Safety
    /// AVX must be there.
    #[inline(always)]
    unsafe fn turn([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        // SAFETY: the caller vouches for AVX.
        unsafe {
            let low = |a, b| _mm256_castps_pd(_mm256_unpacklo_ps(a, b));
            let high = |a, b| _mm256_castps_pd(_mm256_unpackhi_ps(a, b));
            let first = (low(a, b), low(c, d));
            let second = (high(a, b), high(c, d));
            [
                _mm256_castpd_ps(_mm256_unpacklo_pd(first.0, first.1)),
                _mm256_castpd_ps(_mm256_unpackhi_pd(first.0, first.1)),
                _mm256_castpd_ps(_mm256_unpacklo_pd(second.0, second.1)),
                _mm256_castpd_ps(_mm256_unpackhi_pd(second.0, second.1)),
            ]
        }
    }
}
