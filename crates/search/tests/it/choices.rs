//! Terms between logits and weights besides a relaxation.

use candle_core::DType;
use dartloom_noise::Noise;
use dartloom_ops::Place;
use dartloom_relax::{
    AuxiliarySkip, BetaDecay, ConcaveNorm, ExpectedCost, NegativeEntropy, Penalties, Progress,
    Ramp, Simplex, Softmax,
};
use dartloom_search::{Architecture, BilevelConfig, Choices, SearchError};
use dartloom_train::Position;

use crate::tiny::{
    EPOCHS, batch, bench_of, differences, distance, flat, loss, registry, softmax, space, two_ops,
};

/// Rows of logits by cell, and the softmax of a row.
type Rows = Vec<Vec<Vec<f64>>>;

fn rows(architecture: &Architecture) -> Rows {
    architecture.logits().values().map(|var| var.to_vec2().unwrap()).collect()
}

fn shares(row: &[f64]) -> Vec<f64> {
    let powers: Vec<f64> = row.iter().map(|logit| logit.exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// The gradients that `penalties` add to those of the loss in `epoch`, and to the loss itself.
fn added(choices: &dyn Fn(Choices) -> Choices, epoch: usize) -> (Vec<f64>, f64) {
    let run = |choices| {
        let mut bilevel = bench_of(BilevelConfig::default(), choices);
        let at = Position { epoch, step: 0 };
        let report = bilevel.step(at, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
        (flat(report.arch_gradients.0.values()), report.passes[0].loss)
    };
    let plain = run(Choices::new(softmax()));
    let with = run(choices(Choices::new(softmax())));
    (with.0.iter().zip(&plain.0).map(|(with, plain)| with - plain).collect(), with.1 - plain.1)
}

/// Holds a penalty against a formula of all rows, in every epoch of its ramp.
fn check(choices: &dyn Fn(Choices) -> Choices, ramp: [f64; 4], formula: &dyn Fn(&Rows) -> f64) {
    let bilevel = bench_of(BilevelConfig::default(), Choices::new(softmax()));
    let value = || formula(&rows(&bilevel.core.architecture));
    let term = value();
    let slope = differences(&bilevel.core.architecture, 1e-5, value);
    assert!(distance(&slope, &vec![0.0; slope.len()]) > 1e-2, "{slope:?}");
    for (epoch, factor) in ramp.into_iter().enumerate() {
        let (gradient, more) = added(choices, epoch);
        let expected: Vec<f64> = slope.iter().map(|slope| factor * slope).collect();
        let off = distance(&gradient, &expected);
        assert!(off < 1e-8 * (1.0 + factor.abs()), "epoch {epoch}: {gradient:?} {expected:?}");
        approx::assert_relative_eq!(more, factor * term, epsilon = 1e-10, max_relative = 1e-10);
    }
}

#[test]
fn an_entropy_ramp_makes_rows_decide() {
    let penalties = |choices: Choices| {
        choices.with_penalties(Penalties::new().with(NegativeEntropy, Ramp::new(0.0, -3.0)))
    };
    check(&penalties, [0.0, -1.0, -2.0, -3.0], &|cells| {
        let entropy = |w: &f64| w * (w * 4.0).ln();
        cells.iter().flatten().flat_map(|row| shares(row)).map(|w| entropy(&w)).sum()
    });
}

#[test]
fn a_concave_norm_counts_by_its_formula() {
    let norm = ConcaveNorm::new(0.5, 1e-3).unwrap();
    let penalties =
        |choices: Choices| choices.with_penalties(Penalties::new().with(norm, Ramp::new(3.0, 0.0)));
    check(&penalties, [3.0, 2.0, 1.0, 0.0], &|cells| {
        let power = |w: f64| (w + 1e-3).sqrt() - 1e-3f64.sqrt();
        // Two rows per cell.
        cells.iter().flatten().flat_map(|row| shares(row)).map(power).sum::<f64>() / 2.0
    });
}

#[test]
fn beta_decay_counts_by_its_formula() {
    let ramp = Ramp::new(0.0, 50.0);
    let penalties =
        |choices: Choices| choices.with_penalties(Penalties::new().with(BetaDecay, ramp));
    let expected = [0.0, 50.0 / 3.0, 100.0 / 3.0, 50.0];
    check(&penalties, expected, &|cells| {
        let smooth = |row: &Vec<f64>| row.iter().map(|logit| logit.exp()).sum::<f64>().ln();
        cells.iter().flatten().map(smooth).sum::<f64>() / 2.0
    });
}

#[test]
fn a_cells_own_penalty_counts_in_that_cell_beside_the_common_one() {
    let costs = [vec![0.0, 1.0, 2.0, 30.0], vec![0.0, 1.0, 4.0, 50.0]];
    let cost = ExpectedCost::new(&costs, 10.0).unwrap();
    let penalties = |choices: Choices| {
        let own = Penalties::new().with(cost.clone(), Ramp::constant(2.0));
        let common = Penalties::new().with(BetaDecay, Ramp::constant(1.0));
        choices.with_cell_penalties("reduce", own).with_penalties(common)
    };
    check(&penalties, [1.0; 4], &|cells| {
        let weighed = |(row, costs): (&Vec<f64>, &Vec<f64>)| -> f64 {
            shares(row).iter().zip(costs).map(|(w, c)| w * c).sum()
        };
        let own: f64 = cells[1].iter().zip(&costs).map(weighed).sum();
        let smooth = |row: &Vec<f64>| row.iter().map(|logit| logit.exp()).sum::<f64>().ln();
        2.0 * own / 10.0 + cells.iter().flatten().map(smooth).sum::<f64>() / 2.0
    });
}

#[test]
fn an_auxiliary_skip_helps_while_searching_and_is_not_seen_by_decoders() {
    let plain = bench_of(BilevelConfig::default(), Choices::new(softmax()));
    let choices = Choices::new(softmax()).with_auxiliary_skip(AuxiliarySkip::default());
    let helped = bench_of(BilevelConfig::default(), choices);
    let mut noise = Noise::new(0).stream("relaxation", 0);
    for (epoch, beta) in [1.0, 2.0 / 3.0, 1.0 / 3.0, 0.0].into_iter().enumerate() {
        let at = Progress { epoch, epochs: EPOCHS };
        let own = helped.core.architecture.weights(at, &mut noise).unwrap();
        let bare = plain.core.architecture.weights(at, &mut noise).unwrap();
        for (own, bare) in own.cells.iter().zip(&bare.cells) {
            let more = flat([&(&own.ops - &bare.ops).unwrap()]);
            for row in more.chunks(4) {
                // "none", the skip connection, pooling, a convolution.
                approx::assert_relative_eq!(row, &[0.0, beta, 0.0, 0.0][..], epsilon = 1e-15);
            }
        }
        let table = helped.core.architecture.table(at, &mut noise).unwrap();
        assert_eq!(table, plain.core.architecture.table(at, &mut noise).unwrap());
    }
    let first = loss(&plain, &batch(1));
    let own = loss(&helped, &batch(1));
    let off = (first - own).unwrap().to_scalar::<f64>().unwrap().abs();
    assert!(off > 1e-3, "the first epoch's network is another: {off}");
}

fn new(choices: Choices) -> Result<Architecture, SearchError> {
    let mut noise = Noise::new(3).stream("logits", 0);
    Architecture::new(&space(two_ops(), 1), choices, &Place::from(DType::F64), &mut noise)
}

#[test]
fn a_search_begins_where_the_start_says() {
    let start = vec![vec![vec![1.0, 2.0], vec![3.0, 4.0]], vec![vec![0.5, -0.5]; 2]];
    let architecture = new(Choices::of(Softmax::default()).with_start(start.clone())).unwrap();
    assert_eq!(rows(&architecture), start);
}

/// Logits by cell, edge and operation.
type Tables = Vec<Vec<Vec<f64>>>;

#[test]
fn starts_of_other_spaces_are_refused() {
    let good = vec![vec![0.25, 0.75]; 2];
    new(Choices::of(Simplex).with_start(vec![good.clone(); 2])).unwrap();
    let with = |row: [f64; 2]| vec![good.clone(), vec![vec![0.25, 0.75], row.to_vec()]];
    let cases: [(Choices, Tables, &str); 7] = [
        (Choices::of(Simplex), vec![good.clone()], "[(2, 2)]"),
        (Choices::of(Simplex), vec![good.clone(), vec![vec![0.5; 2]; 3]], "[(2, 2), (3, 2)]"),
        (Choices::of(Simplex), vec![good.clone(), vec![vec![0.5; 3]; 2]], "[(2, 2), (2, 3)]"),
        (Choices::of(Simplex), vec![good.clone(), vec![]], "[(2, 2), (0, 0)]"),
        (Choices::of(Simplex), with([0.5, 0.6]), "[0.5, 0.6]"),
        (Choices::of(Simplex), with([-0.5, 1.5]), "[-0.5, 1.5]"),
        (Choices::of(Softmax::default()), with([0.0, f64::NAN]), "[0.0, NaN]"),
    ];
    for (choices, start, found) in cases {
        let error = new(choices.with_start(start)).unwrap_err();
        assert!(matches!(&error, SearchError::Config { field: "start", .. }), "{error}");
        assert!(error.to_string().ends_with(found), "{error}");
    }
}

#[test]
fn penalties_of_unknown_cells_and_help_for_missing_skips_are_refused() {
    let choices = Choices::new(softmax()).with_cell_penalties("odd", Penalties::new());
    let error = new(choices).unwrap_err();
    assert!(matches!(error, SearchError::Config { field: "penalties of a cell", .. }), "{error}");
    let ops = registry().op_set("no skip", &["max_pool_3x3", "sep_conv_3x3"]).unwrap();
    let choices = Choices::new(softmax()).with_auxiliary_skip(AuxiliarySkip::default());
    let mut noise = Noise::new(3).stream("logits", 0);
    let made = Architecture::new(&space(ops, 1), choices, &Place::from(DType::F64), &mut noise);
    let error = made.unwrap_err();
    assert!(matches!(error, SearchError::Config { field: "auxiliary skip", .. }), "{error}");
}

#[test]
fn what_is_gone_has_no_weight_no_gradient_and_no_help() {
    use dartloom_search::Kept;
    let choices = Choices::new(softmax()).with_auxiliary_skip(AuxiliarySkip::default());
    let mut bilevel = bench_of(BilevelConfig::default(), choices);
    // Of the first edge of the first cell pooling and convolution are left, of the second nothing.
    let mut kept = serde_json::to_value(Kept::all(&bench_space())).unwrap();
    kept["cells"][0][0] = serde_json::json!([false, false, true, true]);
    kept["cells"][0][1] = serde_json::json!([false, false, false, false]);
    bilevel.core.architecture.keep(Some(serde_json::from_value(kept).unwrap()));
    let logits = rows(&bilevel.core.architecture);
    let mut noise = Noise::new(0).stream("relaxation", 0);
    let weights = bilevel.core.architecture.weights(Progress::start(EPOCHS), &mut noise).unwrap();
    let found: Vec<Vec<f64>> = weights.cells[0].ops.to_vec2().unwrap();
    let left = shares(&logits[0][0][2..]);
    assert_eq!(found[0][..2], [0.0; 2]);
    approx::assert_relative_eq!(found[0][2..], left[..], max_relative = 1e-14);
    assert_eq!(found[1], [0.0; 4]);
    let other: Vec<Vec<f64>> = weights.cells[1].ops.to_vec2().unwrap();
    let mut expected = shares(&logits[1][0]);
    expected[1] += 1.0;
    approx::assert_relative_eq!(other[0][..], expected[..], max_relative = 1e-14);
    let value = || loss(&bilevel, &batch(2)).to_scalar::<f64>().unwrap();
    let numeric = differences(&bilevel.core.architecture, 1e-5, value);
    let at = Position { epoch: 0, step: 0 };
    let report = bilevel.step(at, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    let analytic = flat(report.arch_gradients.0.values());
    let size = distance(&numeric, &vec![0.0; numeric.len()]);
    assert!(distance(&analytic, &numeric) < 1e-7 * size, "{analytic:?} {numeric:?}");
    let gone = |gradient: &[f64]| [&gradient[..2], &gradient[4..8]].concat();
    assert_eq!(gone(&analytic), [0.0; 6]);
    assert!(analytic[2].abs() > 1e-6);
    let moved = rows(&bilevel.core.architecture);
    assert!(moved.iter().flatten().flatten().all(|logit| logit.is_finite()));
}

fn bench_space() -> dartloom_space::Space {
    let ops = ["none", "skip_connect", "avg_pool_3x3", "sep_conv_3x3"];
    space(registry().op_set("smooth", &ops).unwrap(), 1)
}
