use candle_core::{Device, Tensor};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Constraint, Progress, Relaxation, Simplex};

#[test]
fn weights_are_the_parameters_themselves() {
    let theta = Tensor::new(&[[0.2_f64, 0.3, 0.5], [1.0, 0.0, 0.0]], &Device::Cpu).unwrap();
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let found = Simplex.weights(&theta, Progress::start(1), &mut noise).unwrap();
    assert_eq!(found.to_vec2::<f64>().unwrap(), theta.to_vec2::<f64>().unwrap());
    assert_eq!(
        (Simplex.constraint(), Simplex.domain()),
        (Constraint::Simplex, Constraint::Simplex)
    );
}

#[test]
fn parameters_start_uniform_without_any_draw() {
    let mut noise = ChaCha8Rng::seed_from_u64(5);
    let mut fresh = ChaCha8Rng::seed_from_u64(5);
    let start = Simplex.initial(3, 8, &mut noise);
    assert_eq!(start, vec![0.125; 24]);
    assert_eq!(noise.next_u64(), fresh.next_u64());
}
