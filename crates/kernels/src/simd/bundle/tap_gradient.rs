//! The weight gradient of a depthwise convolution, one sum for each tap and plane.

use pulp::Simd;

use super::sweep::{Place, Tile, Walk, step};

/// Two padded copies whose products are summed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a, R> {
    pub(crate) source: &'a [R],
    /// The place of every tap's source for the first position.
    pub(crate) offsets: &'a [usize],
    pub(crate) gradient: &'a [R],
}

/// `sums[t] += sum_{r,c} gradient[first + r, c] * source[offset_t + r, c]`, the target of the
/// walk being the gradient.
#[inline(always)]
pub(crate) fn tap_gradient<S: Simd>(
    simd: S,
    product: Product<'_, S::f32s>,
    walk: &Walk,
    sums: &mut [S::f32s],
) {
    if walk.is_empty() {
        return;
    }
    let Product { source, offsets, gradient } = product;
    assert!(offsets.iter().all(|offset| walk.reads(*offset, source.len())), "source");
    assert!(walk.writes(gradient.len()), "gradient");
    assert_eq!(sums.len(), offsets.len(), "sums");
    let mut rest = (offsets, sums);
    while !rest.0.is_empty() {
        // SAFETY: the checks above cover every tap and position.
        let count = unsafe {
            match rest.0.len() {
                9.. => some::<S, 9>(simd, product, rest.0, walk, rest.1),
                8 => some::<S, 8>(simd, product, rest.0, walk, rest.1),
                5..8 => some::<S, 5>(simd, product, rest.0, walk, rest.1),
                3..5 => some::<S, 3>(simd, product, rest.0, walk, rest.1),
                _ => some::<S, 1>(simd, product, rest.0, walk, rest.1),
            }
        };
        rest = (&rest.0[count..], &mut rest.1[count..]);
    }
}

/// The first `T` taps.
///
/// # Safety
/// As checked by `tap_gradient`.
#[inline(always)]
unsafe fn some<S: Simd, const T: usize>(
    simd: S,
    product: Product<'_, S::f32s>,
    offsets: &[usize],
    walk: &Walk,
    sums: &mut [S::f32s],
) -> usize {
    let mut tile = Sums {
        simd,
        source: product.source.as_ptr(),
        gradient: product.gradient.as_ptr(),
        offsets: std::array::from_fn::<usize, T, _>(|tap| offsets[tap]),
        sums: std::array::from_fn::<S::f32s, T, _>(|tap| sums[tap]),
        walk,
    };
    // SAFETY: the caller's.
    unsafe { walk.sweep(&mut tile) };
    sums[..T].copy_from_slice(&tile.sums);
    T
}

struct Sums<'a, S: Simd, const T: usize> {
    simd: S,
    source: *const S::f32s,
    gradient: *const S::f32s,
    offsets: [usize; T],
    sums: [S::f32s; T],
    walk: &'a Walk,
}

impl<S: Simd, const T: usize> Tile for Sums<'_, S, T> {
    #[inline(always)]
    unsafe fn visit<const N: usize, const STEP: usize>(&mut self, place: Place) {
        // SAFETY: `tap_gradient` checked taps and positions.
        unsafe {
            let gradient = self.gradient.add(place.to);
            let source = self.source.add(place.from);
            let mut column = 0;
            // More gradients at a time would not leave a register for every sum.
            while column < N {
                let left = if N - column < 4 { N - column } else { 4 };
                for (offset, sum) in self.offsets.iter().zip(&mut self.sums) {
                    let source = source.add(*offset);
                    for at in column..column + left {
                        let g = *gradient.add(at * self.walk.target.1);
                        let x = *source.add(at * step::<STEP>(self.walk));
                        *sum = self.simd.mul_add_e_f32s(g, x, *sum);
                    }
                }
                column += left;
            }
        }
    }
}
