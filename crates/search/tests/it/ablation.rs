//! Cells with losses of their own: the ablation loss and its gradient, bookkeeping, rules.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use dartloom_data::Split;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Pass};
use dartloom_relax::{Penalised, Progress, Sigmoid, ZeroOne};
use dartloom_search::{
    AblationConfig, AblationGradient, AblationSign, Bilevel, BilevelConfig, Bookkeeping, CellRule,
    Choices, Order, Removal, SearchConfig, SearchError, SearchParts, SupernetSearch,
    ablation_losses,
};
use dartloom_space::{Space, Stem};
use dartloom_train::{AdamConfig, Position, Schedule, testkit};

use crate::tiny::{
    EPOCHS, all_bits, batch, bench, darts, differences, distance, first_digits, flat, registry,
    softmax, space, two_ops,
};

const START: Position = Position { epoch: 0, step: 0 };

fn ablating(gradient: AblationGradient, sign: AblationSign) -> BilevelConfig {
    let ablation = AblationConfig { weight: 0.7, sign, gradient, ..AblationConfig::default() };
    BilevelConfig { ablation: Some(ablation), ..BilevelConfig::default() }
}

/// The validation loss with all cells, or with skip connections from the nearest input in place of
/// one: edges 0->2 and 1->2 of one node, `skip_connect` in column 1 of four.
fn loss_without(bilevel: &Bilevel<'_>, cell: Option<usize>) -> f64 {
    let mut noise = Noise::new(0).stream("test", 0);
    let mut weights =
        bilevel.core.architecture.weights(Progress::start(EPOCHS), &mut noise).unwrap();
    if let Some(cell) = cell {
        let table = [[0.0; 4], [0.0, 1.0, 0.0, 0.0]];
        weights.cells[cell].ops = Tensor::new(&table, &Device::Cpu).unwrap();
    }
    let batch = batch(2);
    let mut pass = Pass::new(Mode::probe(), &mut noise);
    let output = bilevel.core.supernet.forward(&batch.inputs, &weights, &mut pass).unwrap();
    let loss = bilevel.core.task.loss(&output.main, &batch.targets).unwrap().mean().unwrap();
    loss.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

fn contributions(bilevel: &Bilevel<'_>) -> Vec<f64> {
    let whole = loss_without(bilevel, None);
    (0..2).map(|cell| whole - loss_without(bilevel, Some(cell))).collect()
}

#[test]
fn the_full_gradient_is_that_of_every_cells_own_loss() {
    for (sign, factor) in [(AblationSign::Added, 0.7), (AblationSign::Subtracted, -0.7)] {
        let mut bilevel = bench(ablating(AblationGradient::Full, sign), softmax());
        let of_cell = |cell: usize| {
            let loss = || {
                let ablation = ablation_losses(&contributions(&bilevel))[cell];
                loss_without(&bilevel, None) + factor * ablation
            };
            differences(&bilevel.core.architecture, 1e-5, loss)
        };
        let numeric = [of_cell(0), of_cell(1)];
        let expected = contributions(&bilevel);
        let report = bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        let ablation = report.ablation.as_ref().unwrap();
        // The same passes in f64.
        approx::assert_relative_eq!(ablation.marginal[..], expected[..], epsilon = 1e-12);
        approx::assert_relative_eq!(ablation.losses[..], ablation_losses(&expected)[..]);
        // Differences run over both cells' logits; a cell's own half counts.
        let analytic = flat(report.arch_gradients.0.values());
        let half = analytic.len() / 2;
        let own = [&numeric[0][..half], &numeric[1][half..]].concat();
        let size = distance(&own, &vec![0.0; own.len()]);
        assert!(size > 1e-3, "{own:?}");
        // Differences of 1e-5 are good to about 1e-10, and the loss divides by a mean below 1.
        assert!(distance(&analytic, &own) < 1e-6 * size, "{analytic:?} {own:?}");
    }
}

#[test]
fn the_scaled_gradient_holds_the_mean_constant() {
    let mut plain = bench(BilevelConfig::default(), softmax());
    let mut scaled = bench(ablating(AblationGradient::Scaled, AblationSign::Added), softmax());
    let mean = contributions(&plain).iter().sum::<f64>() / 2.0;
    let step = |bilevel: &mut Bilevel<'_>| {
        let report = bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        flat(report.arch_gradients.0.values())
    };
    let expected: Vec<f64> = step(&mut plain).iter().map(|g| g * (1.0 + 0.7 / mean)).collect();
    // In f64, after two passes of their own.
    approx::assert_relative_eq!(step(&mut scaled)[..], expected[..], max_relative = 1e-9);
}

/// Passes without a cell leave everything as it was; a term without gradient moves nothing.
#[test]
fn measuring_contributions_changes_nothing() {
    let mut plain = bench(BilevelConfig::default(), softmax());
    let mut measured = bench(ablating(AblationGradient::Zero, AblationSign::Subtracted), softmax());
    for bilevel in [&mut plain, &mut measured] {
        bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    }
    assert_eq!(all_bits(&plain), all_bits(&measured));
}

#[test]
fn removed_cells_can_be_silent_or_noise() {
    let marginal = |removal| {
        let mut config = ablating(AblationGradient::Zero, AblationSign::Subtracted);
        config.ablation = config.ablation.map(|ablation| AblationConfig { removal, ..ablation });
        let mut bilevel = bench(config, softmax());
        let report = bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        report.ablation.unwrap().marginal
    };
    let found = [Removal::Identity, Removal::Zero, Removal::Noise].map(marginal);
    assert!(found.iter().flatten().all(|m| m.is_finite()));
    assert_ne!(found[0], found[1]);
    assert_ne!(found[1], found[2]);
    assert_eq!(marginal(Removal::Noise), found[2], "noise is that of the step");
}

#[test]
fn a_cell_moves_by_its_own_rule() {
    let still = CellRule { rate: Schedule::Constant(0.0), adam: AdamConfig::darts_logits() };
    let cells = BTreeMap::from([("normal".to_owned(), still)]);
    let mut bilevel = bench(BilevelConfig { cells, ..BilevelConfig::default() }, softmax());
    let before = bilevel.core.architecture.snapshot().unwrap();
    bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    let after = bilevel.core.architecture.snapshot().unwrap();
    assert_eq!(flat([&before["normal"]]), flat([&after["normal"]]));
    assert_ne!(flat([&before["reduce"]]), flat([&after["reduce"]]));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let ablation = || ablating(AblationGradient::Scaled, AblationSign::Subtracted);
    let leaking = BilevelConfig {
        bookkeeping: Bookkeeping::Leaking,
        order: Order::Joint,
        ..BilevelConfig::default()
    };
    let negative = AblationConfig { weight: -1.0, ..AblationConfig::default() };
    let cases = [
        ("order", BilevelConfig { order: Order::Second, ..ablation() }),
        ("order", leaking),
        ("ablation.weight", BilevelConfig { ablation: Some(negative), ..ablation() }),
    ];
    for (expected, config) in cases {
        let error = config.check().unwrap_err();
        let SearchError::Config(refused) = error else { panic!("{error}") };
        assert_eq!(refused.what, expected);
    }
}

fn refused(space: &Space, bilevel: BilevelConfig) -> String {
    let digits = first_digits(32);
    let registry = registry();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = darts(space, &registry, &data);
    let config = SearchConfig { batch: 8, bilevel, ..SearchConfig::default() };
    SupernetSearch::new("search", parts, config, Noise::new(1)).unwrap_err().to_string()
}

#[test]
fn what_the_space_does_not_have_is_refused() {
    let ops = registry().op_set("pools", &["max_pool_3x3", "avg_pool_3x3"]).unwrap();
    let pools = Space::individual(ops, 2, 1, Stem::cifar(3)).unwrap();
    let error = refused(&pools, ablating(AblationGradient::Scaled, AblationSign::Subtracted));
    assert!(error.contains("no skip connection"), "{error}");
    let rule = CellRule { rate: Schedule::Constant(0.1), adam: AdamConfig::darts_logits() };
    let cells = BTreeMap::from([("cell_7".to_owned(), rule)]);
    let config = BilevelConfig { cells, ..BilevelConfig::default() };
    let error = refused(&space(two_ops(), 1), config);
    assert!(error.contains("`cell_7`; the space has normal, reduce"), "{error}");
}

/// Individual cells, resumed in the middle of an epoch, with what the released code leaves behind.
#[test]
fn cells_with_losses_keep_the_contract_of_steppers() {
    let digits = first_digits(32);
    let registry = registry();
    let space = Space::individual(two_ops(), 2, 1, Stem::cifar(3)).unwrap();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    for bookkeeping in [Bookkeeping::Isolated, Bookkeeping::Leaking] {
        let make = || {
            let relaxation = Penalised::new(Sigmoid, ZeroOne::default(), 9.0).unwrap();
            let parts =
                SearchParts { choices: Choices::of(relaxation), ..darts(&space, &registry, &data) };
            let ablation = Some(AblationConfig::default());
            let bilevel = BilevelConfig { ablation, bookkeeping, ..BilevelConfig::default() };
            let config = SearchConfig { epochs: 2, batch: 8, bilevel, ..SearchConfig::default() };
            SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap()
        };
        testkit::check_stepper(&mut make(), &mut make()).unwrap();
    }
}
