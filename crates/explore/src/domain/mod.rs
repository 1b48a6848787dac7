//! The genotypes of a space that may be proposed.

mod change;
mod links;

use std::ops::Range;

use dartloom_space::topology::LinkTopologies;
use dartloom_space::{CellGenotype, CellSpec, Edge, Gene, Genotype, Space, SpaceError};
use rand::{Rng as _, RngCore};

use super::Key;

/// A space, and the number of in-edges that its nodes keep: together, the genotypes that explorers
/// draw and change.
///
/// With [`Domain::top`], every node keeps that many of its in-edges (all if it has no more), one
/// operation each, without zero operations: the architectures that decoders of the DARTS family
/// give. With [`Domain::every_edge`], every edge has one operation, zeros included: the
/// architectures of NAS-Bench-201.
///
/// Links of a lattice of sums are those of a feasible topology ([`Network::topologies`]).
/// Elsewhere, of every port that chooses, a set of links stays that is not empty.
///
/// [`Network::topologies`]: dartloom_space::Network::topologies
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    space: Space,
    top: usize,
    ops: Vec<String>,
    /// Of a lattice whose links are chosen as a whole.
    topologies: Option<LinkTopologies>,
}

impl Domain {
    /// `top` in-edges per node (at least one) and no zero operation, unless the space has no other.
    pub fn top(space: Space, top: usize) -> Self {
        let all = space.op_set().ops();
        let mut ops: Vec<String> =
            all.iter().filter(|op| !op.is_zero()).map(|op| op.name.clone()).collect();
        if ops.is_empty() {
            ops = space.op_set().names().map(str::to_owned).collect();
        }
        let topologies = space.network().topologies();
        Self { space, top: top.max(1), ops, topologies }
    }

    /// One operation on every edge, any of the space's.
    pub fn every_edge(space: Space) -> Self {
        let ops = space.op_set().names().map(str::to_owned).collect();
        let topologies = space.network().topologies();
        Self { space, top: usize::MAX, ops, topologies }
    }

    /// The space.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The operations that a gene may have.
    pub fn ops(&self) -> &[String] {
        &self.ops
    }

    /// The number of its genotypes; `None` from 2^64 on.
    pub fn size(&self) -> Option<u64> {
        let ops = self.ops.len();
        self.space.cells().iter().try_fold(self.link_sets()?, |all, cell| {
            all.checked_mul(u64::try_from(cell.graph.size(ops, self.top)).ok()?)
        })
    }

    /// The key that equal architectures share.
    pub fn key(&self, genotype: &Genotype) -> Key {
        Key::of(genotype, self.space.op_set())
    }

    /// A genotype drawn uniformly: for each node its in-edges without repetition, for each of these
    /// an operation with replacement, and its links ([`Space::sample_links`]). If zeros are left
    /// out, the draws are those of [`Space::sample`].
    ///
    /// # Errors
    /// None in practice: the genotype drawn belongs to the space.
    pub fn sample(&self, rng: &mut dyn RngCore) -> Result<Genotype, SpaceError> {
        let mut cells = Vec::with_capacity(self.space.cells().len());
        for spec in self.space.cells() {
            let mut genes = Vec::new();
            for node in spec.graph.own_nodes() {
                let rows: Vec<usize> = spec.graph.rows_into(node).collect();
                let mut picks =
                    rand::seq::index::sample(rng, rows.len(), self.kept(rows.len())).into_vec();
                picks.sort_unstable();
                for pick in picks {
                    let Edge { from, to } = spec.graph.edges()[rows[pick]];
                    let op = self.ops[rng.random_range(0..self.ops.len())].clone();
                    genes.push(Gene { op, from, to });
                }
            }
            cells.push(spec.genotype(genes));
        }
        self.space.genotype(cells)?.with_links(self.sample_links(rng))
    }

    /// `true` if a genotype may be proposed.
    pub fn contains(&self, genotype: &Genotype) -> bool {
        let same = |checked: Genotype| checked.layout() == genotype.layout();
        self.space.genotype(genotype.cells().to_vec()).is_ok_and(same)
            && self.has_links(genotype)
            && self.space.cells().iter().zip(genotype.cells()).all(|(spec, cell)| {
                let mut nodes = spec.graph.own_nodes();
                cell.concat == spec.graph.concat()
                    && cell.genes.iter().all(|gene| self.ops.contains(&gene.op))
                    && nodes.all(|node| self.node_is_full(spec, cell, node))
            })
    }

    /// `true` if a node has as many genes as it keeps, on different edges.
    fn node_is_full(&self, spec: &CellSpec, cell: &CellGenotype, node: usize) -> bool {
        let mut sources: Vec<usize> =
            cell.genes.iter().filter(|gene| gene.to == node).map(|gene| gene.from).collect();
        let genes = sources.len();
        sources.sort_unstable();
        sources.dedup();
        sources.len() == genes && genes == self.kept(spec.graph.rows_into(node).count())
    }

    /// The number of a node's in-edges that are kept.
    pub fn kept(&self, edges: usize) -> usize {
        self.top.clamp(1, edges.max(1))
    }

    /// Own nodes of a cell.
    fn nodes(&self, cell: usize) -> Range<usize> {
        self.space.cells()[cell].graph.own_nodes()
    }
}

#[cfg(test)]
mod tests;
