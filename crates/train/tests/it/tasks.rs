//! Training over tasks other than the classification of images.

use dartloom_data::testkit::{bright_and_dark, patterned};
use dartloom_data::{Dataset, TargetSpec, Targets};
use dartloom_net::DerivedNetwork;
use dartloom_noise::Noise;
use dartloom_ops::{Place, Registry};
use dartloom_space::{Blueprint, Space, Stem};
use dartloom_task::{Classification, Regression, Segmentation};
use dartloom_train::{Fit, FitConfig, HeldOut, Position, Problem, Stepper as _, TrainError};

use crate::small::{config, first_digits, network};

fn plain() -> FitConfig {
    FitConfig { smoothing: 0.0, drop_path: 0.0, ..config(6) }
}

/// Trains all epochs; returns the held-out loss before and after, and the last metrics' names.
fn learn(fit: &mut Fit<'_>) -> ([f64; 2], Vec<String>) {
    let before = fit.evaluate().unwrap().unwrap().loss;
    let mut names = Vec::new();
    for epoch in 0..fit.epochs() {
        for step in 0..fit.steps_per_epoch() {
            fit.step(Position { epoch, step }).unwrap();
        }
        names = fit.end_epoch(epoch).unwrap().metrics.into_keys().collect();
    }
    ([before, fit.evaluate().unwrap().unwrap().loss], names)
}

#[test]
fn values_are_learnt_and_the_lower_error_selects() {
    let values = |pixels: &[u8]| {
        Targets::Numbers(pixels.chunks(64).flat_map(|p| vec![f32::from(p[0]) / 25.0; 10]).collect())
    };
    let data = patterned(16, TargetSpec::Values(10), values);
    let model = network(&data, 1);
    let task = Regression::new(10).unwrap();
    let held_out = Some(HeldOut::Validation(&data));
    let problem = Problem { task: &task, train: &data, held_out };
    let mut fit = Fit::solving("fit", &model, plain(), Noise::new(1), problem).unwrap();
    let ([before, after], names) = learn(&mut fit);
    assert!(after < before, "{before} {after}");
    assert!(names.contains(&"valid_rmse".to_owned()) && names.contains(&"valid_r2_3".to_owned()));
    assert!(!names.iter().any(|name| name.contains("accuracy")));
    let found = fit.evaluate().unwrap().unwrap();
    // Both are over the same values, one summed in single precision.
    approx::assert_relative_eq!(found.score(), found.loss.sqrt(), max_relative = 1e-6);
}

#[test]
fn masks_are_learnt_with_ignored_pixels() {
    let data = bright_and_dark(16);
    let task = Segmentation::new(2, Some(255)).unwrap().with_dice(1.0).unwrap();
    let registry = Registry::standard().unwrap();
    let ops = dartloom_space::OpSet::builtin("S").unwrap();
    let space = Space::unet(ops, 1, 2, Stem::cifar(2)).unwrap();
    let genotype = space.sample(2, &mut Noise::new(3).stream("genotype", 0));
    let plane = genotype.network_in(&space).unwrap();
    let build = dartloom_task::build(4, &task, &data);
    let plan = Blueprint::derived(&genotype, &plane, registry.catalog(), build).unwrap();
    let mut rng = Noise::new(4).stream("weights", 0);
    let model = DerivedNetwork::new(&plan, &registry, &Place::default(), &mut rng).unwrap();
    let problem = Problem { task: &task, train: &data, held_out: Some(HeldOut::Test(&data)) };
    let mut fit = Fit::solving("fit", &model, plain(), Noise::new(1), problem).unwrap();
    let ([before, after], names) = learn(&mut fit);
    assert!(after < before, "{before} {after}");
    assert!(names.contains(&"test_mean_iou".to_owned()), "{names:?}");
}

#[test]
fn other_targets_and_smoothing_are_refused() {
    let data = first_digits(32);
    let model = network(&data, 1);
    let task = Regression::new(10).unwrap();
    let problem = Problem { task: &task, train: &data, held_out: None };
    let error = Fit::solving("fit", &model, plain(), Noise::new(1), problem).unwrap_err();
    assert!(matches!(error, TrainError::Task(_)), "{error}");
    let smooth = FitConfig { smoothing: 0.1, ..plain() };
    let classes = Classification::new(10).unwrap();
    let problem = Problem { task: &classes, ..problem };
    assert!(Fit::solving("fit", &model, smooth.clone(), Noise::new(1), problem).is_ok());
    let numbers = |pixels: &[u8]| Targets::Numbers(vec![0.5; pixels.len() / 64 * 10]);
    let values = patterned(16, TargetSpec::Values(10), numbers);
    let problem = Problem { task: &task, train: &values, held_out: None };
    let error = Fit::solving("fit", &model, smooth, Noise::new(1), problem).unwrap_err();
    assert!(
        matches!(&error, TrainError::Config(refused) if refused.what == "smoothing"),
        "{error}"
    );
    assert_eq!(data.targets(), TargetSpec::Class { classes: 10 });
}
