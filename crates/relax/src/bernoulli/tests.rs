use candle_core::{Device, Tensor, Var};
use rand::SeedableRng as _;

use super::*;

/// The transitions of DiNTS between `levels` levels.
fn transitions(levels: usize) -> Vec<Edge> {
    let near = |to: usize| to.saturating_sub(1)..(to + 2).min(levels);
    (0..levels).flat_map(|to| near(to).map(move |from| Edge { from, to })).collect()
}

/// Logits `sin(1 + 7 l + 3 e)` of three layers of three levels.
fn golden() -> Vec<Vec<f64>> {
    let logit = |l: usize, e: usize| (1.0 + 7.0 * l as f64 + 3.0 * e as f64).sin();
    (0..3).map(|l| (0..7).map(|e| logit(l, e)).collect()).collect()
}

fn on(logits: &[f64]) -> Tensor {
    let logits = Tensor::new(logits, &Device::Cpu).unwrap();
    candle_nn::ops::sigmoid(&logits).unwrap()
}

fn scalar(tensor: &Tensor) -> f64 {
    tensor.to_scalar::<f64>().unwrap()
}

/// Numbers that the released code computes by listing all sets of links, for three layers of three
/// levels.
#[test]
fn the_closed_forms_have_the_numbers_of_the_released_code() {
    let layers: Vec<Tensor> = golden().iter().map(|logits| on(logits)).collect();
    for (on, expected) in layers.iter().zip([0.995_357_379_2, 0.997_525_563_2, 0.997_271_842_3]) {
        let all: Vec<f64> = some_on(on).unwrap().to_vec1().unwrap();
        approx::assert_relative_eq!(all[0], expected, epsilon = 1e-9);
    }
    let logits = Tensor::new(golden()[0].as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let at = Progress { epoch: 0, epochs: 1 };
    let mut noise = rand_chacha::ChaCha8Rng::from_seed([0; 32]);
    let weights = SomeOn.weights(&logits, at, &mut noise).unwrap();
    let expected = [
        0.702_034_210_6,
        0.320_830_375_1,
        0.661_654_958_2,
        0.368_965_633_7,
        0.606_338_218_0,
        0.430_515_969_6,
        0.539_905_898_0,
    ];
    let found = weights.squeeze(0).unwrap().to_vec1::<f64>().unwrap();
    for (found, expected) in found.into_iter().zip(expected) {
        approx::assert_relative_eq!(found, expected, epsilon = 1e-9);
    }
    let edges = transitions(3);
    let loss = topology_loss(&layers, &[edges.as_slice(); 3]).unwrap();
    approx::assert_relative_eq!(scalar(&loss), 5.070_024_709_3, epsilon = 1e-8);
    // The released code's entropy has 1e-5 within the logarithm.
    let mean = scalar(&entropy(&layers).unwrap());
    approx::assert_relative_eq!(mean, listed_entropy(&golden(), 0.0), epsilon = 1e-12);
    approx::assert_relative_eq!(listed_entropy(&golden(), 1e-5), 0.034_048_432_2, epsilon = 1e-9);
}

/// The mean of `-eta ln (eta + small)` over all sets of links, by listing them.
fn listed_entropy(logits: &[Vec<f64>], small: f64) -> f64 {
    let mut sum = 0.0;
    let mut sets = 0.0;
    for logits in logits {
        let on: Vec<f64> = logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
        let none: f64 = on.iter().map(|on| 1.0 - on).product();
        for set in 1_usize..1 << on.len() {
            let share = |(e, on): (usize, &f64)| if set >> e & 1 == 1 { *on } else { 1.0 - on };
            let eta = on.iter().enumerate().map(share).product::<f64>() / (1.0 - none);
            sum -= eta * (eta + small).ln();
            sets += 1.0;
        }
    }
    sum / sets
}

#[test]
fn both_terms_have_the_gradients_of_central_differences() {
    let edges = transitions(3);
    let loss = |logits: &[Vec<f64>]| -> (Tensor, Vec<Var>) {
        let vars: Vec<Var> =
            logits.iter().map(|own| Var::new(own.as_slice(), &Device::Cpu).unwrap()).collect();
        let on: Vec<Tensor> =
            vars.iter().map(|var| candle_nn::ops::sigmoid(var.as_tensor()).unwrap()).collect();
        let topology = topology_loss(&on, &[edges.as_slice(); 3]).unwrap();
        ((topology + (entropy(&on).unwrap() * 3.0).unwrap()).unwrap(), vars)
    };
    let (value, vars) = loss(&golden());
    let store = value.backward().unwrap();
    for layer in 0..3 {
        let found: Vec<f64> = store.get(&vars[layer]).unwrap().to_vec1().unwrap();
        for (e, found) in found.into_iter().enumerate() {
            let moved = |step: f64| {
                let mut logits = golden();
                logits[layer][e] += step;
                scalar(&loss(&logits).0)
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            approx::assert_relative_eq!(found, expected, epsilon = 1e-6, max_relative = 1e-6);
        }
    }
}

/// The share against a list of all sets of links, with its gradient.
#[test]
fn the_expected_share_is_that_of_all_sets_listed() {
    let amounts: Vec<Vec<f64>> =
        (0..3).map(|l| (0..7).map(|e| f64::from(3 * l + 5 * e + 1)).collect()).collect();
    let amounts: Vec<&[f64]> = amounts.iter().map(Vec::as_slice).collect();
    let listed = |logits: &[Vec<f64>]| -> f64 {
        let mut mean = 0.0;
        for (logits, amounts) in logits.iter().zip(&amounts) {
            let on: Vec<f64> = logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
            let none: f64 = on.iter().map(|on| 1.0 - on).product();
            for set in 1_usize..1 << on.len() {
                let share = |(e, on): (usize, &f64)| if set >> e & 1 == 1 { *on } else { 1.0 - on };
                let eta = on.iter().enumerate().map(share).product::<f64>() / (1.0 - none);
                let spent = amounts.iter().enumerate().filter(|(e, _)| set >> e & 1 == 1);
                mean += eta * spent.map(|(_, amount)| amount).sum::<f64>();
            }
        }
        mean / amounts.iter().copied().flatten().sum::<f64>()
    };
    let vars: Vec<Var> =
        golden().iter().map(|own| Var::new(own.as_slice(), &Device::Cpu).unwrap()).collect();
    let on: Vec<Tensor> =
        vars.iter().map(|var| candle_nn::ops::sigmoid(var.as_tensor()).unwrap()).collect();
    let share = expected_share(&on, &amounts).unwrap();
    approx::assert_relative_eq!(scalar(&share), listed(&golden()), epsilon = 1e-12);
    let store = share.backward().unwrap();
    for (layer, var) in vars.iter().enumerate() {
        let found: Vec<f64> = store.get(var).unwrap().to_vec1().unwrap();
        for (e, found) in found.into_iter().enumerate() {
            let moved = |step: f64| {
                let mut logits = golden();
                logits[layer][e] += step;
                listed(&logits)
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            approx::assert_relative_eq!(found, expected, epsilon = 1e-9, max_relative = 1e-6);
        }
    }
}

/// Two links of probability one half: `p = 2/3` each; of amounts 1 and 3 two thirds are expected.
#[test]
fn the_expected_share_of_two_links_by_hand_and_amounts_that_make_no_sense() {
    let layer = on(&[0.0, 0.0]);
    let share = |amounts: &[f64]| expected_share(std::slice::from_ref(&layer), &[amounts]);
    approx::assert_relative_eq!(scalar(&share(&[1.0, 3.0]).unwrap()), 2.0 / 3.0, epsilon = 1e-12);
    assert!(matches!(share(&[1.0]), Err(RelaxError::Mismatch { .. })));
    for wrong in [[0.0, 0.0], [-1.0, 3.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0]] {
        assert!(matches!(share(&wrong), Err(RelaxError::Parameter { .. })), "{wrong:?}");
    }
    assert!(matches!(expected_share(&[], &[]), Err(RelaxError::Parameter { .. })));
}

#[test]
fn layers_that_meet_at_many_nodes_are_refused() {
    let edges = [Edge { from: 0, to: 16 }];
    let layer = on(&[0.0]);
    let error = topology_loss(&[layer.clone(), layer], &[&edges, &edges]).unwrap_err();
    assert!(matches!(error, RelaxError::Nodes { most: 16, found: 17 }));
}
