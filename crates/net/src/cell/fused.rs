//! A cell as one operation.

use std::sync::Arc;

use candle_core::{DType, Tensor};
use dartloom_kernels::fused::{Arena, Branch, Call, Extent, Program, ProgramBuilder, Recompute};
use dartloom_ops::{Mode, Pass, Stage};
use dartloom_space::{CellPlan, Shape, Source};

use super::port::InPort;
use super::staged::single;
use super::weights::Factors;
use super::{Cell, PlacedEdge};
use crate::NetError;
use crate::drop_path::gate;

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
    /// `true` if links have weights within the program.
    links: bool,
}

impl Whole {
    /// The program of a cell whose operations all have stages; `None` for any other.
    pub(super) fn new(plan: &CellPlan, ports: &[InPort], edges: &[PlacedEdge]) -> Option<Self> {
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
            && weights.is_none_or(|weights| weights.all().all(serves))
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
        let together = weights.filter(|_| self.passed || self.links);
        let line = together.map(|weights| weights.line(self.passed)).transpose()?;
        let gates = (0..self.gates).filter_map(|_| gate(pass, batch)).map(single).collect();
        let call = Call {
            coefficients: line.as_ref().or(weights.and_then(|weights| weights.ops.as_ref())),
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
        weights: Option<&Factors>,
        pass: &mut Pass<'_>,
    ) -> Result<Vec<Tensor>, NetError> {
        if whole.ports {
            let links = self.ports.iter().flat_map(|port| &port.links);
            return Ok(links.map(|link| read(link.source)).collect());
        }
        let mut links = weights.map(|weights| &weights.links).into_iter().flatten();
        let port = |port: &InPort| {
            let weights = if port.weighed { links.next() } else { None };
            port.forward(read, weights, pass)
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
    ports: &[InPort],
    edges: &[PlacedEdge],
    inside: bool,
) -> Option<Whole> {
    let inputs: Vec<Extent> = if inside {
        plan.ports.iter().flat_map(|port| &port.links).map(|link| extent(link.input)).collect()
    } else {
        plan.ports.iter().map(|port| extent(port.output)).collect()
    };
    let mut builder = ProgramBuilder::new(&inputs);
    let passed = plan.weighted && edges.iter().any(|edge| edge.bypass.is_some());
    // The value of the program that holds each node of the cell.
    let mut values: Vec<usize> = (0..plan.ports.len()).collect();
    if inside {
        let mut links = LinkParts { input: 0, coefficient: weights_of_edges(plan, passed) };
        for (value, (port, plan)) in values.iter_mut().zip(ports.iter().zip(&plan.ports)) {
            let parts = links.of(port)?;
            let branches: Vec<Branch<'_>> = parts.iter().map(Part::branch).collect();
            *value = builder.node(extent(plan.output), &branches)?;
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
    let mut outputs = outputs?;
    if plan.residual {
        let terms: Vec<Branch<'_>> =
            outputs.iter().chain(&values[..1]).map(|&value| Branch::new(value, &[])).collect();
        outputs = vec![builder.node(extent(plan.node), &terms)?];
    }
    let program = Arc::new(builder.finish(&outputs)?);
    let links = inside && ports.iter().any(|port| port.weighed);
    Some(Whole { program, ports: inside, gates, weighted, passed, links })
}

/// The number of weights of a cell's operations, and of its edges where `passed`.
fn weights_of_edges(plan: &CellPlan, passed: bool) -> usize {
    let ops = plan.edges.first().map_or(0, |edge| edge.candidates.len());
    plan.edges.len() * (ops + usize::from(passed))
}

/// The next input and the next coefficient of a program that begins with links.
struct LinkParts {
    input: usize,
    coefficient: usize,
}

impl LinkParts {
    /// The branches of a port's links.
    fn of(&mut self, port: &InPort) -> Option<Vec<Part>> {
        let mut parts = Vec::with_capacity(port.links.len());
        for link in &port.links {
            let coefficient = port.weighed.then_some(self.coefficient);
            let branch = Branch { coefficient, ..Branch::new(self.input, &[]) };
            parts.push(Part { branch, stages: link.stages()? });
            self.input += 1;
            self.coefficient += usize::from(port.weighed);
        }
        Some(parts)
    }
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
