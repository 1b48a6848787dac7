//! One line of logits for all links of a network.

use candle_core::{Device, Tensor};
use dartloom_relax::{Groups, Progress, RelaxError};
use dartloom_space::{Network, Source, WeighedLink};
use rand::RngCore;

use super::{Among, Incomplete, LinkChoices};

/// The order of all weighed links of a network in one line of logits, choice after choice.
#[derive(Clone, Debug)]
pub struct LinkLine {
    groups: Groups,
    /// By weighed port, the positions of its links in the line.
    ports: Vec<Vec<u32>>,
    /// By position in the line.
    links: Vec<WeighedLink>,
}

/// The part that the links of a choice have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    From(Source),
    Number(usize),
}

impl LinkLine {
    /// The line of `network`, whose choices are made `among` such links.
    pub fn new(network: &Network, among: Among) -> Self {
        let key = |link: &WeighedLink| -> Choice {
            match among {
                Among::Source => Choice::From(link.from),
                Among::Port => Choice::Number(link.row),
                Among::Cell => Choice::Number(link.to),
                Among::Layer => Choice::Number(link.layer),
            }
        };
        let mut links = network.weighed_links();
        // Stable: links of a choice stay in the order of ports.
        links.sort_by_key(key);
        let mut ports: Vec<Vec<u32>> =
            network.choices().map(|choice| vec![0; choice.links]).collect();
        for (position, link) in (0..).zip(&links) {
            ports[link.row][link.link] = position;
        }
        let sizes = links.chunk_by(|a, b| key(a) == key(b)).map(<[WeighedLink]>::len);
        Self { groups: Groups::of_sizes(sizes), ports, links }
    }

    /// The choices, one after the other in the line.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The number of links.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// `true` for a network without weighed links.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// The weights of each choice, for those of each port.
    pub(crate) fn by_choice(&self, ports: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let line = self.in_line(ports);
        self.groups.ranges().map(|range| line[range].to_vec()).collect()
    }

    /// Numbers of each port in the order of the line.
    pub(crate) fn in_line(&self, ports: &[Vec<f64>]) -> Vec<f64> {
        let mut line = vec![0.0; self.len()];
        for (positions, weights) in self.ports.iter().zip(ports) {
            for (&position, &weight) in positions.iter().zip(weights) {
                line[position as usize] = weight;
            }
        }
        line
    }

    /// The links, by position in the line.
    pub fn links(&self) -> &[WeighedLink] {
        &self.links
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
            let factors: Vec<f64> = sizes.flat_map(|&size| vec![size as f64 / 3.0; size]).collect();
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
