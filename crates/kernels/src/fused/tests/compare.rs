//! Programs against graphs: single precision against double.

use candle_core::{DType, Tensor, Var};

use super::graph::Graph;
use crate::Statistics;
use crate::fused::{Arena, Call, Extent, Recompute};
use crate::probe::at_every_width;
use crate::testkit::filled;

/// The findings of a run: output, gradients of inputs, coefficients, parameters, running values.
pub(super) struct Shown {
    pub(super) output: Tensor,
    pub(super) gradients: Vec<(String, Tensor)>,
    pub(super) running: Vec<Tensor>,
}

pub(super) fn rounded(shape: &[usize], seed: u64) -> Tensor {
    filled(shape, seed).unwrap().to_dtype(DType::F32).unwrap()
}

pub(super) fn show(
    graph: &Graph,
    batch: usize,
    coefficients: &Tensor,
    run: impl Fn(&[Tensor], &Tensor) -> Tensor,
) -> Shown {
    let cast = |tensor: Tensor| Var::from_tensor(&tensor.to_dtype(graph.dtype).unwrap()).unwrap();
    let inputs: Vec<Var> = (0..graph.inputs.len())
        .map(|index| {
            let Extent { channels, height, width } = graph.inputs[index];
            let input = rounded(&[batch, channels, height, width], index as u64);
            cast((input + graph.offset).unwrap())
        })
        .collect();
    let tensors: Vec<Tensor> = inputs.iter().map(|var| var.as_tensor().clone()).collect();
    let factors = cast(coefficients.clone());
    let output = run(&tensors, factors.as_tensor());
    let pull = rounded(output.dims(), 55).to_dtype(graph.dtype).unwrap();
    let store = (&output * pull).unwrap().sum_all().unwrap().backward().unwrap();
    let mut gradients = Vec::new();
    let mut add = |name: String, var: &Var| {
        let gradient = store.get(var).cloned();
        gradients.push((name, gradient.unwrap_or_else(|| var.zeros_like().unwrap())));
    };
    for (index, input) in inputs.iter().enumerate() {
        add(format!("input {index}"), input);
    }
    add("coefficients".to_owned(), &factors);
    for (index, parameter) in graph.parameters.iter().enumerate() {
        add(format!("parameter {index} {:?}", parameter.dims()), parameter);
    }
    let running = graph.running.iter().map(|var| var.copy().unwrap()).collect();
    Shown { output, gradients, running }
}

pub(super) fn close(name: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    let values = |tensor: &Tensor| -> Vec<f64> {
        tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    };
    assert_eq!(found.dims(), expected.dims(), "{name}");
    let found = values(found);
    let expected = values(expected);
    let scale = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / scale;
        assert!(error <= tolerance, "{name}[{index}]: found {found}, expected {expected}");
    }
}

/// A call that keeps running statistics and everything the backward pass reads.
pub(super) fn call<'a>(coefficients: &'a Tensor, arena: &'a Arena) -> Call<'a> {
    Call {
        coefficients: Some(coefficients),
        gates: Vec::new(),
        statistics: Statistics::BatchOnly,
        recompute: Recompute::Never,
        constant_parameters: false,
        arena,
    }
}

/// Builds the graph in both element types, runs both, compares everything; single precision at
/// every width.
pub(super) fn compare(
    build: impl Fn(DType) -> Graph,
    batch: usize,
    statistics: Statistics,
    recompute: Recompute,
) {
    let program = build(DType::F32).program();
    let wide = build(DType::F64);
    let count = program.coefficients();
    let coefficients = (rounded(&[count.max(1)], 9) + 1.2).unwrap();
    let gates: Vec<Vec<f32>> = (0..program.gates())
        .map(|gate| rounded(&[batch], 70 + gate as u64).to_vec1().unwrap())
        .collect();
    let single = show(&wide, batch, &coefficients, |inputs, coefficients| {
        wide.evaluate(inputs, coefficients, &gates, statistics)
    });
    at_every_width(|set| {
        let narrow = build(DType::F32);
        let arena = Arena::new();
        let program = narrow.program();
        let fused = show(&narrow, batch, &coefficients, |inputs, coefficients| {
            let gates = gates.clone();
            let call = Call { gates, statistics, recompute, ..call(coefficients, &arena) };
            program.run(inputs, &call).unwrap()
        });
        // Single against double precision through up to a dozen sums and norms in a row; a wrong
        // tap, mask or factor shows as 1e-2 and more.
        close(&format!("{set}: output"), &fused.output, &single.output, 2e-5);
        for ((name, found), (_, expected)) in fused.gradients.iter().zip(&single.gradients) {
            close(&format!("{set}: {name}"), found, expected, 2e-4);
        }
        for (found, expected) in fused.running.iter().zip(&single.running) {
            close(&format!("{set}: running statistics"), found, expected, 1e-5);
        }
    });
}
