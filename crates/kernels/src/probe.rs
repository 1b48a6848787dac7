//! Questions that the tests of every kernel ask.

use candle_core::{DType, Device, Tensor, Var};

use crate::simd::InstructionSet;
use crate::testkit::{GradientCheck, check_gradients, filled};
pub(crate) use crate::testkit::{bits, values};
use crate::{KernelError, Result};

/// Runs a test with every set that there is, which are one, four, eight and sixteen lanes wide:
/// kernels that the test calls compute with it.
pub(crate) fn at_every_width(test: impl Fn(InstructionSet)) {
    let sets = InstructionSet::all();
    // Machines of the x86-64 family without AVX2 have nothing else.
    let widths =
        if cfg!(target_arch = "x86_64") && sets.len() == 1 { &[1][..] } else { &[1, 4, 8, 16] };
    for lanes in widths {
        assert!(sets.iter().any(|set| set.lanes() == *lanes), "{lanes} lanes");
    }
    for set in sets {
        set.forced(|| test(set));
    }
}

/// A tensor with fixed values.
pub(crate) fn random(shape: &[usize], seed: u64) -> Tensor {
    filled(shape, seed).unwrap()
}

/// Distinct values on a grid of 0.01, shuffled: no ties, and no neighbours within a
/// difference step.
pub(crate) fn distinct(shape: &[usize], seed: u64) -> Tensor {
    let keys = values(&random(shape, seed));
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
    let mut ranks = vec![0.0; keys.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = 0.01 * (rank as f64 - keys.len() as f64 / 2.0 + 0.25);
    }
    Tensor::from_vec(ranks, shape, &Device::Cpu).unwrap()
}

/// A tensor from literal values.
pub(crate) fn tensor(shape: &[usize], values: &[f64]) -> Tensor {
    Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap()
}

/// Central differences at the default tolerance.
pub(crate) fn check(inputs: &[Tensor], function: impl Fn(&[Tensor]) -> Result<Tensor>) {
    if let Err(error) = check_gradients(inputs, GradientCheck::default(), function) {
        panic!("{error}");
    }
}

/// The result, and the gradients of its product with fixed weights.
pub(crate) fn gradients(
    inputs: &[Tensor],
    function: impl Fn(&[Tensor]) -> Result<Tensor>,
) -> (Tensor, Vec<Tensor>) {
    let inputs: Vec<Tensor> = inputs
        .iter()
        .map(|input| Var::from_tensor(&input.copy().unwrap()).unwrap().into_inner())
        .collect();
    let y = function(&inputs).unwrap();
    let weights = random(y.dims(), 7).to_dtype(y.dtype()).unwrap();
    let store = (&y * weights).unwrap().backward().unwrap();
    let gradients = inputs.iter().map(|input| store.get(input).unwrap().clone()).collect();
    (y, gradients)
}

/// The largest difference relative to `max(1, |value|)`; shapes and types must be equal.
pub(crate) fn distance(left: &Tensor, right: &Tensor) -> f64 {
    assert_eq!((left.dims(), left.dtype()), (right.dims(), right.dtype()));
    let pairs = values(left).into_iter().zip(values(right));
    pairs
        .map(|(left, right)| {
            let same = left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan());
            if same { 0.0 } else { (left - right).abs() / left.abs().max(1.0) }
        })
        .fold(
            0.0,
            |worst, distance| if distance > worst || distance.is_nan() { distance } else { worst },
        )
}

/// Kernel and reference give the same result and gradients, in `f64` and in `f32`, at every width.
pub(crate) fn agree(
    inputs: &[Tensor],
    kernel: impl Fn(&[Tensor]) -> Result<Tensor>,
    reference: impl Fn(&[Tensor]) -> Result<Tensor>,
) {
    // The two paths sum up to some thousand terms of order one in different orders: about 1e3 to
    // 1e4 roundings of f64, a hundred of f32 (they grow like the root when they do not line up).
    for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 2e-5)] {
        let inputs: Vec<Tensor> =
            inputs.iter().map(|input| input.to_dtype(dtype).unwrap()).collect();
        let (expected, reference) = gradients(&inputs, &reference);
        at_every_width(|set| {
            let (y, kernel) = gradients(&inputs, &kernel);
            let found = distance(&y, &expected);
            assert!(found <= tolerance, "{set}, {dtype:?} result: {found}");
            for (argument, (kernel, reference)) in kernel.iter().zip(&reference).enumerate() {
                let found = distance(kernel, reference);
                assert!(found <= tolerance, "{set}, {dtype:?} gradient {argument}: {found}");
            }
        });
    }
}

/// The kernel in `f32` gives what the reference gives in `f64` for the same numbers, in result
/// and gradients, up to `tolerance` relative to `max(1, |value|)`, at every width.
pub(crate) fn agrees_with_double(
    inputs: &[Tensor],
    tolerance: f64,
    kernel: impl Fn(&[Tensor]) -> Result<Tensor>,
    reference: impl Fn(&[Tensor]) -> Result<Tensor>,
) {
    let to = |inputs: &[Tensor], dtype| -> Vec<Tensor> {
        inputs.iter().map(|input| input.to_dtype(dtype).unwrap()).collect()
    };
    let single = to(inputs, DType::F32);
    let (expected, reference) = gradients(&to(&single, DType::F64), &reference);
    let wide = |tensor: &Tensor| tensor.to_dtype(DType::F64).unwrap();
    at_every_width(|set| {
        let (y, kernel) = gradients(&single, &kernel);
        let found = distance(&wide(&y), &expected);
        assert!(found <= tolerance, "{set}, result: {found}");
        for (argument, (kernel, reference)) in kernel.iter().zip(&reference).enumerate() {
            let found = distance(&wide(kernel), reference);
            assert!(found <= tolerance, "{set}, gradient {argument}: {found}");
        }
    });
}

/// Result and gradients have the same bytes on one, two and three threads.
pub(crate) fn same_on_any_threads(
    inputs: &[Tensor],
    function: impl Fn(&[Tensor]) -> Result<Tensor> + Sync,
) {
    for dtype in [DType::F64, DType::F32] {
        let inputs: Vec<Tensor> =
            inputs.iter().map(|input| input.to_dtype(dtype).unwrap()).collect();
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (y, gradients) = pool.install(|| gradients(&inputs, &function));
            let mut all = bits(&y);
            all.extend(gradients.iter().flat_map(bits));
            all
        };
        let one = run(1);
        assert!(one == run(2), "{dtype:?}, 2 threads");
        assert!(one == run(3), "{dtype:?}, 3 threads");
    }
}

/// The error of a call that must fail.
pub(crate) fn refused(result: Result<Tensor>) -> KernelError {
    result.expect_err("the call must be refused")
}
