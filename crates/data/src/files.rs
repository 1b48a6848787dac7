//! Reading whole files and listing directories, with errors that name them.

use std::fs;
use std::path::Path;

use crate::DataError;

/// The contents of `path`; memory follows the file's real length.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| DataError::Read { path: path.to_path_buf(), source })
}

/// The names in `directory`, sorted.
pub(crate) fn names(directory: &Path) -> Result<Vec<String>, DataError> {
    let failed = |source| DataError::Read { path: directory.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}
