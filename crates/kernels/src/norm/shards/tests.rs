use std::sync::{Barrier, Mutex};

use approx::assert_relative_eq;

use super::*;
use crate::batch_norm;

/// Workers that are threads: the first to come begins the sum, all see it.
fn threads(size: usize) -> Shards {
    let meeting = Arc::new((Mutex::new(Vec::<f64>::new()), Barrier::new(size)));
    Shards::new(move |numbers| {
        let (sum, all) = &*meeting;
        all.wait();
        {
            let mut sum = sum.lock().unwrap();
            sum.resize(numbers.len(), 0.0);
            sum.iter_mut().zip(&*numbers).for_each(|(sum, number)| *sum += number);
        }
        all.wait();
        numbers.copy_from_slice(&sum.lock().unwrap());
        if all.wait().is_leader() {
            sum.lock().unwrap().clear();
        }
        all.wait();
        Ok(())
    })
}

fn drawn(dims: &[usize], salt: f64) -> Tensor {
    let count: usize = dims.iter().product();
    let values: Vec<f64> = (0..count).map(|i| (i as f64 * 1.7 + salt).sin() + salt).collect();
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
}

fn running() -> [Var; 2] {
    [
        Var::zeros(3, candle_core::DType::F64, &Device::Cpu).unwrap(),
        Var::ones(3, candle_core::DType::F64, &Device::Cpu).unwrap(),
    ]
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn assert_equal(found: &Tensor, wanted: &Tensor) {
    assert_eq!(found.dims(), wanted.dims());
    for (found, wanted) in numbers(found).into_iter().zip(numbers(wanted)) {
        assert_relative_eq!(found, wanted, epsilon = 1e-12, max_relative = 1e-9);
    }
}

/// Result, gradients by x, gamma and beta, running mean and variance.
fn of(
    parts: &[Tensor],
    slope: &[Tensor],
    norm: impl Fn(&Tensor, [&Var; 2], [&Var; 2]) -> Tensor + Sync,
) -> Vec<Vec<Tensor>> {
    let one = |x: &Tensor, slope: &Tensor| {
        let x = Var::from_tensor(x).unwrap();
        let gamma = Var::from_tensor(&drawn(&[3], 0.5)).unwrap();
        let beta = Var::from_tensor(&drawn(&[3], 0.2)).unwrap();
        let moving = running();
        let y = norm(x.as_tensor(), [&gamma, &beta], [&moving[0], &moving[1]]);
        let store = (&y * slope).unwrap().sum_all().unwrap().backward().unwrap();
        let slopes = [&x, &gamma, &beta].map(|var| store.get(var.as_tensor()).unwrap().clone());
        [vec![y.detach()], slopes.to_vec(), moving.map(|var| var.as_detached_tensor()).to_vec()]
            .concat()
    };
    std::thread::scope(|scope| {
        let one = &one;
        let pairs = parts.iter().zip(slope);
        let threads: Vec<_> = pairs.map(|(x, slope)| scope.spawn(move || one(x, slope))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Parts of 1 and 3 images with one pixel each, of very different means.
#[test]
fn shards_see_the_statistics_and_gradients_of_the_whole() {
    let parts = [drawn(&[1, 3, 1, 1], 5.0), drawn(&[3, 3, 1, 1], -2.0)];
    let slopes = [drawn(&[1, 3, 1, 1], 0.1), drawn(&[3, 3, 1, 1], 0.7)];
    let spec = BatchNormSpec::default();
    let update = Statistics::Update;
    let whole = of(
        &[Tensor::cat(&parts, 0).unwrap()],
        &[Tensor::cat(&slopes, 0).unwrap()],
        |x, [gamma, beta], [mean, variance]| {
            let affine = Some((gamma.as_tensor(), beta.as_tensor()));
            batch_norm(x, affine, mean, variance, update, spec).unwrap()
        },
    );
    let shards = threads(2);
    let found = of(&parts, &slopes, |x, [gamma, beta], moving| {
        let affine = Some((gamma.as_tensor(), beta.as_tensor()));
        batch_norm_sharded(x, affine, moving, update, spec, &shards).unwrap()
    });
    for at in [0, 1] {
        let both = Tensor::cat(&[&found[0][at], &found[1][at]], 0).unwrap();
        assert_equal(&both, &whole[0][at]);
    }
    for at in [2, 3] {
        assert_equal(&(&found[0][at] + &found[1][at]).unwrap(), &whole[0][at]);
    }
    for at in [4, 5] {
        assert_equal(&found[0][at], &whole[0][at]);
        assert_equal(&found[1][at], &whole[0][at]);
    }
}

#[test]
fn a_single_value_for_all_shards_has_no_variance() {
    let [mean, variance] = running();
    let x = drawn(&[1, 3, 1, 1], 0.0);
    let spec = BatchNormSpec::default();
    let alone = |statistics| {
        batch_norm_sharded(&x, None, [&mean, &variance], statistics, spec, &Shards::alone())
    };
    assert!(matches!(alone(Statistics::Update), Err(KernelError::TooFewValues { .. })));
    // Running statistics share nothing, and are enough.
    let wanted = batch_norm(&x, None, &mean, &variance, Statistics::Freeze, spec).unwrap();
    assert_equal(&alone(Statistics::Freeze).unwrap(), &wanted);
}

#[test]
fn a_worker_that_is_lost_is_an_error() {
    let [mean, variance] = running();
    let lost = Shards::new(|_| Err(candle_core::Error::Msg("a worker is lost".to_owned())));
    let x = drawn(&[2, 3, 2, 2], 0.0);
    let only = Statistics::BatchOnly;
    let found =
        batch_norm_sharded(&x, None, [&mean, &variance], only, BatchNormSpec::default(), &lost);
    assert!(found.unwrap_err().to_string().contains("a worker is lost"));
}
