//! A placed cell.

use std::fmt;

use candle_core::Tensor;
use dartloom_ops::{Builder, Operation, Registry};
use dartloom_space::{Candidate, CellPlan, EdgePlan, Layer, Shape, Source};

use crate::partial::Bypass;
use crate::transform::Transform;
use crate::{NetError, Pass, drop_path};

/// One placed cell: its ports, its edges with their operations, its output.
///
/// [`Supernet`](crate::Supernet) and [`DerivedNetwork`](crate::DerivedNetwork) chain cells; alone a
/// cell can stand in a network of your own.
#[derive(Debug)]
pub struct Cell {
    index: usize,
    cell: usize,
    ports: Vec<Transform>,
    edges: Vec<PlacedEdge>,
    concat: Vec<usize>,
    node: Shape,
}

#[derive(Debug)]
struct PlacedEdge {
    /// Row in the architecture weights.
    row: usize,
    from: usize,
    to: usize,
    ops: Vec<PlacedOp>,
    /// For partial channels: what the operations do not see.
    bypass: Option<Bypass>,
}

#[derive(Debug)]
struct PlacedOp {
    /// Column in the architecture weights.
    column: usize,
    name: String,
    identity: bool,
    op: Box<dyn Operation>,
}

/// Where an operation stands.
struct Place<'a> {
    cell: usize,
    edge: &'a PlacedEdge,
    op: &'a PlacedOp,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, edge, op } = self;
        write!(f, "cell {cell}, edge {}->{}, {}", edge.from, edge.to, op.name)
    }
}

impl Cell {
    /// Creates the cell of a plan; `index` names its place in messages.
    ///
    /// Variables are called `ports.{port}.0.{stage}...` and `edges.{row}.{op}.{stage}...`.
    ///
    /// # Errors
    /// [`NetError::LinkWeights`] for a port with several links, or the error of an operation that
    /// cannot be built.
    pub fn new(
        index: usize,
        plan: &CellPlan,
        registry: &Registry,
        vars: &mut Builder<'_>,
    ) -> Result<Self, NetError> {
        let ports = plan.ports.iter().enumerate();
        let ports = ports
            .map(|(port, plan)| match &plan.links[..] {
                [link] => Transform::new(link, &mut vars.at(format_args!("ports.{port}.0"))),
                links => Err(NetError::LinkWeights { cell: index, port, links: links.len() }),
            })
            .collect::<Result<_, _>>()?;
        let live = plan.edges.iter().enumerate().filter(|(_, edge)| edge.live);
        let edges = live
            .map(|(row, edge)| {
                PlacedEdge::new(row, edge, registry, &mut vars.at(format_args!("edges.{row}")))
            })
            .collect::<Result<_, _>>()?;
        let (concat, node) = (plan.concat.clone(), plan.node);
        Ok(Self { index, cell: plan.cell, ports, edges, concat, node })
    }

    /// Index of the searchable cell whose weights this one reads.
    pub(crate) fn cell(&self) -> usize {
        self.cell
    }

    /// The cell's output; `weights` is `[edges, operations]` in a supernet.
    ///
    /// `read` gives the value of a source named by the plan's ports.
    ///
    /// # Errors
    /// The error of the operation that failed, with its place.
    pub fn forward(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        weights: Option<&Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let mut states = Vec::with_capacity(self.ports.len() + self.concat.len());
        for (port, transform) in self.ports.iter().enumerate() {
            let state = transform.forward(read, pass.mode)?;
            pass.see(&format_args!("cell {}, port {port}", self.index), &state)?;
            states.push(state);
        }
        let last = self.edges.iter().map(|edge| edge.to).chain(self.concat.iter().copied()).max();
        for node in states.len()..=last.unwrap_or(0) {
            let state = self.node(node, &states, weights, pass)?;
            states.push(state);
        }
        let outputs: Vec<&Tensor> = self.concat.iter().map(|&node| &states[node]).collect();
        Ok(Tensor::cat(&outputs, 1)?)
    }

    /// The sum of a node's in-edges; zeros when none is alive.
    fn node(
        &self,
        node: usize,
        states: &[Tensor],
        weights: Option<&Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let mut total: Option<Tensor> = None;
        for edge in self.edges.iter().filter(|edge| edge.to == node) {
            let row = weights.map(|weights| weights.get(edge.row)).transpose()?;
            let x = &states[edge.from];
            total = match &edge.bypass {
                None => self.mix(edge, x, row.as_ref(), total, pass)?,
                Some(bypass) => {
                    let mixed = self.mix(edge, &bypass.kept(x)?, row.as_ref(), None, pass)?;
                    Some(plus(total, bypass.join(x, mixed, pass.mode)?)?)
                }
            };
        }
        match total {
            Some(total) => Ok(total),
            None => self.zeros(&states[0]),
        }
    }

    /// `total` and the weighted outputs of an edge's operations on `x`.
    fn mix(
        &self,
        edge: &PlacedEdge,
        x: &Tensor,
        row: Option<&Tensor>,
        mut total: Option<Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Option<Tensor>, NetError> {
        for op in &edge.ops {
            let y = op.forward(x, &Place { cell: self.index, edge, op }, pass)?;
            let y = match row {
                Some(row) => y.broadcast_mul(&row.get(op.column)?)?,
                None => y,
            };
            total = Some(plus(total, y)?);
        }
        Ok(total)
    }

    fn zeros(&self, like: &Tensor) -> Result<Tensor, NetError> {
        let Shape { channels, height, width } = self.node;
        let shape = (like.dim(0)?, channels, height, width);
        Ok(Tensor::zeros(shape, like.dtype(), like.device())?)
    }
}

fn plus(total: Option<Tensor>, y: Tensor) -> Result<Tensor, NetError> {
    Ok(match total {
        Some(total) => (total + y)?,
        None => y,
    })
}

impl PlacedEdge {
    fn new(
        row: usize,
        plan: &EdgePlan,
        registry: &Registry,
        vars: &mut Builder<'_>,
    ) -> Result<Self, NetError> {
        let mut ops = Vec::new();
        for (column, candidate) in plan.candidates.iter().enumerate() {
            // Zeros add nothing to a sum, so operations that cut the edge are never run.
            if cuts(candidate) {
                continue;
            }
            let name = candidate.op.name.clone();
            let op = registry.build(candidate, &plan.input, &mut vars.at(&name))?;
            ops.push(PlacedOp { column, name, identity: candidate.is_identity(), op });
        }
        let bypass = Bypass::of(plan, &mut vars.at("bypass"))?;
        Ok(Self { row, from: plan.from, to: plan.to, ops, bypass })
    }
}

/// Whether the output is zero, and no variable is asked for on the way there.
fn cuts(candidate: &Candidate) -> bool {
    let free = |layers: &Vec<Layer>| layers.iter().all(|layer| layer.parameters() == 0);
    candidate.op.is_zero() && candidate.layers.as_ref().is_some_and(free)
}

impl PlacedOp {
    fn forward(
        &self,
        x: &Tensor,
        place: &Place<'_>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let at = |source| NetError::At { place: place.to_string(), source: Box::new(source) };
        let y = self.op.forward(x, pass.mode).map_err(at)?;
        pass.see(place, &y)?;
        if pass.mode.is_training() && pass.drop_path > 0.0 && !self.identity {
            return drop_path(&y, pass.drop_path, pass.noise);
        }
        Ok(y)
    }
}
