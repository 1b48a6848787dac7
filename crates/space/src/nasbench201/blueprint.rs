//! The network that the benchmark trained.

use super::space;
use crate::blueprint::{Candidate, CellPlan, EdgePlan, InputPlan, PortPlan, TransformPlan};
use crate::{
    Blueprint, Build, Genotype, Layer, OpSet, OpSpec, Pair, Phase, Shape, Source, SpaceError,
};

/// The benchmark's own network of an architecture: a 3x3 convolution and a norm, three stages of
/// five cells that read their predecessors as they are, a residual block of stride 2 with twice
/// the channels between the stages, then norm, ReLU and the classifier (section 2.1).
///
/// The benchmark has 16 base channels and images of 3x32x32; its tables call parameters `params`,
/// and multiply-adds plus one addition for each class `flops`.
///
/// # Errors
/// [`SpaceError::Mismatch`] and its like for a genotype of another space, and as
/// [`Blueprint::derived`].
pub fn blueprint(genotype: &Genotype, build: Build) -> Result<Blueprint, SpaceError> {
    let space = space()?;
    let genotype = space.genotype(genotype.cells().to_vec())?;
    let mut plan = Blueprint::derived(&genotype, space.network(), space.op_set(), build)?;
    let placed = std::mem::take(&mut plan.cells);
    let mut source = Source::Stem(0);
    let mut value = plan.stem[0].output;
    for mut cell in placed {
        if cell.node != value {
            plan.cells.push(residual(direct(source, value), cell.node, space.op_set())?);
            source = Source::Cell(plan.cells.len() - 1);
            value = cell.node;
        }
        cell.ports = vec![direct(source, value)];
        plan.cells.push(cell);
        source = Source::Cell(plan.cells.len() - 1);
    }
    for branch in &mut plan.head.branches {
        branch.source = source;
        let norm = Layer::Norm { channels: value.channels, affine: true };
        branch.layers.splice(..0, [norm, Layer::Relu]);
    }
    Ok(plan)
}

/// A port that takes a value as it is.
fn direct(source: Source, value: Shape) -> PortPlan {
    let link = TransformPlan { source, layers: Vec::new(), input: value };
    PortPlan { links: vec![link], weighed: false, output: value }
}

/// Two convolutions of 3x3, the first of stride 2, beside an average over 2x2 pixels and a 1x1
/// convolution.
fn residual(port: PortPlan, node: Shape, ops: &OpSet) -> Result<CellPlan, SpaceError> {
    let entry = port.output;
    let conv = ops.get("simple_conv_3x3")?;
    let half = Pair::both(2);
    let pool = Layer::AvgPool { kernel: half, stride: half, padding: Pair::both(0) };
    let shortcut = vec![pool, Layer::pointwise(entry.channels, node.channels)];
    let edge = |from, to, stride, op: &OpSpec, shape, layers| EdgePlan {
        from,
        to,
        input: InputPlan { shape, width: node.channels, stride, phase: Phase::Retrain },
        partial: None,
        candidates: vec![Candidate { op: op.clone(), layers: Some(layers) }],
        live: true,
    };
    let edges = vec![
        edge(0, 1, 2, conv, entry, convolution(entry.channels, node.channels, 2)),
        edge(0, 2, 2, &OpSpec::custom("shortcut"), entry, shortcut),
        edge(1, 2, 1, conv, node, convolution(node.channels, node.channels, 1)),
    ];
    Ok(CellPlan {
        cell: Some(1),
        width: node.channels,
        reduction: true,
        weighted: false,
        ports: vec![port],
        edges,
        concat: vec![2],
        residual: false,
        node,
        output: node,
    })
}

fn convolution(inputs: usize, outputs: usize, stride: usize) -> Vec<Layer> {
    let norm = Layer::Norm { channels: outputs, affine: true };
    vec![Layer::Relu, Layer::square(inputs, outputs, 3, stride), norm]
}
