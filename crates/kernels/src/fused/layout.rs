//! The places of the values of one image.

use std::ops::Range;

use super::Recompute;
use super::program::{Node, Program};

/// The place of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// An input tensor.
    Input(usize),
    /// The output tensor.
    Output(Range<usize>),
    /// The slab of nodes that are not put out.
    Node(Range<usize>),
}

/// Ranges within the slabs of one image.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Per value.
    pub(super) homes: Vec<Home>,
    /// Terms of every node that are computed side by side.
    pub(super) waves: Vec<Vec<Range<usize>>>,
    pub(super) nodes: usize,
    /// Output of every block, by node, term and block.
    pub(super) work: Vec<Vec<Vec<Range<usize>>>>,
    pub(super) work_len: usize,
    /// Gradient of every block's output but the last, likewise; waves share their room.
    pub(super) inner: Vec<Vec<Vec<Range<usize>>>>,
    pub(super) inner_len: usize,
    /// Gradient of every node.
    pub(super) gradients: Vec<Range<usize>>,
    pub(super) gradient_len: usize,
}

impl Layout {
    pub(super) fn new(program: &Program, recompute: Recompute) -> Self {
        let mut layout = Self { homes: homes(program), ..Self::default() };
        for home in &layout.homes {
            if let Home::Node(range) = home {
                layout.nodes = range.end;
            }
        }
        let mut kept = 0;
        for node in &program.nodes {
            layout.gradients.push(take(&mut layout.gradient_len, node.extent.len()));
            let mut work = Vec::new();
            let mut inner = Vec::new();
            let waves = waves(node, recompute);
            for wave in &waves {
                if recompute == Recompute::Edge {
                    kept = 0;
                }
                let mut gradients = 0;
                for term in &node.terms[wave.clone()] {
                    let outputs = term.blocks.iter().map(|block| block.output.len());
                    work.push(outputs.clone().map(|len| take(&mut kept, len)).collect());
                    let before_last = term.blocks.len().saturating_sub(1);
                    inner.push(
                        outputs.take(before_last).map(|len| take(&mut gradients, len)).collect(),
                    );
                }
                layout.work_len = layout.work_len.max(kept);
                layout.inner_len = layout.inner_len.max(gradients);
            }
            layout.work.push(work);
            layout.inner.push(inner);
            layout.waves.push(waves);
        }
        layout
    }
}

/// The memory of a run beside its inputs and its output, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Held from the forward pass until the backward pass is over.
    pub kept: u64,
    /// Held during the forward pass only.
    pub forward: u64,
    /// Held during the backward pass only.
    pub backward: u64,
    /// The output.
    pub output: u64,
}

impl Program {
    /// The memory of a run on `batch` images.
    pub fn memory(&self, batch: usize, recompute: Recompute) -> Memory {
        let layout = Layout::new(self, recompute);
        let bytes = |len: usize| (batch * len * size_of::<f32>()) as u64;
        let nodes = bytes(layout.nodes);
        let work = bytes(layout.work_len);
        let gradients = bytes(layout.gradient_len + layout.inner_len);
        let output = bytes(self.output.len());
        // The gradients of copied inputs are put together again.
        let copies = bytes(self.copied());
        let kept = nodes + copies;
        let backward = gradients + copies;
        match recompute {
            Recompute::Never => Memory { kept: kept + work, forward: 0, backward, output },
            Recompute::Edge => Memory { kept, forward: work, backward: backward + work, output },
        }
    }
}

/// Buffers of a thread that hold an image's values at one place of a block: padded input, what lies
/// before the 1x1 convolution, and the gradients of these and of output, input and ReLU.
const SCRATCH: usize = 6;

impl Program {
    /// Values of an image that a run copies, since its operation has room for two inputs.
    fn copied(&self) -> usize {
        match &self.inputs[..] {
            [_, others @ ..] if others.len() > 1 => others.iter().map(|input| input.len()).sum(),
            _ => 0,
        }
    }

    /// Bytes that every thread of a run works with.
    pub fn scratch(&self) -> u64 {
        let blocks = self.nodes.iter().flat_map(|node| &node.terms).flat_map(|term| &term.blocks);
        let largest = blocks
            .map(|block| block.input.len().max(block.middle.len()).max(block.output.len()))
            .max();
        (SCRATCH * largest.unwrap_or(0) * size_of::<f32>()) as u64
    }

    /// Bytes of the parameters and coefficients, which every run packs into one operand.
    pub fn packed(&self) -> u64 {
        ((self.parameters.len + self.coefficients) * size_of::<f32>()) as u64
    }
}

fn homes(program: &Program) -> Vec<Home> {
    let mut homes: Vec<Home> = (0..program.inputs.len()).map(Home::Input).collect();
    let mut nodes = 0;
    let mut outputs = vec![None; program.nodes.len()];
    let mut place = 0;
    for &value in &program.outputs {
        let node = value - program.inputs.len();
        outputs[node] = Some(take(&mut place, program.nodes[node].extent.len()));
    }
    for (node, output) in program.nodes.iter().zip(outputs) {
        homes.push(match output {
            Some(range) => Home::Output(range),
            None => Home::Node(take(&mut nodes, node.extent.len())),
        });
    }
    homes
}

/// The waves of a node, as ranges of its terms. What is computed again edge by edge must be put
/// away edge by edge. Otherwise all edges go together: threads wait for one another at every depth
/// of a wave, and waiting costs as much as a small edge.
fn waves(node: &Node, recompute: Recompute) -> Vec<Range<usize>> {
    match recompute {
        Recompute::Edge => node.groups(),
        Recompute::Never if node.terms.is_empty() => Vec::new(),
        Recompute::Never => std::iter::once(0..node.terms.len()).collect(),
    }
}

/// The next `len` places.
fn take(end: &mut usize, len: usize) -> Range<usize> {
    let start = *end;
    *end += len;
    start..*end
}
