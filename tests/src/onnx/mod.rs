//! Exported models with inputs and the outputs that the network itself computes: of every
//! operation, layer, topology, head and baseline.

mod case;
mod error;
mod networks;
mod options;

pub use case::{Case, Tensors};
pub use error::ExportCaseError;

/// Images in the inputs of a case.
pub const IMAGES: usize = 64;

/// Every case, in the order of the table in `docs/onnx.md`; `each` is given one after the other.
///
/// # Errors
/// What a network could not be made, run or exported for, or the error of `each`.
pub fn cases<E: From<ExportCaseError>>(
    each: &mut dyn FnMut(Case) -> Result<(), E>,
) -> Result<(), E> {
    for network in networks::all()? {
        each(network.case()?)?;
    }
    options::each(each)
}
