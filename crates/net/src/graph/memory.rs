//! The memory that a network laid out by hand needs, in bytes.

use dartloom_ops::Execution;
use dartloom_space::{Graph, GraphInput, GraphNode, Join, Layer, Pair, Shape, SpaceError};

use crate::NetError;
use crate::memory::{Breakdown, Magnitude, Parts, Workload, is_block, sum, values};

/// Bytes at the peak of a process that runs the network of `graph` as `work` says.
///
/// As for [`predict`](crate::memory::predict), the values of all layers and joins stand from the
/// forward to the backward pass. What is held for a moment on the way back is found node by node:
/// the gradients of values whose source is still to come, such as those that a U-Net's encoder
/// hands to its decoder, and those of the layer at work. Every thread unfolds images for dense
/// convolutions, or holds tiles of those that are made by minimal filtering. Nodes that serve deep
/// supervision alone have weights always, and values in training.
///
/// # Errors
/// [`NetError::Uncountable`] from about 16 PiB on.
pub fn predict_graph(graph: &Graph, work: &Workload) -> Result<Breakdown, NetError> {
    let cost = graph.cost()?;
    let parameters = cost.parameters.saturating_add(cost.auxiliary_parameters);
    Magnitude::new(8 * magnitude(graph)?, parameters).check(work)?;
    let mut buffers = 0;
    let mut kept = 0;
    let mut scratch = 0;
    for (node, only) in graph.nodes().iter().zip(graph.training_only()) {
        let runs = work.training.is_some() || !only;
        if runs {
            kept += joining(node) + values(node.layers(), node.joined())?;
        }
        each(node, |layer, _, after| {
            scratch = if runs { of_thread(layer, after).max(scratch) } else { scratch };
            if let Layer::Norm { channels, .. } = layer {
                buffers += 2 * *channels as u64;
            }
        })?;
    }
    let peak = if work.training.is_some() { backward(graph, work)? } else { Peak::default() };
    let parts = Parts {
        input: graph.input(),
        parameters,
        owed: peak.owed,
        buffers,
        activations: work.bytes(kept).saturating_sub(peak.gone),
        forward: work.numbers(scratch) * work.threads as u64,
        backward: peak.workspace,
        // Threads work while some of the gradients are still to be made.
        scratch: 0,
        slabs: 0,
    };
    Ok(sum(parts, work))
}

/// The values of all joins and layers.
fn magnitude(graph: &Graph) -> Result<u128, SpaceError> {
    let mut sum = 0;
    for node in graph.nodes() {
        sum += u128::from(node.joined().elements());
        each(node, |_, _, after| sum += u128::from(after.elements()))?;
    }
    Ok(sum)
}

/// Calls `see` for every layer of a node, with the shapes before and behind it.
fn each(node: &GraphNode, mut see: impl FnMut(&Layer, Shape, Shape)) -> Result<(), SpaceError> {
    let mut shape = node.joined();
    for layer in node.layers() {
        let before = shape;
        shape = layer.output(before)?;
        see(layer, before, shape);
    }
    Ok(())
}

/// Values that a node's join makes.
fn joining(node: &GraphNode) -> u64 {
    match node.join() {
        Join::Single => 0,
        Join::Sum => (node.inputs().len() as u64 - 1) * node.joined().elements(),
        Join::Concat => node.joined().elements(),
    }
}

/// Values that a thread works with in a convolution: the inputs that each tap meets, or the tiles
/// of minimal filtering.
fn of_thread(layer: &Layer, after: Shape) -> u64 {
    match *layer {
        Layer::Conv { inputs, outputs, .. } if is_filtered(layer) => {
            strip(inputs, outputs, after.width)
        }
        Layer::Conv { inputs, outputs, kernel, stride, groups, .. } => {
            let pointwise = kernel.height * kernel.width * stride.height * stride.width == 1;
            let depthwise = groups == inputs && groups == outputs;
            if pointwise || depthwise {
                return 0;
            }
            let lines = (inputs / groups.max(1) * kernel.height * kernel.width) as u64;
            lines * (after.height * after.width) as u64
        }
        // Before its rows are put in their places.
        Layer::ConvTranspose { .. } => after.elements(),
        _ => 0,
    }
}

/// Values that a thread works with in whole rows of tiles of two by two pixels: sixteen places of
/// a tile for the channels on both sides, and about eight pixels of a tile.
fn strip(inputs: usize, outputs: usize, width: usize) -> u64 {
    let side = |channels: usize| channels.next_multiple_of(LANES);
    let wide = side(inputs.max(outputs));
    let row = width.div_ceil(2).max(1);
    let tiles = (STRIP / (PLACES * wide)).clamp(FEWEST_TILES, MOST_TILES).next_multiple_of(row);
    (tiles * (PLACES * (side(inputs) + side(outputs)) + 8 * wide)) as u64
}

/// Places of a tile of inputs, the values of transformed tiles in a strip, and its tiles.
const PLACES: usize = 16;
const STRIP: usize = 128 * 1024;
const FEWEST_TILES: usize = 16;
const MOST_TILES: usize = 64;
/// Numbers of a register at most.
const LANES: usize = 16;

/// True for the windows that the kernels make by minimal filtering.
fn is_filtered(layer: &Layer) -> bool {
    let Layer::Conv { inputs, outputs, kernel, stride, dilation, padding, groups } = *layer else {
        return false;
    };
    let fits = |pair: Pair, least: usize, most: usize| {
        let range = least..=most;
        range.contains(&pair.height) && range.contains(&pair.width)
    };
    let square = fits(kernel, 3, 3) && fits(stride, 1, 1) && fits(dilation, 1, 1);
    square && fits(padding, 0, 2) && groups == 1 && inputs.min(outputs) >= 8
}

/// Numbers that the gradient of a layer's weights is summed in before it is done.
fn partial_sums(layer: &Layer, after: Shape, batch: usize) -> u64 {
    match layer {
        _ if is_filtered(layer) => {
            let tiles = batch * after.height.div_ceil(2) * after.width.div_ceil(2);
            let parts = (tiles / FILTERED_TILES).clamp(1, PARTIALS) as u64;
            // Sixteen places of a tile for nine taps. The transformed filter is gone by then.
            parts * layer.parameters() * 16 / 9
        }
        Layer::Conv { .. } | Layer::ConvTranspose { .. } => {
            batch.min(PARTIALS) as u64 * layer.parameters()
        }
        _ => 0,
    }
}

/// Tiles that are worth a partial sum.
const FILTERED_TILES: usize = 128;

/// A layer on the way back.
struct Step {
    /// Values per image before it, and behind it.
    before: u64,
    after: u64,
    /// Values per image that it keeps for the way back, of which its output are some.
    kept: u64,
    output: u64,
    /// Weights, and partial sums of their gradient.
    parameters: u64,
    partial: u64,
    /// Values that a thread works with.
    scratch: u64,
}

/// The steps through the layers of a node, in their order.
fn steps(node: &GraphNode, batch: usize) -> Result<Vec<Step>, SpaceError> {
    let mut steps = Vec::with_capacity(node.layers().len());
    let mut input = node.joined();
    let mut layers = node.layers();
    while let [layer, ..] = layers {
        let shape = layer.output(input)?;
        let block = is_block(layers);
        let (own, rest) = layers.split_at(if block { 3 } else { 1 });
        let kept = values(own, input)?;
        steps.push(Step {
            before: input.elements(),
            // In a block the gradient of the convolution's output stands beside that of the ReLU's.
            after: if block { 2 * shape.elements() } else { shape.elements() },
            kept,
            output: shape.elements().min(kept),
            parameters: own.iter().map(Layer::parameters).sum(),
            partial: partial_sums(layer, shape, batch),
            scratch: of_thread(layer, shape),
        });
        input = shape;
        layers = rest;
    }
    Ok(steps)
}

/// The most partial sums of the gradient of a convolution's weights.
const PARTIALS: usize = 8;

/// The moment of a training step behind the forward pass at which most memory is taken.
fn backward(graph: &Graph, work: &Workload) -> Result<Peak, SpaceError> {
    let nodes = graph.nodes();
    // Nodes that have a gradient by now; the output and the heads of deep supervision have the
    // first.
    let mut known = vec![false; nodes.len()];
    let mut now = Moment::new(graph, work)?;
    for at in graph.deep().iter().copied().chain(nodes.len().checked_sub(1)) {
        known[at] = true;
        now.held += nodes[at].shape().elements();
    }
    now.reach(0, 0);
    for node in nodes.iter().rev() {
        now.held -= node.shape().elements();
        let tracked = reads_a_node(node);
        for (position, step) in steps(node, work.batch)?.into_iter().enumerate().rev() {
            // Nobody asks for the gradient of the image.
            let before = if position > 0 || tracked { step.before } else { 0 };
            let threads = work.numbers(step.scratch) * work.threads as u64;
            now.let_go(step.output);
            now.make(step.parameters);
            now.reach(step.after + before, work.numbers(step.partial) + threads);
            if !now.taped {
                // candle adds a gradient to zeros: both and their sum are there at once.
                now.reach(step.after + 3 * before, 0);
            }
            now.let_go(step.kept - step.output);
        }
        let joined = node.joined().elements();
        now.let_go(joining(node));
        for input in node.inputs() {
            let GraphInput::Node(source) = *input else { continue };
            let own = nodes[source].shape().elements();
            if !known[source] {
                known[source] = true;
                now.held += own;
            }
            if node.join() != Join::Single {
                now.reach(joined + own, 0);
            }
        }
    }
    now.reach(0, 0);
    Ok(now.peak)
}

/// A moment, by its difference from all activations and all gradients of parameters.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    /// Bytes held for the moment.
    workspace: u64,
    /// Bytes of activations that were let go.
    gone: u64,
    /// Numbers of gradients of parameters that are still to be made.
    owed: u64,
}

/// A moment of the backward pass.
struct Moment<'a> {
    work: &'a Workload,
    /// True where values are let go, and gradients of parameters made, one after the other.
    taped: bool,
    /// Values per image that gradients of nodes take.
    held: u64,
    /// Values per image that were let go.
    gone: u64,
    /// Numbers of gradients of parameters that are still to be made.
    owed: u64,
    /// The moment that took most so far.
    peak: Peak,
}

impl<'a> Moment<'a> {
    /// The end of the forward pass.
    fn new(graph: &Graph, work: &'a Workload) -> Result<Self, SpaceError> {
        let taped = work.execution != Execution::Staged;
        let cost = graph.cost()?;
        let parameters = cost.parameters.saturating_add(cost.auxiliary_parameters);
        let owed = if taped { parameters } else { 0 };
        Ok(Self { work, taped, held: 0, gone: 0, owed, peak: Peak { owed, ..Peak::default() } })
    }

    /// Lets values go.
    fn let_go(&mut self, values: u64) {
        self.gone += if self.taped { values } else { 0 };
    }

    /// Makes gradients of parameters.
    fn make(&mut self, numbers: u64) {
        self.owed = self.owed.saturating_sub(numbers);
    }

    /// Comes to hold more `values` per image, and `bytes`.
    fn reach(&mut self, values: u64, bytes: u64) {
        let workspace = self.work.bytes(self.held + values) + bytes;
        let moment = Peak { workspace, gone: self.work.bytes(self.gone), owed: self.owed };
        let over = |peak: Peak| {
            i128::from(peak.workspace)
                - i128::from(peak.gone)
                - i128::from(self.work.numbers(peak.owed))
        };
        if over(moment) > over(self.peak) {
            self.peak = moment;
        }
    }
}

fn reads_a_node(node: &GraphNode) -> bool {
    node.inputs().iter().any(|input| matches!(input, GraphInput::Node(_)))
}
