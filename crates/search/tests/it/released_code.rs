//! Behaviour of released code that a search here does not have, or only when configured.

use std::sync::Mutex;

use dartloom_data::{
    DataError, Dataset, ImageShape, InMemory, Parts, Sample, Split, Subset, TargetSpec, digits,
};
use dartloom_net::Mask;
use dartloom_noise::Noise;
use dartloom_search::{
    AblationConfig, AblationGradient, Bilevel, BilevelConfig, Bookkeeping, Order, Places,
    SearchConfig, SearchParts, Statistics, SupernetSearch, Whole,
};
use dartloom_space::{Build, Genotype, Space, Stem};
use dartloom_train::{Position, Schedule, Stepper, testkit};

use crate::tiny::{
    EPOCHS, all_bits, batch, bench, build, darts, first_digits, flat, logit_bits, parameter_bits,
    registry, softmax, space, two_ops,
};

const START: Position = Position { epoch: 0, step: 0 };

/// Sixteen digits that write down which of them were asked for.
#[derive(Debug)]
struct Recording {
    inner: Subset<InMemory>,
    seen: Mutex<Vec<usize>>,
}

impl Dataset for Recording {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn shape(&self) -> ImageShape {
        self.inner.shape()
    }

    fn targets(&self) -> TargetSpec {
        self.inner.targets()
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        self.seen.lock().unwrap().push(index);
        self.inner.read(index, sample)
    }
}

/// Runs `with` on a search in batches of 8.
fn searching<T>(
    data: &Parts<'_>,
    config: SearchConfig,
    with: impl FnOnce(&mut SupernetSearch<'_>) -> T,
) -> T {
    let space = space(two_ops(), 1);
    let registry = registry();
    let parts = darts(&space, &registry, data);
    let config = SearchConfig { epochs: 6, batch: 8, ..config };
    with(&mut SupernetSearch::new("search", parts, config, Noise::new(3)).unwrap())
}

#[test]
fn every_logit_step_draws_a_batch_of_its_own() {
    let train = digits().train;
    let valid = Recording { inner: first_digits(16), seen: Mutex::default() };
    let all: &dyn Dataset = &valid;
    let data = Parts {
        train: Subset::new(&train as &dyn Dataset, (16..32).collect()).unwrap(),
        valid: Subset::new(all, (0..16).collect()).unwrap(),
    };
    searching(&data, SearchConfig::default(), |search| {
        let mut repeats = 0;
        for epoch in 0..6 {
            let mut epochs = Vec::new();
            for step in 0..2 {
                search.step(Position { epoch, step }).unwrap();
                let mut drawn = std::mem::take(&mut *valid.seen.lock().unwrap());
                drawn.sort_unstable();
                drawn.dedup();
                assert_eq!(drawn.len(), 8, "no image twice in a batch");
                epochs.push(drawn);
            }
            repeats += epochs[1].iter().filter(|index| epochs[0].contains(index)).count();
        }
        // Half of 8 images on average; none if an epoch went through the images once.
        assert!((12..=36).contains(&repeats), "{repeats}");
    });
}

#[test]
fn scores_are_of_untransformed_images() {
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let scores = |crop_padding, flip| {
        let config = SearchConfig { crop_padding, flip, ..SearchConfig::default() };
        let metrics = searching(&data, config, |search| search.end_epoch(0).unwrap().metrics);
        [metrics["valid_loss"], metrics["valid_accuracy"]].map(f64::to_bits)
    };
    assert_eq!(scores(4, true), scores(0, false));
}

#[test]
fn the_best_epoch_is_kept_with_its_architecture() {
    let digits = first_digits(48);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let bilevel = BilevelConfig {
        rate: Schedule::Constant(0.1),
        arch_rate: Schedule::Constant(0.3),
        ..BilevelConfig::default()
    };
    let config = SearchConfig { batch: 8, bilevel, ..SearchConfig::default() };
    searching(&data, config, |search| {
        let mut told: Vec<(f64, Genotype)> = Vec::new();
        for epoch in 0..6 {
            for step in 0..search.steps_per_epoch() {
                search.step(Position { epoch, step }).unwrap();
            }
            let report = search.end_epoch(epoch).unwrap();
            let genotype = serde_json::from_value(report.architecture.unwrap().0).unwrap();
            told.push((report.metrics["valid_accuracy"], genotype));
            let top = told.iter().map(|(accuracy, _)| *accuracy).fold(0.0, f64::max);
            let first = told.iter().position(|(accuracy, _)| *accuracy >= top).unwrap();
            let best = search.best().unwrap();
            assert_eq!((best.epoch, &best.genotype), (first, &told[first].1));
            assert_eq!(best.score.to_bits(), top.to_bits());
        }
    });
}

#[test]
fn a_search_has_no_drop_path_and_no_cutout() {
    for field in ["drop_path", "drop_path_prob", "cutout"] {
        let error = serde_json::from_str::<SearchConfig>(&format!("{{\"{field}\": 0.3}}"));
        assert!(error.unwrap_err().to_string().contains(field));
    }
}

fn stepped(config: BilevelConfig) -> (Bilevel<'static>, Vec<f64>) {
    let mut bilevel = bench(config, softmax());
    let report = bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    let gradients = flat(report.arch_gradients.0.values());
    (bilevel, gradients)
}

/// Norms of gradients are limited for the weights alone.
#[test]
fn gradients_of_logits_are_not_clipped() {
    for order in [Order::First, Order::Second] {
        let with = |clip| stepped(BilevelConfig { clip, order, ..BilevelConfig::default() });
        let (wide, expected) = with(1e6);
        let (narrow, found) = with(1e-6);
        assert_eq!(found, expected, "{order:?}");
        assert_eq!(logit_bits(&wide), logit_bits(&narrow));
        assert_ne!(parameter_bits(&wide), parameter_bits(&narrow));
    }
}

/// PC-DARTS' drawn channels, resumed in the middle of an epoch.
#[test]
fn drawn_channels_keep_the_contract_of_steppers() {
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let space = space(two_ops(), 1);
    let registry = registry();
    let make = |mask| {
        let parts = SearchParts {
            build: Build { partial: 2, ..build(&data.train, 4) },
            ..darts(&space, &registry, &data)
        };
        let bilevel = BilevelConfig { mask, ..BilevelConfig::default() };
        let config = SearchConfig { epochs: 2, batch: 8, bilevel, ..SearchConfig::default() };
        SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap()
    };
    testkit::check_stepper(&mut make(Mask::Random), &mut make(Mask::Random)).unwrap();
    let loss = |mask| make(mask).step(START).unwrap().loss;
    assert_ne!(loss(Mask::Random).to_bits(), loss(Mask::First).to_bits());
}

/// Cells with logits and losses of their own, all images for weights and logits both.
#[test]
fn individual_cells_search_on_one_level() {
    let digits = first_digits(32);
    let data = Split::Full.parts(&digits, 1).unwrap();
    let registry = registry();
    let space = Space::individual(two_ops(), 2, 1, Stem::cifar(2)).unwrap();
    for order in [Order::First, Order::Joint] {
        let parts = darts(&space, &registry, &data);
        let ablation = Some(AblationConfig::default()).filter(|_| order == Order::First);
        let bilevel = BilevelConfig { order, ablation, ..BilevelConfig::default() };
        let config = SearchConfig { epochs: 1, batch: 8, bilevel, ..SearchConfig::default() };
        let mut search = SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap();
        let before = logit_bits(search.bilevel());
        assert!(search.step(START).unwrap().loss.is_finite(), "{order:?}");
        assert_ne!(logit_bits(search.bilevel()), before, "{order:?}");
    }
}

#[test]
fn leaking_moves_later_cells_further_and_weights_by_the_validation_loss() {
    let with = |bookkeeping| stepped(BilevelConfig { bookkeeping, ..BilevelConfig::default() });
    let (isolated, plain) = with(Bookkeeping::Isolated);
    let (leaking, leaked) = with(Bookkeeping::Leaking);
    // The normal cell is 0, the reduction cell 1, and they have equally many logits.
    let half = plain.len() / 2;
    let factors = (0..plain.len()).map(|index| if index < half { 1.0 } else { 2.0 });
    let expected: Vec<f64> = plain.iter().zip(factors).map(|(g, factor)| g * factor).collect();
    approx::assert_relative_eq!(leaked[..], expected[..], max_relative = 1e-12);
    assert!(plain[half..].iter().any(|g| g.abs() > 1e-6), "{plain:?}");
    assert_ne!(parameter_bits(&isolated), parameter_bits(&leaking));
}

#[test]
fn official_passes_without_a_cell_move_statistics_and_nothing_else() {
    let with = |statistics, ablation| {
        let official =
            AblationConfig { gradient: AblationGradient::Zero, ..AblationConfig::default() };
        let ablation = Some(official).filter(|_| ablation);
        stepped(BilevelConfig { statistics, ablation, ..BilevelConfig::default() }).0
    };
    for (statistics, moves) in [(Statistics::Kept, false), (Statistics::Moved, true)] {
        let plain = with(statistics, false);
        let ablating = with(statistics, true);
        assert_eq!(parameter_bits(&plain), parameter_bits(&ablating), "{statistics:?}");
        assert_eq!(all_bits(&plain) != all_bits(&ablating), moves, "{statistics:?}");
    }
}

/// The normal cell stands at one place, the reduction cell at two.
#[test]
fn a_cell_is_removed_from_all_places_or_from_the_first() {
    let marginal = |places| {
        let ablation = Some(AblationConfig { places, ..AblationConfig::default() });
        let config = BilevelConfig { ablation, ..BilevelConfig::default() };
        let mut bilevel = bench(config, softmax());
        let report = bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        report.ablation.unwrap().marginal
    };
    let all = marginal(Places::All);
    let first = marginal(Places::First);
    assert_eq!(all[0].to_bits(), first[0].to_bits());
    assert_ne!(all[1].to_bits(), first[1].to_bits());
}

#[test]
fn a_second_whole_pass_is_seen_by_batch_norms_alone() {
    let with = |statistics, whole| {
        let ablation = Some(AblationConfig { whole, ..AblationConfig::default() });
        stepped(BilevelConfig { statistics, ablation, ..BilevelConfig::default() }).0
    };
    for (statistics, seen) in [(Statistics::Kept, false), (Statistics::Moved, true)] {
        let once = with(statistics, Whole::Once);
        let twice = with(statistics, Whole::Twice);
        assert_eq!(parameter_bits(&once), parameter_bits(&twice), "{statistics:?}");
        assert_eq!(all_bits(&once) != all_bits(&twice), seen, "{statistics:?}");
    }
}
