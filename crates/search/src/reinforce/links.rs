//! The choice of links as decisions, one for each link.

use std::ops::Range;

use dartloom_explore::Domain;
use dartloom_space::topology::{LinkTopologies, Topology};
use dartloom_space::{Links, PortChoice, PortId, PortLinks};

/// The decisions on links: off (0) or on (1), in a fixed order.
#[derive(Debug)]
pub(super) enum LinkTokens {
    /// Layer by layer, so that the topology is feasible.
    Lattice(LinkTopologies),
    /// Port by port, so that of every port some link stays; no port, no links.
    Ports(Vec<PortChoice>),
}

impl LinkTokens {
    pub(super) fn of(domain: &Domain) -> Self {
        match domain.topologies() {
            Some(topologies) => Self::Lattice(topologies.clone()),
            None => Self::Ports(domain.space().network().choices().collect()),
        }
    }

    /// The number of decisions.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Lattice(topologies) => {
                let blocks = topologies.counts().lattice().blocks().iter();
                blocks.map(|block| block.edges().len()).sum()
            }
            Self::Ports(ports) => ports.iter().map(|port| port.links).sum(),
        }
    }

    /// The decisions that are allowed after those before.
    pub(super) fn allowed(&self, decided: &[bool]) -> Range<usize> {
        let may = |on: bool| match self {
            Self::Lattice(topologies) => topologies.begins(&[decided, &[on]].concat()),
            Self::Ports(ports) => on || !is_last_hope(ports, decided),
        };
        // One of the two always leads on.
        usize::from(!may(false))..1 + usize::from(may(true))
    }

    /// The links of all decisions.
    pub(super) fn links(&self, decided: &[bool]) -> Links {
        match self {
            Self::Lattice(topologies) => {
                let mut patterns = Vec::new();
                let mut rest = decided;
                for block in topologies.counts().lattice().blocks() {
                    let own = rest.split_at(block.edges().len().min(rest.len()));
                    patterns.push(own.0.to_vec());
                    rest = own.1;
                }
                topologies.links(&Topology { patterns })
            }
            Self::Ports(ports) => {
                let mut rest = decided.iter();
                let port = |choice: &PortChoice| {
                    let PortId { placement, port } = choice.port;
                    let on = rest.by_ref().take(choice.links).enumerate();
                    let kept = on.filter(|(_, on)| **on).map(|(link, _)| link).collect();
                    PortLinks { placement, port, kept }
                };
                Links { ports: ports.iter().map(port).collect(), head: Vec::new() }
            }
        }
    }

    /// The decisions that lead to links; `None` for links of no topology.
    pub(super) fn decisions(&self, links: &Links) -> Option<Vec<bool>> {
        match self {
            Self::Lattice(topologies) => Some(topologies.topology(links)?.patterns.concat()),
            Self::Ports(ports) => {
                let pairs = ports.iter().zip(&links.ports);
                let on = pairs.flat_map(|(choice, own)| {
                    (0..choice.links).map(|link| own.kept.contains(&link))
                });
                Some(on.collect())
            }
        }
    }
}

/// `true` if the next link is the last of its port and none before it has stayed.
fn is_last_hope(ports: &[PortChoice], decided: &[bool]) -> bool {
    let mut begin = 0;
    for port in ports {
        let end = begin + port.links;
        if decided.len() < end {
            return decided.len() + 1 == end && !decided[begin..].contains(&true);
        }
        begin = end;
    }
    false
}
