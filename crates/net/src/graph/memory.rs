//! The memory that a network laid out by hand needs, in bytes.

use dartloom_space::{Graph, GraphInput, GraphNode, Join, Layer, Shape, SpaceError};

use crate::NetError;
use crate::memory::{Breakdown, Magnitude, Parts, Workload, sum, values};

/// Bytes at the peak of a process that runs the network of `graph` as `work` says.
///
/// As for [`predict`](crate::memory::predict), the values of all layers and joins stand from the
/// forward to the backward pass. What is held for a moment on the way back is found node by node:
/// the gradients of values whose source is still to come, such as those that a U-Net's encoder
/// hands to its decoder, and those of the layer at work. Every thread unfolds images for dense
/// convolutions.
///
/// # Errors
/// [`NetError::Uncountable`] from about 16 PiB on.
pub fn predict_graph(graph: &Graph, work: &Workload) -> Result<Breakdown, NetError> {
    let cost = graph.cost()?;
    let joined = graph.nodes().iter().map(|node| u128::from(node.joined().elements()));
    let bound = 8 * (u128::from(cost.activations) + joined.sum::<u128>());
    Magnitude::new(bound, cost.parameters).check(work)?;
    let mut buffers = 0;
    let mut kept = 0;
    let mut scratch = 0;
    for node in graph.nodes() {
        kept += joining(node) + values(node.layers(), node.joined())?;
        each(node, |layer, _, after| {
            scratch = unfolded(layer, after).max(scratch);
            if let Layer::Norm { channels, .. } = layer {
                buffers += 2 * *channels as u64;
            }
        })?;
    }
    let parts = Parts {
        input: graph.input(),
        parameters: cost.parameters,
        buffers,
        activations: work.bytes(kept),
        forward: 0,
        backward: backward(graph, work)?,
        scratch: work.numbers(scratch),
        slabs: 0,
    };
    Ok(sum(parts, work))
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

/// Values that a thread works with in a dense convolution: the inputs that each tap meets.
fn unfolded(layer: &Layer, after: Shape) -> u64 {
    match *layer {
        Layer::Conv { inputs, outputs, kernel, stride, groups, .. } => {
            let pointwise = kernel.height * kernel.width * stride.height * stride.width == 1;
            let depthwise = groups == inputs && groups == outputs;
            if pointwise || depthwise {
                return 0;
            }
            let lines = (inputs / groups.max(1) * kernel.height * kernel.width) as u64;
            lines * (after.height * after.width) as u64
        }
        _ => 0,
    }
}

/// A layer on the way back.
struct Step {
    /// Values per image before it, and behind it.
    before: u64,
    after: u64,
    /// Trainable numbers whose gradient is summed over images in parts.
    weights: u64,
}

/// The steps through the layers of a node, in their order.
fn steps(node: &GraphNode) -> Result<Vec<Step>, SpaceError> {
    let mut steps = Vec::with_capacity(node.layers().len());
    each(node, |layer, before, after| {
        let before = before.elements();
        let after = after.elements();
        let weights = match layer {
            Layer::Conv { .. } | Layer::ConvTranspose { .. } => layer.parameters(),
            _ => 0,
        };
        steps.push(Step { before, after, weights });
        if let Layer::ConvTranspose { .. } = layer {
            // Blocks become planes, to which the bias is added.
            steps.push(Step { before: after, after, weights: 0 });
        }
    })?;
    Ok(steps)
}

/// The most partial sums of the gradient of a convolution's weights.
const PARTIALS: usize = 8;

/// The most bytes that gradients take at a moment of the backward pass, besides those of
/// parameters when they are done.
fn backward(graph: &Graph, work: &Workload) -> Result<u64, SpaceError> {
    let nodes = graph.nodes();
    let partials = work.batch.min(PARTIALS) as u64;
    // Nodes that have a gradient by now; the output has the first.
    let mut known = vec![false; nodes.len()];
    let mut held = nodes.last().map_or(0, |node| node.shape().elements());
    let mut most = work.bytes(held);
    if let Some(last) = known.last_mut() {
        *last = true;
    }
    for node in nodes.iter().rev() {
        held -= node.shape().elements();
        let tracked = reads_a_node(node);
        for (position, step) in steps(node)?.into_iter().enumerate().rev() {
            // Nobody asks for the gradient of the image.
            let before = if position > 0 || tracked { step.before } else { 0 };
            // candle adds a gradient to zeros: both and their sum are there at once.
            let values = work.bytes(held + step.after + 3 * before);
            most = most.max(values + work.numbers(partials * step.weights));
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
