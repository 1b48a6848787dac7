//! Training over tasks other than the classification of images.

use candle_core::{Device, Tensor};
use dartloom_data::testkit::{bright_and_dark, patterned};
use dartloom_data::{Dataset, Loader, TargetSpec, Targets};
use dartloom_net::{DerivedNetwork, GraphNetwork};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model as _, Pass, Place, Registry};
use dartloom_space::hand_made::SelfConfigured;
use dartloom_space::{Blueprint, Shape, Space, Stem};
use dartloom_task::losses::{ClassLoss, Dice, DiceCrossEntropy, Over};
use dartloom_task::{Classification, Regression, Segmentation, Task};
use dartloom_train::{
    Fit, FitConfig, HeldOut, Position, Problem, Stepper as _, TrainError, evaluate,
};

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

/// A Dice loss is a ratio of sums: the mean over batches depends on how the set is cut into them.
#[test]
fn the_loss_of_a_set_does_not_depend_on_the_size_of_batches() {
    // Class 2 is in the first images alone, class 1 in the last.
    let masks = |pixels: &[u8]| {
        let label = |(at, &pixel): (usize, &u8)| match (at / 64, pixel) {
            (_, 241..) => 255,
            (..3, 150..) => 2,
            (12.., 60..) => 1,
            _ => 0,
        };
        Targets::Indices(pixels.iter().enumerate().map(label).collect())
    };
    let data = patterned(16, TargetSpec::Mask { classes: 3, ignore: Some(255) }, masks);
    let dice = |over| ClassLoss::Dice(Dice { over, background: false, ..Dice::default() });
    let both = DiceCrossEntropy { share: 0.7, ..DiceCrossEntropy::default() };
    let task = Segmentation::new(3, Some(255)).unwrap().with_weights(vec![0.3, 1.0, 2.0]).unwrap();
    // Every pixel's logits follow from its value, as those of a network would.
    let forward = |images: &Tensor| -> Result<Tensor, TrainError> {
        let planes = [images.clone(), images.affine(-1.5, 0.4)?, images.sqr()?];
        Ok((Tensor::cat(&planes, 1)? * 2.0)?)
    };
    let losses = [dice(Over::Batch), dice(Over::Image), ClassLoss::DiceCrossEntropy(both)];
    for (at, loss) in losses.into_iter().enumerate() {
        let task = task.clone().with_loss(loss).unwrap();
        let found = |batch: usize| {
            let loader = Loader::new(&data, batch).unwrap();
            evaluate(&loader, &task, forward).unwrap().loss
        };
        let whole = found(16);
        let all = Loader::new(&data, 16).unwrap().batch(0, 0).unwrap();
        let loss = task.loss(&forward(&all.inputs).unwrap(), &all.targets).unwrap();
        let expected = f64::from(loss.mean().unwrap().to_scalar::<f32>().unwrap());
        approx::assert_relative_eq!(whole, expected, max_relative = 1e-5);
        for batch in [1, 5, 8] {
            approx::assert_relative_eq!(found(batch), whole, max_relative = 1e-6);
        }
        // Pooled by counts, it would be another one.
        let loader = Loader::new(&data, 5).unwrap();
        let mut pooled = [0.0; 2];
        for step in 0..loader.batches_per_epoch() {
            let batch = loader.batch(0, step).unwrap();
            let loss = task.loss(&forward(&batch.inputs).unwrap(), &batch.targets).unwrap();
            let mean = f64::from(loss.mean().unwrap().to_scalar::<f32>().unwrap());
            pooled = [pooled[0] + mean * loss.count, pooled[1] + loss.count];
        }
        let apart = (pooled[0] / pooled[1] - whole).abs();
        assert!(if at == 1 { apart < 1e-5 } else { apart > 1e-4 }, "{at} {apart}");
    }
}

/// Masks of 8x8 with heads of 8x8, 4x4 and 2x2: weights of 2/3, 1/3 and none.
#[test]
fn heads_of_deep_supervision_are_learnt_from_and_the_main_one_is_judged() {
    let masks = |pixels: &[u8]| {
        let label = |&pixel: &u8| if pixel > 240 { 255 } else { u32::from(pixel > 120) };
        Targets::Indices(pixels.iter().map(label).collect())
    };
    let data = patterned(16, TargetSpec::Mask { classes: 2, ignore: Some(255) }, masks);
    let task = Segmentation::new(2, Some(255)).unwrap().with_dice(1.0).unwrap();
    let own = SelfConfigured { base: 2, smallest: 1, deep: true, ..SelfConfigured::default() };
    let graph = own.graph(Shape::new(1, 8, 8), task.outputs()).unwrap();
    let mut rng = Noise::new(4).stream("weights", 0);
    let model = GraphNetwork::new(graph, &Place::default(), &mut rng).unwrap();
    let batch = Loader::new(&data, 16).unwrap().batch(0, 0).unwrap();
    let output = model.forward(&batch.inputs, &mut Pass::new(Mode::train(), &mut rng)).unwrap();
    let every_other = Tensor::new(&[0_u32, 2, 4, 6], &Device::Cpu).unwrap();
    let coarse = batch.targets.index_select(&every_other, 1).unwrap();
    let coarse = coarse.index_select(&every_other, 2).unwrap();
    let loss = |head: &Tensor, target: &Tensor| {
        let mean = task.loss(head, target).unwrap().mean().unwrap();
        f64::from(mean.to_scalar::<f32>().unwrap())
    };
    let fine = loss(&output.main, &batch.targets);
    let expected = 2.0 / 3.0 * fine + loss(&output.deep[0], &coarse) / 3.0;

    let config =
        FitConfig { batch: 16, crop_padding: 0, flip: false, cutout: 0, epochs: 1, ..plain() };
    let problem = Problem { task: &task, train: &data, held_out: Some(HeldOut::Test(&data)) };
    let before = model.variables().snapshot().unwrap();
    let mut fit = Fit::solving("fit", &model, config, Noise::new(1), problem).unwrap();
    let found = fit.step(Position::default()).unwrap().loss;
    approx::assert_relative_eq!(found, expected, max_relative = 1e-5);
    assert!((found - fine).abs() > 1e-3, "{found} {fine}");
    let after = model.variables().snapshot().unwrap();
    let moved = |name: &str| {
        let change = (&after[name] - &before[name]).unwrap().abs().unwrap().sum_all().unwrap();
        change.to_scalar::<f32>().unwrap() > 0.0
    };
    assert!(moved("head.0.weight") && moved("deep.1.0.weight") && moved("encoder.3.0.weight"));
    assert!(!moved("deep.2.0.weight"), "the coarsest head has no weight");
    let judged = fit.evaluate().unwrap().unwrap();
    let main = model.forward(&batch.inputs, &mut Pass::eval()).unwrap().main;
    let expected = loss(&main, &batch.targets);
    approx::assert_relative_eq!(judged.loss, expected, max_relative = 1e-5);
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
