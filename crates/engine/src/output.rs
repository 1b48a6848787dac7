//! Files of results that the user named.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::EngineError;

/// Refuses a file that no result could be written to, before there is one.
///
/// # Errors
/// [`EngineError::Place`] for a directory, or a file in a directory that is not there.
pub fn check_place(path: &Path) -> Result<(), EngineError> {
    let refuse =
        |kind: ErrorKind| EngineError::Place { path: path.to_owned(), source: kind.into() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        _ if path.is_dir() => Err(refuse(ErrorKind::IsADirectory)),
        Some(folder) if !folder.is_dir() => Err(refuse(ErrorKind::NotFound)),
        _ => Ok(()),
    }
}

/// Writes a result to a file.
///
/// # Errors
/// [`EngineError::Write`] with the system's reason.
pub fn write(path: &Path, text: &str) -> Result<(), EngineError> {
    std::fs::write(path, text)
        .map_err(|source| EngineError::Write { path: path.to_owned(), source })
}
