//! Programs against the same sums made of single kernels in `f64`.

mod compare;
mod graph;
mod large_mean;
mod sets;

use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{Arena, Branch, Call, Extent, ProgramBuilder, Recompute, Stage};
use crate::{ConvSpec, PoolSpec, Statistics, max_pool2d};
use compare::{call, close, compare, rounded, show};
use graph::{Graph, Part, plain};

/// A cell of two ports and three nodes with every operation on every edge.
fn cell(dtype: DType, channels: usize, height: usize, width: usize, stride: usize) -> Graph {
    let inputs = [Extent::new(2 * channels, height, width), Extent::new(3, height, width)];
    let mut graph = Graph::new(dtype, &inputs);
    let port = Extent::new(channels, height, width);
    for (source, input) in inputs.iter().enumerate() {
        let stages = vec![
            Stage::Relu,
            graph.pointwise(input.channels, channels, 1),
            graph.norm(channels, false),
        ];
        graph.nodes.push((port, vec![plain(source, stages)]));
    }
    let node = Extent::new(channels, height.div_ceil(stride), width.div_ceil(stride));
    let mut first = 0;
    for index in 0..3 {
        let mut parts = Vec::new();
        for source in 2..4 + index {
            let stride = if source < 4 { stride } else { 1 };
            parts.extend(graph.mixed(source, channels, stride, first));
            first += 7;
        }
        graph.nodes.push((node, parts));
    }
    graph.outputs = vec![4, 5, 6];
    graph
}

#[test]
fn a_normal_cell() {
    for recompute in [Recompute::Never, Recompute::Edge] {
        compare(|dtype| cell(dtype, 4, 9, 7, 1), 3, Statistics::Update, recompute);
    }
}

#[test]
fn a_reduction_cell() {
    for recompute in [Recompute::Never, Recompute::Edge] {
        compare(|dtype| cell(dtype, 6, 8, 10, 2), 2, Statistics::BatchOnly, recompute);
    }
}

#[test]
fn a_cell_in_evaluation() {
    compare(|dtype| cell(dtype, 4, 8, 8, 1), 3, Statistics::Freeze, Recompute::Never);
}

#[test]
fn wide_planes() {
    compare(|dtype| cell(dtype, 2, 33, 40, 1), 2, Statistics::Update, Recompute::Never);
}

/// An edge of a network that is retrained: norms with scale and shift, gates, no coefficients.
fn derived(dtype: DType, channels: usize, side: usize, stride: usize) -> Graph {
    let mut graph = Graph::new(dtype, &[Extent::new(channels, side, side)]);
    let node = Extent::new(channels, side.div_ceil(stride), side.div_ceil(stride));
    let spec = PoolSpec { kernel: (3, 3), stride: (stride, stride), padding: (1, 1) };
    let mut parts = vec![
        plain(0, graph.separable(channels, 3, stride, true)),
        plain(0, graph.dilated(channels, 5, stride, true)),
        plain(0, vec![Stage::MaxPool(spec)]),
    ];
    for (gate, part) in parts.iter_mut().enumerate() {
        part.gate = Some(gate);
    }
    let bare = if stride == 1 {
        vec![Stage::Identity]
    } else {
        // A convolution of stride 2 alone, and a ReLU after the norm.
        let norm_and_more = [graph.pointwise(channels, channels, 2), graph.norm(channels, true)];
        norm_and_more.into_iter().chain([Stage::Relu]).collect()
    };
    parts.push(plain(0, bare));
    graph.nodes.push((node, parts));
    let port = graph_port(&mut graph, channels, channels);
    graph.nodes.push((node, vec![plain(1, port)]));
    graph.outputs = vec![1, 2];
    graph
}

fn graph_port(graph: &mut Graph, inputs: usize, channels: usize) -> Vec<Stage> {
    vec![Stage::Relu, graph.pointwise(inputs, channels, 1), graph.norm(channels, true)]
}

#[test]
fn a_derived_cell_with_gates() {
    for stride in [1, 2] {
        for recompute in [Recompute::Never, Recompute::Edge] {
            let build = |dtype| derived(dtype, 6, 10, stride);
            compare(build, 4, Statistics::Update, recompute);
        }
    }
}

/// A cell of a U-Net's decoder: three weighed links, of which some come from smaller planes.
fn links(dtype: DType) -> Graph {
    let sources = [(4, 8, 6), (3, 4, 6), (5, 4, 2), (4, 8, 6)];
    let inputs = sources.map(|(channels, height, width)| Extent::new(channels, height, width));
    let mut graph = Graph::new(dtype, &inputs);
    let port = Extent::new(4, 8, 6);
    let parts = inputs.iter().enumerate().map(|(source, input)| {
        let factor = (port.height / input.height, port.width / input.width);
        let mut stages = graph_port(&mut graph, input.channels, port.channels);
        stages.push(Stage::Enlarge { factor });
        Part { coefficient: Some(20 + source), ..plain(source, stages) }
    });
    let parts: Vec<Part> = parts.collect();
    let plainly = [1, 2].map(|source: usize| {
        let factor = (8 / inputs[source].height, 6 / inputs[source].width);
        Part { scatter: (0, 1), ..plain(source, vec![Stage::Relu, Stage::Enlarge { factor }]) }
    });
    graph.nodes.push((port, parts));
    graph.nodes.push((Extent::new(5, 8, 6), plainly.into()));
    let mixed = graph.mixed(4, 4, 1, 0);
    graph.nodes.push((port, mixed));
    graph.outputs = vec![5, 6];
    graph
}

#[test]
fn links_from_planes_of_several_sizes() {
    for recompute in [Recompute::Never, Recompute::Edge] {
        compare(links, 3, Statistics::Update, recompute);
    }
    compare(links, 2, Statistics::Freeze, Recompute::Never);
}

/// Operations on a quarter of the channels; the others pass by, and all are shuffled.
fn partial(dtype: DType, stride: usize) -> Graph {
    let channels = 8;
    let groups = 4;
    let side = 12;
    let kept = channels / groups;
    let mut graph = Graph::new(dtype, &[Extent::new(channels, side, side)]);
    let mut parts = graph.mixed(0, kept, stride, 0);
    for part in &mut parts {
        part.channels = Some((0, kept));
        part.scatter = (0, groups);
    }
    let spec = PoolSpec { kernel: (2, 2), stride: (2, 2), padding: (0, 0) };
    for group in 1..groups {
        let stages = if stride == 1 { vec![Stage::Identity] } else { vec![Stage::MaxPool(spec)] };
        parts.push(Part {
            channels: Some((group * kept, kept)),
            scatter: (group, groups),
            ..plain(0, stages)
        });
    }
    let node = Extent::new(channels, side / stride, side / stride);
    graph.nodes.push((node, parts));
    graph.outputs = vec![1];
    graph
}

#[test]
fn partial_channels() {
    for stride in [1, 2] {
        compare(|dtype| partial(dtype, stride), 3, Statistics::Update, Recompute::Never);
        compare(|dtype| partial(dtype, stride), 3, Statistics::BatchOnly, Recompute::Edge);
    }
}

/// A window of negative infinities gives its gradient to its first input, not to the border.
#[test]
fn windows_without_a_finite_value() {
    let extent = Extent::new(1, 6, 6);
    for stride in [1, 2] {
        let spec = PoolSpec { kernel: (3, 3), stride: (stride, stride), padding: (1, 1) };
        let mut builder = ProgramBuilder::new(&[extent]);
        let node = Extent::new(1, 6 / stride, 6 / stride);
        let value = builder.node(node, &[Branch::new(0, &[Stage::MaxPool(spec)])]).unwrap();
        let program = Arc::new(builder.finish(&[value]).unwrap());
        let mut values = vec![f32::NEG_INFINITY; 36];
        values[21] = 1.0;
        let x = Tensor::from_vec(values, (1, 1, 6, 6), &Device::Cpu).unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let arena = Arena::new();
        let none = rounded(&[1], 1);
        let fused = program.run(&[x.as_tensor().clone()], &call(&none, &arena)).unwrap();
        let single = max_pool2d(&x, spec).unwrap();
        let gradient = |y: Tensor| -> Vec<f32> {
            let gradients = y.backward().unwrap();
            gradients.get(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        assert_eq!(gradient(fused), gradient(single), "stride {stride}");
    }
}

#[test]
fn a_weight_of_zero_has_a_gradient_and_no_forward_pass() {
    let graph = cell(DType::F32, 4, 8, 8, 1);
    let program = graph.program();
    let arena = Arena::new();
    let mut weights = vec![0.0f32; program.coefficients()];
    weights[3] = 0.7;
    let weights = Tensor::new(weights, &Device::Cpu).unwrap();
    let build = |dtype| cell(dtype, 4, 8, 8, 1);
    let wide = build(DType::F64);
    let narrow = show(&graph, 2, &weights, |inputs, coefficients| {
        let statistics = Statistics::Update;
        program.run(inputs, &Call { statistics, ..call(coefficients, &arena) }).unwrap()
    });
    let single = show(&wide, 2, &weights, |inputs, coefficients| {
        wide.evaluate(inputs, coefficients, &[], Statistics::BatchOnly)
    });
    close("output", &narrow.output, &single.output, 2e-5);
    for ((name, found), (_, expected)) in narrow.gradients.iter().zip(&single.gradients) {
        close(name, found, expected, 2e-4);
    }
    // Only the norms of the one operation at work and of the port it reads moved.
    let untouched: Vec<Tensor> =
        build(DType::F32).running.iter().map(|v| v.copy().unwrap()).collect();
    let moved = narrow.running.iter().zip(&untouched).filter(|(after, before)| {
        after.to_vec1::<f32>().unwrap() != before.to_vec1::<f32>().unwrap()
    });
    assert_eq!(moved.count(), 2 * (1 + 2));
}

#[test]
fn constant_parameters_have_no_gradient_and_the_rest_is_the_same() {
    let graph = cell(DType::F32, 4, 8, 8, 1);
    let program = graph.program();
    let arena = Arena::new();
    let weights = (rounded(&[program.coefficients()], 3) + 1.0).unwrap();
    let run = |constant_parameters| {
        show(&graph, 3, &weights, |inputs, coefficients| {
            let recompute = Recompute::Edge;
            let call = Call { recompute, constant_parameters, ..call(coefficients, &arena) };
            program.run(inputs, &call).unwrap()
        })
    };
    let all = run(false);
    let some = run(true);
    for ((name, all), (_, some)) in all.gradients.iter().zip(&some.gradients) {
        let expected =
            if name.starts_with("parameter") { all.zeros_like().unwrap() } else { all.clone() };
        let bits =
            |tensor: &Tensor| -> Vec<f32> { tensor.flatten_all().unwrap().to_vec1().unwrap() };
        assert_eq!(bits(some), bits(&expected), "{name}");
    }
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let graph = cell(DType::F32, 4, 8, 8, 1);
            let program = graph.program();
            let arena = Arena::new();
            let weights = (rounded(&[program.coefficients()], 3) + 1.0).unwrap();
            let shown = show(&graph, 21, &weights, |inputs, coefficients| {
                let statistics = Statistics::Update;
                program.run(inputs, &Call { statistics, ..call(coefficients, &arena) }).unwrap()
            });
            let tensors = shown.gradients.into_iter().map(|(_, tensor)| tensor);
            tensors
                .chain([shown.output])
                .chain(shown.running)
                .map(|tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn sums_without_a_kernel_are_refused() {
    let extent = Extent::new(4, 8, 8);
    let mut graph = Graph::new(DType::F32, &[extent]);
    let dense = graph.parameter(&[4, 4, 3, 3], 0.0);
    let spec = ConvSpec { padding: (1, 1), ..ConvSpec::default() };
    let dense = [Stage::Conv { weight: dense, spec }];
    let mut builder = ProgramBuilder::new(&[extent]);
    assert!(builder.node(extent, &[Branch::new(0, &dense)]).is_none());
    let halved = [graph.pointwise(4, 4, 2)];
    let mut builder = ProgramBuilder::new(&[extent]);
    assert!(builder.node(extent, &[Branch::new(0, &halved)]).is_none(), "another plane");
    let mut builder = ProgramBuilder::new(&[extent]);
    assert!(builder.node(extent, &[Branch::new(3, &[])]).is_none(), "no such value");
    assert!(ProgramBuilder::new(&[extent]).finish(&[0]).is_none(), "an input put out");
}

#[test]
fn calls_that_do_not_fit_are_refused() {
    let graph = derived(DType::F32, 4, 8, 1);
    let program = graph.program();
    let arena = Arena::new();
    let none = rounded(&[1], 1);
    let call = |gates| Call { gates, ..call(&none, &arena) };
    let x = rounded(&[2, 4, 8, 8], 1);
    assert!(program.run(std::slice::from_ref(&x), &call(Vec::new())).is_ok());
    let refused = |inputs: &[Tensor], gates, says: &str| {
        let error = program.run(inputs, &call(gates)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    refused(&[], Vec::new(), "1 inputs are needed, found 0");
    refused(&[rounded(&[2, 4, 8, 7], 1)], Vec::new(), "[2, 4, 8, 8], found [2, 4, 8, 7]");
    refused(&[x.to_dtype(DType::F64).unwrap()], Vec::new(), "F64");
    refused(std::slice::from_ref(&x), vec![vec![1.0; 2]], "3 gates are needed, found 1");
    refused(&[x], vec![vec![1.0; 5]; 3], "2 gates are needed, found 5");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_depthwise_block(
        (channels, outputs) in (1usize..11, 1usize..9),
        (height, width) in (1usize..19, 1usize..37),
        (kernel, stride, dilation) in (0usize..3, 1usize..4, 1usize..4),
        (batch, pooled) in (1usize..4, 0usize..3),
    ) {
        let kernel = 2 * kernel + 1;
        let extent = Extent::new(channels, height, width);
        let node = |channels| {
            Extent::new(channels, height.div_ceil(stride), width.div_ceil(stride))
        };
        prop_assume!(batch * node(1).height * node(1).width > 1);
        let build = |dtype| {
            let mut graph = Graph::new(dtype, &[extent]);
            let mut stages = vec![Stage::Relu];
            if channels > 1 || kernel > 1 {
                stages.push(graph.depthwise(channels, kernel, stride, dilation));
                stages.push(graph.pointwise(channels, outputs, 1));
            } else {
                stages.push(graph.pointwise(channels, outputs, stride));
            }
            let mut parts = vec![plain(0, stages)];
            if pooled > 0 && outputs == channels {
                parts.push(plain(0, graph.pool(channels, stride, pooled == 1)));
            }
            graph.nodes.push((node(outputs), parts));
            graph.outputs = vec![1];
            graph
        };
        compare(build, batch, Statistics::BatchOnly, Recompute::Never);
    }
}
