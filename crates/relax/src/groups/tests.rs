use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::{Groups, Progress, RelaxError, Relaxation, Simplex, Softmax, Sparsemax};

fn weights(groups: &Groups, relaxation: &dyn Relaxation, logits: &Tensor) -> Tensor {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    groups.weights(relaxation, logits, Progress::start(1), &mut noise).unwrap()
}

#[test]
fn each_node_shares_out_one() {
    // Nodes 2 and 3 of a DARTS cell: two in-edges and three.
    let groups = Groups::of(&[2, 2, 3, 3, 3]);
    assert_eq!(groups.sizes(), [2, 3]);
    assert_eq!(groups.ranges().collect::<Vec<_>>(), [0..2, 2..5]);
    let ln = f64::ln;
    let logits = [ln(1.0), ln(3.0), ln(2.0), ln(3.0), ln(5.0)];
    let logits = Tensor::new(&logits, &Device::Cpu).unwrap();
    let found: Vec<f64> = weights(&groups, &Softmax::default(), &logits).to_vec1().unwrap();
    approx::assert_relative_eq!(found[..], [0.25, 0.75, 0.2, 0.3, 0.5], max_relative = 1e-14);
}

#[test]
fn gradients_stay_inside_of_a_group() {
    let logits = Var::new(&[0.1_f64, 0.4, -0.2, 0.3, 0.0], &Device::Cpu).unwrap();
    let groups = Groups::of(&[2, 2, 3, 3, 3]);
    let weights = weights(&groups, &Softmax::default(), logits.as_tensor());
    let first = weights.narrow(0, 0, 1).unwrap().sum_all().unwrap();
    let gradients = first.backward().unwrap();
    let found: Vec<f64> = gradients.get(&logits).unwrap().to_vec1().unwrap();
    approx::assert_abs_diff_eq!(found[2..], [0.0; 3]);
    approx::assert_relative_eq!(found[0], -found[1], max_relative = 1e-14);
    assert!(found[0] > 0.1);
}

#[test]
fn on_the_simplex_edges_start_equal_per_node() {
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let start = Groups::of(&[2, 2, 3, 3, 3]).initial(&Simplex, &mut noise).unwrap();
    assert_eq!(start, [0.5, 0.5, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(matches!(Groups::new(vec![2, 0]), Err(RelaxError::EmptyGroup { group: 1 })));
    let groups = Groups::new(vec![2, 3]).unwrap();
    assert_eq!((groups.len(), groups.is_empty()), (5, false));
    let mut noise = ChaCha8Rng::seed_from_u64(0);
    let logits = Tensor::new(&[0.0_f32, 1.0], &Device::Cpu).unwrap();
    let found = groups.weights(&Simplex, &logits, Progress::start(1), &mut noise).unwrap_err();
    assert_eq!(found.to_string(), "expected a line of 5 entries, found shape [2]");
}

#[test]
fn no_groups_have_no_weights() {
    let groups = Groups::of(&[]);
    let none = Tensor::from_vec(Vec::<f32>::new(), 0, &Device::Cpu).unwrap();
    assert_eq!(weights(&groups, &Simplex, &none).dims(), [0]);
}

proptest! {
    #[test]
    fn a_group_is_relaxed_as_if_it_were_alone(
        sizes in prop::collection::vec(1_usize..5, 1..5),
        seed in prop::collection::vec(-3.0_f64..3.0, 16),
    ) {
        let groups = Groups::new(sizes).unwrap();
        let logits: Vec<f64> = seed.into_iter().take(groups.len()).collect();
        let line = Tensor::new(logits.as_slice(), &Device::Cpu).unwrap();
        let found: Vec<f64> = weights(&groups, &Sparsemax, &line).to_vec1().unwrap();
        for range in groups.ranges() {
            let alone = Groups::new(vec![range.len()]).unwrap();
            let part = line.narrow(0, range.start, range.len()).unwrap();
            let alone: Vec<f64> = weights(&alone, &Sparsemax, &part).to_vec1().unwrap();
            prop_assert_eq!(&found[range], &alone[..]);
        }
    }
}
