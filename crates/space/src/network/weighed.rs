//! The links that have weights, as connections between the nodes of a lattice.

use super::{Network, Placement, Source};

/// A link that has a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeighedLink {
    /// The choice that it belongs to, in the order of [`Network::choices`].
    pub row: usize,
    /// Its position in that choice.
    pub link: usize,
    /// The node that it leads from: its source or, into a sum, what the cell at its source reads by
    /// its last port.
    pub from: Source,
    /// The placement that it leads into.
    pub to: usize,
    /// The most weighed links on a way from the stem to `to`, this one included.
    pub layer: usize,
}

impl Network {
    /// The links that have weights, choice by choice.
    pub fn weighed_links(&self) -> Vec<WeighedLink> {
        let depths = self.depths();
        let mut found = Vec::new();
        for (row, choice) in self.choices().enumerate() {
            let to = choice.port.placement;
            let port = &self.placements[to].ports[choice.port.port];
            let links = port.links.iter().enumerate().map(|(link, own)| WeighedLink {
                row,
                link,
                from: self.origin(&self.placements[to], own.source),
                to,
                layer: depths[to],
            });
            found.extend(links);
        }
        found
    }

    fn origin(&self, into: &Placement, source: Source) -> Source {
        let through = match source {
            Source::Cell(cell) if into.cell.is_none() => {
                self.placements[cell].ports.last().and_then(|port| port.links.first())
            }
            _ => None,
        };
        through.map_or(source, |link| link.source)
    }

    /// By placement, the most weighed links on a way to it from the stem.
    fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.placements.len());
        for placement in &self.placements {
            let mut depth = 0;
            for port in &placement.ports {
                let step = usize::from(port.chooses());
                for link in &port.links {
                    let before = match link.source {
                        Source::Stem(_) => 0,
                        Source::Cell(cell) => depths[cell],
                    };
                    depth = depth.max(before + step);
                }
            }
            depths.push(depth);
        }
        depths
    }
}
