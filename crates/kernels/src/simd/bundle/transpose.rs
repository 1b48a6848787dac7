//! Four positions of every plane of a bundle, to one register for each position and back.

#[cfg(target_arch = "x86_64")]
use std::any::TypeId;

use pulp::Simd;

use super::super::{SLACK, load, store};

/// Positions that move at a time.
pub(in crate::simd) const STEP: usize = 4;

/// Register `i` holds float `i` of every plane, planes `pitch` floats apart.
///
/// # Safety
/// [`STEP`] floats of `S::F32_LANES` planes must be readable.
#[inline(always)]
pub(in crate::simd) unsafe fn rows_to_lanes<S: Simd>(
    simd: S,
    source: *const f32,
    pitch: usize,
) -> [S::f32s; STEP] {
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<S>() == TypeId::of::<pulp::x86::V3>() {
        // SAFETY: the caller's eight planes; `S` is `V3`, so AVX is there.
        return unsafe { avx::rows_to_lanes(simd, source, pitch) };
    }
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<S>() == TypeId::of::<pulp::x86::V4>() {
        // SAFETY: the caller's sixteen planes; `S` is `V4`, so AVX-512 is there.
        return unsafe { avx512::rows_to_lanes(simd, source, pitch) };
    }
    let mut whole = [[0.0f32; SLACK]; STEP];
    for plane in 0..S::F32_LANES {
        // SAFETY: the caller vouches for four floats of every plane.
        let row = unsafe { source.add(plane * pitch).cast::<[f32; STEP]>().read_unaligned() };
        for (lanes, value) in whole.iter_mut().zip(row) {
            lanes[plane] = value;
        }
    }
    // SAFETY: no register is wider than `SLACK`.
    whole.map(|lanes| unsafe { load::<S>(lanes.as_ptr()) })
}

/// The way back of [`rows_to_lanes`].
///
/// # Safety
/// [`STEP`] floats of `S::F32_LANES` planes must be writable.
#[inline(always)]
pub(in crate::simd) unsafe fn lanes_to_rows<S: Simd>(
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
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<S>() == TypeId::of::<pulp::x86::V4>() {
        // SAFETY: the caller's sixteen planes; `S` is `V4`, so AVX-512 is there.
        return unsafe { avx512::lanes_to_rows(simd, values, target, pitch) };
    }
    let mut whole = [[0.0f32; SLACK]; STEP];
    for (lanes, value) in whole.iter_mut().zip(values) {
        // SAFETY: no register is wider than `SLACK`.
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

/// The same in quarters: planes `p`, `p + 4`, `p + 8` and `p + 12` share a register.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512, __m512d, _mm_loadu_ps, _mm_storeu_ps, _mm512_castpd_ps, _mm512_castps_pd,
        _mm512_castps128_ps512, _mm512_extractf32x4_ps, _mm512_insertf32x4, _mm512_unpackhi_pd,
        _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };
    use std::mem::transmute_copy;

    use pulp::Simd;

    use super::STEP;

    /// # Safety
    /// `S` must be `pulp::x86::V4`, and as for the caller.
    #[inline(always)]
    pub(super) unsafe fn rows_to_lanes<S: Simd>(
        _: S,
        source: *const f32,
        pitch: usize,
    ) -> [S::f32s; STEP] {
        // SAFETY: `V4` proves AVX-512, its registers are `__m512`, and the caller vouches for the
        // floats.
        unsafe {
            let turned = turn([
                four(source, pitch),
                four(source.add(pitch), pitch),
                four(source.add(2 * pitch), pitch),
                four(source.add(3 * pitch), pitch),
            ]);
            transmute_copy::<[__m512; STEP], [S::f32s; STEP]>(&turned)
        }
    }

    /// # Safety
    /// `S` must be `pulp::x86::V4`, and as for the caller.
    #[inline(always)]
    pub(super) unsafe fn lanes_to_rows<S: Simd>(
        _: S,
        values: [S::f32s; STEP],
        target: *mut f32,
        pitch: usize,
    ) {
        // SAFETY: as above.
        unsafe {
            let turned = turn(transmute_copy::<[S::f32s; STEP], [__m512; STEP]>(&values));
            for (plane, four) in turned.into_iter().enumerate() {
                let target = target.add(plane * pitch);
                _mm_storeu_ps(target, _mm512_extractf32x4_ps::<0>(four));
                _mm_storeu_ps(target.add(4 * pitch), _mm512_extractf32x4_ps::<1>(four));
                _mm_storeu_ps(target.add(8 * pitch), _mm512_extractf32x4_ps::<2>(four));
                _mm_storeu_ps(target.add(12 * pitch), _mm512_extractf32x4_ps::<3>(four));
            }
        }
    }

    /// Four floats of planes 0, 4, 8 and 12.
    ///
    /// # Safety
    /// AVX-512 must be there, and the floats.
    #[inline(always)]
    unsafe fn four(source: *const f32, pitch: usize) -> __m512 {
        // SAFETY: the caller vouches for both.
        unsafe {
            let all = _mm512_castps128_ps512(_mm_loadu_ps(source));
            let all = _mm512_insertf32x4::<1>(all, _mm_loadu_ps(source.add(4 * pitch)));
            let all = _mm512_insertf32x4::<2>(all, _mm_loadu_ps(source.add(8 * pitch)));
            _mm512_insertf32x4::<3>(all, _mm_loadu_ps(source.add(12 * pitch)))
        }
    }

    /// Pairs of the first halves of quarters.
    ///
    /// # Safety
    /// AVX-512 must be there.
    #[inline(always)]
    unsafe fn low(a: __m512, b: __m512) -> __m512d {
        // SAFETY: the caller vouches for AVX-512.
        unsafe { _mm512_castps_pd(_mm512_unpacklo_ps(a, b)) }
    }

    /// Pairs of the second halves.
    ///
    /// # Safety
    /// AVX-512 must be there.
    #[inline(always)]
    unsafe fn high(a: __m512, b: __m512) -> __m512d {
        // SAFETY: the caller vouches for AVX-512.
        unsafe { _mm512_castps_pd(_mm512_unpackhi_ps(a, b)) }
    }

    /// Exchanges rows and columns in every quarter.
    ///
    /// # Safety
    /// AVX-512 must be there.
    #[inline(always)]
    unsafe fn turn([a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        // SAFETY: the caller vouches for AVX-512.
        unsafe {
            let first = (low(a, b), low(c, d));
            let second = (high(a, b), high(c, d));
            [
                _mm512_castpd_ps(_mm512_unpacklo_pd(first.0, first.1)),
                _mm512_castpd_ps(_mm512_unpackhi_pd(first.0, first.1)),
                _mm512_castpd_ps(_mm512_unpacklo_pd(second.0, second.1)),
                _mm512_castpd_ps(_mm512_unpackhi_pd(second.0, second.1)),
            ]
        }
    }
}
