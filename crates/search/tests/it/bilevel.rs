//! Steps of the first order, warm-up, statistics, numbers that are not finite.

use std::sync::{Arc, Mutex};

use candle_core::Tensor;
use dartloom_record::Where;
use dartloom_relax::{Progress, RelaxError, Relaxation, Softmax};
use dartloom_search::{BilevelConfig, Order, SearchError, Statistics};
use dartloom_train::{Position, Schedule, TrainError};
use rand::RngCore;

use crate::tiny::{
    EPOCHS, all_bits, batch, bench, differences, distance, flat, logit_bits, loss, parameter_bits,
    softmax,
};

fn at(epoch: usize, step: usize) -> Position {
    Position { epoch, step }
}

#[test]
fn the_first_order_gradient_is_the_validation_losss() {
    let mut bilevel = bench(BilevelConfig::default(), softmax());
    let train = batch(1);
    let valid = batch(2);
    let value = || loss(&bilevel, &valid).to_scalar::<f64>().unwrap();
    let before = value();
    let numeric = differences(&bilevel.core.architecture, 1e-5, value);
    let report = bilevel.step(at(0, 0), EPOCHS, &train, Some(&valid)).unwrap();
    let analytic = flat(report.arch_gradients.0.values());
    let size = distance(&numeric, &vec![0.0; numeric.len()]);
    assert!(size > 1e-3, "{numeric:?}");
    assert!(distance(&analytic, &numeric) < 1e-7 * size, "{analytic:?} {numeric:?}");
    assert_eq!(report.arch_loss().map(f64::to_bits), Some(before.to_bits()));
    assert_eq!(report.passes.len(), 2);
    assert!(report.implicit.is_none());
}

#[test]
fn logits_move_before_weights() {
    // The weights' loss of a step is the one under the logits that the step has just moved.
    let mut bilevel = bench(
        BilevelConfig { arch_rate: Schedule::Constant(0.5), ..BilevelConfig::default() },
        softmax(),
    );
    let mut still = bench(
        BilevelConfig { arch_rate: Schedule::Constant(0.0), ..BilevelConfig::default() },
        softmax(),
    );
    let train = batch(1);
    let valid = batch(2);
    let before = loss(&bilevel, &train).to_scalar::<f64>().unwrap();
    let moved = bilevel.step(at(0, 0), EPOCHS, &train, Some(&valid)).unwrap();
    let kept = still.step(at(0, 0), EPOCHS, &train, Some(&valid)).unwrap();
    assert_eq!(kept.train_loss().to_bits(), before.to_bits());
    assert_ne!(moved.train_loss().to_bits(), before.to_bits());
}

#[test]
fn warm_up_epochs_leave_the_logits_alone() {
    for order in [Order::First, Order::Second] {
        let config = BilevelConfig { warm_up: 2, order, ..BilevelConfig::default() };
        let mut bilevel = bench(config, softmax());
        let logits = logit_bits(&bilevel);
        let weights = parameter_bits(&bilevel);
        for epoch in 0..2 {
            let report = bilevel.step(at(epoch, 0), EPOCHS, &batch(1), Some(&batch(2))).unwrap();
            assert!(report.arch_gradients.0.is_empty());
            assert_eq!(report.arch_loss(), None);
        }
        assert_eq!(logit_bits(&bilevel), logits);
        assert!(bilevel.core.logits.state().is_empty());
        assert_ne!(parameter_bits(&bilevel), weights, "weights are trained meanwhile");
        let report = bilevel.step(at(2, 0), EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        assert!(report.arch_loss().is_some());
        assert_ne!(logit_bits(&bilevel), logits);
    }
}

/// The state after a whole step and after the same weight step under the same logits without any
/// pass for the logits.
fn with_and_without_logit_step(order: Order, statistics: Statistics) -> [[Vec<u64>; 2]; 2] {
    let rate = Schedule::Constant(0.1);
    let config = BilevelConfig { order, statistics, rate, ..BilevelConfig::default() };
    let mut whole = bench(config.clone(), softmax());
    let mut weights = bench(config, softmax());
    let train = batch(1);
    let valid = batch(2);
    whole.step(at(0, 0), EPOCHS, &train, Some(&valid)).unwrap();
    weights.core.architecture.load(&whole.core.architecture.snapshot().unwrap()).unwrap();
    weights.step(at(0, 0), EPOCHS, &train, None).unwrap();
    [&whole, &weights].map(|bilevel| [parameter_bits(bilevel), all_bits(bilevel)])
}

#[test]
fn logit_steps_put_weights_back_exactly_and_leave_statistics_alone() {
    for order in [Order::First, Order::Second] {
        let [whole, weights] = with_and_without_logit_step(order, Statistics::Kept);
        assert_eq!(whole, weights, "{order:?}");
    }
}

#[test]
fn official_logit_steps_move_the_statistics_and_nothing_else() {
    for order in [Order::First, Order::Second] {
        let [whole, weights] = with_and_without_logit_step(order, Statistics::Moved);
        assert_eq!(whole[0], weights[0], "{order:?}: parameters");
        assert_ne!(whole[1], weights[1], "{order:?}: statistics");
    }
}

#[test]
fn a_spoilt_weight_is_found_and_nothing_moves() {
    for order in [Order::First, Order::Second] {
        let mut bilevel = bench(BilevelConfig { order, ..BilevelConfig::default() }, softmax());
        let parameters = bilevel.core.supernet.variables().parameters();
        let name = parameters.keys().find(|name| name.starts_with("cells.0.edges.1.sep_conv_3x3."));
        let var = parameters[name.unwrap()].clone();
        var.set(&(var.as_tensor().detach() * f64::NAN).unwrap()).unwrap();
        let weights = parameter_bits(&bilevel);
        let logits = logit_bits(&bilevel);
        let error = bilevel.step(at(1, 3), EPOCHS, &batch(1), Some(&batch(2))).unwrap_err();
        match &error {
            SearchError::Train(TrainError::NotFinite { phase, epoch: 1, step: 3, what, place }) => {
                let pass = if order == Order::First { "logits" } else { "ahead" };
                assert_eq!(**phase, Where::from("search"));
                assert_eq!(*what, format!("loss of the pass `{pass}`"));
                let place = place.as_deref();
                assert_eq!(place, Some("cell 0, edge 1->2, sep_conv_3x3"));
            }
            other => panic!("{other}"),
        }
        assert_eq!(parameter_bits(&bilevel), weights, "{order:?}");
        assert_eq!(logit_bits(&bilevel), logits, "{order:?}");
    }
}

/// A softmax that writes down the first number of the noise it is given.
#[derive(Debug, Default)]
struct Listening(Mutex<Vec<u64>>);

impl Relaxation for Listening {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        self.0.lock().unwrap().push(noise.next_u64());
        Softmax::default().weights(logits, at, noise)
    }
}

#[test]
fn passes_of_a_step_share_their_noise_and_steps_do_not() {
    let listening = Arc::new(Listening::default());
    let config = BilevelConfig { order: Order::Second, ..BilevelConfig::default() };
    let mut bilevel = bench(config, listening.clone());
    // What the first step asks once is no pass.
    bilevel.check(at(0, 0), EPOCHS).unwrap();
    listening.0.lock().unwrap().clear();
    let mut seen = Vec::new();
    for (epoch, step) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        bilevel.step(at(epoch, step), EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        let drawn = std::mem::take(&mut *listening.0.lock().unwrap());
        // Two cells and five passes: ahead, validation, two ends, weights.
        assert_eq!(drawn.len(), 10);
        assert!(drawn.chunks(2).all(|pass| pass == &drawn[..2]), "{drawn:?}");
        seen.push(drawn[0]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}
