//! One line of logits for all links of a network.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use dartloom_relax::{Groups, Progress, RelaxError};
use dartloom_space::{Network, Source};
use rand::RngCore;

use super::{Among, Incomplete, LinkChoices};

/// The order of all weighed links of a network in one line of logits, choice after choice.
#[derive(Clone, Debug)]
pub struct LinkLine {
    groups: Groups,
    /// By weighed port, the positions of its links in the line.
    ports: Vec<Vec<u32>>,
    /// By position in the line.
    ends: Vec<Ends>,
}

/// The nodes that a link connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ends {
    pub(crate) layer: usize,
    pub(crate) from: Node,
    pub(crate) to: usize,
}

/// A value of a network, in order of execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Stem(usize),
    Cell(usize),
}

/// A link before it has a place in the line.
struct Loose {
    /// The choice it belongs to.
    key: [usize; 3],
    port: usize,
    link: usize,
    ends: Ends,
}

impl LinkLine {
    /// The line of `network`, whose choices are made `among` such links.
    pub fn new(network: &Network, among: Among) -> Self {
        let depths = depths(network);
        let mut links: Vec<Loose> = Vec::new();
        let choices: Vec<_> = network.choices().collect();
        for (row, choice) in choices.iter().enumerate() {
            let place = choice.port.placement;
            let port = &network.placements()[place].ports[choice.port.port];
            for (link, own) in port.links.iter().enumerate() {
                let from = origin(network, place, own.source);
                let ends = Ends { layer: depths[place], from, to: place };
                let key = match (among, from) {
                    (Among::Source, Node::Stem(part)) => [0, part, 0],
                    (Among::Source, Node::Cell(cell)) => [1, cell, 0],
                    (Among::Port, _) => [place, choice.port.port, 0],
                    (Among::Cell, _) => [place, 0, 0],
                    (Among::Layer, _) => [ends.layer, 0, 0],
                };
                links.push(Loose { key, port: row, link, ends });
            }
        }
        // Stable: links of a choice stay in the order of ports.
        links.sort_by_key(|link| link.key);
        let mut ports: Vec<Vec<u32>> = choices.iter().map(|own| vec![0; own.links]).collect();
        for (position, link) in (0..).zip(&links) {
            ports[link.port][link.link] = position;
        }
        let mut numbers: BTreeMap<[usize; 3], usize> = BTreeMap::new();
        let keys: Vec<usize> = links
            .iter()
            .map(|link| {
                let next = numbers.len();
                *numbers.entry(link.key).or_insert(next)
            })
            .collect();
        Self {
            groups: Groups::of(&keys),
            ports,
            ends: links.iter().map(|link| link.ends).collect(),
        }
    }

    /// The choices, one after the other in the line.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The number of links.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// `true` for a network without weighed links.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The weights of each choice, for those of each port.
    pub(crate) fn by_choice(&self, ports: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut line = vec![0.0; self.len()];
        for (positions, weights) in self.ports.iter().zip(ports) {
            for (&position, &weight) in positions.iter().zip(weights) {
                line[position as usize] = weight;
            }
        }
        self.groups.ranges().map(|range| line[range].to_vec()).collect()
    }

    /// The ends of the links, by position in the line.
    pub(crate) fn ends(&self) -> &[Ends] {
        &self.ends
    }

    /// The weights of the links of each weighed port, `[links]`, for a line of logits.
    ///
    /// # Errors
    /// As [`Groups::weights`].
    pub fn weights(
        &self,
        choices: &LinkChoices,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Vec<Tensor>, RelaxError> {
        let mut weights = self.groups.weights(&*choices.relaxation, logits, at, noise)?;
        if choices.incomplete == Incomplete::Thirds {
            let sizes = self.groups.sizes().iter();
            let factors: Vec<f64> =
                sizes.flat_map(|&size| vec![size.min(3) as f64 / 3.0; size]).collect();
            let factors = Tensor::new(factors, logits.device())?.to_dtype(logits.dtype())?;
            weights = (weights * factors)?;
        }
        self.by_port(&weights)
    }

    /// The entries of a line by weighed port.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(crate) fn by_port(&self, line: &Tensor) -> Result<Vec<Tensor>, RelaxError> {
        let gather = |positions: &Vec<u32>| {
            let index =
                Tensor::new(positions.as_slice(), &Device::Cpu)?.to_device(line.device())?;
            Ok(line.index_select(&index, 0)?)
        };
        self.ports.iter().map(gather).collect()
    }
}

/// The node that a link leads from: for a link into a sum, the one that the cell before it reads.
fn origin(network: &Network, place: usize, source: Source) -> Node {
    let placements = network.placements();
    let through = match source {
        Source::Cell(cell) if placements[place].cell.is_none() => {
            placements[cell].ports.last().and_then(|port| port.links.first())
        }
        _ => None,
    };
    match through.map_or(source, |link| link.source) {
        Source::Stem(part) => Node::Stem(part),
        Source::Cell(cell) => Node::Cell(cell),
    }
}

/// By placement, the most weighed links on a way to it from the stem.
fn depths(network: &Network) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(network.placements().len());
    for placement in network.placements() {
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
