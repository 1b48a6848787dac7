//! The reasons why a score is meaningless.

use dartloom_data::DataError;
use dartloom_net::NetError;
use dartloom_ops::OpError;
use dartloom_space::SpaceError;
use dartloom_train::TrainError;
use thiserror::Error;

/// The reason why there is no score.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ZeroCostError {
    /// A network could not be built or run.
    #[error(transparent)]
    Net(Box<NetError>),
    /// Variables could not be set.
    #[error(transparent)]
    Op(#[from] OpError),
    /// A loss or a gradient failed.
    #[error(transparent)]
    Train(Box<TrainError>),
    /// A space or genotype does not fit.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A batch could not be made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// A network without convolutions or fully connected layers.
    #[error("{score}: the network has no weights")]
    NoWeights {
        /// The score.
        score: &'static str,
    },
    /// A network without a layer that the score reads.
    #[error("{score}: the network has no {layer}, or only inside operations in code")]
    NoLayer {
        /// The score.
        score: &'static str,
        /// The layer that it reads.
        layer: &'static str,
    },
    /// A network with the same output for all images.
    #[error("{score}: the output of the network does not depend on its input")]
    Constant {
        /// The score.
        score: &'static str,
    },
    /// A network in which the effects of the images cancel.
    #[error(
        "{score}: the gradients of the images cancel, as they do where a batch norm is the last \
         layer before pooling"
    )]
    Cancelled {
        /// The score.
        score: &'static str,
    },
    /// A matrix whose determinant or condition number is meaningless.
    #[error("{score}: the {matrix} of {images} images is singular")]
    Singular {
        /// The score.
        score: &'static str,
        /// The matrix.
        matrix: &'static str,
        /// Images of the batch.
        images: usize,
    },
    /// A value that is not finite.
    #[error("{score}: expected finite {what}, found {found}")]
    NotFinite {
        /// The score.
        score: &'static str,
        /// The value that is not finite.
        what: &'static str,
        /// One of its values.
        found: f64,
    },
    /// Too few images to compare.
    #[error("{score}: expected a batch of {expected} or more images, found {found}")]
    Batch {
        /// The score.
        score: &'static str,
        /// Images that it needs.
        expected: usize,
        /// Number of images given.
        found: usize,
    },
    /// A batch that cannot be made.
    #[error("{what}: expected {expected}, found {found}")]
    Size {
        /// The number that is too small or too large.
        what: &'static str,
        /// The allowed values.
        expected: String,
        /// The number.
        found: usize,
    },
    /// Targets that nobody knows how to draw.
    #[error("expected classes, labels, values or a mask to draw, found {found}")]
    Targets {
        /// The targets.
        found: String,
    },
    /// No seed.
    #[error("{score}: expected at least one seed")]
    NoSeeds {
        /// The score.
        score: &'static str,
    },
    /// A name that no score has.
    #[error("unknown score `{found}`; known are {}", known.join(", "))]
    Unknown {
        /// The name.
        found: String,
        /// The known names.
        known: Vec<&'static str>,
    },
}

impl From<TrainError> for ZeroCostError {
    fn from(error: TrainError) -> Self {
        Self::Train(Box::new(error))
    }
}

impl From<NetError> for ZeroCostError {
    fn from(error: NetError) -> Self {
        Self::Net(Box::new(error))
    }
}
