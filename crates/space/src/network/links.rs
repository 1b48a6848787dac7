//! From a network that leaves choices to one that does not.

use std::collections::BTreeMap;

use super::{Head, Hidden, Network, Placement, Port, PortChoice, Source};
use crate::graph::NetworkPaths;
use crate::{Links, PortId, PortLinks, Resize, SpaceError};

impl Network {
    /// The network with only some links of every port that chooses among several.
    ///
    /// `kept` has one row per choice, in the order of [`Network::choices`]: positions of the links
    /// to keep. A row with several positions leaves a smaller choice.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] for another number of rows, [`SpaceError::Links`] for a row that
    /// is empty, repeats a position or names a link that does not exist.
    pub fn with_links(&self, kept: &[Vec<usize>]) -> Result<Self, SpaceError> {
        let choices: Vec<PortChoice> = self.choices().collect();
        if choices.len() != kept.len() {
            return Err(SpaceError::Mismatch {
                place: "choices of links".to_owned(),
                expected: choices.len().to_string(),
                found: kept.len().to_string(),
            });
        }
        let mut placements = self.placements.clone();
        for (choice, kept) in choices.iter().zip(kept) {
            let PortId { placement, port } = choice.port;
            let links = choice.links;
            let repeated = (1..kept.len()).any(|i| kept[..i].contains(&kept[i]));
            if kept.is_empty() || repeated || kept.iter().any(|&link| link >= links) {
                let found = kept.clone();
                return Err(SpaceError::Links { placement, port, links, found });
            }
            let all = &mut placements[placement].ports[port].links;
            *all = kept.iter().map(|&link| all[link].clone()).collect();
        }
        let network = Self::new(self.stem.clone(), placements, self.head.clone(), self.aux)?;
        Ok(Self { hand_made: self.hand_made.clone(), ..network })
    }

    /// The network of an architecture that keeps these links, unweighed: where several stay, the
    /// input is their sum. Others are gone, and with them the
    /// placements that nothing needs any more. Links that are not a choice stay, and so do the
    /// cells that they read.
    ///
    /// # Errors
    /// [`SpaceError::OpenChoice`] for a port that chooses and is not named,
    /// [`SpaceError::NoChoice`] for one that is named and does not choose, [`SpaceError::Links`]
    /// and [`SpaceError::HeadLinks`] for positions that do not exist.
    pub fn chosen(&self, links: &Links) -> Result<Self, SpaceError> {
        let choices: Vec<PortChoice> = self.choices().collect();
        for choice in &choices {
            let PortChoice { port, links: count } = *choice;
            if !links.ports.iter().any(|own| own.id() == port) {
                let PortId { placement, port } = port;
                return Err(SpaceError::OpenChoice { placement, port, links: count });
            }
        }
        // Both ascend, and every choice is named: another name is one too many.
        let known = |own: &&PortLinks| choices.iter().all(|choice| choice.port != own.id());
        if let Some(PortLinks { placement, port, .. }) = links.ports.iter().find(known) {
            return Err(SpaceError::NoChoice { placement: *placement, port: *port });
        }
        let kept: Vec<Vec<usize>> = links.ports.iter().map(|own| own.kept.clone()).collect();
        let mut network = self.with_links(&kept)?;
        network.placements.iter_mut().flat_map(|placed| &mut placed.ports).for_each(Port::decide);
        network.with_head(self.chosen_head(&links.head)?).map(|network| network.pruned())
    }

    /// All links of all ports that choose, as an architecture that keeps every one of them has
    /// them.
    pub fn all_links(&self) -> Links {
        let ports = self.choices().map(|choice| PortLinks {
            placement: choice.port.placement,
            port: choice.port.port,
            kept: (0..choice.links).collect(),
        });
        Links { ports: ports.collect(), head: Vec::new() }
    }

    /// The head that reads these of its sources.
    fn chosen_head(&self, kept: &[usize]) -> Result<Head, SpaceError> {
        let all = self.head_sources();
        if kept.iter().any(|&position| position >= all.len()) {
            return Err(SpaceError::HeadLinks { sources: Some(all.len()), found: kept.to_vec() });
        }
        Ok(match &self.head {
            Head::PerPixel { resize, rates, .. } if !kept.is_empty() => {
                let sources = kept.iter().map(|&position| all[position]).collect();
                Head::PerPixel { sources, resize: *resize, rates: rates.clone() }
            }
            head => head.clone(),
        })
    }

    /// The network with another head.
    ///
    /// # Errors
    /// [`SpaceError::HeadSource`] when the head reads what the network does not have, and as
    /// [`Hidden::check`].
    pub fn with_head(&self, head: Head) -> Result<Self, SpaceError> {
        let network = Self::new(self.stem.clone(), self.placements.clone(), head, self.aux)?;
        Ok(Self { hand_made: self.hand_made.clone(), ..network })
    }

    /// The network with these hidden layers in its pooled head.
    ///
    /// # Errors
    /// [`SpaceError::HiddenLayers`] for a head per pixel, which has none, and as
    /// [`Hidden::check`].
    pub fn with_hidden(&self, hidden: Hidden) -> Result<Self, SpaceError> {
        match &self.head {
            _ if self.hand_made.is_some() && !hidden.is_empty() => {
                Err(SpaceError::HiddenLayers { found: hidden.to_string() })
            }
            Head::Pooled { source, .. } => self.with_head(Head::Pooled { source: *source, hidden }),
            Head::PerPixel { .. } if hidden.is_empty() => Ok(self.clone()),
            Head::PerPixel { .. } => Err(SpaceError::HiddenLayers { found: hidden.to_string() }),
        }
    }

    /// The network with pyramids of these rates before its head per pixel ([`Head::PerPixel`]);
    /// none for an empty list.
    ///
    /// # Errors
    /// [`SpaceError::Pyramids`] for a pooled head, [`SpaceError::Range`] for a rate of 0 or above
    /// 65536.
    pub fn with_rates(&self, rates: &[usize]) -> Result<Self, SpaceError> {
        let rates = rates.to_vec();
        match &self.head {
            Head::PerPixel { sources, resize, .. } => {
                let sources = sources.clone();
                self.with_head(Head::PerPixel { sources, resize: *resize, rates })
            }
            Head::Pooled { .. } if rates.is_empty() => Ok(self.clone()),
            Head::Pooled { .. } => Err(SpaceError::Pyramids { found: rates }),
        }
    }

    /// The network with a head that has an answer for every pixel: it reads the last cell of every
    /// level, so that fine and coarse features meet. There is no auxiliary head. A network laid
    /// out by hand stays as it is.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn per_pixel(&self, resize: Resize) -> Result<Self, SpaceError> {
        if self.hand_made.is_some() {
            return Ok(self.clone());
        }
        let placements = self.placements.iter().enumerate();
        let last: BTreeMap<usize, Source> =
            placements.map(|(index, placed)| (placed.level, Source::Cell(index))).collect();
        let head = Head::per_pixel(last.into_values().collect(), resize);
        Self::new(self.stem.clone(), self.placements.clone(), head, None)
    }

    /// The network without the placements that neither the head nor the auxiliary head needs; the
    /// others keep their order and are numbered anew.
    pub fn pruned(&self) -> Self {
        let needed = NetworkPaths::of(self).needed();
        let number = |index: usize| needed[..index].iter().filter(|&&needed| needed).count();
        let renumbered = |source: Source| match source {
            Source::Cell(index) => Source::Cell(number(index)),
            stem @ Source::Stem(_) => stem,
        };
        let kept = (0..needed.len()).filter(|&index| needed[index]);
        let mut placements: Vec<Placement> =
            kept.map(|index| self.placements[index].clone()).collect();
        let ports = placements.iter_mut().flat_map(|placement| &mut placement.ports);
        for link in ports.flat_map(|port| &mut port.links) {
            link.source = renumbered(link.source);
        }
        let head = match &self.head {
            Head::Pooled { source, hidden } => {
                Head::Pooled { source: renumbered(*source), hidden: hidden.clone() }
            }
            Head::PerPixel { sources, resize, rates } => Head::PerPixel {
                sources: sources.iter().map(|&s| renumbered(s)).collect(),
                resize: *resize,
                rates: rates.clone(),
            },
        };
        let aux = self.aux.map(|aux| super::Aux { after: number(aux.after), ..aux });
        // A head that reads the stem alone needs no cell, but a network has one.
        if placements.is_empty() || self.hand_made.is_some() {
            return self.clone();
        }
        Self { stem: self.stem.clone(), placements, head, aux, hand_made: None }
    }
}
