//! Auto-DeepLab: what arrives at every level when cells hand on their inputs, and its gradient.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};
use dartloom_noise::Noise;
use dartloom_relax::{Progress, Softmax};
use dartloom_search::{Among, Incomplete, LinkChoices, LinkLine};
use dartloom_space::{Lattice, Network, Source, Stem, WeighedLink};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::numbers::Numbers;
use crate::golden::{GoldenError, Tolerance};

/// Logits by layer, level and direction: to the finer, the same and the coarser level.
pub(super) type Betas = Vec<Vec<[f64; 3]>>;

/// The place of a link's logit.
#[derive(Clone, Copy)]
struct Place {
    layer: usize,
    level: usize,
    direction: usize,
}

/// The masses of every layer and the gradient of `sum_s (s + 1) mass_s` of the last, with the
/// relaxation of links that searches use.
pub(super) fn check(
    want: &Value,
    betas: &Betas,
    (port, tolerance): (bool, &Tolerance),
) -> Result<Vec<String>, GoldenError> {
    let network = Lattice::auto_deeplab(betas.len(), betas[0].len()).network(Stem::cifar(1))?;
    let line = LinkLine::new(&network, Among::Source);
    let place = |link: &WeighedLink| place(&network, link);
    let logits: Vec<f64> = line
        .links()
        .iter()
        .map(|link| {
            let Place { layer, level, direction } = place(link);
            betas[layer][level][direction]
        })
        .collect();
    let logits = Var::from_vec(logits, line.len(), &Device::Cpu)?;
    let incomplete = if port { Incomplete::Thirds } else { Incomplete::Whole };
    let choices = LinkChoices { incomplete, ..LinkChoices::of(Softmax::default()) };
    let mut noise = Noise::new(0).stream("links", 0);
    let at = Progress { epoch: 0, epochs: 1 };
    let weights = line.weights(&choices, logits.as_tensor(), at, &mut noise)?;
    let mut weight: BTreeMap<[usize; 3], Tensor> = BTreeMap::new();
    for link in network.weighed_links() {
        let Place { layer, level, direction } = place(&link);
        weight.insert([layer, level, direction], weights[link.row].get(link.link)?);
    }
    if port {
        // At its second layer the port weighs what stays at the second level with the weight of
        // what leaves it to the coarser one.
        let coarser = weight[&[1, 1, 2]].clone();
        weight.insert([1, 1, 1], coarser);
    }
    let mut mass: BTreeMap<Source, Tensor> = BTreeMap::new();
    mass.insert(Source::Stem(0), Tensor::ones((), logits.dtype(), &Device::Cpu)?);
    let mut found = vec![vec![0.0; betas[0].len()]; betas.len()];
    for link in network.weighed_links() {
        let Place { layer, level, direction } = place(&link);
        let share = (&weight[&[layer, level, direction]] * &mass[&link.from])?;
        let to = Source::Cell(link.to);
        let sum = match mass.get(&to) {
            Some(sum) => (sum + share)?,
            None => share,
        };
        found[layer][network.level(to)] = sum.to_scalar::<f64>()?;
        mass.insert(to, sum);
    }
    let mut numbers = Numbers::new(want, tolerance);
    numbers.equal(
        "masses that are off",
        &off(&found, &want.rows("lattice_masses")?, tolerance),
        &0,
    );
    let mut total = Tensor::zeros((), logits.dtype(), &Device::Cpu)?;
    for source in network.head_sources() {
        total = (total + (&mass[&source] * (network.level(source) + 1) as f64)?)?;
    }
    let store = total.backward()?;
    let gradient = match store.get(&logits) {
        Some(gradient) => gradient.to_vec1::<f64>()?,
        None => vec![0.0; line.len()],
    };
    let mut rows = vec![vec![0.0; 3 * betas[0].len()]; betas.len()];
    for (link, gradient) in line.links().iter().zip(gradient) {
        let Place { layer, level, direction } = place(link);
        rows[layer][3 * level + direction] = gradient;
    }
    let listed = flat(want, "lattice_gradient")?;
    numbers.equal("gradients that are off", &off(&rows, &listed, tolerance), &0);
    Ok(numbers.finish())
}

fn off(found: &[Vec<f64>], want: &[Vec<f64>], tolerance: &Tolerance) -> usize {
    let pairs = found.iter().flatten().zip(want.iter().flatten());
    let count = found.iter().flatten().count().abs_diff(want.iter().flatten().count());
    count + pairs.filter(|(found, want)| !tolerance.number(**found, **want)).count()
}

/// A table of triples, each row as one line.
fn flat(want: &Value, name: &str) -> Result<Vec<Vec<f64>>, GoldenError> {
    let layers = super::levels::table(want, name)?;
    Ok(layers.into_iter().map(|layer| layer.concat()).collect())
}

fn place(network: &Network, link: &WeighedLink) -> Place {
    let level = network.level(link.from);
    let to = network.level(Source::Cell(link.to));
    Place { layer: link.layer - 1, level, direction: to + 1 - level }
}
