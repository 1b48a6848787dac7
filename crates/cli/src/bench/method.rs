//! Search methods that can be measured.

use clap::ValueEnum;
use dartloom::presets;
use dartloom::search::BilevelConfig;
use dartloom::space::{Blueprint, Build, OpSet, Shape, Space, Stem};

use super::CLASSES;
use crate::error::CliError;

/// A search method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// DARTS of first order.
    #[value(name = "darts")]
    Darts,
    /// DARTS of second order.
    #[value(name = "darts-second-order")]
    DartsSecondOrder,
    /// PC-DARTS of first order: candidates see a quarter of the channels.
    #[value(name = "pc-darts")]
    PcDarts,
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
        }
    }

    /// How its steps are made.
    pub(super) fn config(self) -> BilevelConfig {
        match self {
            Self::Darts | Self::PcDarts => presets::darts().search.bilevel,
            Self::DartsSecondOrder => presets::darts_second_order().search.bilevel,
        }
    }

    /// Multiply-adds of a step on one image as multiples of a forward pass: when every backward
    /// pass makes the gradients of inputs and weights, and when only those that are used.
    ///
    /// A gradient costs as much as the forward pass. Whoever wants the logits' gradient alone
    /// needs no weights' gradients: the logit pass of first order, and both ends of the finite
    /// difference of second order.
    pub(super) fn passes(self) -> (f64, f64) {
        match self {
            Self::Darts | Self::PcDarts => (6.0, 5.0),
            Self::DartsSecondOrder => (15.0, 13.0),
        }
    }

    /// The space that is searched: DARTS' operations in a chain of two cells.
    pub(super) fn space(self, layers: usize) -> Result<Space, CliError> {
        let ops = OpSet::builtin("O_base").map_err(CliError::input)?;
        Space::darts(ops, layers, NODES, Stem::cifar(STEM)).map_err(CliError::input)
    }

    /// The supernet's blueprint.
    pub(super) fn blueprint(
        self,
        space: &Space,
        channels: usize,
        input: Shape,
    ) -> Result<Blueprint, CliError> {
        let build = Build { partial: self.partial(), ..Build::new(channels, CLASSES, input) };
        Blueprint::supernet(space, build).map_err(CliError::input)
    }

    /// One in so many channels goes through the candidates.
    fn partial(self) -> usize {
        match self {
            Self::Darts | Self::DartsSecondOrder => 1,
            Self::PcDarts => 4,
        }
    }
}
