//! Links of a network as topologies of a lattice.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngCore;

use super::{Block, Joint, Nodes, Topology, TopologyCounts, TopologyError, TopologyLattice};
use crate::{Head, Links, Network, PortId, PortLinks, Source, WeighedLink};

impl TopologyLattice {
    /// The lattice of links that are sorted by layer: one block for each, nodes and edges in
    /// ascending order of sources and of placements.
    ///
    /// # Errors
    /// [`TopologyError::NotLayered`] where a layer reads what the one before does not write, and
    /// as [`Block::new`].
    pub fn of_layers(links: &[WeighedLink]) -> Result<Self, TopologyError> {
        let layers: Vec<&[WeighedLink]> = links.chunk_by(|a, b| a.layer == b.layer).collect();
        let mut blocks = Vec::with_capacity(layers.len());
        let first = layers.first().into_iter().flat_map(|layer| layer.iter());
        let mut before: BTreeSet<Source> = first.map(|link| link.from).collect();
        for layer in layers {
            let sources: BTreeMap<Source, usize> = before.iter().copied().zip(0..).collect();
            let after: BTreeSet<Source> = layer.iter().map(|link| Source::Cell(link.to)).collect();
            let targets: BTreeMap<Source, usize> = after.iter().copied().zip(0..).collect();
            let edge = |link: &WeighedLink| {
                let from = sources.get(&link.from).copied();
                // A source of an earlier layer is none of this column.
                let from = from.ok_or(TopologyError::NotLayered { placement: link.to })?;
                Ok((from, targets[&Source::Cell(link.to)]))
            };
            let edges = layer.iter().map(edge).collect::<Result<Vec<_>, TopologyError>>()?;
            blocks.push(Block::new(sources.len(), targets.len(), edges)?);
            before = after;
        }
        Self::new(blocks)
    }
}

/// The feasible topologies of a network whose links make a lattice, such as Auto-DeepLab's and that
/// of DiNTS: every layer reads just the nodes that the one before writes, and the head those of the
/// last layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkTopologies {
    /// Sorted by layer.
    links: Vec<WeighedLink>,
    /// Of each choice its port.
    ports: Vec<PortId>,
    /// Of each source of the head the node of the last layer.
    ends: Vec<usize>,
    counts: TopologyCounts,
}

impl Network {
    /// The feasible topologies of the network; `None` if its links are no lattice of sums whose
    /// last layer is all that a head per pixel reads, or there are more than can be counted.
    pub fn topologies(&self) -> Option<LinkTopologies> {
        let mut links = self.weighed_links();
        links.sort_by_key(|link| link.layer);
        let sums = links.iter().all(|link| self.placements()[link.to].cell.is_none());
        let Head::PerPixel { sources, .. } = self.head() else { return None };
        let last = links.chunk_by(|a, b| a.layer == b.layer).next_back()?;
        let last: BTreeSet<Source> = last.iter().map(|link| Source::Cell(link.to)).collect();
        let nodes: BTreeMap<Source, usize> = last.into_iter().zip(0..).collect();
        let ends: Option<Vec<usize>> =
            sources.iter().map(|source| nodes.get(source).copied()).collect();
        let ends = ends.filter(|ends| sums && ends.len() == nodes.len())?;
        let counts = TopologyLattice::of_layers(&links).and_then(|lattice| lattice.counts());
        let ports = self.choices().map(|choice| choice.port).collect();
        Some(LinkTopologies { links, ports, ends, counts: counts.ok()? })
    }
}

impl LinkTopologies {
    /// Their number, and each by its index.
    pub fn counts(&self) -> &TopologyCounts {
        &self.counts
    }

    /// The links of one of them, each with the same probability; those of a lattice that has none
    /// are all links.
    pub fn draw(&self, rng: &mut dyn RngCore) -> Links {
        match self.counts.draw(rng) {
            Some(topology) => self.links(&topology),
            None => self.all(),
        }
    }

    fn all(&self) -> Links {
        let on = self.counts.lattice().blocks().iter();
        let patterns = on.map(|block| vec![true; block.edges().len()]).collect();
        self.links(&Topology { patterns })
    }

    /// The links of a topology. A node that is not written keeps its first link and goes with it.
    pub fn links(&self, topology: &Topology) -> Links {
        let port = |port: &PortId| {
            let PortId { placement, port } = *port;
            PortLinks { placement, port, kept: Vec::new() }
        };
        let mut ports: Vec<PortLinks> = self.ports.iter().map(port).collect();
        for (link, on) in self.links.iter().zip(topology.patterns.iter().flatten()) {
            if *on {
                ports[link.row].kept.push(link.link);
            }
        }
        let row = |node: usize| self.last().find(|(own, _)| *own == node).map(|(_, row)| row);
        let written = |end: &usize| {
            row(self.ends[*end]).is_some_and(|row: usize| !ports[row].kept.is_empty())
        };
        let head: Vec<usize> = (0..self.ends.len()).filter(written).collect();
        let head = if head.len() == self.ends.len() { Vec::new() } else { head };
        for own in &mut ports {
            own.kept.sort_unstable();
            if own.kept.is_empty() {
                own.kept.push(0);
            }
        }
        Links { ports, head }
    }

    /// Nodes of the last layer, each with the row of its links.
    fn last(&self) -> impl Iterator<Item = (usize, usize)> {
        let layers = self.links.chunk_by(|a, b| a.layer == b.layer);
        let rows = layers.last().into_iter().flatten().map(|link| (link.to, link.row));
        let rows: BTreeSet<(usize, usize)> = rows.collect();
        rows.into_iter().enumerate().map(|(node, (_, row))| (node, row))
    }

    /// The topology of these links; `None` for links that are those of no feasible one, or not as
    /// [`LinkTopologies::links`] writes them.
    pub fn topology(&self, links: &Links) -> Option<Topology> {
        if !links.ports.iter().map(PortLinks::id).eq(self.ports.iter().copied()) {
            return None;
        }
        // Backwards from the ends: what nothing reads is off.
        let kept = |link: &WeighedLink| links.ports[link.row].kept.contains(&link.link);
        let ends =
            (0..self.ends.len()).filter(|end| links.head.is_empty() || links.head.contains(end));
        let nodes: BTreeSet<usize> = ends.map(|end| self.ends[end]).collect();
        let rows = self.last().filter(|(node, _)| nodes.contains(node));
        let mut read: BTreeSet<Source> =
            rows.map(|(_, row)| Source::Cell(self.ports[row].placement)).collect();
        let mut patterns = Vec::new();
        let layers: Vec<&[WeighedLink]> = self.links.chunk_by(|a, b| a.layer == b.layer).collect();
        for layer in layers.into_iter().rev() {
            let on = |link: &WeighedLink| kept(link) && read.contains(&Source::Cell(link.to));
            let pattern: Vec<bool> = layer.iter().map(on).collect();
            let before = layer.iter().zip(&pattern).filter(|(_, on)| **on);
            read = before.map(|(link, _)| link.from).collect();
            patterns.push(pattern);
        }
        patterns.reverse();
        let topology = Topology { patterns };
        (self.links(&topology) == *links).then_some(topology)
    }

    /// `true` if a feasible topology begins with these decisions on links, layer by layer as in
    /// [`Topology::patterns`], and may have any further ones.
    pub fn begins(&self, decided: &[bool]) -> bool {
        let blocks = self.counts.lattice().blocks();
        let mut rest = decided;
        let mut wanted: Option<Nodes> = None;
        for (index, block) in blocks.iter().enumerate() {
            let edges = block.edges().len();
            let own = &rest[..edges.min(rest.len())];
            rest = &rest[own.len()..];
            let mut open = BTreeSet::from([block.joint(own)]);
            for edge in own.len()..edges {
                let ends = block.ends(edge);
                open.extend(open.clone().into_iter().map(|joint| joint.and(ends)));
            }
            let fits = |joint: &Joint| {
                wanted.is_none_or(|wanted| joint.read == wanted)
                    && self.counts.lattice().may_start_or_later(index, joint.read)
                    && self.counts.goes_on(index + 1, joint.written)
            };
            if rest.is_empty() {
                return open.iter().any(|joint| joint.read != 0 && fits(joint));
            }
            let Some(joint) = open.pop_first().filter(fits) else { return false };
            wanted = Some(joint.written);
        }
        rest.is_empty()
    }

    /// The feasible topologies that differ by one link, or by one node: a node comes with one link
    /// into it and one out of it, and goes where it has no others. Each is a neighbour of its
    /// neighbours. In the lattices of Auto-DeepLab and DiNTS every topology leads to every other in
    /// such steps.
    pub fn neighbours(&self, topology: &Topology) -> Vec<Topology> {
        let lattice = self.counts.lattice();
        let Ok(active) = lattice.active(topology) else { return Vec::new() };
        let mut found = Vec::new();
        for (block, own) in lattice.blocks().iter().enumerate() {
            for edge in 0..own.edges().len() {
                found.push(toggled(topology, [(block, edge)]));
            }
        }
        for (column, nodes) in active.iter().enumerate() {
            for (node, on) in nodes.iter().enumerate() {
                let into =
                    column.checked_sub(1).map(|block| (block, edges_into(lattice, block, node)));
                let out = (column < lattice.blocks().len())
                    .then(|| (column, edges_out_of(lattice, column, node)));
                if *on {
                    let all = [into.as_ref(), out.as_ref()].into_iter().flatten();
                    let own = all.map(|(block, edges)| {
                        let on = edges.iter().filter(|edge| topology.patterns[*block][**edge]);
                        on.map(|&edge| (*block, edge)).collect::<Vec<_>>()
                    });
                    let own: Vec<Vec<(usize, usize)>> = own.collect();
                    if own.iter().all(|edges| edges.len() == 1) {
                        found.push(toggled(topology, own.concat()));
                    }
                    continue;
                }
                for first in ways(into.as_ref()) {
                    for second in ways(out.as_ref()) {
                        found.push(toggled(topology, first.into_iter().chain(second)));
                    }
                }
            }
        }
        found.retain(|own| lattice.active(own).is_ok());
        found
    }
}

/// One of the edges, or none where there is no block.
fn ways(edges: Option<&(usize, Vec<usize>)>) -> Vec<Option<(usize, usize)>> {
    match edges {
        None => vec![None],
        Some((block, edges)) => edges.iter().map(|&edge| Some((*block, edge))).collect(),
    }
}

fn edges_into(lattice: &TopologyLattice, block: usize, node: usize) -> Vec<usize> {
    let edges = lattice.blocks()[block].edges().iter().enumerate();
    edges.filter(|(_, ends)| ends.1 == node).map(|(edge, _)| edge).collect()
}

fn edges_out_of(lattice: &TopologyLattice, block: usize, node: usize) -> Vec<usize> {
    let edges = lattice.blocks()[block].edges().iter().enumerate();
    edges.filter(|(_, ends)| ends.0 == node).map(|(edge, _)| edge).collect()
}

/// The topology with edges, each as (block, edge), off that were on and on that were off.
fn toggled(topology: &Topology, edges: impl IntoIterator<Item = (usize, usize)>) -> Topology {
    let mut changed = topology.clone();
    for (block, edge) in edges {
        changed.patterns[block][edge] ^= true;
    }
    changed
}
