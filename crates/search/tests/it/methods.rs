//! The differences between other methods and DARTS: weighed edges, the simplex, a single pass.

use dartloom_ops::Place;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use dartloom_data::Split;
use dartloom_decode::EdgeWeighted;
use dartloom_noise::Noise;
use dartloom_relax::{Constraint, Progress, Relaxation, Simplex, Softmax};
use dartloom_search::testkit::small_search;
use dartloom_search::{
    Architecture, BilevelConfig, Choices, LogitStep, Order, SearchConfig, SearchError, SearchParts,
    SupernetSearch,
};
use dartloom_space::{Build, Space};
use dartloom_train::{Position, Schedule, testkit};

use crate::tiny::{
    EPOCHS, batch, bench, bits, build, darts, differences, distance, first_digits, flat, loss,
    registry, softmax, space, two_ops,
};

fn on_simplex() -> BilevelConfig {
    let logit_step = LogitStep::ExponentiatedGradient;
    BilevelConfig { logit_step, arch_rate: Schedule::Constant(0.1), ..BilevelConfig::default() }
}

fn with_edges(choices: Choices) -> Architecture {
    let space = space(two_ops(), 2);
    let mut noise = Noise::new(3).stream("logits", 0);
    let place = Place::from(DType::F64);
    Architecture::new(&space, choices, &place, &mut noise).unwrap()
}

#[test]
fn edges_into_a_node_share_its_weight() {
    let softmax = Choices::of(Softmax::default()).with_edges(Softmax::default());
    for choices in [softmax, Choices::of(Simplex).with_edges(Simplex)] {
        let architecture = with_edges(choices);
        let ids = architecture.logits().keys();
        let names: Vec<String> = ids.map(|&id| architecture.name(id)).collect();
        assert_eq!(names, ["normal", "reduce", "normal.edges", "reduce.edges"]);
        let mut named: Vec<&String> = architecture.named().keys().collect();
        named.sort_unstable_by_key(|name| names.iter().position(|own| own == *name));
        assert_eq!(named, names.iter().collect::<Vec<_>>());
        let mut noise = Noise::new(0).stream("relaxation", 0);
        let table = architecture.table(Progress::start(1), &mut noise).unwrap();
        let tensors = architecture.weights(Progress::start(1), &mut noise).unwrap();
        for (cell, own) in table.cells().iter().zip(&tensors.cells) {
            // Two edges into the first node, three into the second.
            assert_eq!(own.ops.dims(), [5, 2]);
            let edges = cell.edge_weights.as_ref().unwrap();
            assert_eq!(&flat(own.edges.as_ref()), edges);
            for node in [&edges[..2], &edges[2..]] {
                // The simplex starts in single precision.
                let epsilon = f64::from(f32::EPSILON);
                approx::assert_relative_eq!(node.iter().sum::<f64>(), 1.0, epsilon = epsilon);
            }
        }
    }
}

#[test]
fn a_cell_called_like_the_edges_of_another_is_refused() {
    let plain = space(two_ops(), 1);
    let mut cells = plain.cells().to_vec();
    cells[1].name = "normal.edges".to_owned();
    let ops = plain.op_set().clone();
    let space = Space::new("twins", ops, cells, plain.network().clone()).unwrap();
    let mut noise = Noise::new(3).stream("logits", 0);
    let mut made =
        |choices: Choices| Architecture::new(&space, choices, &Place::from(DType::F64), &mut noise);
    let choices = Choices::of(Softmax::default());
    made(choices.clone()).unwrap();
    let error = made(choices.with_edges(Softmax::default())).unwrap_err().to_string();
    assert!(error.contains("found `normal.edges`"), "{error}");
}

#[test]
fn logits_that_live_in_different_places_are_refused() {
    let space = space(two_ops(), 1);
    let mut noise = Noise::new(3).stream("logits", 0);
    let choices = Choices::new(softmax()).with_edges(Simplex);
    let error =
        Architecture::new(&space, choices, &Place::from(DType::F64), &mut noise).unwrap_err();
    assert!(error.to_string().contains("Simplex beside Softmax"), "{error}");
}

#[test]
fn a_rule_that_leaves_the_logits_place_is_refused() {
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let cases: [(Arc<dyn Relaxation>, BilevelConfig, &str); 2] = [
        (Arc::new(Simplex), BilevelConfig::default(), "`ExponentiatedGradient`"),
        (softmax(), on_simplex(), "`Adam`"),
    ];
    for (relaxation, bilevel, expected) in cases {
        let space = space(two_ops(), 1);
        let registry = registry();
        let parts = SearchParts {
            choices: relaxation.into(),
            decoder: &EdgeWeighted::pc_darts(),
            ..darts(&space, &registry, &data)
        };
        let config = SearchConfig { batch: 8, bilevel, ..SearchConfig::default() };
        let error = SupernetSearch::new("search", parts, config, Noise::new(1)).unwrap_err();
        let SearchError::Config(refused) = &error else { panic!("{error}") };
        assert_eq!(refused.what, "logit_step");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn exponentiated_gradient_is_what_its_formula_says() {
    let architecture = {
        let mut bilevel = bench_on_simplex();
        let before: Vec<Vec<Vec<f64>>> = tables(&bilevel.core.architecture);
        let at = Position { epoch: 0, step: 0 };
        let report = bilevel.step(at, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        let gradients = report.arch_gradients.0.values().map(|g| g.to_vec2::<f64>().unwrap());
        let expected: Vec<Vec<Vec<f64>>> = before
            .iter()
            .zip(gradients)
            .map(|(table, gradients)| {
                let rows = table.iter().zip(gradients);
                rows.map(|(row, gradient)| moved(row, &gradient)).collect()
            })
            .collect();
        let found = tables(&bilevel.core.architecture);
        for (found, expected) in
            found.iter().flatten().flatten().zip(expected.iter().flatten().flatten())
        {
            approx::assert_relative_eq!(*found, *expected, max_relative = 1e-12);
        }
        assert_ne!(found, before);
        bilevel.core.architecture
    };
    assert_eq!(architecture.domain(), Constraint::Simplex);
}

fn bench_on_simplex() -> dartloom_search::Bilevel<'static> {
    let bilevel = bench(on_simplex(), Arc::new(Simplex));
    // The bench makes logits large, which is no place on the simplex.
    for var in bilevel.core.architecture.logits().values() {
        let (rows, columns) = var.dims2().unwrap();
        let row: Vec<f64> =
            (1..=columns).map(|c| c as f64 / (columns * (columns + 1) / 2) as f64).collect();
        let table = Tensor::from_vec(row.repeat(rows), (rows, columns), &Device::Cpu).unwrap();
        var.set(&table).unwrap();
    }
    bilevel
}

fn tables(architecture: &Architecture) -> Vec<Vec<Vec<f64>>> {
    architecture.logits().values().map(|var| var.to_vec2().unwrap()).collect()
}

fn moved(row: &[f64], gradient: &[f64]) -> Vec<f64> {
    let powers = row.iter().zip(gradient).map(|(t, g)| (t * (-0.1 * g).exp()).max(1e-5));
    let powers: Vec<f64> = powers.collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

#[test]
fn a_joint_step_takes_both_gradients_from_the_training_batch() {
    let config = BilevelConfig { order: Order::Joint, ..BilevelConfig::default() };
    let mut bilevel = bench(config, softmax());
    let train = batch(1);
    let valid = batch(2);
    let value = || loss(&bilevel, &train).to_scalar::<f64>().unwrap();
    let numeric = differences(&bilevel.core.architecture, 1e-5, value);
    let weights = bits(bilevel.core.supernet.variables().snapshot().unwrap().values());
    let report =
        bilevel.step(Position { epoch: 0, step: 0 }, EPOCHS, &train, Some(&valid)).unwrap();
    let analytic = flat(report.arch_gradients.0.values());
    let size = distance(&numeric, &vec![0.0; numeric.len()]);
    assert!(distance(&analytic, &numeric) < 1e-7 * size, "{analytic:?} {numeric:?}");
    assert_eq!(report.passes.len(), 1);
    assert_eq!(report.arch_loss(), None);
    assert_ne!(bits(bilevel.core.supernet.variables().snapshot().unwrap().values()), weights);
}

/// PC-DARTS and GAEA, resumed in the middle of an epoch.
#[test]
fn weighed_edges_keep_the_contract_of_steppers() {
    let digits = first_digits(32);
    let space = space(two_ops(), 1);
    let registry = registry();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let decoder = EdgeWeighted::pc_darts();
    for simplex in [false, true] {
        let make = || {
            let choices = if simplex {
                Choices::of(Simplex).with_edges(Simplex)
            } else {
                Choices::of(Softmax::default()).with_edges(Softmax::default())
            };
            let parts = SearchParts {
                choices,
                decoder: &decoder,
                build: Build { partial: 2, ..build(&data.train, 4) },
                ..darts(&space, &registry, &data)
            };
            let bilevel = if simplex { on_simplex() } else { BilevelConfig::default() };
            let config = SearchConfig { bilevel, ..small_search() };
            SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap()
        };
        testkit::check_stepper(&mut make(), &mut make()).unwrap();
    }
}
