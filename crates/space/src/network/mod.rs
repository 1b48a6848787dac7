//! The arrangement of cells: a directed acyclic graph of cells with levels, widths and links.

mod chain;
mod configured;
mod hand_made;
mod head;
mod hidden;
mod lattice;
mod links;
mod nested;
mod resnext_unet;
mod stem;
mod unet;
mod weighed;
mod written;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use chain::check_reductions;
pub use chain::{Chain, Repeats};
pub use configured::ConfiguredStem;
pub use head::Head;
pub use hidden::{Activation, Dropout, Hidden};
pub use lattice::{Begin, Lattice, LatticeCells};
pub use stem::Stem;
pub use weighed::WeighedLink;

use crate::hand_made::SearchedGraph;
use crate::{Outputs, PortId, SpaceError};

/// The source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Source {
    /// Output of the stem part of that index.
    Stem(usize),
    /// Output of the placement of that index.
    Cell(usize),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stem(part) => write!(f, "stem part {part}"),
            Self::Cell(index) => write!(f, "cell {index}"),
        }
    }
}

/// A connection into a port of a placed cell, or into the head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The value's origin.
    pub source: Source,
}

/// One input of a placement: the sum of its links, weighted as [`LinkWeights`] says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The connections.
    pub links: Vec<Link>,
    /// The rule by which they have weights; the default is not written.
    #[serde(default, skip_serializing_if = "LinkWeights::is_default")]
    pub weights: LinkWeights,
}

/// The ports whose links have weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinkWeights {
    /// Those with several links, which are candidates.
    #[default]
    WhereSeveral,
    /// This one, even if it has one link.
    Always,
    /// Not this one: its links are no choice, and the input is their plain sum.
    Never,
}

impl LinkWeights {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// For fields that text leaves out where they are false.
pub(crate) fn is_false(flag: &bool) -> bool {
    !flag
}

/// A port that chooses, and the number of its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortChoice {
    /// The port.
    pub port: PortId,
    /// Its candidate links: at least one.
    pub links: usize,
}

impl Port {
    /// A port with one fixed source.
    pub fn one(source: Source) -> Self {
        Self::choice([source])
    }

    /// A port whose sources are chosen by link weights where there are several.
    pub fn choice(sources: impl IntoIterator<Item = Source>) -> Self {
        let links = sources.into_iter().map(|source| Link { source }).collect();
        Self { links, weights: LinkWeights::default() }
    }

    /// A port that reads the plain sum of some sources.
    pub fn sum(sources: impl IntoIterator<Item = Source>) -> Self {
        Self { weights: LinkWeights::Never, ..Self::choice(sources) }
    }

    /// A port whose links have weights, one or several.
    pub fn weighed(sources: impl IntoIterator<Item = Source>) -> Self {
        Self { weights: LinkWeights::Always, ..Self::choice(sources) }
    }

    /// Ends the choice: the input is the plain sum of the links that are left.
    fn decide(&mut self) {
        let several = self.links.len() > 1;
        self.weights = if several { LinkWeights::Never } else { LinkWeights::default() };
    }

    /// `true` if its links have weights.
    pub fn chooses(&self) -> bool {
        match self.weights {
            LinkWeights::WhereSeveral => self.links.len() > 1,
            LinkWeights::Always => true,
            LinkWeights::Never => false,
        }
    }
}

/// A cell in its place, or a sum: a node of a lattice that adds up what several cells put out.
///
/// `level` is the base-2 logarithm of the downsampling of the output relative to the
/// image; a `reduction` cell takes its inputs one level finer and halves the plane inside.
///
/// A sum has no cell and one port. It adds values of one shape, each times the weight of its link,
/// and has no layers. Several cells may read it, which then share those weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// Index of the searchable cell (or genotype cell) that stands here; `None`, which is not
    /// written, for a sum.
    #[serde(default, with = "written", skip_serializing_if = "Option::is_none")]
    pub cell: Option<usize>,
    /// Width of the cell's nodes as a multiple of the base channels; 1 for a sum, which has the
    /// channels of what it adds.
    pub width: usize,
    /// Level of the output.
    pub level: usize,
    /// `true` if edges from the inputs have stride 2.
    pub reduction: bool,
    /// One port per cell input.
    pub ports: Vec<Port>,
}

impl Placement {
    /// The weighed sum of `sources`, which have one shape, at `level`.
    pub fn sum(level: usize, sources: impl IntoIterator<Item = Source>) -> Self {
        let ports = vec![Port::weighed(sources)];
        Self { cell: None, width: 1, level, reduction: false, ports }
    }

    /// Level at which the inputs must arrive.
    pub fn input_level(&self) -> usize {
        if self.reduction { self.level.saturating_sub(1) } else { self.level }
    }
}

/// The auxiliary classifier that helps retraining.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuxHead {
    /// 5x5 average pooling of stride 3 (planes of 8x8), two norms.
    Cifar,
    /// 5x5 average pooling of stride 2 (planes of 7x7); the second norm is missing, as in the
    /// code that produced DARTS' published numbers.
    ImageNet,
    /// As [`AuxHead::ImageNet`] with its second norm (D-DARTS).
    ImageNetNormed,
}

/// An auxiliary classifier and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aux {
    /// Its form.
    pub head: AuxHead,
    /// The placement whose output it reads.
    pub after: usize,
}

/// Placed cells between a stem and a head.
///
/// Placements only refer to earlier ones, so the graph is acyclic by construction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawNetwork")]
pub struct Network {
    stem: Stem,
    placements: Vec<Placement>,
    head: Head,
    aux: Option<Aux>,
    /// The network whose blocks the placements are, one after the other; what they read is said
    /// by its graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand_made: Option<Box<SearchedGraph>>,
}

#[derive(Deserialize)]
#[serde(rename = "Network", deny_unknown_fields)]
struct RawNetwork {
    stem: Stem,
    placements: Vec<Placement>,
    head: Head,
    #[serde(default)]
    aux: Option<Aux>,
    #[serde(default)]
    hand_made: Option<SearchedGraph>,
}

impl TryFrom<RawNetwork> for Network {
    type Error = SpaceError;

    fn try_from(raw: RawNetwork) -> Result<Self, SpaceError> {
        let RawNetwork { stem, placements, head, aux, hand_made } = raw;
        let plain = Self::new(stem, placements, head, aux)?;
        let Some(searched) = hand_made else { return Ok(plain) };
        let own = Self::inside(searched)?;
        if (Self { hand_made: None, ..own.clone() }) != plain {
            return Err(SpaceError::Mismatch {
                place: "network around `hand_made`".to_owned(),
                expected: "a placement for each of its blocks".to_owned(),
                found: "another network".to_owned(),
            });
        }
        Ok(own)
    }
}

/// Deeper than any published network; keeps level and width arithmetic far from overflow.
pub(crate) const MOST_PLACEMENTS: usize = 512;
pub(crate) const MOST_LEVEL: usize = 12;
const MOST_WIDTH: usize = 4096;
/// Farther apart than the sides of images.
const MOST_RATE: usize = 1 << 16;

impl Network {
    /// A network of placed cells.
    ///
    /// # Errors
    /// [`SpaceError::Placement`] naming the offending placement, [`SpaceError::NetworkSize`],
    /// [`SpaceError::HeadSource`], or what is wrong with the stem ([`Stem::new`]) or the hidden
    /// layers ([`Hidden::check`]).
    pub fn new(
        stem: Stem,
        placements: Vec<Placement>,
        head: Head,
        aux: Option<Aux>,
    ) -> Result<Self, SpaceError> {
        check_length(placements.len())?;
        stem.check()?;
        for (index, placement) in placements.iter().enumerate() {
            check_placement(placement, index, &stem)
                .and_then(|()| check_sum(placement, &placements, &stem))
                .map_err(|reason| SpaceError::Placement { index, reason })?;
        }
        let network = Self { stem, placements, head, aux, hand_made: None };
        network.check_head()?;
        Ok(network)
    }

    fn check_head(&self) -> Result<(), SpaceError> {
        let sources = self.head_sources();
        if sources.is_empty() {
            return Err(SpaceError::HeadSource { found: "no source".to_owned() });
        }
        for source in sources {
            if !self.knows(source) {
                return Err(SpaceError::HeadSource { found: source.to_string() });
            }
        }
        self.hidden().map_or(Ok(()), Hidden::check)?;
        for &found in self.rates() {
            if !(1..=MOST_RATE).contains(&found) {
                let what = "rate of a pyramid, from 1 on";
                return Err(SpaceError::Range { what, most: MOST_RATE, found });
            }
        }
        match self.aux {
            Some(aux) if aux.after >= self.placements.len() => Err(SpaceError::HeadSource {
                found: format!("cell {} for the auxiliary head", aux.after),
            }),
            _ => Ok(()),
        }
    }

    fn knows(&self, source: Source) -> bool {
        match source {
            Source::Stem(part) => part < self.stem.parts().len(),
            Source::Cell(index) => index < self.placements.len(),
        }
    }

    /// The stem.
    pub fn stem(&self) -> &Stem {
        &self.stem
    }

    /// The placed cells, in order of execution.
    pub fn placements(&self) -> &[Placement] {
        &self.placements
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The sources that the head reads.
    pub fn head_sources(&self) -> Vec<Source> {
        match &self.head {
            Head::Pooled { source, .. } => vec![*source],
            Head::PerPixel { sources, .. } => sources.clone(),
        }
    }

    /// The hidden layers of a pooled head; `None` for a head per pixel.
    pub fn hidden(&self) -> Option<&Hidden> {
        match &self.head {
            Head::Pooled { hidden, .. } => Some(hidden),
            Head::PerPixel { .. } => None,
        }
    }

    /// The rates of the pyramids before a head per pixel; empty where there are none.
    pub fn rates(&self) -> &[usize] {
        match &self.head {
            Head::Pooled { .. } => &[],
            Head::PerPixel { rates, .. } => rates,
        }
    }

    /// The outputs of the head if it has `channels` output channels.
    #[must_use]
    pub fn outputs(&self, channels: usize) -> Outputs {
        match self.head {
            Head::Pooled { .. } => Outputs::Vector(channels),
            Head::PerPixel { .. } => Outputs::Plane { channels },
        }
    }

    /// The auxiliary classifier, if the network has one.
    pub fn aux(&self) -> Option<Aux> {
        self.aux
    }

    /// Level of a value; sources of a valid network always have one.
    pub fn level(&self, source: Source) -> usize {
        match source {
            Source::Stem(part) => self.stem.level(part),
            Source::Cell(index) => self.placements.get(index).map_or(0, |p| p.level),
        }
    }

    /// One more than the highest cell index that stands somewhere.
    pub fn cell_count(&self) -> usize {
        self.placements
            .iter()
            .filter_map(|placement| placement.cell)
            .max()
            .map_or(0, |cell| cell + 1)
    }

    /// The ports whose links have weights, placement by placement.
    pub fn choices(&self) -> impl Iterator<Item = PortChoice> {
        self.placements.iter().enumerate().flat_map(|(index, placement)| {
            let ports = placement.ports.iter().enumerate();
            ports.filter(|(_, port)| port.chooses()).map(move |(port, choice)| PortChoice {
                port: PortId { placement: index, port },
                links: choice.links.len(),
            })
        })
    }
}

/// Refuses a number of cells that no network can have, before anything is allocated for it.
pub(crate) fn check_length(found: usize) -> Result<(), SpaceError> {
    if (1..=MOST_PLACEMENTS).contains(&found) {
        return Ok(());
    }
    Err(SpaceError::NetworkSize { found, most: MOST_PLACEMENTS })
}

/// Refuses a sum of values of another level than its own.
fn check_sum(sum: &Placement, placements: &[Placement], stem: &Stem) -> Result<(), String> {
    if sum.cell.is_some() {
        return Ok(());
    }
    for link in sum.ports.iter().flat_map(|port| &port.links) {
        let found = match link.source {
            Source::Stem(part) => stem.level(part),
            Source::Cell(earlier) => placements[earlier].level,
        };
        let expected = sum.level;
        if found != expected {
            let source = link.source;
            return Err(format!("a sum at level {expected} adds {source}, at level {found}"));
        }
    }
    Ok(())
}

fn check_placement(placement: &Placement, index: usize, stem: &Stem) -> Result<(), String> {
    if placement.reduction && placement.level == 0 {
        return Err("a reduction cell cannot end at level 0".to_owned());
    }
    if placement.level > MOST_LEVEL {
        return Err(format!("level must be at most {MOST_LEVEL}, found {}", placement.level));
    }
    if !(1..=MOST_WIDTH).contains(&placement.width) {
        return Err(format!("width must be 1 to {MOST_WIDTH}, found {}", placement.width));
    }
    match placement.cell {
        Some(cell) if cell >= MOST_PLACEMENTS => {
            return Err(format!("cell index must be below {MOST_PLACEMENTS}, found {cell}"));
        }
        None if placement.width != 1 || placement.reduction || placement.ports.len() > 1 => {
            return Err("a sum has one port, width 1 and is no reduction".to_owned());
        }
        _ => {}
    }
    if placement.ports.is_empty() {
        return Err("a cell needs at least one port".to_owned());
    }
    for (port, links) in placement.ports.iter().map(|port| &port.links).enumerate() {
        if links.is_empty() {
            return Err(format!("port {port} has no link"));
        }
        for (position, link) in links.iter().enumerate() {
            let known = match link.source {
                Source::Stem(part) => part < stem.parts().len(),
                Source::Cell(earlier) => earlier < index,
            };
            if !known || links[..position].contains(link) {
                let source = link.source;
                return Err(format!(
                    "port {port} has an unknown, later or repeated source, {source}"
                ));
            }
        }
    }
    Ok(())
}
