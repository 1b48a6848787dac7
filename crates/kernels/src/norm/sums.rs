//! Sums over a plane, in `f64` and in a fixed order that vectorises.

const LANES: usize = 8;

/// Sum of `term` over `x`.
pub(super) fn sum(x: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let blocks = x.chunks_exact(LANES);
    for (lane, x) in lanes.iter_mut().zip(blocks.remainder()) {
        *lane += term(*x);
    }
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] += term(block[lane]);
        }
    }
    lanes.iter().sum()
}

/// `(sum of g, sum of g * (x - mean))`.
pub(super) fn gradient_sums(gradient: &[f64], x: &[f64], mean: f64) -> (f64, f64) {
    let mut plain = [0.0; LANES];
    let mut weighted = [0.0; LANES];
    let gradients = gradient.chunks_exact(LANES);
    let inputs = x.chunks_exact(LANES);
    let tail = gradients.remainder().iter().zip(inputs.remainder());
    for (lane, (gradient, x)) in tail.enumerate() {
        plain[lane] += gradient;
        weighted[lane] += gradient * (x - mean);
    }
    for (gradient, x) in gradients.zip(inputs) {
        for lane in 0..LANES {
            plain[lane] += gradient[lane];
            weighted[lane] += gradient[lane] * (x[lane] - mean);
        }
    }
    (plain.iter().sum(), weighted.iter().sum())
}
