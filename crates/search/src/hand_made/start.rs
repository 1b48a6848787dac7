//! The start of a search at the network that was laid out by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_record::Refused;
use dartloom_relax::{Constraint, Progress, Relaxation, checked_weights};
use dartloom_space::Space;
use dartloom_space::hand_made::SearchedGraph;

use crate::{CellLogits, Choices, SearchError, StartLogits};

/// The usual weight of the hand-made candidate of a block at the start: the network is nearly the
/// one that was trained, and 0.1 is left for others to be tried with.
pub const SHARE: f64 = 0.9;

/// Largest logit that is tried; beyond, weights in single precision are 1 and 0.
const MOST: f64 = 64.0;
/// Halvings of the interval in which the first logit is found.
const HALVINGS: usize = 60;

impl Choices {
    /// Begins at the network that was laid out by hand: in every block of `space` the hand-made
    /// candidate, the first one, has the weight `share`, and all others have one weight.
    ///
    /// Where logits are shares themselves, those are `share` and `(1 - share) / (n - 1)` with `n`
    /// candidates. Otherwise they are `t` and `-t`, with the `t` that gives the first one its
    /// share: `t = ln(share (n - 1) / (1 - share)) / 2` for the softmax. It is found by halving an
    /// interval, since any relaxation that grows with its own logit may be used.
    ///
    /// # Errors
    /// [`SearchError::Config`] for a share that is not above 0 and below 1, or a space that is not
    /// inside a network laid out by hand; [`SearchError::Relax`] for a relaxation that fails.
    pub fn starting_hand_made(self, space: &Space, share: f64) -> Result<Self, SearchError> {
        searched(space)?;
        if !(share > 0.0 && share < 1.0) {
            let expected = "a number above 0 and below 1";
            return Err(Refused::new("share", expected, share.to_string()).into());
        }
        let ops = space.op_set().len();
        let rest = match self.relaxation.domain() {
            Constraint::Simplex if ops == 1 => (1.0, 0.0),
            Constraint::Simplex => (share, (1.0 - share) / (ops - 1) as f64),
            _ => {
                let logit = logit(&*self.relaxation, ops, share)?;
                (logit, -logit)
            }
        };
        let (first, other) = rest;
        let mut row = vec![other; ops];
        row[0] = first;
        let cells = space.cells().iter().map(|_| CellLogits { edges: vec![row.clone()] });
        Ok(self.with_start(StartLogits { cells: cells.collect() }))
    }

    /// Begins with the variables of the trained network that was laid out by hand
    /// ([`Supernet::take_hand_made`]), by their names in it.
    #[must_use]
    pub fn with_trained(self, variables: BTreeMap<String, Tensor>) -> Self {
        Self { trained: Some(Arc::new(variables)), ..self }
    }
}

/// The logit of the first of `ops` candidates, against its negative for all others, that gives it
/// a weight of `share`.
fn logit(relaxation: &dyn Relaxation, ops: usize, share: f64) -> Result<f64, SearchError> {
    let weight = |logit: f64| -> Result<f64, SearchError> {
        let mut row = vec![-logit; ops];
        row[0] = logit;
        let logits = Tensor::from_vec(row, (1, ops), &Device::Cpu)?.to_dtype(DType::F64)?;
        let mut noise = Noise::new(0).stream("share of a block", 0);
        let weights = checked_weights(relaxation, &logits, Progress::start(1), &mut noise)?;
        Ok(weights.flatten_all()?.to_vec1::<f64>()?[0])
    };
    let mut low = -MOST;
    let mut high = MOST;
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if weight(middle)? < share { low = middle } else { high = middle }
    }
    Ok(high)
}

/// The network laid out by hand that a space is inside of.
pub(super) fn searched(space: &Space) -> Result<&SearchedGraph, SearchError> {
    space.network().hand_made().ok_or_else(|| {
        let expected = "one inside a network laid out by hand";
        Refused::new("space", expected, space.name().to_owned()).into()
    })
}

/// Loads the trained variables that `choices` begin with, if they do.
pub(crate) fn take(
    supernet: &Supernet,
    space: &Space,
    choices: &Choices,
) -> Result<(), SearchError> {
    match &choices.trained {
        Some(variables) => Ok(supernet.take_hand_made(searched(space)?, variables)?),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use dartloom_relax::{Entmax, Sigmoid, Simplex, Softmax};
    use dartloom_space::hand_made::UNet;
    use dartloom_space::{OpSet, Outputs, Shape};

    use super::*;

    fn space() -> Space {
        let unet = UNet { base: 2, depth: Some(1) };
        let graph = unet.graph(Shape::new(1, 4, 4), Outputs::Plane { channels: 2 }).unwrap();
        let ops = OpSet::builtin("all").unwrap();
        let ops = ops.subset("mine", &["sep_conv_3x3", "skip_connect"]).unwrap();
        Space::inside(SearchedGraph::new(graph, &["*"]).unwrap(), &ops).unwrap()
    }

    fn first(choices: Choices, share: f64) -> Vec<f64> {
        let start = choices.starting_hand_made(&space(), share).unwrap().start.unwrap();
        assert_eq!(start.cells.len(), 3);
        start.cells[0].edges[0].clone()
    }

    #[test]
    fn the_hand_made_candidate_has_its_share() {
        let row = first(Choices::of(Softmax::default()), 0.9);
        let expected = (0.9_f64 * 2.0 / 0.1).ln() / 2.0;
        assert!((row[0] - expected).abs() < 1e-9, "{row:?}");
        assert_eq!(row[1..], [-row[0], -row[0]]);
        assert!(first(Choices::of(Simplex), 0.9)[0].to_bits() == 0.9_f64.to_bits());
        // With two logits apart by d, sparsemax gives (1 + 2 d) / 3 to the first of three.
        let row = first(Choices::of(dartloom_relax::Sparsemax), 0.9);
        assert!((2.0 * row[0] - (0.9 * 3.0 - 1.0) / 2.0).abs() < 1e-9, "{row:?}");
        let row = first(Choices::of(Sigmoid), 0.9);
        assert!((row[0] - 9.0_f64.ln()).abs() < 1e-9, "{row:?}");
        let _ = Entmax::new(1.5).map(|entmax| first(Choices::of(entmax), 0.8));
    }

    #[test]
    fn other_shares_and_spaces_are_refused() {
        let softmax = || Choices::of(Softmax::default());
        for share in [0.0, 1.0, -1.0, f64::NAN] {
            let error = softmax().starting_hand_made(&space(), share).unwrap_err();
            assert!(error.to_string().starts_with("share: expected"), "{error}");
        }
        let ops = OpSet::builtin("S").unwrap();
        let darts = Space::darts(ops, 3, 2, dartloom_space::Stem::cifar(1)).unwrap();
        assert!(softmax().starting_hand_made(&darts, 0.9).is_err());
    }
}
