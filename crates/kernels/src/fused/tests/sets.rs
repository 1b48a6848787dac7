//! Differences between instruction sets.

use candle_core::{DType, Tensor};

use super::cell;
use super::compare::{Shown, call, rounded, show};
use crate::Statistics;
use crate::fused::{Arena, Call};
use crate::probe::{at_every_width, values};

/// Largest difference, as a share of the largest value.
fn apart(found: &Tensor, expected: &Tensor) -> f64 {
    let found = values(found);
    let expected = values(expected);
    let most = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    let differences = found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / most);
    differences.fold(0.0, f64::max)
}

/// The cell with every operation, in single precision.
fn run() -> Shown {
    let graph = cell(DType::F32, 8, 16, 16, 1);
    let arena = Arena::new();
    let program = graph.program();
    let weights = (rounded(&[program.coefficients()], 9) + 1.2).unwrap();
    show(&graph, 8, &weights, |inputs, coefficients| {
        let statistics = Statistics::Update;
        program.run(inputs, &Call { statistics, ..call(coefficients, &arena) }).unwrap()
    })
}

/// The table in docs/performance.md: run it with `--nocapture`.
#[test]
fn sets_differ_by_rounding_alone() {
    let wide = cell(DType::F64, 8, 16, 16, 1);
    let count = cell(DType::F32, 8, 16, 16, 1).program().coefficients();
    let weights = (rounded(&[count], 9) + 1.2).unwrap();
    let exact = show(&wide, 8, &weights, |inputs, coefficients| {
        wide.evaluate(inputs, coefficients, &[], Statistics::Update)
    });
    let first = run();
    let worst = |found: &Shown, expected: &Shown| {
        let pairs = found.gradients.iter().zip(&expected.gradients);
        let gradients = pairs.map(|((_, found), (_, expected))| apart(found, expected));
        (apart(&found.output, &expected.output), gradients.fold(0.0, f64::max))
    };
    println!("| instruction set | output | gradients | from the widest: output | gradients |");
    at_every_width(|set| {
        let found = run();
        let (output, gradient) = worst(&found, &exact);
        let (other_output, other_gradient) = worst(&found, &first);
        println!(
            "| {set} | {output:.1e} | {gradient:.1e} | {other_output:.1e} | {other_gradient:.1e} |"
        );
        // As for every cell in these tests, and twice that from one another.
        assert!(output <= 2e-5 && gradient <= 2e-4, "{set}");
        assert!(other_output <= 4e-5 && other_gradient <= 4e-4, "{set}");
        let again = run();
        for ((name, first), (_, second)) in found.gradients.iter().zip(&again.gradients) {
            assert!(values(first) == values(second), "{set}: {name}: equal sets give equal bytes");
        }
    });
}
