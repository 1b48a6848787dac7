//! Decoders by name.

use crate::{Argmax, DecodeError, Decoder, TopK};

/// A built-in decoder by the name experiments use: `darts` ([`TopK::darts`]) or `argmax`
/// ([`Argmax::nasbench201`]).
///
/// # Errors
/// [`DecodeError::UnknownDecoder`] with the known names.
pub fn builtin(name: &str) -> Result<Box<dyn Decoder>, DecodeError> {
    match name {
        "darts" => Ok(Box::new(TopK::darts())),
        "argmax" => Ok(Box::new(Argmax::nasbench201())),
        _ => Err(DecodeError::UnknownDecoder {
            found: name.to_owned(),
            known: ["darts", "argmax"].map(str::to_owned).to_vec(),
        }),
    }
}
