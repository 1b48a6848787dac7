//! Graphs that can be evaluated stage by stage.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};

use crate::fused::{Branch, Extent, Program, ProgramBuilder, Stage};
use crate::testkit::filled;
use crate::{
    BatchNormSpec, ConvSpec, PoolSpec, Statistics, avg_pool2d, batch_norm, conv2d, max_pool2d,
    relu, upsample_nearest2d,
};

/// A branch of a test graph, its tensors made for one element type.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) source: usize,
    pub(super) channels: Option<(usize, usize)>,
    pub(super) stages: Vec<Stage>,
    pub(super) scatter: (usize, usize),
    pub(super) coefficient: Option<usize>,
    pub(super) gate: Option<usize>,
}

/// A test graph: nodes of branches.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) inputs: Vec<Extent>,
    pub(super) nodes: Vec<(Extent, Vec<Part>)>,
    pub(super) outputs: Vec<usize>,
    pub(super) dtype: DType,
    pub(super) parameters: Vec<Var>,
    pub(super) running: Vec<Var>,
    pub(super) seed: u64,
    /// Mean of the inputs.
    pub(super) offset: f64,
}

impl Graph {
    pub(super) fn new(dtype: DType, inputs: &[Extent]) -> Self {
        Self {
            inputs: inputs.to_vec(),
            nodes: Vec::new(),
            outputs: Vec::new(),
            dtype,
            parameters: Vec::new(),
            running: Vec::new(),
            seed: 100,
            offset: 0.0,
        }
    }

    pub(super) fn var(&mut self, shape: &[usize], offset: f64) -> Var {
        self.seed += 1;
        let values = (filled(shape, self.seed).unwrap() + offset).unwrap();
        // Both element types start from the same, rounded, numbers.
        let values = values.to_dtype(DType::F32).unwrap().to_dtype(self.dtype).unwrap();
        Var::from_tensor(&values).unwrap()
    }

    pub(super) fn parameter(&mut self, shape: &[usize], offset: f64) -> Tensor {
        let var = self.var(shape, offset);
        self.parameters.push(var.clone());
        var.as_tensor().clone()
    }

    pub(super) fn depthwise(
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

    pub(super) fn pointwise(&mut self, inputs: usize, outputs: usize, stride: usize) -> Stage {
        let spec = ConvSpec { stride: (stride, stride), ..ConvSpec::default() };
        Stage::Conv { weight: self.parameter(&[outputs, inputs, 1, 1], 0.0), spec }
    }

    pub(super) fn norm(&mut self, channels: usize, affine: bool) -> Stage {
        let affine =
            affine.then(|| (self.parameter(&[channels], 1.0), self.parameter(&[channels], 0.0)));
        let mean = self.var(&[channels], 0.0);
        let variance = self.var(&[channels], 1.5);
        self.running.extend([mean.clone(), variance.clone()]);
        Stage::Norm { affine, mean, variance, spec: BatchNormSpec::default() }
    }

    pub(super) fn reduce(&mut self, inputs: usize, outputs: usize) -> Stage {
        let half = outputs / 2;
        Stage::FactorizedReduce {
            even: self.parameter(&[half, inputs, 1, 1], 0.0),
            odd: self.parameter(&[outputs - half, inputs, 1, 1], 0.0),
        }
    }

    pub(super) fn separable(
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

    pub(super) fn dilated(
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

    pub(super) fn pool(&mut self, channels: usize, stride: usize, max: bool) -> Vec<Stage> {
        let spec = PoolSpec { kernel: (3, 3), stride: (stride, stride), padding: (1, 1) };
        let pool = if max { Stage::MaxPool(spec) } else { Stage::AvgPool(spec) };
        // Shared branches have shared statistics.
        let seed = std::mem::replace(&mut self.seed, 7);
        let norm = self.norm(channels, false);
        self.seed = seed;
        vec![pool, norm]
    }

    /// The operations of DARTS on one edge.
    pub(super) fn mixed(
        &mut self,
        source: usize,
        channels: usize,
        stride: usize,
        first: usize,
    ) -> Vec<Part> {
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

    pub(super) fn program(&self) -> Arc<Program> {
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
    pub(super) fn evaluate(
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

pub(super) fn plain(source: usize, stages: Vec<Stage>) -> Part {
    Part { source, channels: None, stages, scatter: (0, 1), coefficient: None, gate: None }
}

pub(super) fn apply(stage: &Stage, x: &Tensor, statistics: Statistics) -> Tensor {
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
        Stage::Enlarge { factor } => upsample_nearest2d(x, *factor).unwrap(),
        Stage::Norm { affine, mean, variance, spec } => {
            let affine = affine.as_ref().map(|(scale, shift)| (scale, shift));
            batch_norm(x, affine, mean, variance, statistics, *spec).unwrap()
        }
    }
}
