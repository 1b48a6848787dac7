//! The network that the benchmark trained.

use super::{Block, LARGE, SMALL, space};
use crate::blueprint::{Candidate, CellPlan, EdgePlan, InputPlan, PortPlan, TransformPlan};
use crate::{Blueprint, Build, Genotype, Layer, OpSpec, Pair, Phase, Shape, Source, SpaceError};

/// Channels before the classifier, in base channels.
const HEAD: usize = 40;

/// The benchmark's own network of an architecture: a 3x3 convolution, norm and ReLU, eight layers
/// that read their predecessors as they are, a 1x1 convolution to 40 times the base channels, norm,
/// ReLU and the classifier.
///
/// The first layer of a stage has stride 2 and doubles the channels; an identity is a 1x1
/// convolution and a norm there. All other blocks have a residual. What a block has inside is a
/// multiple of its input's channels. The benchmark has 32 base channels and images of 3x32x32; its
/// table calls parameters `params` and multiply-adds of convolutions and of the classifier `flops`,
/// as [`Blueprint::cost`] counts them.
///
/// # Errors
/// [`SpaceError::Mismatch`] and its like for a genotype of another space, and as
/// [`Blueprint::derived`].
pub fn blueprint(genotype: &Genotype, build: Build) -> Result<Blueprint, SpaceError> {
    let space = space()?;
    let genotype = space.genotype(genotype.cells().to_vec())?;
    let mut plan = Blueprint::derived(&genotype, space.network(), space.op_set(), build)?;
    let mut value = plan.stem[0].output;
    for (index, cell) in plan.cells.iter_mut().enumerate() {
        let source = index.checked_sub(1).map_or(Source::Stem(0), Source::Cell);
        let link = TransformPlan { source, layers: Vec::new(), input: value };
        cell.ports = vec![PortPlan { links: vec![link], weighed: false, output: value }];
        cell.edges = edges(cell, value);
        value = cell.output;
    }
    let wide = HEAD * build.channels;
    for branch in &mut plan.head.branches {
        let norm = Layer::Norm { channels: wide, affine: true };
        let classifier = Layer::Linear { inputs: wide, outputs: build.outputs.channels() };
        let pointwise = Layer::pointwise(value.channels, wide);
        branch.layers = vec![pointwise, norm, Layer::Relu, Layer::GlobalAvgPool, classifier];
    }
    Ok(plan)
}

/// The chosen operation and, beside a block that keeps shapes, the residual.
fn edges(cell: &CellPlan, value: Shape) -> Vec<EdgePlan> {
    let outputs = cell.node.channels;
    let stride = 1 + usize::from(cell.reduction);
    let ops = cell.edges.iter().flat_map(|edge| &edge.candidates).map(|candidate| &candidate.op);
    let mut chosen = Vec::new();
    for op in ops {
        let block = [SMALL, LARGE].into_iter().find(|block| block.name == op.name);
        let layers = match block {
            Some(block) => block.layers(value.channels, outputs, stride),
            None if cell.reduction => downsample(value.channels, outputs),
            None => vec![Layer::Identity],
        };
        chosen.push((op.clone(), layers));
        if block.is_some() && !cell.reduction {
            chosen.push((OpSpec::custom("residual"), vec![Layer::Identity]));
        }
    }
    let edge = |(op, layers): (OpSpec, Vec<Layer>)| EdgePlan {
        from: 0,
        to: 1,
        input: InputPlan { shape: value, width: outputs, stride, phase: Phase::Retrain },
        partial: None,
        candidates: vec![Candidate { op, layers: Some(layers) }],
        live: true,
    };
    chosen.into_iter().map(edge).collect()
}

fn norm(channels: usize) -> Layer {
    Layer::Norm { channels, affine: true }
}

/// A 1x1 convolution of stride 2 and a norm.
fn downsample(inputs: usize, outputs: usize) -> Vec<Layer> {
    vec![Layer::square(inputs, outputs, 1, 2), norm(outputs)]
}

impl Block {
    fn layers(self, inputs: usize, outputs: usize, stride: usize) -> Vec<Layer> {
        let inside = self.expansion * inputs;
        let taps = Layer::Conv {
            inputs: inside,
            outputs: inside,
            kernel: Pair::both(self.kernel),
            stride: Pair::both(stride),
            dilation: Pair::both(1),
            padding: Pair::both(self.kernel / 2),
            groups: inside,
        };
        vec![
            Layer::pointwise(inputs, inside),
            norm(inside),
            Layer::Relu,
            taps,
            norm(inside),
            Layer::Relu,
            Layer::pointwise(inside, outputs),
            norm(outputs),
        ]
    }
}
