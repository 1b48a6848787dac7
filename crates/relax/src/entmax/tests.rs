use candle_core::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Entmax, Progress, RelaxError, Relaxation, Softmax, Sparsemax};

fn weights(relaxation: &dyn Relaxation, logits: &Tensor) -> Vec<Vec<f64>> {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    relaxation.weights(logits, Progress::start(1), &mut noise).unwrap().to_vec2().unwrap()
}

fn table() -> Tensor {
    Tensor::new(&[[0.3_f64, -1.2, 0.8, 0.9], [2.0, 2.0, -1.0, 0.0]], &Device::Cpu).unwrap()
}

#[test]
fn the_ends_are_softmax_and_sparsemax() {
    let ends: [(f64, &dyn Relaxation); 2] = [(1.0, &Softmax::default()), (2.0, &Sparsemax)];
    for (alpha, end) in ends {
        let found = weights(&Entmax::new(alpha).unwrap(), &table());
        assert_eq!(found, weights(end, &table()));
    }
}

#[test]
fn the_higher_the_order_the_more_zeros() {
    let zeros = |alpha| {
        let rows = weights(&Entmax::new(alpha).unwrap(), &table());
        rows.iter().flatten().filter(|w| w.to_bits() == 0).count()
    };
    let counts: Vec<usize> = [1.0, 1.2, 1.5, 1.8, 2.0].map(zeros).to_vec();
    assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{counts:?}");
    assert!(counts[0] == 0 && counts[4] > counts[1], "{counts:?}");
}

#[test]
fn impossible_orders_are_refused() {
    for found in [0.99, 2.01, f64::NAN] {
        let error = Entmax::new(found).unwrap_err();
        assert!(matches!(error, RelaxError::Parameter { name: "alpha", .. }));
    }
    approx::assert_relative_eq!(Entmax::default().alpha(), 1.5);
}
