//! Trained networks as files for other runtimes.

use std::path::Path;

use dartloom::verdict::{OnnxConfig, Trained};

use crate::error::EngineError;
use crate::output::write_bytes;

/// Writes `model` as an ONNX file, whole or not at all, and returns the number of its bytes. A file
/// that is there is replaced; [`check_new`](crate::output::check_new) finds it.
///
/// # Errors
/// [`EngineError::Input`] for a network that has no such file, and those of
/// [`write`](crate::output::write).
pub fn export(model: &Trained, out: &Path, config: &OnnxConfig) -> Result<usize, EngineError> {
    let bytes = model.to_onnx(config);
    let bytes = bytes.map_err(|error| EngineError::Input(Box::new(error.into())))?;
    write_bytes(out, &bytes)?;
    Ok(bytes.len())
}
