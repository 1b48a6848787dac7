//! Networks of genotypes.

use super::{Genotype, Layout};
use crate::network::{check_length, check_reductions};
use crate::{Chain, Network, Repeats, Space, SpaceError, Stem};

impl Genotype {
    /// The chain of `layers` cells this genotype stands in.
    ///
    /// A [`Layout::PerCell`] genotype in a deeper chain follows [`Chain::deeper`]. Reductions stay
    /// where the genotype has them unless `reductions` says otherwise: published D-DARTS counts
    /// use the thirds of the new chain although the released files say otherwise.
    ///
    /// # Errors
    /// [`SpaceError::NetworkSize`] unless `layers` is 1 to 512,
    /// [`SpaceError::Reductions`] when a reduction, the genotype's own included, is named twice or
    /// stands at or beyond the end of the chain, [`SpaceError::Layers`] when the genotype has no
    /// chain of that length, [`SpaceError::Derivation`] as [`Chain::deeper`].
    pub fn chain(
        &self,
        layers: usize,
        stem: Stem,
        reductions: Option<Vec<usize>>,
        repeats: Repeats,
    ) -> Result<Chain, SpaceError> {
        check_length(layers)?;
        let (assignment, own) = match self.layout() {
            Layout::TwoCells => {
                let reductions = reductions.unwrap_or_else(|| Chain::thirds(layers));
                check_reductions(&reductions, layers)?;
                let assignment =
                    (0..layers).map(|i| usize::from(reductions.contains(&i))).collect();
                return Ok(Chain { stem, assignment, reductions, aux: None });
            }
            Layout::PerCell { reductions } => {
                (Chain::deeper(self.cells().len(), layers, repeats)?, reductions)
            }
            Layout::Sequence { sequence, reductions } if sequence.len() == layers => {
                (sequence.clone(), reductions)
            }
            _ => return Err(SpaceError::Layers { expected: self.layers(), found: layers }),
        };
        let reductions = reductions.unwrap_or_else(|| own.clone());
        check_reductions(&reductions, layers)?;
        Ok(Chain { stem, assignment, reductions, aux: None })
    }

    /// The network of this genotype in a space.
    ///
    /// A [`Layout::Space`] genotype stands in the space's own network, with the links that it keeps
    /// ([`Network::chosen`]); others in their chain
    /// ([`Genotype::chain`]) behind the space's stem, as long as the space has placements, with its
    /// auxiliary head and the hidden layers of its head.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] when the space has another number of cells,
    /// [`SpaceError::OpenChoice`] for a port that chooses among links and that the genotype does
    /// not name, other errors of [`Network::chosen`], and as [`Genotype::chain`].
    pub fn network_in(&self, space: &Space) -> Result<Network, SpaceError> {
        let network = space.network();
        if *self.layout() != Layout::Space {
            let layers = network.placements().len();
            let mut chain = self.chain(layers, network.stem().clone(), None, Repeats::InTurn)?;
            chain.aux = network.aux();
            let hidden = network.hidden().cloned().unwrap_or_default();
            return chain.network()?.with_hidden(hidden);
        }
        if self.cells().len() != space.cells().len() {
            return Err(SpaceError::Mismatch {
                place: format!("cells of space `{}`", space.name()),
                expected: space.cells().len().to_string(),
                found: self.cells().len().to_string(),
            });
        }
        if self.links().is_empty() && network.choices().next().is_none() {
            return Ok(network.clone());
        }
        network.chosen(self.links())
    }
}
