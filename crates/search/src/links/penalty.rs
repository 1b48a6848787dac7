//! Terms of the loss that links add.

use std::collections::{BTreeMap, BTreeSet};

use candle_core::Tensor;
use dartloom_relax::{Progress, Ramp, RelaxError, bernoulli};
use dartloom_space::{Source, WeighedLink};
use serde::{Deserialize, Serialize};

use super::LinkLine;

/// The terms that DiNTS adds to the loss for its links, each with its weight; the default has none.
///
/// The term for memory is `memory * |share - M / M_full|` with `M` the bytes that links are
/// expected to use and `M_full` those of all links ([`bernoulli::expected_share`]). A link counts
/// as the cell on its transition does, in predicted bytes of a training step
/// ([`Supernet::link_bytes`](dartloom_net::Supernet::link_bytes)).
///
/// All read the logits as independent switches, `s = sigmoid(logit)`, so they go with
/// [`SomeOn`](dartloom_relax::SomeOn) among the links of a [layer](super::Among::Layer).
///
/// # Differences from the paper
/// The released search ramps all terms from 0 to their weights after the warm-up; here each weight
/// is a [`Ramp`] of its own. Its memory is a formula of one number for each kind of layer, each
/// operation counted by its weight, in `M` as in `M_full`: operations partly cancel, and here each
/// cell counts with all of its operations, as in the supernet. The paper divides the distance by
/// `share`, the released code does not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LinkPenalties {
    /// Weight of the mean entropy of the sets of links of a layer ([`bernoulli::entropy`]).
    pub entropy: Ramp,
    /// Weight of the topology loss ([`bernoulli::topology_loss`]); 0.001 in the released code.
    pub topology: Ramp,
    /// Weight of the distance between the share of memory in use and [`share`](Self::share).
    pub memory: Ramp,
    /// The share of memory that links are to use: above 0, at most 1.
    pub share: f64,
    /// The measure of that distance.
    pub distance: Distance,
}

/// The distance of a share in use `u` from the one that is aimed at, `s`. Either way it is a target
/// and not a limit: a network that uses less is pushed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Distance {
    /// `|s - u|`, as in the released code.
    #[default]
    Absolute,
    /// `(s - u)^2`, whose gradient vanishes at the target.
    Squared,
}

impl Default for LinkPenalties {
    /// No term; the share is the 0.8 of the released code.
    fn default() -> Self {
        let none = Ramp::constant(0.0);
        let distance = Distance::default();
        Self { entropy: none, topology: none, memory: none, share: 0.8, distance }
    }
}

impl Distance {
    fn of(self, share: f64, used: &Tensor) -> Result<Tensor, RelaxError> {
        let apart = used.affine(-1.0, share)?;
        Ok(match self {
            Self::Absolute => apart.abs()?,
            Self::Squared => apart.sqr()?,
        })
    }
}

impl LinkPenalties {
    /// The weighted sum of the terms; `None` if all weights are 0 now. `bytes` stand in the order
    /// of the line; without them every link counts alike.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(crate) fn loss(
        &self,
        line: &LinkLine,
        logits: &Tensor,
        at: Progress,
        bytes: Option<&[f64]>,
    ) -> Result<Option<Tensor>, RelaxError> {
        let entropy = self.entropy.at(at);
        let topology = self.topology.at(at);
        let memory = self.memory.at(at);
        if [entropy, topology, memory].iter().all(|weight| weight.abs() <= 0.0) {
            return Ok(None);
        }
        let switches = candle_nn::ops::sigmoid(logits)?;
        let layers = layers(line);
        let on = |layer: &Layer| switches.narrow(0, layer.begin, layer.edges.len());
        let on: Vec<Tensor> = layers.iter().map(on).collect::<Result<_, _>>()?;
        let edges: Vec<&[bernoulli::Edge]> = layers.iter().map(|own| &own.edges[..]).collect();
        let mut total = (bernoulli::entropy(&on)? * entropy)?;
        if topology.abs() > 0.0 {
            total = (total + (bernoulli::topology_loss(&on, &edges)? * topology)?)?;
        }
        if memory.abs() > 0.0 {
            let alike = vec![1.0; line.len()];
            let bytes = bytes.unwrap_or(&alike);
            let own = |layer: &Layer| &bytes[layer.begin..layer.begin + layer.edges.len()];
            let amounts: Vec<&[f64]> = layers.iter().map(own).collect();
            let used = bernoulli::expected_share(&on, &amounts)?;
            total = (total + (self.distance.of(self.share, &used)? * memory)?)?;
        }
        Ok(Some(total))
    }
}

/// The links of one layer, consecutive in the line.
struct Layer {
    begin: usize,
    edges: Vec<bernoulli::Edge>,
}

/// The layers of a line that is in order of layers; nodes are numbered within their layer.
fn layers(line: &LinkLine) -> Vec<Layer> {
    let links = line.links();
    let mut layers: Vec<Layer> = Vec::new();
    let mut begin = 0;
    let mut before: BTreeMap<Source, usize> = BTreeMap::new();
    for group in links.chunk_by(|a, b| a.layer == b.layer) {
        let targets: BTreeSet<usize> = group.iter().map(|link| link.to).collect();
        let targets: BTreeMap<usize, usize> = targets.into_iter().zip(0..).collect();
        // The nodes that a layer reads are those that the layer before writes, in their order.
        let mut sources: BTreeSet<Source> = before.keys().copied().collect();
        sources.extend(group.iter().map(|link| link.from));
        let sources: BTreeMap<Source, usize> = sources.into_iter().zip(0..).collect();
        let edge =
            |own: &WeighedLink| bernoulli::Edge { from: sources[&own.from], to: targets[&own.to] };
        layers.push(Layer { begin, edges: group.iter().map(edge).collect() });
        begin += group.len();
        before = targets.into_iter().map(|(to, number)| (Source::Cell(to), number)).collect();
    }
    layers
}
