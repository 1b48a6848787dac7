//! A placed cell.

mod fused;
mod genes;
mod memory;
mod port;
mod promise;
mod staged;
mod weights;

use std::fmt;
use std::sync::Arc;

use candle_core::Tensor;
use dartloom_kernels::fused::{Arena, Program};
use dartloom_ops::{Builder, Execution, Operation, Pass, Registry};
use dartloom_space::{Candidate, CellPlan, CellWeights, EdgePlan, Layer, Shape, Source};

use self::fused::Whole;
pub(crate) use self::genes::{CellGenes, GeneMemory, Kept};
pub(crate) use self::memory::CellMemory;
use self::memory::{EdgeSizes, OpSizes, Sizes};
use self::port::InPort;
use self::promise::Promise;
use self::weights::Factors;
pub(crate) use self::weights::PlacedWeights;
pub(crate) use self::weights::times;
use crate::address::EdgeRow;
use crate::partial::Bypass;
use crate::{Mask, NetError};

/// One placed cell: its ports, its edges with their operations, its output.
///
/// [`Supernet`](crate::Supernet) and [`DerivedNetwork`](crate::DerivedNetwork) chain cells; alone a
/// cell can stand in a network of your own.
#[derive(Debug)]
pub struct Cell {
    index: usize,
    cell: Option<usize>,
    ports: Vec<InPort>,
    edges: Vec<PlacedEdge>,
    concat: Vec<usize>,
    residual: bool,
    node: Shape,
    sizes: Sizes,
    /// All edges, and the ports if they can be, as one operation.
    whole: Option<Whole>,
    arena: Arena,
}

#[derive(Debug)]
struct PlacedEdge {
    /// Row in the architecture weights.
    row: usize,
    from: usize,
    to: usize,
    ops: Vec<PlacedOp>,
    /// For partial channels: the channels that the operations do not see.
    bypass: Option<Bypass>,
    /// Values that the edge leaves behind where it runs staged.
    sizes: EdgeSizes,
    /// The operations that have stages, in an edge where another one has none.
    fused: Option<Arc<Program>>,
}

#[derive(Debug)]
struct PlacedOp {
    /// Column in the architecture weights.
    column: usize,
    name: String,
    identity: bool,
    op: Box<dyn Operation>,
    /// Values that the operation leaves behind where it runs staged.
    sizes: OpSizes,
    /// `true` if the edge's program runs it.
    fused: bool,
    /// The output that an operation in code promises; the layers of recipes are known and need no
    /// promise.
    promise: Option<Promise>,
}

/// The place of an operation, for messages.
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
    /// Variables are called `ports.{port}.{link}.{stage}...` and `edges.{row}.{op}.{stage}...`.
    ///
    /// # Errors
    /// The error of an operation that cannot be built.
    pub fn new(
        index: usize,
        plan: &CellPlan,
        registry: &Registry,
        vars: &mut Builder<'_>,
    ) -> Result<Self, NetError> {
        let (ports, mut edges) = parts(plan, registry, vars)?;
        let whole = Whole::new(plan, &ports, &edges);
        if whole.is_none() {
            fused::fuse_edges(plan, &mut edges);
        }
        let concat = plan.concat.clone();
        let residual = plan.residual;
        let node = plan.node;
        let sizes = Sizes::of(plan)?;
        let cell = plan.cell;
        let arena = Arena::new();
        Ok(Self { index, cell, ports, edges, concat, residual, node, sizes, whole, arena })
    }

    /// The cell with the buffers of `arena`, which cells of a network share.
    pub(crate) fn with_arena(self, arena: &Arena) -> Self {
        Self { arena: arena.clone(), ..self }
    }

    /// Index of the searchable cell whose weights this one reads; `None` for a sum.
    pub(crate) fn cell(&self) -> Option<usize> {
        self.cell
    }

    /// The row of the edge between two nodes.
    pub(crate) fn row(&self, from: usize, to: usize) -> Option<usize> {
        self.edges.iter().find(|edge| (edge.from, edge.to) == (from, to)).map(|edge| edge.row)
    }

    /// The rows of its edges.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        self.edges.iter().map(|edge| edge.row)
    }

    /// The sources that each port reads.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Vec<Source>> {
        self.ports.iter().map(|port| port.links.iter().map(|link| link.source).collect())
    }

    /// The number of links of each port whose links have weights.
    pub(crate) fn weighed_ports(&self) -> impl Iterator<Item = usize> {
        self.ports.iter().filter(|port| port.weighed).map(|port| port.links.len())
    }

    /// The sources that each port reads whose links have weights.
    pub(crate) fn weighed_sources(&self) -> impl Iterator<Item = Vec<Source>> {
        let ports = self.ports.iter().filter(|port| port.weighed);
        ports.map(|port| port.links.iter().map(|link| link.source).collect())
    }

    /// `true` if the cell, its ports included, runs as one operation in single precision on a CPU.
    ///
    /// Otherwise its ports, or all its operations, run one after the other: operations that have no
    /// kernel there are convolutions over windows and channels at once, bilinear enlargement and
    /// those in code.
    pub fn is_one_operation(&self) -> bool {
        self.whole.as_ref().is_some_and(Whole::begins_at_sources)
    }

    /// The cell's output; a supernet's cell needs `weights`. Weights of edges apply to the whole
    /// edge, including the channels that bypass its operations. Links have weight 1.
    ///
    /// `read` gives the value of a source named by the plan's ports.
    ///
    /// # Errors
    /// The error of the operation that failed, with its place.
    pub fn forward(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        weights: Option<&CellWeights<Tensor>>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        self.forward_with(read, weights, Mask::First, pass)
    }

    /// As [`forward`](Self::forward); `mask` selects the channels that the operations of an edge
    /// with partial channels see.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward).
    pub fn forward_with(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        weights: Option<&CellWeights<Tensor>>,
        mask: Mask,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let Some(cell) = weights else { return self.mixed(read, None, mask, pass) };
        let one = |links| Tensor::ones(links, cell.ops.dtype(), cell.ops.device());
        let links: Vec<Tensor> = self.weighed_ports().map(one).collect::<Result<_, _>>()?;
        let weights = PlacedWeights { cell: Some(cell), links: &links };
        self.mixed(read, Some(weights), mask, pass)
    }

    /// As [`forward_with`](Self::forward_with), with weights of links.
    pub(crate) fn mixed(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        weights: Option<PlacedWeights<'_>>,
        mask: Mask,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let weights = weights.map(Factors::of).transpose()?;
        let weights = weights.as_ref();
        if pass.unseen()
            && let Execution::Fused(recompute) = pass.execution
            && let Some(whole) = &self.whole
            && (mask == Mask::First || !whole.splits_channels())
        {
            let inputs = self.inputs(whole, read, weights, pass)?;
            if whole.fits(&inputs, weights, pass.mode)? {
                return whole.forward(&self.arena, &inputs, weights, recompute, pass);
            }
        }
        self.staged(read, weights, mask, pass)
    }
}

/// Ports and edges of a cell.
fn parts(
    plan: &CellPlan,
    registry: &Registry,
    vars: &mut Builder<'_>,
) -> Result<(Vec<InPort>, Vec<PlacedEdge>), NetError> {
    let ports = plan.ports.iter().enumerate();
    let ports = ports
        .map(|(port, plan)| InPort::new(plan, &mut vars.at(format_args!("ports.{port}"))))
        .collect::<Result<Vec<_>, _>>()?;
    let live = plan.edges.iter().enumerate().filter(|(_, edge)| edge.live);
    let edges = live
        .map(|(row, edge)| {
            PlacedEdge::new(row, (plan, edge), registry, &mut vars.at(EdgeRow { row }))
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok((ports, edges))
}

impl PlacedEdge {
    fn new(
        row: usize,
        (cell, plan): (&CellPlan, &EdgePlan),
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
            let before = vars.parameter_count();
            let op = registry.build(candidate, &plan.input, &mut vars.at(&name))?;
            let learns = vars.parameter_count() > before;
            let promise = candidate.layers.is_none().then(|| Promise::of(&plan.input, learns));
            let identity = candidate.is_identity();
            let sizes = OpSizes::of(plan, candidate)?;
            ops.push(PlacedOp { column, name, identity, op, sizes, fused: false, promise });
        }
        let bypass = Bypass::of(plan, &mut vars.at("bypass"))?;
        let sizes = EdgeSizes::of(plan, cell)?;
        let from = plan.from;
        let to = plan.to;
        Ok(Self { row, from, to, ops, bypass, sizes, fused: None })
    }
}

/// `true` if the output is zero and computing it asks for no variable.
fn cuts(candidate: &Candidate) -> bool {
    let free = |layers: &Vec<Layer>| layers.iter().all(|layer| layer.parameters() == 0);
    candidate.op.is_zero() && candidate.layers.as_ref().is_some_and(free)
}
