//! A cell as one operation.

use std::sync::Arc;

use candle_core::{DType, Tensor};
use dartloom_kernels::fused::{Arena, Branch, Call, Extent, Program, ProgramBuilder, Recompute};
use dartloom_ops::{Mode, Pass, Stage};
use dartloom_space::{CellPlan, Shape, Source};

use super::staged::single;
use super::weights::Factors;
use super::{Cell, PlacedEdge};
use crate::NetError;
use crate::drop_path::gate;
use crate::transform::Transform;

/// The program of a cell.
#[derive(Debug)]
pub(super) struct Whole {
    program: Arc<Program>,
    /// `true` if the layers of the ports are part of the program.
    ports: bool,
    /// Number of operations that drop-path gates, in the order of the staged pass.
    gates: usize,
    weighted: bool,
    /// `true` if some channels bypass the operations of an edge; the weights of edges apply to
    /// them.
    passed: bool,
}

impl Whole {
    /// The program of a cell whose operations all have stages; `None` for any other.
    pub(super) fn new(plan: &CellPlan, ports: &[Transform], edges: &[PlacedEdge]) -> Option<Self> {
        with_ports(plan, ports, edges, true).or_else(|| with_ports(plan, ports, edges, false))
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// `true` if the operations of weighed edges see only some of the channels.
    pub(super) fn splits_channels(&self) -> bool {
        self.passed
    }

    /// `true` if the layers of the ports are part of the program.
    pub(super) fn begins_at_sources(&self) -> bool {
        self.ports
    }

    /// `true` if the kernels serve these inputs.
    pub(super) fn fits(
        &self,
        inputs: &[Tensor],
        weights: Option<&Factors>,
        mode: Mode,
    ) -> Result<bool, NetError> {
        let served = inputs.iter().all(serves)
            && weights.is_none_or(|weights| serves(&weights.ops))
            && weights.is_some() == self.weighted;
        Ok(served && (mode.is_training() || self.program.is_consistent()?))
    }

    pub(super) fn forward(
        &self,
        arena: &Arena,
        inputs: &[Tensor],
        weights: Option<&Factors>,
        recompute: Recompute,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let batch = inputs[0].dim(0)?;
        let line = weights.filter(|_| self.passed).map(Factors::line).transpose()?;
        let gates = (0..self.gates).filter_map(|_| gate(pass, batch)).map(single).collect();
        let call = Call {
            coefficients: line.as_ref().or(weights.map(|weights| &weights.ops)),
            gates,
            statistics: pass.mode.statistics,
            recompute,
            constant_parameters: pass.constant_parameters,
            arena,
        };
        Ok(self.program.run(inputs, &call)?)
    }
}

impl Cell {
    /// The tensors that the program of the cell reads.
    pub(super) fn inputs(
        &self,
        whole: &Whole,
        read: &dyn Fn(Source) -> Tensor,
        pass: &mut Pass<'_>,
    ) -> Result<Vec<Tensor>, NetError> {
        let port = |port: &Transform| {
            if whole.ports { Ok(read(port.source)) } else { port.forward(read, pass) }
        };
        self.ports.iter().map(port).collect()
    }
}

/// `true` if the fused kernels can compute with such a tensor.
pub(super) fn serves(x: &Tensor) -> bool {
    x.dtype() == DType::F32 && x.device().is_cpu()
}

fn with_ports(
    plan: &CellPlan,
    ports: &[Transform],
    edges: &[PlacedEdge],
    inside: bool,
) -> Option<Whole> {
    let inputs: Vec<Extent> = plan
        .ports
        .iter()
        .map(
            |port| {
                if inside { port.links.first().map(|link| link.input) } else { Some(port.output) }
            },
        )
        .map(|shape| shape.map(extent))
        .collect::<Option<_>>()?;
    let mut builder = ProgramBuilder::new(&inputs);
    // The value of the program that holds each node of the cell.
    let mut values: Vec<usize> = (0..inputs.len()).collect();
    if inside {
        for (index, (port, plan)) in ports.iter().zip(&plan.ports).enumerate() {
            let stages = port.stages()?;
            values[index] = builder.node(extent(plan.output), &[Branch::new(index, &stages)])?;
        }
    }
    let last = edges.iter().map(|edge| edge.to).chain(plan.concat.iter().copied()).max()?;
    let weighted = plan.weighted;
    let mut gates = 0;
    for node in plan.ports.len()..=last {
        let mut parts = Vec::new();
        for edge in edges.iter().filter(|edge| edge.to == node) {
            parts.extend(edge_parts(plan, edge, *values.get(edge.from)?, &mut gates)?);
        }
        let branches: Vec<Branch<'_>> = parts.iter().map(Part::branch).collect();
        values.push(builder.node(extent(plan.node), &branches)?);
    }
    let outputs: Option<Vec<usize>> =
        plan.concat.iter().map(|node| values.get(*node).copied()).collect();
    let outputs = outputs?;
    let program = Arc::new(builder.finish(&outputs)?);
    let passed = weighted && edges.iter().any(|edge| edge.bypass.is_some());
    Some(Whole { program, ports: inside, gates, weighted, passed })
}

/// A branch with its stages.
struct Part {
    branch: Branch<'static>,
    stages: Vec<Stage>,
}

impl Part {
    fn branch(&self) -> Branch<'_> {
        Branch { stages: &self.stages, ..self.branch.clone() }
    }
}

/// The branches of an edge: its operations, and the channels that bypass them.
fn edge_parts(
    plan: &CellPlan,
    edge: &PlacedEdge,
    source: usize,
    gates: &mut usize,
) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let groups = edge.bypass.as_ref().map_or(1, |bypass| bypass.groups());
    let kept = edge.bypass.as_ref().map(|bypass| (0, bypass.kept));
    let own = &plan.edges[edge.row];
    for op in &edge.ops {
        let gate = (!op.identity).then(|| {
            *gates += 1;
            *gates - 1
        });
        let branch = Branch {
            channels: kept,
            scatter: (0, groups),
            coefficient: plan.weighted.then_some(edge.row * own.candidates.len() + op.column),
            gate,
            ..Branch::new(source, &[])
        };
        parts.push(Part { branch, stages: op.op.stages()? });
    }
    if let Some(bypass) = &edge.bypass {
        // Channel `g * kept + i` goes to channel `i * groups + g`: the shuffle as a scatter.
        for group in 1..groups {
            let channels = Some((group * bypass.kept, bypass.kept));
            let branch = Branch {
                channels,
                scatter: (group, groups),
                coefficient: plan
                    .weighted
                    .then_some(plan.edges.len() * own.candidates.len() + edge.row),
                ..Branch::new(source, &[])
            };
            parts.push(Part { branch, stages: bypass.stages()? });
        }
    }
    Some(parts)
}

/// Fuses edge by edge in a cell that has operations without kernels, such as custom ones.
pub(super) fn fuse_edges(plan: &CellPlan, edges: &mut [PlacedEdge]) {
    for edge in edges {
        let own = &plan.edges[edge.row];
        let input = [extent(own.input.shape)];
        let node = Extent { channels: own.input.width, ..extent(plan.node) };
        let program = |branches: &[Branch<'_>]| {
            let mut builder = ProgramBuilder::new(&input);
            let node = builder.node(node, branches)?;
            builder.finish(&[node])
        };
        let mut parts: Vec<Part> = Vec::new();
        let mut gates = 0;
        for op in &mut edge.ops {
            let Some(stages) = op.op.stages() else { continue };
            op.fused = program(&[Branch::new(0, &stages)]).is_some();
            if !op.fused {
                continue;
            }
            let gate = (!op.identity).then(|| {
                gates += 1;
                gates - 1
            });
            let coefficient = plan.weighted.then_some(op.column);
            parts
                .push(Part { branch: Branch { coefficient, gate, ..Branch::new(0, &[]) }, stages });
        }
        if parts.is_empty() {
            continue;
        }
        let branches: Vec<Branch<'_>> = parts.iter().map(Part::branch).collect();
        edge.fused = program(&branches).map(Arc::new);
        if edge.fused.is_none() {
            edge.ops.iter_mut().for_each(|op| op.fused = false);
        }
    }
}

fn extent(shape: Shape) -> Extent {
    Extent::new(shape.channels, shape.height, shape.width)
}
