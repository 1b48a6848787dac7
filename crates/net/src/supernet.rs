//! The network in which every edge holds every operation.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_ops::{Output, Pass, Place, Registry, Variables};
use dartloom_space::{ArchWeights, Blueprint, CellWeights, Cost, Phase};
use rand::RngCore;

use crate::address::{EdgeAddress, OpAddress, below};
use crate::body::{Body, Mixed, Reads};
use crate::memory::{Breakdown, Workload};
use crate::{Mixing, NetError};

/// A supernet: `node_j = sum_{i<j} sum_o w_o^(i,j) o(x_i)` (DARTS, equations 1 and 2), with `w`
/// given to every forward pass. [`PartialPlan`] describes the output of edges with partial
/// channels.
///
/// [`PartialPlan`]: dartloom_space::PartialPlan
#[derive(Debug)]
pub struct Supernet {
    body: Body,
    /// Shape of every searchable cell's weights; `None` for a cell that stands nowhere.
    tables: Vec<Option<Table>>,
}

impl Supernet {
    /// Creates the supernet of a blueprint made by [`Blueprint::supernet`], weights drawn from
    /// `rng`.
    ///
    /// # Errors
    /// [`NetError::Blueprint`] for a derived network's blueprint, [`NetError::AuxiliaryInput`] when
    /// an auxiliary head does not fit, or the error of an operation that cannot be built.
    pub fn new(
        plan: &Blueprint,
        registry: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        Body::check(plan, Phase::Search)?;
        let highest = plan.cells.iter().filter_map(|cell| cell.cell).max();
        let mut tables = vec![None; highest.map_or(0, |cell| cell + 1)];
        for cell in &plan.cells {
            let Some(index) = cell.cell else { continue };
            let ops = cell.edges.first().map_or(0, |edge| edge.candidates.len());
            tables[index] = Some(Table { edges: cell.edges.len(), ops });
        }
        Ok(Self { body: Body::new(plan, registry, place, rng)?, tables })
    }

    /// Parameters and buffers of all candidates; architecture logits are not among them.
    pub fn variables(&self) -> &Variables {
        self.body.variables()
    }

    /// The variables of the network described by `plan` ([`Blueprint::subnet`]), under the names
    /// they have in that network: [`Variables::load`] takes them over, running statistics included.
    /// The output of the network is then that of the supernet with weight 1 on the network's
    /// operations and 0 on all others.
    ///
    /// # Errors
    /// [`NetError::Subnet`] for an edge that the supernet does not have, or when a copy fails.
    pub fn subnet(&self, plan: &Blueprint) -> Result<BTreeMap<String, Tensor>, NetError> {
        let all = self.body.variables().snapshot()?;
        // Everything outside of edges, and of ports and heads that lose links, has the same name in
        // both.
        let mut found = all.clone();
        for edge in self.body.edges() {
            for (rest, _) in below(&all, &edge) {
                found.remove(&format!("{edge}.{rest}"));
            }
        }
        for Reads { name: part, own, kept } in self.body.parts(plan) {
            if own == kept {
                continue;
            }
            for (rest, _) in below(&all, &part) {
                found.remove(&format!("{part}.{rest}"));
            }
            for (new, source) in kept.iter().enumerate() {
                // The head may read a source by several branches, which keep their order.
                let earlier = kept[..new].iter().filter(|own| *own == source).count();
                let mut same = (0..own.len()).filter(|&old| own[old] == *source);
                let Some(old) = same.nth(earlier) else { continue };
                for (rest, tensor) in below(&all, &format!("{part}.{old}")) {
                    found.insert(format!("{part}.{new}.{rest}"), tensor.clone());
                }
            }
        }
        for (place, cell) in plan.cells.iter().enumerate() {
            for (gene, edge) in cell.edges.iter().enumerate().filter(|(_, edge)| edge.live) {
                let from = edge.from;
                let to = edge.to;
                let row = self.body.row(place, (from, to));
                let row = row.ok_or(NetError::Subnet { cell: place, from, to })?;
                for candidate in &edge.candidates {
                    let op = &*candidate.op.name;
                    let own = OpAddress { edge: EdgeAddress { place, row }, op };
                    let new = OpAddress { edge: EdgeAddress { place, row: gene }, op };
                    for (rest, tensor) in below(&all, &own) {
                        found.insert(format!("{new}.{rest}"), tensor.clone());
                    }
                }
            }
        }
        Ok(found)
    }

    /// The cost of one image when every candidate runs.
    pub fn cost(&self) -> Cost {
        self.body.cost()
    }

    /// The first position at which a searchable cell stands; `None` if it stands nowhere.
    pub fn first_place(&self, cell: usize) -> Option<usize> {
        self.body.first_place(cell)
    }

    /// Memory of a process that runs the supernet as `work` says, see [`crate::memory::predict`].
    pub fn memory(&self, work: &Workload) -> Breakdown {
        self.body.memory(work)
    }

    /// Bytes that each link of each weighed port stands for, by port
    /// ([`Network::choices`](dartloom_space::Network::choices)): what [`crate::memory`] predicts
    /// that one image leaves behind between the forward and the backward pass, in single precision
    /// with cells fused. For a link into a sum that is the cell it comes from, 0 for a part of the
    /// stem; for one straight into a cell the plane of a node of that cell.
    pub fn link_bytes(&self) -> Vec<Vec<u64>> {
        self.body.link_bytes()
    }

    /// Runs `x`, `[B, C, H, W]`, with the given architecture weights.
    ///
    /// # Errors
    /// [`NetError::Weights`] when a cell's weights are missing or have another shape,
    /// [`NetError::Links`] for weights of links, [`NetError::Input`] for images of another shape.
    pub fn forward(
        &self,
        x: &Tensor,
        weights: &ArchWeights<Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Output, NetError> {
        self.forward_with(x, weights, &Mixing::default(), pass)
    }

    /// As [`forward`](Self::forward), with one cell replaced or channels drawn, as given by
    /// `mixing`.
    ///
    /// # Errors
    /// Those of [`forward`](Self::forward).
    pub fn forward_with(
        &self,
        x: &Tensor,
        weights: &ArchWeights<Tensor>,
        mixing: &Mixing,
        pass: &mut Pass<'_>,
    ) -> Result<Output, NetError> {
        for (cell, table) in self.tables.iter().enumerate() {
            check(cell, *table, weights.cells.get(cell))?;
        }
        self.check_links(&weights.links)?;
        if let Some(own) = &mixing.replaced
            && let Some(cell) = self.body.cell_at(own.place)
        {
            check(cell, self.tables[cell], Some(&own.weights))?;
        }
        self.body.forward(x, Some(Mixed { weights, mixing }), pass)
    }
}

impl Supernet {
    /// Refuses weights of other links than the network weighs.
    fn check_links(&self, links: &[Tensor]) -> Result<(), NetError> {
        let expected = self.body.weighed_ports();
        let found = links.iter().map(Tensor::dims);
        if found.eq(expected.iter().map(std::slice::from_ref)) {
            return Ok(());
        }
        let found = links.iter().map(|line| line.dims().to_vec()).collect();
        Err(NetError::Links { expected, found })
    }
}

/// Numbers of edges and operations of a searchable cell.
#[derive(Clone, Copy, Debug)]
struct Table {
    edges: usize,
    ops: usize,
}

/// Refuses a cell's weights of another shape than its `table`.
fn check(
    cell: usize,
    table: Option<Table>,
    weights: Option<&CellWeights<Tensor>>,
) -> Result<(), NetError> {
    let Some(Table { edges, ops }) = table else { return Ok(()) };
    let refuse = |expected: &[usize], found: &[usize]| {
        let expected = expected.to_vec();
        let found = found.to_vec();
        Err(NetError::Weights { cell, expected, found })
    };
    let found = weights.map_or(&[][..], |weights| weights.ops.dims());
    if found != [edges, ops] {
        return refuse(&[edges, ops], found);
    }
    match weights.and_then(|weights| weights.edges.as_ref()) {
        Some(own) if own.dims() != [edges] => refuse(&[edges], own.dims()),
        _ => Ok(()),
    }
}
