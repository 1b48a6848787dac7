//! What a cell needs in bytes.

use dartloom_kernels::fused::{Program, Recompute};
use dartloom_space::{Candidate, CellPlan, EdgePlan, SpaceError};

use super::{Cell, PlacedEdge};
use crate::Execution;
use crate::memory::values;

/// Bytes that a cell needs in a training step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CellMemory {
    /// Held from the forward to the backward pass, beside the output.
    pub(crate) kept: u64,
    pub(crate) output: u64,
    /// Held only while the cell runs, in the direction that needs more.
    pub(crate) transient: u64,
    /// Gradients of the output and of what the cell reads.
    pub(crate) gradients: u64,
}

/// Values per image that stand in candle's graph where a cell runs staged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    ports: u64,
    /// Values of ports and nodes.
    nodes: u64,
    gradients: u64,
    output: u64,
}

impl Sizes {
    pub(super) fn of(plan: &CellPlan) -> Result<Self, SpaceError> {
        let (mut ports, mut nodes, mut reads, mut largest) = (0, 0, 0, 0);
        for port in &plan.ports {
            for link in &port.links {
                ports += values(&link.layers, link.input)?;
                reads += link.input.elements();
                largest = link.input.elements().max(largest);
            }
            nodes += port.output.elements();
        }
        let last = plan.edges.iter().map(|edge| edge.to).chain(plan.concat.iter().copied()).max();
        let own = last.map_or(0, |last| (last + 1).saturating_sub(plan.ports.len()));
        nodes += own as u64 * plan.node.elements();
        let output = plan.output.elements();
        // A gradient is added to the sum so far: three tensors at the last addition, and two of
        // those before it.
        Ok(Self { ports, nodes, gradients: output + 2 * reads + largest, output })
    }
}

/// Values per image that a candidate leaves behind where it runs staged: its layers' outputs, its
/// product with its weight, and the sum it was added to.
pub(super) fn candidate(edge: &EdgePlan, own: &Candidate) -> Result<u64, SpaceError> {
    let Some(layers) = &own.layers else { return Ok(0) };
    let mut output = edge.input.shape;
    for layer in layers {
        output = layer.output(output)?;
    }
    Ok(values(layers, edge.input.shape)? + 2 * output.elements())
}

/// Likewise for the channels that pass the operations by: layers, concatenation, shuffle, sum.
pub(super) fn bypass(edge: &EdgePlan, plan: &CellPlan) -> Result<u64, SpaceError> {
    let Some(partial) = &edge.partial else { return Ok(0) };
    Ok(values(&partial.layers, partial.input)? + 3 * plan.node.elements())
}

impl Cell {
    /// What it needs for `batch` images; `element` is the size of a number.
    pub(crate) fn memory(&self, batch: usize, execution: Execution, element: u64) -> CellMemory {
        let bytes = |values: u64| values * batch as u64 * element;
        let Sizes { ports, nodes, gradients, output } = self.sizes;
        let (output, gradients) = (bytes(output), bytes(gradients));
        let recompute = match execution {
            Execution::Fused(recompute) => Some(recompute),
            Execution::Staged => None,
        };
        if let (Some(recompute), Some(whole)) = (recompute, &self.whole) {
            let (kept, transient, _) = fused(whole.program(), batch, recompute);
            let ports = if whole.begins_at_sources() { 0 } else { bytes(ports) };
            return CellMemory { kept: kept + ports, output, transient, gradients };
        }
        let mut memory = CellMemory { kept: bytes(ports), output, transient: 0, gradients };
        for edge in &self.edges {
            memory.add(edge, batch, recompute, element);
        }
        memory.transient += bytes(nodes);
        memory
    }
}

impl CellMemory {
    fn add(&mut self, edge: &PlacedEdge, batch: usize, recompute: Option<Recompute>, element: u64) {
        let together = recompute.and_then(|recompute| {
            let program = edge.fused.as_ref()?;
            Some(fused(program, batch, recompute))
        });
        if let Some((kept, transient, output)) = together {
            // The output, and the sum it is added to.
            self.kept += kept + 2 * output;
            self.transient = self.transient.max(transient);
        }
        let apart = edge.ops.iter().filter(|op| together.is_none() || !op.fused);
        let values = apart.map(|op| op.values).sum::<u64>() + edge.bypass_values;
        self.kept += values * batch as u64 * element;
    }
}

/// What a program keeps, the larger of its transients, and its output.
fn fused(program: &Program, batch: usize, recompute: Recompute) -> (u64, u64, u64) {
    let memory = program.memory(batch, recompute);
    (memory.kept, memory.forward.max(memory.backward), memory.output)
}
