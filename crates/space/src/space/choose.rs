//! Genotypes of a space: checked ones and random ones.

use rand::{Rng as _, RngCore};

use super::Space;
use crate::weights::check_names;
use crate::{CellGenotype, CellSpec, Edge, Gene, Genotype, Links, PortId, PortLinks, SpaceError};

impl Space {
    /// The genotype of the given cells, checked against the space.
    ///
    /// An edge may carry several genes (decoders of independent weights choose that) or none.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] when names or inputs of the cells are not the space's,
    /// [`SpaceError::UnknownEdge`] and [`SpaceError::UnknownOp`] for a gene that is no choice of
    /// the space, and as [`Genotype::new`].
    pub fn genotype(&self, cells: Vec<CellGenotype>) -> Result<Genotype, SpaceError> {
        let wanted: Vec<&str> = self.cells.iter().map(|cell| &*cell.name).collect();
        let found: Vec<&str> = cells.iter().map(|cell| &*cell.name).collect();
        check_names(&format!("space `{}`, cell", self.name), &wanted, &found)?;
        for (spec, cell) in self.cells.iter().zip(&cells) {
            let expected = spec.graph.inputs();
            let found = cell.inputs;
            if expected != found {
                return Err(SpaceError::Mismatch {
                    place: format!("inputs of cell `{}`", spec.name),
                    expected: expected.to_string(),
                    found: found.to_string(),
                });
            }
            if spec.graph.residual() != cell.residual {
                return Err(SpaceError::Mismatch {
                    place: format!("residual of cell `{}`", spec.name),
                    expected: spec.graph.residual().to_string(),
                    found: cell.residual.to_string(),
                });
            }
            self.check_genes(spec, &cell.genes)?;
        }
        Genotype::new(self.layout(), cells)
    }

    /// Refuses a genotype that is none of this space: other cells, genes or links.
    ///
    /// # Errors
    /// As [`Space::genotype`], and as [`Network::chosen`](crate::Network::chosen) for links that
    /// the space's network does not have. A genotype that names no links is admitted.
    pub fn admit(&self, genotype: &Genotype) -> Result<(), SpaceError> {
        self.genotype(genotype.cells().to_vec())?;
        if genotype.links().is_empty() {
            return Ok(());
        }
        self.network.chosen(genotype.links()).map(drop)
    }

    fn check_genes(&self, spec: &CellSpec, genes: &[Gene]) -> Result<(), SpaceError> {
        for (index, gene) in genes.iter().enumerate() {
            if spec.graph.row(Edge { from: gene.from, to: gene.to }).is_none() {
                return Err(SpaceError::UnknownEdge {
                    cell: spec.name.clone(),
                    index,
                    gene: format!("{} {}->{}", gene.op, gene.from, gene.to),
                });
            }
            let place = || format!("cell `{}`, gene {index}", spec.name);
            self.op_set.get(&gene.op).map_err(|error| error.at(place()))?;
        }
        Ok(())
    }

    /// A random genotype: `top` in-edges per node (all where a node has no more, at least one),
    /// uniformly without repetition, and one operation per edge, uniformly among those that are
    /// not zero.
    ///
    /// Links are those of [`Space::sample_links`]. A set of zero operations only gives those.
    pub fn sample(&self, top: usize, rng: &mut dyn RngCore) -> Genotype {
        let all = self.op_set.ops();
        let mut ops: Vec<&str> =
            all.iter().filter(|op| !op.is_zero()).map(|op| &*op.name).collect();
        if ops.is_empty() {
            ops = self.op_set.names().collect();
        }
        let cells = self.cells.iter().map(|spec| {
            let mut genes = Vec::new();
            for node in spec.graph.own_nodes() {
                let rows: Vec<usize> = spec.graph.rows_into(node).collect();
                let count = top.clamp(1, rows.len());
                let mut picks = rand::seq::index::sample(rng, rows.len(), count).into_vec();
                picks.sort_unstable();
                for pick in picks {
                    let Edge { from, to } = spec.graph.edges()[rows[pick]];
                    let op = ops[rng.random_range(0..ops.len())].to_owned();
                    genes.push(Gene { op, from, to });
                }
            }
            spec.genotype(genes)
        });
        // Every node of a cell has an in-edge, so every node has a gene: nothing can be refused.
        let genotype = Genotype::trusted(self.layout(), cells.collect());
        genotype.trusted_links(self.sample_links(rng))
    }

    /// Links drawn at random: in a lattice of sums, such as Auto-DeepLab's and that of DiNTS, a
    /// feasible topology, all of them being equally likely ([`Network::topologies`]); elsewhere of
    /// every port that chooses a set that is not empty, all sets being equally likely. None where
    /// no port chooses.
    ///
    /// [`Network::topologies`]: crate::Network::topologies
    pub fn sample_links(&self, rng: &mut dyn RngCore) -> Links {
        match self.network.topologies() {
            Some(topologies) => topologies.draw(rng),
            None => self.sample_sets(rng),
        }
    }

    /// Of every port that chooses, a set of links that is not empty.
    fn sample_sets(&self, rng: &mut dyn RngCore) -> Links {
        let ports = self.network.choices().map(|choice| {
            let PortId { placement, port } = choice.port;
            let kept = loop {
                let kept: Vec<usize> = (0..choice.links).filter(|_| rng.random_bool(0.5)).collect();
                if !kept.is_empty() {
                    break kept;
                }
            };
            PortLinks { placement, port, kept }
        });
        Links { ports: ports.collect(), head: Vec::new() }
    }
}
