//! Errors of cases.

use dartloom_net::NetError;
use dartloom_onnx::OnnxError;
use dartloom_ops::OpError;
use dartloom_space::SpaceError;

/// The reason for which a case could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportCaseError {
    /// A network that cannot be laid out.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A network that cannot be built.
    #[error(transparent)]
    Net(#[from] NetError),
    /// A network that cannot be run.
    #[error(transparent)]
    Op(#[from] OpError),
    /// A network that has no ONNX file.
    #[error("{name}: {source}")]
    Onnx {
        /// The case.
        name: String,
        /// The error of the export.
        source: OnnxError,
    },
    /// The tensor library failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
