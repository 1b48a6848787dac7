//! Searches for tasks other than the classification of images.

use approx::assert_relative_eq;
use candle_core::{DType, Tensor};
use dartloom_data::testkit::{bright_and_dark, patterned};
use dartloom_data::{Batch, InMemory, Parts, Split, TargetSpec, Targets};
use dartloom_decode::TopK;
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Place, Registry};
use dartloom_record::{Event, Flow, Objective, observer_fn};
use dartloom_relax::Progress;
use dartloom_search::stop::{Effect, Observed, Reason, StopRule};
use dartloom_search::testkit::small_search;
use dartloom_search::{
    Architecture, Bilevel, BilevelConfig, Choices, Criterion, PerturbationConfig, SearchConfig,
    SearchError, SearchParts, SupernetSearch, perturb,
};
use dartloom_space::{Blueprint, Build, OpSet, Shape, Space, Stem};
use dartloom_task::{MultiLabel, Regression, RegressionLoss, Segmentation, Task, TaskError};
use dartloom_train::{Position, Schedule, Session, Stepper as _, TrainError, drive};

use crate::tiny::{EPOCHS, differences, flat, registry, softmax, space, two_ops};

const IMAGE: Shape = Shape::new(1, 8, 8);

/// Two numbers an image: its first pixel and its last.
fn values() -> InMemory {
    let ends = |image: &[u8]| [f32::from(image[0]) / 100.0, f32::from(image[63]) / 100.0];
    let of = |pixels: &[u8]| Targets::Numbers(pixels.chunks(64).flat_map(ends).collect());
    patterned(32, TargetSpec::Values(2), of)
}

/// Three labels an image, each there where one of its pixels is bright.
fn labels() -> InMemory {
    let bright = |image: &[u8]| [0, 20, 40].map(|at| f32::from(u8::from(image[at] > 125)));
    let of = |pixels: &[u8]| Targets::Numbers(pixels.chunks(64).flat_map(bright).collect());
    patterned(32, TargetSpec::Labels(3), of)
}

fn config() -> SearchConfig {
    let bilevel = BilevelConfig {
        rate: Schedule::Constant(0.05),
        arch_rate: Schedule::Constant(0.02),
        ..BilevelConfig::default()
    };
    SearchConfig { epochs: EPOCHS, bilevel, crop_padding: 0, ..small_search() }
}

fn search<'a>(
    space: &'a Space,
    registry: &'a Registry,
    data: &'a Parts<'a>,
    task: &'a dyn Task,
) -> SupernetSearch<'a> {
    search_as(space, registry, data, task, config())
}

fn search_as<'a>(
    space: &'a Space,
    registry: &'a Registry,
    data: &'a Parts<'a>,
    task: &'a dyn Task,
    config: SearchConfig,
) -> SupernetSearch<'a> {
    let build = Build::new(2, 2, IMAGE).with_outputs(task.outputs());
    let choices = Choices::from(softmax());
    let decoder = &*TOP;
    let parts = SearchParts { space, registry, choices, decoder, build, data, task };
    SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap()
}

static TOP: std::sync::LazyLock<TopK> = std::sync::LazyLock::new(TopK::darts);

/// Searches to the end and returns the task's score after every epoch.
fn scores(search: &mut SupernetSearch<'_>, objective: &Objective) -> Vec<f64> {
    let mut scores = Vec::new();
    for epoch in 0..EPOCHS {
        for step in 0..search.steps_per_epoch() {
            let report = search.step(Position { epoch, step }).unwrap();
            assert!(report.loss.is_finite() && report.arch_loss.unwrap().is_finite());
        }
        let metrics = search.end_epoch(epoch).unwrap().metrics;
        assert!(!metrics.contains_key("valid_accuracy"), "{metrics:?}");
        scores.push(metrics[&format!("valid_{}", objective.name)]);
    }
    scores
}

/// The best epoch is the first of those with the best score, whichever way is better.
fn check_best(search: &SupernetSearch<'_>, objective: &Objective, scores: &[f64]) {
    let epoch = objective.best(scores.iter().copied()).unwrap();
    let best = search.best().unwrap();
    assert_eq!((best.epoch, best.score.to_bits()), (epoch, scores[epoch].to_bits()));
    assert!(scores.iter().any(|score| score.to_bits() != best.score.to_bits()));
    let genotype = search.architecture().unwrap().genotype;
    let gap = search.gap(&genotype).unwrap();
    assert!(gap.is_finite());
    for scores in [&gap.relaxed_scores, &gap.hard_scores] {
        assert!(scores.get(&objective.name).is_some(), "{scores:?}");
    }
}

#[test]
fn a_regression_is_searched_and_its_smallest_error_is_the_best_epoch() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let values = values();
    let data = Split::Halves.parts(&values, 1).unwrap();
    let task = Regression::new(2).unwrap();
    let mut search = search(&space, &registry, &data, &task);
    let found = scores(&mut search, &task.objective());
    check_best(&search, &task.objective(), &found);
    let smallest = found.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(search.best().unwrap().score.to_bits(), smallest.to_bits());
    assert!(found[EPOCHS - 1] < found[0], "{found:?}");
}

/// Whichever epoch is the best of those that count, also where the search is stopped before and
/// after it and goes on.
#[test]
fn the_architecture_of_the_best_epoch_from_one_on_is_found() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let values = values();
    let data = Split::Halves.parts(&values, 1).unwrap();
    let task = Regression::new(2).unwrap();
    let objective = task.objective();
    let mut plain = search(&space, &registry, &data, &task);
    let found = scores(&mut plain, &objective);
    let directory = tempfile::tempdir().unwrap();
    for from in 0..EPOCHS {
        let config = || SearchConfig { best_from: Some(from), ..config() };
        let make = || search_as(&space, &registry, &data, &task, config());
        let epoch = from + objective.best(found[from..].iter().copied()).unwrap();
        let mut whole = make();
        drive(&mut whole, &mut Session::silent()).unwrap();
        let best = whole.best().unwrap().clone();
        assert_eq!((best.epoch, best.score.to_bits()), (epoch, found[epoch].to_bits()));
        assert_eq!(whole.architecture().unwrap().genotype, best.genotype);
        for stop in 0..EPOCHS - 1 {
            let path = directory.path().join(format!("{from}-{stop}"));
            let mut observer = observer_fn(|event: &Event| {
                Ok(match event {
                    Event::EpochFinished { epoch, .. } if *epoch == stop => Flow::Stop,
                    _ => Flow::Continue,
                })
            });
            drive(&mut make(), &mut Session::new(&mut observer).saved_at(&path)).unwrap();
            let mut rest = make();
            drive(&mut rest, &mut Session::silent().saved_at(&path)).unwrap();
            assert_eq!(rest.best(), Some(&best), "{from} {stop}");
        }
    }
    let late = SearchConfig { best_from: Some(EPOCHS), ..config() };
    assert!(late.check().unwrap_err().to_string().contains("best_from"));
}

#[test]
fn perturbation_keeps_what_lowers_an_error() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let values = values();
    let data = Split::Halves.parts(&values, 1).unwrap();
    let task = Regression::new(2).unwrap();
    let drops = |criterion| {
        let mut search = search(&space, &registry, &data, &task);
        drive(&mut search, &mut Session::silent()).unwrap();
        let config = PerturbationConfig { criterion, edges: 1, tune: 0 };
        perturb(&mut search, &config).unwrap()
    };
    // The root of the mean squared error falls where that error, the loss, does.
    let score = drops(Criterion::Score);
    let loss = drops(Criterion::Loss);
    assert_eq!(score.genotype, loss.genotype);
    assert!(!score.drops.is_empty());
    for (score, loss) in score.drops.iter().zip(&loss.drops) {
        assert!(score.drop * loss.drop >= 0.0, "{score:?} {loss:?}");
    }
}

#[test]
fn labels_that_may_be_together_are_searched() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let labels = labels();
    let data = Split::Halves.parts(&labels, 1).unwrap();
    let task = MultiLabel::new(3).unwrap();
    let mut search = search(&space, &registry, &data, &task);
    let found = scores(&mut search, &task.objective());
    check_best(&search, &task.objective(), &found);
}

#[test]
fn masks_are_searched_with_ignored_pixels() {
    let registry = registry();
    let masks = bright_and_dark(32);
    let space = Space::unet(OpSet::builtin("S").unwrap(), 1, 2, Stem::cifar(2)).unwrap();
    let data = Split::Halves.parts(&masks, 1).unwrap();
    let task = Segmentation::new(2, Some(255)).unwrap();
    let mut search = search(&space, &registry, &data, &task);
    let found = scores(&mut search, &task.objective());
    check_best(&search, &task.objective(), &found);
}

/// Gives up when the error is below a goal.
#[derive(Debug)]
struct Below(f64);

impl StopRule for Below {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let better = |now: &&Observed| now.objective.better(now.score(), self.0);
        Ok(history.last().filter(better).map(|now| Reason::new("below", now.score().to_string())))
    }
}

#[test]
fn stop_rules_see_scores_and_which_way_is_better() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let values = values();
    let data = Split::Halves.parts(&values, 1).unwrap();
    let task = Regression::new(2).unwrap();
    let stopped = |goal| {
        let search = search(&space, &registry, &data, &task);
        let mut search = search.with_stop_rule(Effect::Stop, Box::new(Below(goal)));
        drive(&mut search, &mut Session::silent()).unwrap();
        search.stopped().map(|stopped| stopped.epoch)
    };
    assert_eq!(stopped(f64::INFINITY), Some(0));
    assert_eq!(stopped(0.0), None);
}

#[test]
fn targets_and_outputs_of_another_task_are_refused_before_anything_is_trained() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let values = values();
    let data = Split::Halves.parts(&values, 1).unwrap();
    let refused = |task: &dyn Task, outputs: &dyn Task| {
        let build = Build::new(2, 2, IMAGE).with_outputs(outputs.outputs());
        let parts = SearchParts {
            space: &space,
            registry: &registry,
            choices: softmax().into(),
            decoder: &*TOP,
            build,
            data: &data,
            task,
        };
        SupernetSearch::new("search", parts, config(), Noise::new(5)).map(drop).unwrap_err()
    };
    let regression = Regression::new(2).unwrap();
    let error = refused(&MultiLabel::new(2).unwrap(), &regression);
    let targets = matches!(error, SearchError::Train(TrainError::Task(TaskError::Targets { .. })));
    assert!(targets, "{error}");
    let error = refused(&regression, &Regression::new(3).unwrap());
    assert!(matches!(error, SearchError::Train(TrainError::Outputs { .. })), "{error}");
}

#[test]
fn a_search_of_another_task_is_other_work() {
    let space = space(two_ops(), 1);
    let registry = registry();
    let values = values();
    let data = Split::Halves.parts(&values, 1).unwrap();
    let squared = Regression::new(2).unwrap();
    let huber = Regression::new(2).unwrap().with_loss(RegressionLoss::Huber(0.5)).unwrap();
    let digest =
        |task| search(&space, &registry, &data, task).identity().unwrap().digest().unwrap();
    assert_eq!(digest(&squared), digest(&squared));
    assert_ne!(digest(&squared), digest(&huber));
}

/// In f64: the gradient that moves logits is the slope of the regression's loss.
#[test]
fn gradients_of_a_regression_are_its_differences() {
    let registry = registry();
    // Without rectifiers the loss is smooth in the logits.
    let ops = registry.op_set("smooth", &["skip_connect", "avg_pool_3x3"]).unwrap();
    let space = space(ops, 1);
    let noise = Noise::new(11);
    let place = Place::from(DType::F64);
    let task = Regression::new(2).unwrap();
    let plan = Blueprint::supernet(&space, Build::new(2, 2, IMAGE)).unwrap();
    let mut rng = noise.stream("weights", 0);
    let supernet = Supernet::new(&plan, &registry, &place, &mut rng).unwrap();
    let mut rng = noise.stream("logits", 0);
    let architecture = Architecture::new(&space, softmax(), &place, &mut rng).unwrap();
    let config = BilevelConfig::default();
    let mut bilevel = Bilevel::new(supernet, architecture, Box::new(task), config, noise).unwrap();
    let batch = |seed: f64| {
        let pixels = (0..6 * 64).map(|at| (seed + 1.7 * f64::from(at)).sin()).collect::<Vec<_>>();
        let values = (0..12).map(|at| (seed + 0.9 * f64::from(at)).cos()).collect::<Vec<_>>();
        let images = Tensor::from_vec(pixels, (6, 1, 8, 8), &place.device).unwrap();
        Batch::new(images, Tensor::from_vec(values, (6, 2), &place.device).unwrap()).unwrap()
    };
    let train = batch(1.0);
    let valid = batch(2.0);
    let loss = || {
        let core = &bilevel.core;
        let output = core.forward(Progress::start(EPOCHS), &valid.inputs, Mode::probe()).unwrap();
        let loss = core.task.loss(&output, &valid.targets).unwrap();
        loss.mean().unwrap().to_scalar::<f64>().unwrap()
    };
    let expected = differences(&bilevel.core.architecture, 1e-5, loss);
    let report = bilevel.step(Position::default(), EPOCHS, &train, Some(&valid)).unwrap();
    let found = flat(report.arch_gradients.0.values());
    assert!(expected.iter().any(|slope| slope.abs() > 1e-4), "{expected:?}");
    for (expected, found) in expected.iter().zip(&found) {
        assert_relative_eq!(found, expected, epsilon = 1e-9, max_relative = 1e-6);
    }
}
