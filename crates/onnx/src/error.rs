//! Errors of an export.

use dartloom_space::Shape;

/// The reason why a network has no ONNX file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// An array whose shape holds another number of values.
    #[error("an array of shape {shape:?} has {found} values")]
    Values {
        /// The shape.
        shape: Vec<usize>,
        /// The number of values.
        found: usize,
    },
    /// A variable of the network that is not among the arrays.
    #[error("expected an array for the variable `{name}`, found none")]
    Missing {
        /// The variable.
        name: String,
    },
    /// A variable of another shape than the network's.
    #[error("variable `{name}`: expected the shape {expected:?}, found {found:?}")]
    VariableShape {
        /// The variable.
        name: String,
        /// The shape that its layer has.
        expected: Vec<usize>,
        /// The shape of the array.
        found: Vec<usize>,
    },
    /// The plan of a supernet, in which nothing has been chosen.
    #[error("expected the plan of a derived network, found that of a supernet")]
    Supernet,
    /// An operation whose computation is code.
    #[error("{place}: operation `{op}` is written in code, and has no recipe to be exported")]
    Code {
        /// The operation.
        op: String,
        /// Cell and edge.
        place: String,
    },
    /// An edge that has not exactly one operation.
    #[error("{place}: expected one operation, found {found}")]
    Candidates {
        /// Cell and edge.
        place: String,
        /// Number of operations.
        found: usize,
    },
    /// A value that is read before it is computed.
    #[error("{place}: expected a value that is computed before, found {found}")]
    Order {
        /// The reader.
        place: String,
        /// The value.
        found: String,
    },
    /// A layer that has no ONNX form, or none in its place.
    #[error("{place}: a layer `{layer}` needs {expected}")]
    Layer {
        /// The layer with its position.
        place: String,
        /// Its name.
        layer: String,
        /// Its need.
        expected: &'static str,
    },
    /// A plan whose layers and shapes contradict each other.
    #[error(transparent)]
    Space(#[from] dartloom_space::SpaceError),
    /// Constants of a normalisation that are not one for each channel, or cannot divide.
    #[error("normalisation: expected {expected}, found {found}")]
    Normalization {
        /// The expectation.
        expected: String,
        /// The finding.
        found: String,
    },
    /// A value by a name that the network has not, or a second time.
    #[error("feature `{found}`: expected each once, of {}", known.join(", "))]
    Feature {
        /// The name.
        found: String,
        /// The names of values.
        known: Vec<String>,
    },
    /// Features that are asked of a network without a value for each region of an image.
    #[error("expected a network with features before its head, found none in images of {input}")]
    NoFeatures {
        /// Shape of one image.
        input: Shape,
    },
    /// Probabilities of a model that puts out features.
    #[error("a model that puts out features has no probabilities")]
    Probabilities,
    /// A batch of no images.
    #[error("expected a batch of at least one image")]
    Batch,
    /// A model of more bytes than the format holds.
    #[error("a model of {found} bytes; the format holds {most}")]
    Size {
        /// The most bytes.
        most: usize,
        /// Bytes of the model.
        found: usize,
    },
}
