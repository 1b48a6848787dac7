//! Ports and edges of one placed cell.

use super::{Candidate, CellPlan, EdgePlan, InputPlan, Phase, PortPlan, TransformPlan};
use crate::layer::output_of;
use crate::{Layer, Lowering, Network, OpSpec, Pair, Placement, Resize, Shape, Source, SpaceError};

/// An edge before its shapes are known.
pub(super) struct EdgeSeed<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) ops: Vec<&'a OpSpec>,
    /// One in so many channels goes through the operations.
    pub(super) partial: usize,
    pub(super) live: bool,
}

/// The nodes and edges of a cell before its shapes are known.
pub(super) struct CellSeed<'a> {
    pub(super) inputs: usize,
    pub(super) edges: Vec<EdgeSeed<'a>>,
    pub(super) concat: Vec<usize>,
    pub(super) residual: bool,
}

impl CellSeed<'_> {
    /// A sum: its output is what arrives at its port.
    pub(super) fn sum() -> Self {
        Self { inputs: 1, edges: Vec::new(), concat: vec![0], residual: false }
    }

    /// The number of operations and of their stages, all of which the plan of the cell will hold.
    pub(super) fn stages(&self) -> usize {
        let recipe = |op: &&OpSpec| {
            let stages =
                [&op.recipe, &op.strided].into_iter().flatten().map(|recipe| recipe.0.len());
            1 + stages.max().unwrap_or(0)
        };
        self.edges.iter().flat_map(|edge| &edge.ops).map(recipe).sum()
    }
}

pub(super) fn plan_cell(
    network: &Network,
    placement: &Placement,
    width: usize,
    phase: Phase,
    shape: impl Fn(Source) -> Shape,
    seed: CellSeed<'_>,
) -> Result<CellPlan, SpaceError> {
    let CellSeed { edges, concat, residual, .. } = seed;
    if residual && placement.reduction {
        return Err(SpaceError::ResidualReduction);
    }
    let ports = plan_ports(network, placement, width, phase, shape)?;
    let entry = ports[0].output;
    let node = node_shape(entry, placement.reduction);
    let edges = edges
        .into_iter()
        .map(|seed| {
            let inner = seed.from >= ports.len();
            let stride = if placement.reduction && !inner { 2 } else { 1 };
            let shape = if inner { node } else { entry };
            plan_edge(&seed, InputPlan { shape, width, stride, phase }, node)
                .map_err(|error| error.at(format!("edge {}->{}", seed.from, seed.to)))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let parts = if residual { 1 } else { concat.len() };
    let output = Shape { channels: node.channels * parts, ..node };
    let cell = placement.cell;
    let reduction = placement.reduction;
    let weighted = phase == Phase::Search;
    Ok(CellPlan { cell, width, reduction, weighted, ports, edges, concat, residual, node, output })
}

fn node_shape(entry: Shape, reduction: bool) -> Shape {
    if !reduction {
        return entry;
    }
    Shape { height: entry.height.div_ceil(2), width: entry.width.div_ceil(2), ..entry }
}

fn plan_edge(seed: &EdgeSeed<'_>, input: InputPlan, node: Shape) -> Result<EdgePlan, SpaceError> {
    let (input, partial, node) = match seed.partial {
        1 => (input, None, node),
        groups => {
            let (input, partial) = input.split(groups)?;
            let kept = Shape { channels: input.width, ..node };
            let expected = Shape { channels: node.channels - kept.channels, ..node };
            let found = partial.output()?;
            if found != expected {
                let place = "the channels that pass the operations by".to_owned();
                return Err(SpaceError::Meeting { place, expected, found });
            }
            (input, Some(partial), kept)
        }
    };
    let mut candidates = Vec::with_capacity(seed.ops.len());
    for op in &seed.ops {
        let place = |error: SpaceError| error.at(format!("operation `{}`", op.name));
        let layers = plan_op(op, input, node).map_err(place)?;
        candidates.push(Candidate { op: (*op).clone(), layers });
    }
    let EdgeSeed { from, to, live, .. } = *seed;
    Ok(EdgePlan { from, to, input, partial, candidates, live })
}

fn plan_op(op: &OpSpec, input: InputPlan, node: Shape) -> Result<Option<Vec<Layer>>, SpaceError> {
    let Some(recipe) = op.recipe_at(input.stride) else { return Ok(None) };
    let layers = recipe.lower(Lowering {
        inputs: input.shape.channels,
        width: input.width,
        stride: input.stride,
        affine: input.phase == Phase::Retrain,
        phase: input.phase,
    })?;
    let found = output_of(&layers, input.shape)?;
    if found != node {
        let place = format!("output at stride {}", input.stride);
        return Err(SpaceError::Meeting { place, expected: node, found });
    }
    Ok(Some(layers))
}

fn plan_ports(
    network: &Network,
    placement: &Placement,
    width: usize,
    phase: Phase,
    shape: impl Fn(Source) -> Shape,
) -> Result<Vec<PortPlan>, SpaceError> {
    let level = placement.input_level();
    let mut ports: Vec<PortPlan> = Vec::with_capacity(placement.ports.len());
    for (index, port) in placement.ports.iter().enumerate() {
        let mut links = Vec::with_capacity(port.links.len());
        let mut output: Option<Shape> = ports.first().map(|first| first.output);
        for link in &port.links {
            let input = shape(link.source);
            let layers = match placement.cell {
                Some(_) => align(input.channels, width, network.level(link.source), level, phase),
                None => Vec::new(),
            };
            let place = |error: SpaceError| error.at(format!("port {index} from {}", link.source));
            let found = output_of(&layers, input).map_err(place)?;
            let expected = *output.get_or_insert(found);
            if found != expected {
                let place = format!("port {index} from {}", link.source);
                return Err(SpaceError::Meeting { place, expected, found });
            }
            links.push(TransformPlan { source: link.source, layers, input });
        }
        let weighed = phase == Phase::Search && port.chooses();
        ports.extend(output.map(|output| PortPlan { links, weighed, output }));
    }
    Ok(ports)
}

/// The layers that bring a value to `width` channels and from level `from` to level `to`: ReLU,
/// 1x1 convolution and norm at the same level; a factorized reduce per level down; a nearest
/// enlargement after them on the way up.
fn align(channels: usize, width: usize, from: usize, to: usize, phase: Phase) -> Vec<Layer> {
    let norm = Layer::Norm { channels: width, affine: phase == Phase::Retrain };
    if from < to {
        let mut inputs = channels;
        let mut layers = Vec::new();
        for _ in from..to {
            let reduce = Layer::FactorizedReduce { inputs, outputs: width };
            layers.extend([Layer::Relu, reduce, norm.clone()]);
            inputs = width;
        }
        return layers;
    }
    let mut layers = vec![Layer::Relu, Layer::pointwise(channels, width), norm];
    if from > to {
        layers.push(Layer::Upsample {
            factor: Pair::both(1 << (from - to)),
            resize: Resize::Nearest,
        });
    }
    layers
}
