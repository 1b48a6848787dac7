//! Search methods that can be measured.

use std::sync::Arc;

use clap::ValueEnum;
use dartloom::presets;
use dartloom::relax::{Relaxation, Sigmoid, Softmax};
use dartloom::search::{AblationConfig, AblationGradient, BilevelConfig};
use dartloom::space::{Blueprint, Build, OpSet, Shape, Space, Stem};

use super::batch::Labels;
use crate::error::BenchError;

/// A search method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// DARTS of first order.
    #[value(name = "darts")]
    Darts,
    /// DARTS of second order.
    #[value(name = "darts-second-order", alias = "darts_second_order")]
    DartsSecondOrder,
    /// PC-DARTS of first order: candidates see a quarter of the channels.
    #[value(name = "pc-darts", alias = "pc_darts")]
    PcDarts,
    /// D-DARTS: individual cells of sigmoids, without an ablation loss unless one is asked for.
    #[value(name = "d-darts", alias = "d_darts")]
    DDarts,
    /// DARTS of first order in a U-Net whose depth is half the number of cells, for two classes of
    /// pixels.
    #[value(name = "darts-unet", alias = "darts_unet")]
    DartsUNet,
}

/// The part of the ablation loss that is computed (D-DARTS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ablation {
    /// None of it.
    #[default]
    None,
    /// Contributions are measured, and their gradient is zero.
    #[value(alias = "official")]
    Zero,
    /// A gradient with the mean held constant.
    Scaled,
    /// The whole gradient.
    Full,
}

impl Ablation {
    fn config(self) -> Option<AblationConfig> {
        let gradient = match self {
            Self::None => return None,
            Self::Zero => AblationGradient::Zero,
            Self::Scaled => AblationGradient::Scaled,
            Self::Full => AblationGradient::Full,
        };
        Some(AblationConfig { gradient, ..AblationConfig::default() })
    }

    /// Passes over `cells` cells beside the usual ones, in forward passes' worth: with gradients
    /// of everything, and of what is used.
    fn passes(self, cells: usize) -> (f64, f64) {
        let cells = cells as f64;
        match self {
            Self::None => (0.0, 0.0),
            Self::Zero | Self::Scaled => (cells, cells),
            Self::Full => (3.0 * cells, 2.0 * cells),
        }
    }
}

/// Nodes of a cell.
const NODES: usize = 4;
/// Stem channels per base channel.
const STEM: usize = 3;

impl Method {
    /// As typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Darts => "darts",
            Self::DartsSecondOrder => "darts-second-order",
            Self::PcDarts => "pc-darts",
            Self::DDarts => "d-darts",
            Self::DartsUNet => "darts-unet",
        }
    }

    /// The rule by which its steps are made.
    pub(super) fn config(self, ablation: Ablation) -> BilevelConfig {
        let config = match self {
            Self::Darts | Self::DDarts | Self::PcDarts | Self::DartsUNet => {
                presets::darts().search.bilevel
            }
            Self::DartsSecondOrder => presets::darts_second_order().search.bilevel,
        };
        BilevelConfig { ablation: ablation.config(), ..config }
    }

    /// Multiply-adds of a step on one image as multiples of a forward pass: when every backward
    /// pass makes the gradients of inputs and weights, and when only those that are used.
    ///
    /// A gradient costs as much as the forward pass. Whoever wants the logits' gradient alone
    /// needs no weights' gradients: the logit pass of first order, and both ends of the finite
    /// difference of second order.
    pub(super) fn passes(self, ablation: Ablation, cells: usize) -> (f64, f64) {
        let (all, used) = match self {
            Self::Darts | Self::PcDarts | Self::DDarts | Self::DartsUNet => (6.0, 5.0),
            Self::DartsSecondOrder => (15.0, 13.0),
        };
        let (more, more_used) = ablation.passes(cells);
        (all + more, used + more_used)
    }

    /// The rule by which logits become weights.
    pub(super) fn relaxation(self) -> Arc<dyn Relaxation> {
        match self {
            Self::DDarts => Arc::new(Sigmoid),
            _ => Arc::new(Softmax::default()),
        }
    }

    /// The labels of its batches.
    pub(super) fn labels(self) -> Labels {
        if self == Self::DartsUNet { Labels::OfPixels } else { Labels::OfImages }
    }

    /// The space that is searched: DARTS' operations in a chain of two cells, of individual ones,
    /// or in a U-Net.
    pub(super) fn space(self, layers: usize) -> Result<Space, BenchError> {
        let set = if self == Self::DDarts { "S" } else { "O_base" };
        let ops = OpSet::builtin(set).map_err(BenchError::input)?;
        let stem = Stem::cifar(STEM);
        let space = match self {
            Self::DDarts => Space::individual(ops, layers, NODES, stem),
            Self::DartsUNet => Space::unet(ops, layers / 2, NODES, Stem::cifar(1)),
            _ => Space::darts(ops, layers, NODES, stem),
        };
        space.map_err(BenchError::input)
    }

    /// The supernet's blueprint.
    pub(super) fn blueprint(
        self,
        space: &Space,
        channels: usize,
        input: Shape,
    ) -> Result<Blueprint, BenchError> {
        let build = Build::new(channels, self.labels().classes() as usize, input)
            .with_outputs(self.labels().outputs());
        let build = Build { partial: self.partial(), ..build };
        Blueprint::supernet(space, build).map_err(BenchError::input)
    }

    /// One in so many channels goes through the candidates.
    fn partial(self) -> usize {
        match self {
            Self::Darts | Self::DartsSecondOrder | Self::DDarts | Self::DartsUNet => 1,
            Self::PcDarts => 4,
        }
    }
}
