//! The links of a network that an architecture keeps.

use serde::{Deserialize, Serialize};

use super::{Genotype, Layout};
use crate::network::MOST_PLACEMENTS;
use crate::{PortId, SpaceError};

/// The links of a space's network that an architecture keeps; the default keeps them all, which is
/// right where there is nothing to choose.
///
/// ```json
/// {"ports": [{"placement": 5, "port": 1, "kept": [0]}], "head": [2]}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// One entry per port that chooses among several links, in the order of
    /// [`Network::choices`](crate::Network::choices).
    pub ports: Vec<PortLinks>,
    /// Ascending positions among what the head reads; empty where it reads all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head: Vec<usize>,
}

/// The links that one port keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortLinks {
    /// The placement in its network.
    pub placement: usize,
    /// The port of the placement.
    pub port: usize,
    /// Ascending positions among the port's links: at least one.
    pub kept: Vec<usize>,
}

impl PortLinks {
    /// The port.
    pub fn id(&self) -> PortId {
        PortId { placement: self.placement, port: self.port }
    }
}

impl Links {
    /// True where nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.head.is_empty()
    }

    /// Refuses links that no network can have.
    fn check(&self) -> Result<(), SpaceError> {
        let ascending = |list: &[usize]| list.is_sorted_by(|a, b| a < b);
        for (index, own) in self.ports.iter().enumerate() {
            let PortLinks { placement, port, kept } = own;
            let placement = *placement;
            let port = *port;
            if kept.is_empty() || !ascending(kept) {
                let links = kept.iter().max().map_or(0, |most| most.saturating_add(1));
                return Err(SpaceError::Links { placement, port, links, found: kept.clone() });
            }
            let behind = index == 0 || self.ports[index - 1].id() < own.id();
            if !behind || placement >= MOST_PLACEMENTS {
                return Err(SpaceError::NoChoice { placement, port });
            }
        }
        if ascending(&self.head) {
            return Ok(());
        }
        Err(SpaceError::HeadLinks { sources: None, found: self.head.clone() })
    }
}

impl Genotype {
    /// The links that the architecture keeps; empty for chains, which have nothing to choose.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The same genotype with links that their maker knows to be valid.
    pub(crate) fn trusted_links(self, links: Links) -> Self {
        Self { links, ..self }
    }

    /// The same genotype with these links of its space's network.
    ///
    /// # Errors
    /// [`SpaceError::Layout`] for links of a genotype that does not stand in a space's own network,
    /// [`SpaceError::NoChoice`], [`SpaceError::Links`] and [`SpaceError::HeadLinks`] for ports and
    /// positions that do not ascend.
    pub fn with_links(self, links: Links) -> Result<Self, SpaceError> {
        links.check()?;
        if !links.is_empty() && *self.layout() != Layout::Space {
            let reason = "links are those of a space's network, not of a chain".to_owned();
            return Err(SpaceError::Layout { reason });
        }
        Ok(Self { links, ..self })
    }
}
