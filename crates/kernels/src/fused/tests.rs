//! Programs against the same sums made of single kernels in `f64`.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;

use super::{Arena, Branch, Call, Extent, Program, ProgramBuilder, Recompute, Stage};
use crate::testkit::filled;
use crate::{
    BatchNormSpec, ConvSpec, PoolSpec, Statistics, avg_pool2d, batch_norm, conv2d, max_pool2d, relu,
};

/// A branch of a test graph, its tensors made for one element type.
#[derive(Clone, Debug)]
struct Part {
    source: usize,
    channels: Option<(usize, usize)>,
    stages: Vec<Stage>,
    scatter: (usize, usize),
    coefficient: Option<usize>,
    gate: Option<usize>,
}

/// A test graph: nodes of branches.
#[derive(Debug)]
struct Graph {
    inputs: Vec<Extent>,
    nodes: Vec<(Extent, Vec<Part>)>,
    outputs: Vec<usize>,
    dtype: DType,
    parameters: Vec<Var>,
    running: Vec<Var>,
    seed: u64,
}

impl Graph {
    fn new(dtype: DType, inputs: &[Extent]) -> Self {
        Self {
            inputs: inputs.to_vec(),
            nodes: Vec::new(),
            outputs: Vec::new(),
            dtype,
            parameters: Vec::new(),
            running: Vec::new(),
            seed: 100,
        }
    }

    fn var(&mut self, shape: &[usize], offset: f64) -> Var {
        self.seed += 1;
        let values = (filled(shape, self.seed).unwrap() + offset).unwrap();
        // Both element types start from the same, rounded, numbers.
        let values = values.to_dtype(DType::F32).unwrap().to_dtype(self.dtype).unwrap();
        Var::from_tensor(&values).unwrap()
    }

    fn parameter(&mut self, shape: &[usize], offset: f64) -> Tensor {
        let var = self.var(shape, offset);
        self.parameters.push(var.clone());
        var.as_tensor().clone()
    }

    fn depthwise(
        &mut self,
        channels: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
    ) -> Stage {
        let padding = dilation * (kernel - 1) / 2;
        let spec = ConvSpec {
            stride: (stride, stride),
            dilation: (dilation, dilation),
            padding: (padding, padding),
            groups: channels,
        };
        Stage::Conv { weight: self.parameter(&[channels, 1, kernel, kernel], 0.0), spec }
    }

    fn pointwise(&mut self, inputs: usize, outputs: usize, stride: usize) -> Stage {
        let spec = ConvSpec { stride: (stride, stride), ..ConvSpec::default() };
        Stage::Conv { weight: self.parameter(&[outputs, inputs, 1, 1], 0.0), spec }
    }

    fn norm(&mut self, channels: usize, affine: bool) -> Stage {
        let affine =
            affine.then(|| (self.parameter(&[channels], 1.0), self.parameter(&[channels], 0.0)));
        let (mean, variance) = (self.var(&[channels], 0.0), self.var(&[channels], 1.5));
        self.running.extend([mean.clone(), variance.clone()]);
        Stage::Norm { affine, mean, variance, spec: BatchNormSpec::default() }
    }

    fn reduce(&mut self, inputs: usize, outputs: usize) -> Stage {
        let half = outputs / 2;
        Stage::FactorizedReduce {
            even: self.parameter(&[half, inputs, 1, 1], 0.0),
            odd: self.parameter(&[outputs - half, inputs, 1, 1], 0.0),
        }
    }

    fn separable(
        &mut self,
        channels: usize,
        kernel: usize,
        stride: usize,
        affine: bool,
    ) -> Vec<Stage> {
        let mut stages = Vec::new();
        for stride in [stride, 1] {
            stages.push(Stage::Relu);
            stages.push(self.depthwise(channels, kernel, stride, 1));
            stages.push(self.pointwise(channels, channels, 1));
            stages.push(self.norm(channels, affine));
        }
        stages
    }

    fn dilated(
        &mut self,
        channels: usize,
        kernel: usize,
        stride: usize,
        affine: bool,
    ) -> Vec<Stage> {
        vec![
            Stage::Relu,
            self.depthwise(channels, kernel, stride, 2),
            self.pointwise(channels, channels, 1),
            self.norm(channels, affine),
        ]
    }

    fn pool(&mut self, channels: usize, stride: usize, max: bool) -> Vec<Stage> {
        let spec = PoolSpec { kernel: (3, 3), stride: (stride, stride), padding: (1, 1) };
        let pool = if max { Stage::MaxPool(spec) } else { Stage::AvgPool(spec) };
        // Shared branches have shared statistics.
        let seed = std::mem::replace(&mut self.seed, 7);
        let norm = self.norm(channels, false);
        self.seed = seed;
        vec![pool, norm]
    }

    /// The operations of DARTS on one edge.
    fn mixed(&mut self, source: usize, channels: usize, stride: usize, first: usize) -> Vec<Part> {
        let skip = if stride == 1 {
            vec![Stage::Identity]
        } else {
            vec![Stage::Relu, self.reduce(channels, channels), self.norm(channels, false)]
        };
        let branches = [
            self.pool(channels, stride, true),
            self.pool(channels, stride, false),
            skip,
            self.separable(channels, 3, stride, false),
            self.separable(channels, 5, stride, false),
            self.dilated(channels, 3, stride, false),
            self.dilated(channels, 5, stride, false),
        ];
        let part =
            |(index, stages)| Part { coefficient: Some(first + index), ..plain(source, stages) };
        branches.into_iter().enumerate().map(part).collect()
    }

    fn program(&self) -> Arc<Program> {
        let mut builder = ProgramBuilder::new(&self.inputs);
        let mut values: Vec<usize> = (0..self.inputs.len()).collect();
        for (extent, parts) in &self.nodes {
            let branches: Vec<Branch<'_>> = parts
                .iter()
                .map(|part| Branch {
                    source: values[part.source],
                    channels: part.channels,
                    stages: &part.stages,
                    scatter: part.scatter,
                    coefficient: part.coefficient,
                    gate: part.gate,
                })
                .collect();
            values.push(builder.node(*extent, &branches).unwrap());
        }
        let outputs: Vec<usize> = self.outputs.iter().map(|&at| values[at]).collect();
        let program = Arc::new(builder.finish(&outputs).unwrap());
        assert!(program.is_consistent().unwrap());
        program
    }

    /// Stage by stage.
    fn evaluate(
        &self,
        inputs: &[Tensor],
        coefficients: &Tensor,
        gates: &[Vec<f32>],
        statistics: Statistics,
    ) -> Tensor {
        let mut values = inputs.to_vec();
        for (extent, parts) in &self.nodes {
            let batch = inputs[0].dim(0).unwrap();
            let shape = (batch, extent.channels, extent.height, extent.width);
            let mut planes: Vec<Tensor> = (0..extent.channels)
                .map(|_| {
                    Tensor::zeros((batch, 1, extent.height, extent.width), self.dtype, &Device::Cpu)
                        .unwrap()
                })
                .collect();
            for part in parts {
                let mut y = values[part.source].clone();
                if let Some((first, count)) = part.channels {
                    y = y.narrow(1, first, count).unwrap().contiguous().unwrap();
                }
                for stage in &part.stages {
                    y = apply(stage, &y, statistics);
                }
                if let Some(index) = part.coefficient {
                    y = y.broadcast_mul(&coefficients.get(index).unwrap()).unwrap();
                }
                if let Some(gate) = part.gate {
                    let gate =
                        Tensor::from_vec(gates[gate].clone(), (batch, 1, 1, 1), &Device::Cpu)
                            .unwrap();
                    y = y.broadcast_mul(&gate.to_dtype(self.dtype).unwrap()).unwrap();
                }
                for channel in 0..y.dim(1).unwrap() {
                    let target = part.scatter.0 + channel * part.scatter.1;
                    planes[target] = (&planes[target] + y.narrow(1, channel, 1).unwrap()).unwrap();
                }
            }
            let node = Tensor::cat(&planes, 1).unwrap();
            assert_eq!(node.dims4().unwrap(), shape);
            values.push(node);
        }
        let outputs: Vec<Tensor> = self.outputs.iter().map(|&at| values[at].clone()).collect();
        Tensor::cat(&outputs, 1).unwrap()
    }
}

fn plain(source: usize, stages: Vec<Stage>) -> Part {
    Part { source, channels: None, stages, scatter: (0, 1), coefficient: None, gate: None }
}

fn apply(stage: &Stage, x: &Tensor, statistics: Statistics) -> Tensor {
    match stage {
        Stage::Identity => x.clone(),
        Stage::Relu => relu(x).unwrap(),
        Stage::Conv { weight, spec } => conv2d(x, weight, *spec).unwrap(),
        Stage::MaxPool(spec) => max_pool2d(x, *spec).unwrap(),
        Stage::AvgPool(spec) => avg_pool2d(x, *spec, false).unwrap(),
        Stage::FactorizedReduce { even, odd } => {
            let spec = ConvSpec { stride: (2, 2), ..ConvSpec::default() };
            let (_, _, height, width) = x.dims4().unwrap();
            let shifted = x.narrow(2, 1, height - 1).unwrap().narrow(3, 1, width - 1).unwrap();
            let shifted = shifted.contiguous().unwrap();
            let halves = [conv2d(x, even, spec).unwrap(), conv2d(&shifted, odd, spec).unwrap()];
            Tensor::cat(&halves, 1).unwrap()
        }
        Stage::Norm { affine, mean, variance, spec } => {
            let affine = affine.as_ref().map(|(scale, shift)| (scale, shift));
            batch_norm(x, affine, mean, variance, statistics, *spec).unwrap()
        }
    }
}

/// What a run showed: output, gradients of inputs, coefficients and parameters, running values.
struct Shown {
    output: Tensor,
    gradients: Vec<(String, Tensor)>,
    running: Vec<Tensor>,
}

fn rounded(shape: &[usize], seed: u64) -> Tensor {
    filled(shape, seed).unwrap().to_dtype(DType::F32).unwrap()
}

fn show(
    graph: &Graph,
    batch: usize,
    coefficients: &Tensor,
    run: impl Fn(&[Tensor], &Tensor) -> Tensor,
) -> Shown {
    let cast = |tensor: Tensor| Var::from_tensor(&tensor.to_dtype(graph.dtype).unwrap()).unwrap();
    let inputs: Vec<Var> = (0..graph.inputs.len())
        .map(|index| {
            let Extent { channels, height, width } = graph.inputs[index];
            cast(rounded(&[batch, channels, height, width], index as u64))
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

fn close(name: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    let values = |tensor: &Tensor| -> Vec<f64> {
        tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    };
    assert_eq!(found.dims(), expected.dims(), "{name}");
    let (found, expected) = (values(found), values(expected));
    let scale = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / scale;
        assert!(error <= tolerance, "{name}[{index}]: found {found}, expected {expected}");
    }
}

/// Builds the graph in both element types, runs both, compares everything.
fn compare(
    build: impl Fn(DType) -> Graph,
    batch: usize,
    statistics: Statistics,
    recompute: Recompute,
) {
    let (narrow, wide) = (build(DType::F32), build(DType::F64));
    let program = narrow.program();
    let count = program.coefficients();
    let coefficients = (rounded(&[count.max(1)], 9) + 1.2).unwrap();
    let gates: Vec<Vec<f32>> = (0..program.gates())
        .map(|gate| rounded(&[batch], 70 + gate as u64).to_vec1().unwrap())
        .collect();
    let arena = Arena::new();
    let fused = show(&narrow, batch, &coefficients, |inputs, coefficients| {
        let call = Call {
            coefficients: (count > 0).then_some(coefficients),
            gates: gates.clone(),
            statistics,
            recompute,
            constant_parameters: false,
            arena: &arena,
        };
        program.run(inputs, &call).unwrap()
    });
    let single = show(&wide, batch, &coefficients, |inputs, coefficients| {
        wide.evaluate(inputs, coefficients, &gates, statistics)
    });
    // Single against double precision through up to a dozen sums and norms in a row; a wrong tap,
    // mask or factor shows as 1e-2 and more.
    close("output", &fused.output, &single.output, 2e-5);
    for ((name, found), (_, expected)) in fused.gradients.iter().zip(&single.gradients) {
        close(name, found, expected, 2e-4);
    }
    for (found, expected) in fused.running.iter().zip(&single.running) {
        close("running statistics", found, expected, 1e-5);
    }
}

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
    let port = graph_port(&mut graph, channels);
    graph.nodes.push((node, vec![plain(1, port)]));
    graph.outputs = vec![1, 2];
    graph
}

fn graph_port(graph: &mut Graph, channels: usize) -> Vec<Stage> {
    vec![Stage::Relu, graph.pointwise(channels, channels, 1), graph.norm(channels, true)]
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

/// Operations on a quarter of the channels; the others pass by, and all are shuffled.
fn partial(dtype: DType, stride: usize) -> Graph {
    let (channels, groups, side) = (8, 4, 12);
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
        let call = Call {
            coefficients: Some(coefficients),
            gates: Vec::new(),
            statistics: Statistics::Update,
            recompute: Recompute::Never,
            constant_parameters: false,
            arena: &arena,
        };
        program.run(inputs, &call).unwrap()
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
            let call = Call {
                coefficients: Some(coefficients),
                gates: Vec::new(),
                statistics: Statistics::BatchOnly,
                recompute: Recompute::Edge,
                constant_parameters,
                arena: &arena,
            };
            program.run(inputs, &call).unwrap()
        })
    };
    let (all, some) = (run(false), run(true));
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
                let call = Call {
                    coefficients: Some(coefficients),
                    gates: Vec::new(),
                    statistics: Statistics::Update,
                    recompute: Recompute::Never,
                    constant_parameters: false,
                    arena: &arena,
                };
                program.run(inputs, &call).unwrap()
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
    let call = |gates| Call {
        coefficients: None,
        gates,
        statistics: Statistics::BatchOnly,
        recompute: Recompute::Never,
        constant_parameters: false,
        arena: &arena,
    };
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
