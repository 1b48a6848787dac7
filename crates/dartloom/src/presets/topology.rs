//! The places of the cells in a method's space.

use dartloom_decode::{Encoding, Unlisted};
use dartloom_search::StartLogits;
use dartloom_space::{CellOutput, Genotype, Lattice, OpSet, Space, SpaceError, Stem};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The number of searched cells, and their places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topology {
    /// A normal and a reduction cell, repeated in a chain (DARTS).
    #[default]
    TwoCells,
    /// Every position of the chain has a cell of its own (D-DARTS).
    Individual,
    /// Cells in the shape of a U-Net, for an answer to every pixel: `layers / 2` reduction cells
    /// that halve the plane, and as many normal cells on the way back, each of which reads the
    /// reduction cell of its size, too. A network that was found is retrained as deep as it was
    /// searched.
    UNet,
    /// Cells in the shape of a nested U-Net of depth `layers / 2`, every link of which has a weight
    /// (the DARTS-UNet++ of the Preligens study).
    UNetPP,
    /// A U-Net of depth `layers / 2` of residual cells with parallel towers, as many nodes each as
    /// other cells have (the ResNeXt-UNet of the Preligens study).
    ResNeXtUNet {
        /// Towers of a cell.
        towers: usize,
    },
    /// The lattice of Auto-DeepLab with `layers` layers: one cell on every transition between so
    /// many levels.
    AutoDeepLab {
        /// Levels.
        levels: usize,
        /// Rates of the pyramids of dilated convolutions before the head, in pixels of the image;
        /// none for a head without pyramids.
        #[serde(default = "rates")]
        rates: Vec<usize>,
    },
    /// The lattice of DiNTS with `layers` layers: a cell of its own on every transition. The stem
    /// feeds every level ([`ConfiguredStem::Pyramid`](dartloom_space::ConfiguredStem::Pyramid)).
    Dints {
        /// Levels.
        levels: usize,
    },
    /// The chain of a published hand-made network, at which the search starts (DARTOpti):
    /// `ResNet18`, `ResNet50` or `Xception`. It has its own number of cells.
    Around(String),
    /// As [`Topology::Around`], with what the released code makes of it: however many nodes a cell
    /// has, the last four are its output, and operations that the network does not have start at a
    /// logit of 0, a weight of one half.
    AroundOfficial(String),
}

/// 6, 12 and 18 at a sixteenth of the image, as in DeepLab.
fn rates() -> Vec<usize> {
    vec![96, 192, 288]
}

impl Topology {
    /// The lattice of Auto-DeepLab between so many levels with the rates of DeepLab.
    pub(super) fn auto_deeplab(levels: usize) -> Self {
        Self::AutoDeepLab { levels, rates: rates() }
    }

    /// The space of such cells with `nodes` nodes each, `layers` of them.
    ///
    /// # Errors
    /// [`SpaceError`] for a number out of range or a network that is not published.
    pub fn space(
        &self,
        ops: OpSet,
        (layers, nodes): (usize, usize),
        stem: Stem,
    ) -> Result<Space, SpaceError> {
        match self {
            Self::TwoCells => Space::darts(ops, layers, nodes, stem),
            Self::Individual => Space::individual(ops, layers, nodes, stem),
            Self::UNet => Space::unet(ops, layers / 2, nodes, stem),
            Self::UNetPP => Space::darts_unet_pp(ops, layers / 2, nodes, stem),
            Self::ResNeXtUNet { towers } => {
                Space::resnext_unet(ops, layers / 2, (*towers, nodes), stem)
            }
            Self::AutoDeepLab { levels, rates } => {
                let lattice = Lattice::auto_deeplab(layers, *levels);
                let space = Space::lattice(ops, lattice, nodes, stem)?;
                let network = space.network().with_rates(rates)?;
                space.with_network(network)
            }
            Self::Dints { levels } => {
                Space::lattice(ops, Lattice::dints(layers, *levels), nodes, stem)
            }
            Self::Around(name) => {
                Space::around(&Genotype::published(name)?, ops, nodes, stem, CellOutput::AllNodes)
            }
            Self::AroundOfficial(name) => {
                Space::around(&Genotype::published(name)?, ops, nodes, stem, CellOutput::LastFour)
            }
        }
    }

    /// The first logits of such a space, if not those of the relaxation: at the hand-made
    /// network ([`Encoding`]), nearly or as the released code does.
    ///
    /// # Errors
    /// When the space has another number of cells than the network, or lacks its operations.
    pub fn start(&self, space: &Space) -> Result<Option<StartLogits>, Error> {
        let (name, unlisted) = match self {
            Self::Around(name) => (name, Unlisted::Off),
            Self::AroundOfficial(name) => (name, Unlisted::Half),
            _ => return Ok(None),
        };
        let network = Genotype::published(name)?;
        Ok(Some(Encoding::new(unlisted).logits(space, &network)?.into()))
    }
}
