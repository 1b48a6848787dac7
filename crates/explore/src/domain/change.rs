//! Small changes of genotypes, and mixtures of two.

use dartloom_space::{CellGenotype, Gene, Genotype, Links, SpaceError};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngCore};

use super::Domain;

/// A gene, by cell and position.
type Place = (usize, usize);

impl Domain {
    /// The genotype with another operation on one edge: the edge is drawn uniformly among all, the
    /// operation uniformly among the others. `None` if there is no other operation.
    ///
    /// # Errors
    /// [`SpaceError`] for a genotype of another space.
    pub fn mutate_op(
        &self,
        genotype: &Genotype,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Genotype>, SpaceError> {
        let places: Vec<Place> = places(genotype).collect();
        let Some(&place) = places.choose(rng) else { return Ok(None) };
        let ops = self.other_ops(gene(genotype, place));
        match ops.choose(rng) {
            Some(op) => self.with(genotype, place, |gene| gene.op.clone_from(op)).map(Some),
            None => Ok(None),
        }
    }

    /// The genotype with one operation moved to another in-edge of its node: the gene is drawn
    /// uniformly among those that can move, the edge uniformly among the free ones. `None` if no
    /// gene can move, for example because every edge has its operation.
    ///
    /// # Errors
    /// [`SpaceError`] for a genotype of another space.
    pub fn mutate_edge(
        &self,
        genotype: &Genotype,
        rng: &mut dyn RngCore,
    ) -> Result<Option<Genotype>, SpaceError> {
        let movable: Vec<(Place, Vec<usize>)> = places(genotype)
            .map(|place| (place, self.free_sources(genotype, place)))
            .filter(|(_, free)| !free.is_empty())
            .collect();
        let Some((place, free)) = movable.choose(rng) else { return Ok(None) };
        let Some(&from) = free.choose(rng) else { return Ok(None) };
        self.with(genotype, *place, |gene| gene.from = from).map(Some)
    }

    /// One mutation, of an operation or of an edge with equal probability, or of a link where the
    /// space leaves a choice of them. If one kind is impossible, another is made; the only genotype
    /// of a domain is returned as it is.
    ///
    /// # Errors
    /// [`SpaceError`] for a genotype of another space.
    pub fn mutate(
        &self,
        genotype: &Genotype,
        rng: &mut dyn RngCore,
    ) -> Result<Genotype, SpaceError> {
        // Spaces without links draw no number for them.
        if self.chooses_links()
            && rng.random_range(0..3) == 0
            && let Some(mutant) = self.mutate_link(genotype, rng)?
        {
            return Ok(mutant);
        }
        let op_first = rng.random_bool(0.5);
        for op in [op_first, !op_first] {
            let mutant =
                if op { self.mutate_op(genotype, rng)? } else { self.mutate_edge(genotype, rng)? };
            if let Some(mutant) = mutant {
                return Ok(mutant);
            }
        }
        Ok(self.mutate_link(genotype, rng)?.unwrap_or_else(|| genotype.clone()))
    }

    /// A genotype whose nodes come from one parent or the other, each with equal probability and
    /// with all its in-edges: a uniform crossover.
    ///
    /// # Errors
    /// [`SpaceError`] for parents of another space.
    pub fn mate(
        &self,
        first: &Genotype,
        second: &Genotype,
        rng: &mut dyn RngCore,
    ) -> Result<Genotype, SpaceError> {
        let mut cells = first.cells().to_vec();
        for (index, (cell, other)) in cells.iter_mut().zip(second.cells()).enumerate() {
            for node in self.nodes(index) {
                if rng.random_bool(0.5) {
                    cell.genes.retain(|gene| gene.to != node);
                    let inherited = other.genes.iter().filter(|gene| gene.to == node);
                    cell.genes.extend(inherited.cloned());
                }
            }
        }
        let links = self.mated_links(first.links(), second.links(), rng);
        self.ordered(cells, &links)
    }

    /// Every genotype that one mutation can lead to, in a fixed order.
    ///
    /// # Errors
    /// [`SpaceError`] for a genotype of another space.
    pub fn neighbours(&self, genotype: &Genotype) -> Result<Vec<Genotype>, SpaceError> {
        let mut all = Vec::new();
        for place in places(genotype) {
            for op in self.other_ops(gene(genotype, place)) {
                all.push(self.with(genotype, place, |gene| gene.op.clone_from(op))?);
            }
            for from in self.free_sources(genotype, place) {
                all.push(self.with(genotype, place, |gene| gene.from = from)?);
            }
        }
        all.extend(self.link_neighbours(genotype)?);
        Ok(all)
    }

    fn other_ops(&self, gene: &Gene) -> Vec<&String> {
        self.ops.iter().filter(|op| **op != gene.op).collect()
    }

    /// Other sources that the operation could read.
    fn free_sources(&self, genotype: &Genotype, (cell, gene): Place) -> Vec<usize> {
        let Some(spec) = self.space.cells().get(cell) else { return Vec::new() };
        let genes = &genotype.cells()[cell].genes;
        let node = genes[gene].to;
        let taken = |from| genes.iter().any(|gene| (gene.from, gene.to) == (from, node));
        let edges = spec.graph.rows_into(node).map(|row| spec.graph.edges()[row].from);
        edges.filter(|&from| !taken(from)).collect()
    }

    fn with(
        &self,
        genotype: &Genotype,
        (cell, gene): Place,
        change: impl FnOnce(&mut Gene),
    ) -> Result<Genotype, SpaceError> {
        let mut cells = genotype.cells().to_vec();
        change(&mut cells[cell].genes[gene]);
        self.ordered(cells, genotype.links())
    }

    /// The genotype with its genes in row order, so that equal genotypes are equal values.
    fn ordered(&self, mut cells: Vec<CellGenotype>, links: &Links) -> Result<Genotype, SpaceError> {
        for cell in &mut cells {
            cell.genes.sort_by_key(|gene| (gene.to, gene.from));
        }
        self.space.genotype(cells)?.with_links(links.clone())
    }
}

fn places(genotype: &Genotype) -> impl Iterator<Item = Place> {
    let cells = genotype.cells().iter().enumerate();
    cells.flat_map(|(cell, genes)| (0..genes.genes.len()).map(move |gene| (cell, gene)))
}

fn gene(genotype: &Genotype, (cell, gene): Place) -> &Gene {
    &genotype.cells()[cell].genes[gene]
}
