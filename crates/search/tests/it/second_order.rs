//! The gradient through one step of the weights.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_search::{Bilevel, BilevelConfig, Order};
use dartloom_space::LogitId;
use dartloom_train::{AdamConfig, Position, Schedule, SgdConfig, WeightStep, gradients_of};

use crate::tiny::{EPOCHS, batch, bench, differences, distance, flat, loss, softmax};

const SGD: SgdConfig = SgdConfig { momentum: 0.9, weight_decay: 0.01 };

fn config(order: Order, rate: f64) -> BilevelConfig {
    BilevelConfig { order, rate: Schedule::Constant(rate), sgd: SGD, ..BilevelConfig::default() }
}

/// `L_val(w - xi (mu v + grad L_train(w) + lambda w))` under the present logits.
fn unrolled(bilevel: &Bilevel<'_>, rate: f64, train: &Batch, valid: &Batch) -> f64 {
    let variables = bilevel.core.supernet.variables();
    let kept = variables.snapshot().unwrap();
    let descent = gradients_of(&loss(bilevel, train), variables.parameters()).unwrap();
    for (name, var) in variables.parameters() {
        let optimiser = &bilevel.core.optimiser;
        let mut direction = (&kept[name] * optimiser.weight_decay()).unwrap();
        if let Some(gradient) = descent.0.get(name) {
            direction = (direction + gradient).unwrap();
        }
        if let Some(velocity) = optimiser.velocity(name) {
            direction = (direction + (velocity.value * velocity.momentum).unwrap()).unwrap();
        }
        var.set(&(&kept[name] - (direction * rate).unwrap()).unwrap()).unwrap();
    }
    let value = loss(bilevel, valid).to_scalar::<f64>().unwrap();
    variables.load(&kept).unwrap();
    value
}

fn gradient(values: &BTreeMap<LogitId, Tensor>) -> Vec<f64> {
    flat(values.values())
}

#[test]
fn it_equals_the_difference_of_the_unrolled_loss_with_its_sign() {
    let rate = 0.3;
    let mut bilevel = bench(config(Order::Second, rate), softmax());
    let train = batch(1);
    let valid = batch(2);
    // A first step, so that the momentum takes part.
    bilevel.step(Position::default(), EPOCHS, &batch(3), Some(&batch(4))).unwrap();
    let numeric =
        differences(&bilevel.core.architecture, 1e-4, || unrolled(&bilevel, rate, &train, &valid));
    let expected_loss = unrolled(&bilevel, rate, &train, &valid);
    let at = Position { epoch: 0, step: 1 };
    let report = bilevel.step(at, EPOCHS, &train, Some(&valid)).unwrap();
    let analytic = gradient(&report.arch_gradients.0);
    let implicit = report.implicit.as_ref().unwrap();
    let term: Vec<f64> = gradient(&implicit.product.0).iter().map(|p| rate * p).collect();
    let size = distance(&term, &vec![0.0; term.len()]);
    let error = distance(&analytic, &numeric);
    // The finite difference with eps = 0.01 / ||d|| is exact up to eps^2 times a third derivative.
    assert!(error < 1e-3 * size, "error {error}, term {size}");
    // The other sign, or no term at all, is further away by the size of the term.
    let without: Vec<f64> = analytic.iter().zip(&term).map(|(g, t)| g + t).collect();
    let flipped: Vec<f64> = analytic.iter().zip(&term).map(|(g, t)| g + 2.0 * t).collect();
    assert!(distance(&without, &numeric) > 0.9 * size);
    assert!(distance(&flipped, &numeric) > 1.9 * size);
    let loss = report.arch_loss().unwrap();
    assert!((loss - expected_loss).abs() < 1e-12, "{loss} {expected_loss}");
    assert_eq!(report.passes.len(), 5);
}

#[test]
fn the_radius_is_a_hundredth_over_the_norm_of_the_direction() {
    let mut bilevel = bench(config(Order::Second, 0.1), softmax());
    let report = bilevel.step(Position::default(), EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    let implicit = report.implicit.unwrap();
    let norm = implicit.direction.norm().unwrap();
    assert!(norm > 0.0);
    approx::assert_relative_eq!(implicit.norm, norm, max_relative = 1e-12);
    approx::assert_relative_eq!(implicit.epsilon, 0.01 / norm, max_relative = 1e-12);
}

#[test]
fn without_a_learning_rate_it_is_the_first_order() {
    let step = |order| {
        let mut bilevel = bench(config(order, 0.0), softmax());
        let at = Position::default();
        let report = bilevel.step(at, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        gradient(&report.arch_gradients.0).into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let first = step(Order::First);
    assert!(!first.is_empty());
    assert_eq!(step(Order::Second), first);
}

/// The step ahead is one of gradient descent with Adam's weight decay and without momentum, also
/// after steps of Adam.
#[test]
fn beside_adam_it_is_that_of_gradient_descent() {
    let weight_decay = 0.05;
    let weight_adam = AdamConfig { weight_decay, ..AdamConfig::default() };
    let adam =
        BilevelConfig { weight_step: WeightStep::Adam, weight_adam, ..config(Order::Second, 0.03) };
    let sgd = SgdConfig { momentum: 0.0, weight_decay };
    let descent = BilevelConfig { sgd, ..config(Order::Second, 0.03) };
    let mut adam = bench(adam, softmax());
    let descent = bench(descent, softmax());
    adam.step(Position::default(), EPOCHS, &batch(3), Some(&batch(4))).unwrap();
    let weights = adam.core.supernet.variables().snapshot().unwrap();
    descent.core.supernet.variables().load(&weights).unwrap();
    let logits = adam.core.architecture.snapshot().unwrap();
    descent.core.architecture.load(&logits).unwrap();
    let [adam, descent] = [adam, descent].map(|mut bilevel| {
        let at = Position { epoch: 0, step: 1 };
        let report = bilevel.step(at, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        let found = gradient(&report.arch_gradients.0);
        found.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    });
    assert!(!adam.is_empty());
    assert_eq!(adam, descent);
}
