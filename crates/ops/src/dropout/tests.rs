use candle_core::{DType, Device, Var};
use dartloom_space::{Dropout, Layer};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::{Mode, Operation as _, Place, Sequence, Variables};

fn ones(count: usize) -> Tensor {
    Tensor::ones((2, count), DType::F64, &Device::Cpu).unwrap()
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn a_share_of_the_values_is_zero_and_the_mean_stays() {
    let y = values(&dropout(&ones(5000), 0.3, &mut ChaCha8Rng::seed_from_u64(1)).unwrap());
    let zeros = y.iter().filter(|value| **value == 0.0).count() as f64 / 1e4;
    assert!((zeros - 0.3).abs() < 0.02, "{zeros}");
    assert!(y.iter().all(|value| *value == 0.0 || (value - 1.0 / 0.7).abs() < 1e-12));
    assert!((y.iter().sum::<f64>() / 1e4 - 1.0).abs() < 0.03);
}

#[test]
fn probability_zero_draws_nothing_and_one_drops_all() {
    let mut noise = ChaCha8Rng::seed_from_u64(1);
    let untouched = noise.clone();
    assert_eq!(values(&dropout(&ones(2), 0.0, &mut noise).unwrap()), [1.0; 4]);
    assert_eq!(noise, untouched);
    assert_eq!(values(&dropout(&ones(2), 1.0, &mut noise).unwrap()), [0.0; 4]);
}

/// A dropped value has no gradient, a kept one the factor that it was multiplied by.
#[test]
fn gradients_are_the_factors() {
    let x = Var::from_tensor(&ones(50)).unwrap();
    let y = dropout(&x, 0.5, &mut ChaCha8Rng::seed_from_u64(2)).unwrap();
    let gradients = y.sum_all().unwrap().backward().unwrap();
    assert_eq!(values(gradients.get(&x).unwrap()), values(&y));
}

#[test]
fn layers_drop_in_training_passes_alone() {
    let layers = [Layer::Identity, Layer::Dropout(Dropout::new(0.5).unwrap())];
    let mut noise = ChaCha8Rng::seed_from_u64(3);
    let mut variables = Variables::new(&Place::default());
    let sequence = Sequence::new(&layers, &mut variables.builder(&mut noise)).unwrap();
    let x = ones(50);
    for (mode, drops) in [(Mode::train(), true), (Mode::probe(), false), (Mode::eval(), false)] {
        let mut pass = Pass::new(mode, &mut noise);
        let y = values(&sequence.run(&x, &mut pass).unwrap());
        assert_eq!(y.contains(&0.0), drops, "{mode:?}");
    }
    // Without a pass there is nothing to draw from: what would have to drop is refused.
    let error = sequence.forward(&x, Mode::train()).unwrap_err().to_string();
    assert!(error.contains("Sequence::run"), "{error}");
    assert_eq!(values(&sequence.forward(&x, Mode::eval()).unwrap()), values(&x));
    assert!(sequence.stages().is_none());
}
