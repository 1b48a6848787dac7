//! Optimisers against sequences computed by hand.

use std::collections::BTreeMap;

use approx::assert_relative_eq;
use candle_core::{Device, Tensor, Var};
use dartloom_train::{Adam, AdamConfig, Gradients, Optimiser, Sgd, SgdConfig, TrainError};

fn one(value: f64) -> BTreeMap<String, Var> {
    let tensor = Tensor::new(&[value], &Device::Cpu).unwrap();
    BTreeMap::from([("w".to_owned(), Var::from_tensor(&tensor).unwrap())])
}

fn gradient(value: f64) -> Gradients {
    let tensor = Tensor::new(&[value], &Device::Cpu).unwrap();
    Gradients(BTreeMap::from([("w".to_owned(), tensor)]))
}

fn weight(variables: &BTreeMap<String, Var>) -> f64 {
    variables["w"].to_vec1::<f64>().unwrap()[0]
}

fn path(optimiser: &mut dyn Optimiser, rate: f64, gradients: &[f64]) -> Vec<f64> {
    let variables = one(1.0);
    gradients
        .iter()
        .map(|&value| {
            optimiser.step(&variables, &gradient(value), rate).unwrap();
            weight(&variables)
        })
        .collect()
}

#[test]
fn sgd_follows_pytorch() {
    // d = g + 0.1 w: 0.6, 0.594, 0.58266; v = d, then 0.9 v + d: 0.6, 1.134, 1.60326.
    let mut sgd = Sgd::new(SgdConfig { momentum: 0.9, weight_decay: 0.1 });
    let found = path(&mut sgd, 0.1, &[0.5, 0.5, 0.5]);
    assert_relative_eq!(found[..], [0.94, 0.8266, 0.666_274], max_relative = 1e-12);
    let velocity = sgd.velocity("w").unwrap().to_vec1::<f64>().unwrap()[0];
    assert_relative_eq!(velocity, 1.603_26, max_relative = 1e-12);
}

#[test]
fn plain_sgd_is_gradient_descent() {
    let mut sgd = Sgd::new(SgdConfig { momentum: 0.0, weight_decay: 0.0 });
    let found = path(&mut sgd, 0.5, &[1.0, -2.0, 0.5]);
    assert_relative_eq!(found[..], [0.5, 1.5, 1.25], max_relative = 1e-15);
}

#[test]
fn the_first_step_has_no_damping() {
    // PyTorch starts the velocity at the gradient, not at (1 - momentum) times it.
    let mut sgd = Sgd::new(SgdConfig { momentum: 0.9, weight_decay: 0.0 });
    assert_relative_eq!(path(&mut sgd, 0.1, &[1.0])[0], 0.9, max_relative = 1e-15);
}

#[test]
fn the_rate_scales_the_velocity_not_what_enters_it() {
    // v = 1, then 0.5 + 1 = 1.5; a rate cut to a tenth applies to all of v.
    let mut sgd = Sgd::new(SgdConfig { momentum: 0.5, weight_decay: 0.0 });
    let variables = one(1.0);
    sgd.step(&variables, &gradient(1.0), 0.1).unwrap();
    sgd.step(&variables, &gradient(1.0), 0.01).unwrap();
    assert_relative_eq!(weight(&variables), 1.0 - 0.1 - 0.015, max_relative = 1e-12);
}

#[test]
fn adam_follows_its_algorithm_with_l2_decay() {
    // By hand, for d = g + 0.1 w:
    // t = 1: d = 0.6, m = 0.3, v = 3.6e-4, corrected 0.6 and 0.36: w = 1 - 0.01 * 0.6 / 0.6.
    // t = 2: d = -0.2 + 0.099; m = 0.0995, v = 3.69841e-4; corrected by 3/4 and 1 - 0.999^2.
    // t = 3: d = 0.3 + 0.0986915...; corrected by 7/8 and 1 - 0.999^3.
    let mut adam =
        Adam::new(AdamConfig { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 });
    let found = path(&mut adam, 0.01, &[0.5, -0.2, 0.3]);
    let expected = [0.990_000_000_166_666_7, 0.986_915_671_310_717_7, 0.980_135_984_739_171_5];
    assert_relative_eq!(found[..], expected, max_relative = 1e-12);
    // Decoupled decay (AdamW) would shrink w by rate * decay * w besides a step of 0.01.
    assert!((found[0] - (1.0 - 0.01 - 0.001)).abs() > 5e-4);
}

#[test]
fn defaults_are_adams_and_the_logits_of_darts_have_their_own() {
    let of = |beta1, weight_decay| AdamConfig { beta1, beta2: 0.999, epsilon: 1e-8, weight_decay };
    assert_eq!(AdamConfig::default(), of(0.9, 0.0));
    assert_eq!(AdamConfig::darts_logits(), of(0.5, 1e-3));
}

#[test]
fn adam_counts_steps_per_variable() {
    let variables: BTreeMap<_, _> =
        ["a", "b"].map(|name| (name.to_owned(), one(1.0).remove("w").unwrap())).into();
    let only = |name: &str| {
        Gradients(BTreeMap::from([(name.to_owned(), gradient(2.0).0.remove("w").unwrap())]))
    };
    let mut adam = Adam::new(AdamConfig::default());
    adam.step(&variables, &only("a"), 0.1).unwrap();
    adam.step(&variables, &only("a"), 0.1).unwrap();
    adam.step(&variables, &only("b"), 0.1).unwrap();
    // A first step moves by the rate whatever the gradient; with a shared count of 3 it would not.
    let b = variables["b"].to_vec1::<f64>().unwrap()[0];
    assert_relative_eq!(b, 0.9, max_relative = 1e-7);
}

#[test]
fn gradients_of_unknown_variables_are_ignored_and_shapes_are_checked() {
    for optimiser in [
        &mut Sgd::new(SgdConfig::default()) as &mut dyn Optimiser,
        &mut Adam::new(AdamConfig::default()),
    ] {
        let variables = one(1.0);
        let stranger =
            Gradients(BTreeMap::from([("x".to_owned(), gradient(1.0).0.remove("w").unwrap())]));
        optimiser.step(&variables, &stranger, 0.1).unwrap();
        assert!(optimiser.state().is_empty());
        let wide = Tensor::new(&[1.0, 2.0], &Device::Cpu).unwrap();
        let wrong = Gradients(BTreeMap::from([("w".to_owned(), wide)]));
        assert!(matches!(optimiser.step(&variables, &wrong, 0.1), Err(TrainError::Tensor(_))));
        assert_relative_eq!(weight(&variables), 1.0);
    }
}

#[test]
fn states_of_another_optimiser_are_refused() {
    let mut adam = Adam::new(AdamConfig::default());
    path(&mut adam, 0.1, &[1.0]);
    let names: Vec<_> = adam.state().into_keys().collect();
    assert_eq!(names, ["first.w", "second.w", "steps.w"]);
    let error = Sgd::new(SgdConfig::default()).restore(adam.state()).unwrap_err();
    assert!(matches!(&error, TrainError::State { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("velocity") && text.contains("first.w"), "{text}");
    let nameless = BTreeMap::from([("w".to_owned(), Tensor::new(1.0, &Device::Cpu).unwrap())]);
    assert!(Adam::new(AdamConfig::default()).restore(nameless).is_err());
}
