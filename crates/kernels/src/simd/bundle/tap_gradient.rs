//! The weight gradient of a depthwise convolution, one sum for each tap and plane.

use pulp::Simd;

/// Sums over rows and columns of products of two padded copies.
#[derive(Clone, Debug)]
pub(crate) struct Product<'a, R> {
    pub(crate) source: &'a [R],
    /// Where the source of every tap lies for the first position.
    pub(crate) offsets: &'a [usize],
    /// Between neighbouring rows and columns of the source.
    pub(crate) steps: (usize, usize),
    pub(crate) gradient: &'a [R],
    /// The place of the first gradient, and how far rows are apart.
    pub(crate) first: usize,
    pub(crate) pitch: usize,
    /// Rows to sum over.
    pub(crate) rows: std::ops::Range<usize>,
    pub(crate) columns: usize,
}

/// `sums[t] += sum_{r,c} gradient[first + r, c] * source[offset_t + r, c]`.
#[inline(always)]
pub(crate) fn tap_gradient<S: Simd>(simd: S, product: Product<'_, S::f32s>, sums: &mut [S::f32s]) {
    if product.rows.is_empty() || product.columns == 0 || product.offsets.is_empty() {
        return;
    }
    let (row, column) = (product.rows.end - 1, product.columns - 1);
    let farthest = product.offsets.iter().copied().max().unwrap_or(0);
    let reach = farthest + row * product.steps.0 + column * product.steps.1;
    assert!(reach < product.source.len(), "source");
    assert!(product.first + row * product.pitch + column < product.gradient.len(), "gradient");
    assert_eq!(sums.len(), product.offsets.len(), "sums");
    let mut first = 0;
    while first < sums.len() {
        // SAFETY: the checks above cover every tap and position; so many taps are left.
        unsafe {
            first += match sums.len() - first {
                25 => some::<S, 13>(simd, &product, first, sums),
                12.. => some::<S, 12>(simd, &product, first, sums),
                9..12 => some::<S, 9>(simd, &product, first, sums),
                5..9 => some::<S, 5>(simd, &product, first, sums),
                3..5 => some::<S, 3>(simd, &product, first, sums),
                _ => some::<S, 1>(simd, &product, first, sums),
            };
        }
    }
}

/// # Safety
/// As checked by `tap_gradient`, with `T` taps from `first` on.
#[inline(always)]
unsafe fn some<S: Simd, const T: usize>(
    simd: S,
    product: &Product<'_, S::f32s>,
    first: usize,
    sums: &mut [S::f32s],
) -> usize {
    // SAFETY: the caller vouches for taps and positions.
    unsafe {
        let mut own = [simd.splat_f32s(0.0); T];
        let mut offsets = [0; T];
        for tap in 0..T {
            own[tap] = *sums.get_unchecked(first + tap);
            offsets[tap] = *product.offsets.get_unchecked(first + tap);
        }
        for row in product.rows.clone() {
            let gradient = product.gradient.as_ptr().add(product.first + row * product.pitch);
            let source = product.source.as_ptr().add(row * product.steps.0);
            for column in 0..product.columns {
                let g = *gradient.add(column);
                let source = source.add(column * product.steps.1);
                for (sum, offset) in own.iter_mut().zip(offsets) {
                    *sum = simd.mul_add_e_f32s(g, *source.add(offset), *sum);
                }
            }
        }
        for (tap, own) in own.into_iter().enumerate() {
            *sums.get_unchecked_mut(first + tap) = own;
        }
    }
    T
}
