//! Training a network: progress, determinism, resuming bit for bit.

use std::path::Path;

use approx::assert_relative_eq;
use candle_core::Tensor;
use dartloom_data::Dataset;
use dartloom_net::DerivedNetwork;
use dartloom_noise::Noise;
use dartloom_ops::{Model, OpError, Output, Pass, Variables};
use dartloom_record::{Event, Flow, Observer, ObserverError, observer_fn};
use dartloom_space::Cost;
use dartloom_train::{
    AdamConfig, Fit, FitConfig, HeldOut, Judged, Outcome, Position, Schedule, Session, SgdConfig,
    Stepper, WeightStep, drive, testkit,
};

use crate::small::{config, first_digits, network};

/// A network that does not tell which weights it starts with.
#[derive(Debug)]
struct Alike(DerivedNetwork);

impl Model for Alike {
    fn variables(&self) -> &Variables {
        self.0.variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        self.0.forward(x, pass)
    }

    fn cost(&self) -> Cost {
        self.0.cost()
    }

    fn identity(&self) -> Option<String> {
        Some("alike".to_owned())
    }
}

/// Trains in a checkpoint until `stop` says so; true when finished.
fn train(path: &Path, seed: u64, config: FitConfig, mut stop: impl FnMut(&Event) -> bool) -> bool {
    let data = first_digits(80);
    // Another initialisation after a stop, which says that it is the same: the checkpoint must
    // bring everything.
    let model = Alike(network(&data, if path.exists() { seed + 100 } else { seed }));
    let noise = Noise::new(seed);
    let mut fit =
        Fit::new("fit", &model, config, noise, &data, Some(HeldOut::Test(&data))).unwrap();
    let mut observer =
        observer_fn(|event| Ok(if stop(event) { Flow::Stop } else { Flow::Continue }));
    let mut session = Session::new(&mut observer).saved_at(path);
    drive(&mut fit, &mut session).unwrap() == Outcome::Finished
}

fn at_step(epoch: usize, step: usize) -> impl FnMut(&Event) -> bool {
    move |event| matches!(event, Event::Step { epoch: e, step: s, .. } if (*e, *s) == (epoch, step))
}

#[test]
fn stopping_anywhere_and_going_on_equals_never_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole");
    assert!(train(&whole, 3, config(4), |_| false));
    let expected = std::fs::read(&whole).unwrap();
    // k + k epochs, the middle of an epoch, an epoch's last step, several stops.
    let after = |epoch| move |event: &Event| matches!(event, Event::EpochFinished { epoch: e, .. } if *e == epoch);
    let halves = directory.path().join("halves");
    assert!(!train(&halves, 3, config(4), after(1)));
    assert!(train(&halves, 3, config(4), |_| false));
    assert!(std::fs::read(&halves).unwrap() == expected, "k + k epochs");
    for stops in [vec![(1, 2)], vec![(2, 4)], vec![(0, 0), (0, 3), (3, 4)]] {
        let path = directory.path().join(format!("{stops:?}"));
        for &(epoch, step) in &stops {
            assert!(!train(&path, 3, config(4), at_step(epoch, step)));
        }
        assert!(train(&path, 3, config(4), |_| false));
        assert!(std::fs::read(&path).unwrap() == expected, "{stops:?}");
    }
    let other = directory.path().join("other");
    assert!(train(&other, 4, config(4), |_| false));
    assert!(std::fs::read(&other).unwrap() != expected, "the seed matters");
}

/// Asks to stop at the `last`-th question, however often events come.
struct Impatient {
    last: usize,
    asked: usize,
    stopped: Vec<(usize, usize)>,
}

impl Observer for Impatient {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        if let Event::Stopped { epoch, step, .. } = event {
            self.stopped.push((*epoch, *step));
        }
        Ok(Flow::Continue)
    }

    fn go_on(&mut self) -> Flow {
        self.asked += 1;
        if self.asked < self.last { Flow::Continue } else { Flow::Stop }
    }
}

#[test]
fn a_stop_is_heard_between_the_batches_of_an_evaluation() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole");
    assert!(train(&whole, 3, config(2), |_| false));
    let expected = std::fs::read(&whole).unwrap();
    let data = first_digits(80);
    let model = Alike(network(&data, 3));
    let path = directory.path().join("stopped");
    let fit = || {
        let noise = Noise::new(3);
        Fit::new("fit", &model, config(2), noise, &data, Some(HeldOut::Test(&data))).unwrap()
    };
    // Five batches an evaluation: the third of the first epoch, the second of the second.
    for (last, place) in [(3, (0, 5)), (7, (1, 5))] {
        let mut impatient = Impatient { last, asked: 0, stopped: Vec::new() };
        let mut session = Session::new(&mut impatient).saved_at(&path);
        let outcome = drive(&mut fit(), &mut session).unwrap();
        assert!(matches!(outcome, Outcome::Stopped(at) if (at.epoch, at.step) == place));
        assert_eq!((impatient.asked, impatient.stopped), (last, vec![place]));
    }
    let mut fit = fit();
    assert_eq!(drive(&mut fit, &mut Session::silent().saved_at(&path)).unwrap(), Outcome::Finished);
    assert!(std::fs::read(&path).unwrap() == expected);

    // The evaluation of a training that is over is stopped as well, and told.
    let mut impatient = Impatient { last: 2, asked: 0, stopped: Vec::new() };
    let judged = fit.evaluate_in(&mut Session::new(&mut impatient)).unwrap();
    assert_eq!(judged, Judged::Stopped);
    assert_eq!((impatient.asked, impatient.stopped), (2, vec![(2, 0)]));
    let judged = fit.evaluate_in(&mut Session::silent()).unwrap();
    assert_eq!(judged, Judged::Found(fit.evaluate().unwrap().unwrap()));
}

#[test]
fn fit_keeps_the_contract_of_steppers() {
    let data = first_digits(48);
    for weight_step in [WeightStep::Sgd, WeightStep::Adam] {
        let models = [1, 2].map(|seed| network(&data, seed));
        let fit = |model| {
            let config = FitConfig { weight_step, ..config(2) };
            let test = Some(HeldOut::Test(&data));
            Fit::new("fit", model, config, Noise::new(5), &data, test).unwrap()
        };
        testkit::check_stepper(&mut fit(&models[0]), &mut fit(&models[1])).unwrap();
    }
}

/// With betas of 0, a step of Adam is the rate times the gradient's sign, and the other rule's
/// constants count for nothing.
#[test]
fn adam_moves_the_weights_where_it_is_named() {
    let data = first_digits(16);
    let model = network(&data, 1);
    let before = model.variables().snapshot().unwrap();
    let rate = 1e-3;
    let config = FitConfig {
        weight_step: WeightStep::Adam,
        adam: AdamConfig { beta1: 0.0, beta2: 0.0, epsilon: 1e-12, weight_decay: 0.0 },
        sgd: SgdConfig { momentum: 0.5, weight_decay: 100.0 },
        rate: Schedule::Constant(rate),
        ..config(1)
    };
    let mut fit = Fit::new("fit", &model, config, Noise::new(1), &data, None).unwrap();
    fit.step(Position::default()).unwrap();
    let after = model.variables().snapshot().unwrap();
    let name = "head.0.1.bias";
    let moved = (&after[name] - &before[name]).unwrap().abs().unwrap().to_vec1::<f32>().unwrap();
    assert!(moved.iter().all(|by| (by - rate as f32).abs() < 1e-6), "{moved:?}");
}

#[test]
fn configurations_with_sgd_are_written_as_before() {
    let text = serde_json::to_string(&FitConfig::default()).unwrap();
    assert!(!text.contains("adam") && !text.contains("weight_step"), "{text}");
    let adam = FitConfig { weight_step: WeightStep::Adam, ..FitConfig::default() };
    let text = serde_json::to_string(&adam).unwrap();
    assert_eq!(serde_json::from_str::<FitConfig>(&text).unwrap(), adam);
}

#[test]
fn a_small_network_learns() {
    let data = first_digits(128);
    let model = network(&data, 1);
    let config = FitConfig {
        rate: Schedule::Constant(0.05),
        drop_path: 0.0,
        flip: false,
        cutout: 0,
        crop_padding: 0,
        smoothing: 0.0,
        ..config(6)
    };
    let mut fit =
        Fit::new("fit", &model, config, Noise::new(1), &data, Some(HeldOut::Test(&data))).unwrap();
    let before = fit.evaluate().unwrap().unwrap();
    drive(&mut fit, &mut Session::silent()).unwrap();
    let after = fit.evaluate().unwrap().unwrap();
    assert!(after.loss < 0.5 * before.loss, "{before:?} {after:?}");
    assert!(after.score() > 0.8, "{after:?}");
}

#[test]
fn an_epoch_reports_its_rate_and_the_mean_of_its_losses() {
    let data = first_digits(64);
    let model = network(&data, 1);
    let mut fit = Fit::new("fit", &model, config(4), Noise::new(1), &data, None).unwrap();
    let at = |step| Position { epoch: 2, step };
    let losses: Vec<f64> = (0..4).map(|step| fit.step(at(step)).unwrap().loss).collect();
    let report = fit.end_epoch(2).unwrap();
    let mean = losses.iter().sum::<f64>() / 4.0;
    assert_relative_eq!(report.metrics["train_loss"], mean, max_relative = 1e-12);
    assert_relative_eq!(report.metrics["rate"], 0.0255, max_relative = 1e-12);
    assert_eq!(report.metrics.len(), 2, "no test images, no test metrics");
    assert!(fit.evaluate().unwrap().is_none());
}

#[test]
fn drop_path_is_off_in_the_first_epoch_and_on_later() {
    let data = first_digits(32);
    let loss = |drop_path, epoch| {
        let model = network(&data, 1);
        let config = FitConfig { drop_path, ..config(10) };
        let mut fit = Fit::new("fit", &model, config, Noise::new(1), &data, None).unwrap();
        fit.step(Position { epoch, step: 0 }).unwrap().loss.to_bits()
    };
    assert_eq!(loss(0.5, 0), loss(0.0, 0));
    assert_ne!(loss(0.5, 9), loss(0.0, 9));
}

#[test]
fn evaluation_changes_nothing() {
    let data = first_digits(32);
    let model = network(&data, 1);
    let fit = Fit::new("fit", &model, config(2), Noise::new(1), &data, Some(HeldOut::Test(&data)))
        .unwrap();
    let bits = |model: &dyn Model| -> Vec<u32> {
        let tensors = model.variables().snapshot().unwrap();
        let flat = tensors.values().map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        flat.flatten().map(f32::to_bits).collect()
    };
    let before = bits(&model);
    assert_eq!(fit.evaluate().unwrap(), fit.evaluate().unwrap());
    assert_eq!(bits(&model), before);
    assert_eq!(data.len(), 32);
}
