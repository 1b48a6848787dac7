//! The memory that a network laid out by hand needs, in bytes.

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
    let parts = Parts {
        input: graph.input(),
        parameters,
        buffers,
        activations: work.bytes(kept),
        forward: work.numbers(scratch) * work.threads as u64,
        backward: backward(graph, work)?,
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
        _ if is_filtered(layer) => TILES,
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

/// Values of tiles that a thread works with: inputs, products and pixels.
const TILES: u64 = 3 * 128 * 1024;

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
    /// Partial sums of the gradient of its weights.
    partial: u64,
    /// Values that a thread works with.
    scratch: u64,
}

/// The steps through the layers of a node, in their order.
fn steps(node: &GraphNode, batch: usize) -> Result<Vec<Step>, SpaceError> {
    let mut steps = Vec::with_capacity(node.layers().len());
    let mut shape = node.joined();
    let mut layers = node.layers();
    while let [layer, rest @ ..] = layers {
        let before = shape.elements();
        shape = layer.output(shape)?;
        let partial = partial_sums(layer, shape, batch);
        let scratch = of_thread(layer, shape);
        let block = is_block(layers);
        // In a block the gradient of the convolution's output stands beside that of the ReLU's.
        let after = if block { 2 * shape.elements() } else { shape.elements() };
        steps.push(Step { before, after, partial, scratch });
        layers = if block { &layers[3..] } else { rest };
    }
    Ok(steps)
}

/// The most partial sums of the gradient of a convolution's weights.
const PARTIALS: usize = 8;

/// The most bytes that gradients take at a moment of the backward pass, besides those of
/// parameters when they are done.
fn backward(graph: &Graph, work: &Workload) -> Result<u64, SpaceError> {
    let nodes = graph.nodes();
    // Nodes that have a gradient by now; the output and the heads of deep supervision have the
    // first.
    let mut known = vec![false; nodes.len()];
    let mut held = 0;
    for at in graph.deep().iter().copied().chain(nodes.len().checked_sub(1)) {
        known[at] = true;
        held += nodes[at].shape().elements();
    }
    let mut most = work.bytes(held);
    for node in nodes.iter().rev() {
        held -= node.shape().elements();
        let tracked = reads_a_node(node);
        for (position, step) in steps(node, work.batch)?.into_iter().enumerate().rev() {
            // Nobody asks for the gradient of the image.
            let before = if position > 0 || tracked { step.before } else { 0 };
            let threads = work.numbers(step.scratch) * work.threads as u64;
            let sums = work.numbers(step.partial);
            let at_work = work.bytes(held + step.after + before) + sums + threads;
            // candle adds a gradient to zeros: both and their sum are there at once.
            let adding = work.bytes(held + step.after + 3 * before);
            most = most.max(at_work).max(adding);
        }
        let joined = node.joined().elements();
        for input in node.inputs() {
            let GraphInput::Node(source) = *input else { continue };
            let own = nodes[source].shape().elements();
            if !known[source] {
                known[source] = true;
                held += own;
            }
            if node.join() != Join::Single {
                most = most.max(work.bytes(held + joined + own));
            }
        }
    }
    Ok(most)
}

fn reads_a_node(node: &GraphNode) -> bool {
    node.inputs().iter().any(|input| matches!(input, GraphInput::Node(_)))
}
