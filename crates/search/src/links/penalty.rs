//! Terms of the loss that links add.

use std::collections::{BTreeMap, BTreeSet};

use candle_core::Tensor;
use dartloom_relax::{Progress, Ramp, RelaxError, bernoulli};
use dartloom_space::{Source, WeighedLink};

use super::LinkLine;

/// The terms that DiNTS adds to the loss for its links, each with its weight; the default has none.
///
/// Both read the logits as independent switches, `s = sigmoid(logit)`, so they go with
/// [`SomeOn`](dartloom_relax::SomeOn) among the links of a [layer](super::Among::Layer).
///
/// # Differences from the paper
/// The released search ramps all terms from 0 to their weights after the warm-up; here each weight
/// is a [`Ramp`] of its own. The term for memory is
/// [`ExpectedCost`](dartloom_relax::ExpectedCost) of operations.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct LinkPenalties {
    /// Weight of the mean entropy of the sets of links of a layer ([`bernoulli::entropy`]).
    pub entropy: Ramp,
    /// Weight of the topology loss ([`bernoulli::topology_loss`]); 0.001 in the released code.
    pub topology: Ramp,
}

impl Default for LinkPenalties {
    fn default() -> Self {
        let none = Ramp::constant(0.0);
        Self { entropy: none, topology: none }
    }
}

impl LinkPenalties {
    /// The weighted sum of the terms; `None` if all weights are 0 now.
    ///
    /// # Errors
    /// When a tensor operation fails.
    pub(crate) fn loss(
        &self,
        line: &LinkLine,
        logits: &Tensor,
        at: Progress,
    ) -> Result<Option<Tensor>, RelaxError> {
        let entropy = self.entropy.at(at);
        let topology = self.topology.at(at);
        if entropy.abs() <= 0.0 && topology.abs() <= 0.0 {
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
