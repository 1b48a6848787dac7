//! The memory that a cell needs, in bytes.

use dartloom_kernels::fused::{Program, Recompute};
use dartloom_space::{Candidate, CellPlan, EdgePlan, Layer, SpaceError};

use super::fused::Whole;
use super::{Cell, PlacedEdge, PlacedOp};
use crate::memory::{Workload, values};

/// Bytes that a cell needs in a training step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CellMemory {
    /// Held from the forward to the backward pass, without the output.
    pub(crate) kept: u64,
    /// The part of `kept` that comes from the arena, which gives nothing back.
    pub(crate) slabs: u64,
    pub(crate) output: u64,
    /// Held only while the cell runs forwards.
    pub(crate) forward: u64,
    /// Held only while the cell runs backwards, in programs and in candle's graph.
    pub(crate) backward: u64,
    /// Gradients of the output and of what the cell reads.
    pub(crate) gradients: u64,
    /// Operands packed for programs.
    pub(crate) packed: u64,
    /// Scratch memory of each thread.
    pub(crate) scratch: u64,
}

impl CellMemory {
    /// The most that is held while the cell runs, including the gradients of its inputs.
    pub(crate) fn transient(&self) -> u64 {
        self.forward.max(self.backward + self.gradients)
    }
}

/// Values per image that stand in candle's graph where a cell runs staged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    ports: u64,
    /// Values of one node.
    pub(super) node: u64,
    /// Nodes and ports.
    states: u64,
    inputs: usize,
    gradients: u64,
    output: u64,
}

/// Values per image that an operation leaves behind where it runs staged.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpSizes {
    /// Outputs of its layers that are tensors of their own; 0 for an operation in code.
    layers: u64,
    /// Its output, which is multiplied by a weight and by drop-path, and added to a sum.
    output: u64,
}

/// Values per image that an edge leaves behind where it runs staged.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgeSizes {
    /// The channels that bypass the operations: their layers, weight, concatenation and shuffle.
    bypass: u64,
    /// The input of every operation of an edge with partial channels, gathered for it.
    gathered: u64,
    /// `true` if a supernet's weights multiply outputs.
    weighted: bool,
}

impl Sizes {
    pub(super) fn of(plan: &CellPlan) -> Result<Self, SpaceError> {
        let mut ports = 0;
        let mut states = 0;
        let mut reads = 0;
        let mut largest = 0;
        for port in &plan.ports {
            for link in &port.links {
                ports += values(&link.layers, link.input)?;
                reads += link.input.elements();
                largest = link.input.elements().max(largest);
            }
            // Products with weights, and sums.
            let links = port.links.len() as u64;
            let products = if port.weighed { links } else { 0 };
            ports += (products + links - 1) * port.output.elements();
            states += port.output.elements();
        }
        let inputs = plan.ports.len();
        let node = plan.node.elements();
        let last = plan.edges.iter().map(|edge| edge.to).chain(plan.concat.iter().copied()).max();
        let own = last.map_or(0, |last| (last + 1).saturating_sub(inputs));
        states += own as u64 * node;
        // A single output is put out as it is.
        let output = match (plan.residual, plan.concat.len()) {
            (true, terms) => terms as u64 * plan.output.elements(),
            (false, 1) => 0,
            (false, _) => plan.output.elements(),
        };
        // A gradient is added to the sum so far: three tensors at the last addition, and two of
        // those before it.
        let gradients = plan.output.elements() + 2 * reads + largest;
        Ok(Self { ports, node, states, inputs, gradients, output })
    }

    /// A cell that runs one operation after the other, without the memory of the operations.
    pub(super) fn staged(&self, work: &Workload) -> CellMemory {
        CellMemory {
            kept: work.bytes(self.ports),
            output: work.bytes(self.output),
            gradients: work.bytes(self.gradients + self.states),
            ..CellMemory::default()
        }
    }

    /// A cell that is one operation.
    pub(super) fn fused(&self, whole: &Whole, recompute: Recompute, work: &Workload) -> CellMemory {
        let own = together(whole.program(), recompute, work);
        let ports = if whole.begins_at_sources() { 0 } else { work.bytes(self.ports) };
        CellMemory { kept: own.kept + ports, gradients: work.bytes(self.gradients), ..own }
    }
}

impl OpSizes {
    pub(super) fn of(edge: &EdgePlan, own: &Candidate) -> Result<Self, SpaceError> {
        let mut output = edge.input.shape;
        let Some(layers) = &own.layers else {
            return Ok(Self { layers: 0, output: output.elements() });
        };
        for layer in layers {
            output = layer.output(output)?;
        }
        Ok(Self { layers: values(layers, edge.input.shape)?, output: output.elements() })
    }
}

impl EdgeSizes {
    pub(super) fn of(edge: &EdgePlan, plan: &CellPlan) -> Result<Self, SpaceError> {
        let weighted = plan.weighted;
        let Some(partial) = &edge.partial else {
            return Ok(Self { bypass: 0, gathered: 0, weighted });
        };
        let others = partial.output()?.elements();
        // A pool reads a gathered copy.
        let gathered = partial.layers.iter().any(|layer| !matches!(layer, Layer::Identity));
        let gathered = if gathered { partial.input.elements() } else { 0 };
        let product = if weighted { others } else { 0 };
        let layers = values(&partial.layers, partial.input)?;
        let bypass = gathered + layers + product + 2 * plan.node.elements();
        Ok(Self { bypass, gathered: edge.input.shape.elements(), weighted })
    }
}

impl Cell {
    /// The bytes that the cell needs under a workload.
    /// Bytes of the plane of one node.
    pub(crate) fn plane_bytes(&self, work: &Workload) -> u64 {
        work.bytes(self.sizes.node)
    }

    pub(crate) fn memory(&self, work: &Workload) -> CellMemory {
        if let Some(whole) = &self.whole
            && let Some(recompute) = work.fused()
            && !(work.drawn_channels && whole.splits_channels())
        {
            return self.sizes.fused(whole, recompute, work);
        }
        let mut memory = self.sizes.staged(work);
        for (to, live) in self.live().into_iter().enumerate().skip(self.sizes.inputs) {
            let (kept, terms) = self.node_memory(to, work, &mut memory);
            // A first term is the sum, and no term is a tensor of zeros.
            let kept = kept + work.bytes(terms.abs_diff(1) * self.sizes.node);
            memory.kept += if live { kept } else { 0 };
        }
        memory
    }

    /// One entry per node: `true` if it reaches the output through operations that run. Other nodes
    /// leave nothing behind.
    fn live(&self) -> Vec<bool> {
        let last = self.edges.iter().map(|edge| edge.to).chain(self.concat.iter().copied()).max();
        let mut live = vec![false; last.map_or(0, |last| last + 1)];
        for &node in &self.concat {
            live[node] = true;
        }
        for to in (0..live.len()).rev().filter(|&to| to >= self.sizes.inputs) {
            if live[to] {
                let run = |edge: &&PlacedEdge| edge.to == to && edge.runs();
                self.edges.iter().filter(run).for_each(|edge| live[edge.from] = true);
            }
        }
        live
    }

    /// The bytes that the edges into a node keep besides the sums, and the number of terms they
    /// add.
    fn node_memory(&self, to: usize, work: &Workload, all: &mut CellMemory) -> (u64, u64) {
        let mut kept = 0;
        let mut terms = 0;
        for edge in self.edges.iter().filter(|edge| edge.to == to) {
            let (own, count) = edge.memory(work, all);
            kept += own;
            terms += count;
        }
        (kept, terms)
    }
}

impl PlacedEdge {
    /// `true` if anything reaches the end of the edge.
    fn runs(&self) -> bool {
        self.bypass.is_some() || !self.ops.is_empty()
    }

    /// The bytes that the edge keeps where it runs staged, without the sum of its node, and the
    /// number of terms it adds to that sum.
    pub(super) fn memory(&self, work: &Workload, all: &mut CellMemory) -> (u64, u64) {
        let program = self.fused.as_ref().and_then(|program| Some((program, work.fused()?)));
        let mut kept = 0;
        let mut terms = 0;
        if let Some((program, recompute)) = program {
            let own = together(program, recompute, work);
            kept += own.kept + own.output;
            all.slabs += own.slabs;
            terms += 1;
            all.forward = all.forward.max(own.forward);
            all.backward = all.backward.max(own.backward);
            all.scratch = all.scratch.max(own.scratch);
        }
        for op in self.ops.iter().filter(|op| program.is_none() || !op.fused) {
            kept += work.bytes(op.values(self.sizes, work));
            terms += 1;
        }
        if self.bypass.is_none() {
            return (kept, terms);
        }
        let sums = terms.saturating_sub(1) * self.ops.first().map_or(0, |op| op.sizes.output);
        (kept + work.bytes(sums + self.sizes.bypass), 1)
    }
}

impl PlacedOp {
    /// Values that the operation leaves behind per image where it runs by itself.
    fn values(&self, edge: EdgeSizes, work: &Workload) -> u64 {
        let OpSizes { layers, output } = self.sizes;
        let weight = u64::from(edge.weighted);
        let gate = u64::from(work.drop_path && !self.identity);
        let gathered = if self.identity { 0 } else { edge.gathered };
        gathered + layers + (weight + gate) * output
    }
}

/// The bytes that a program needs; the gradient of its packed operand takes as much as the operand.
fn together(program: &Program, recompute: Recompute, work: &Workload) -> CellMemory {
    let memory = program.memory(work.batch, recompute);
    CellMemory {
        kept: memory.kept + program.packed(),
        slabs: memory.kept,
        output: memory.output,
        forward: memory.forward,
        backward: memory.backward + program.packed(),
        gradients: 0,
        packed: program.packed(),
        scratch: program.scratch(),
    }
}
