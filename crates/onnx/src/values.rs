//! The values of a network between its image and its head.

use dartloom_space::Outputs;

use crate::OnnxError;
use crate::draft::{Draft, Value};

/// A value by the name under which it can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// A network as nodes: what it puts out, and the features on the way.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) output: Value,
    /// Values on planes before the head, in order of execution.
    pub(crate) features: Vec<Named>,
}

/// The value of a head, in the form of the network's outputs.
pub(crate) fn answer(draft: &mut Draft<'_>, value: Value, outputs: Outputs) -> Value {
    match outputs {
        Outputs::Vector(_) => draft.flattened(value, "head.flat"),
        _ => value,
    }
}

/// The values at some positions.
pub(crate) fn taken<'v>(
    values: &'v [Value],
    at: usize,
    place: &str,
) -> Result<&'v Value, OnnxError> {
    let found = || OnnxError::Order { place: place.to_owned(), found: format!("value {at}") };
    values.get(at).ok_or_else(found)
}
