//! Norms of values far from zero.

use candle_core::{DType, Device, Tensor};

use super::compare::{call, close, rounded, show};
use super::graph::{Graph, Part, plain};
use crate::Statistics;
use crate::fused::{Arena, Call, Extent, Recompute, Stage};
use crate::probe::at_every_width;

const CHANNELS: usize = 3;

/// Two norms in a row, the first one of the input itself, and a norm right at the node.
fn graph(dtype: DType, (height, width): (usize, usize), mean: f64) -> Graph {
    let extent = Extent::new(CHANNELS, height, width);
    let mut graph = Graph::new(dtype, &[extent]);
    graph.offset = mean;
    let same = |graph: &mut Graph| {
        let stage = graph.pointwise(CHANNELS, CHANNELS, 1);
        let unit = Tensor::eye(CHANNELS, dtype, &Device::Cpu).unwrap();
        let unit = unit.reshape((CHANNELS, CHANNELS, 1, 1)).unwrap();
        graph.parameters.last().unwrap().set(&unit).unwrap();
        stage
    };
    let first: Vec<Stage> = vec![same(&mut graph), graph.norm(CHANNELS, true)];
    let second = [Stage::Relu, graph.pointwise(CHANNELS, CHANNELS, 1), graph.norm(CHANNELS, true)];
    let twice = first.into_iter().chain(second).collect();
    let once = vec![same(&mut graph), graph.norm(CHANNELS, true)];
    let weighed = Part { coefficient: Some(0), ..plain(0, once) };
    graph.nodes.push((extent, vec![plain(0, twice), weighed]));
    graph.outputs = vec![1];
    graph
}

#[test]
fn norms_of_values_far_from_zero_are_those_of_double_precision() {
    for plane in [(1, 1), (1, 3), (2, 2), (5, 5), (8, 8), (9, 31)] {
        // Deviation 0.58: up to a thousand deviations.
        for mean in [0.0, 6.0, 58.0, 577.0] {
            let wide = graph(DType::F64, plane, mean);
            let weights = (rounded(&[1], 9) + 1.2).unwrap();
            let expected = show(&wide, 5, &weights, |inputs, coefficients| {
                wide.evaluate(inputs, coefficients, &[], Statistics::Update)
            });
            at_every_width(|set| {
                for recompute in [Recompute::Never, Recompute::Edge] {
                    let narrow = graph(DType::F32, plane, mean);
                    let arena = Arena::new();
                    let program = narrow.program();
                    let statistics = Statistics::Update;
                    let found = show(&narrow, 5, &weights, |inputs, coefficients| {
                        let call = Call { recompute, statistics, ..call(coefficients, &arena) };
                        program.run(inputs, &call).unwrap()
                    });
                    let place = format!("{set}, {plane:?}, mean {mean}");
                    // A norm is a line, `scale x + shift`, and both terms have `mean` deviations:
                    // their roundings, 2^-24 each, stay when they cancel.
                    let line = 2e-5 + 3.0 * 2f64.powi(-24) * mean / 0.58;
                    close(&format!("{place}: output"), &found.output, &expected.output, line);
                    for ((name, found), (_, expected)) in
                        found.gradients.iter().zip(&expected.gradients)
                    {
                        // The gradient of the unit matrices is a sum of products with the mean that
                        // is zero but for rounding.
                        let unit = found.dims().len() == 4 && found.dims()[2..] == [1, 1];
                        // As in the other tests, ten times what outputs have.
                        if !unit || mean == 0.0 {
                            close(&format!("{place}: {name}"), found, expected, 10.0 * line);
                        }
                    }
                    let running = found.running.iter().zip(&expected.running).enumerate();
                    for (index, (found, expected)) in running {
                        // The second norm is one of the first one's line.
                        let tolerance = if index / 2 == 1 { line } else { 1e-6 };
                        close(&format!("{place}: running {index}"), found, expected, tolerance);
                    }
                }
            });
        }
    }
}
