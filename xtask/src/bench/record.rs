//! Results as JSON lines.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;

/// The files that results go to besides the screen.
#[derive(Debug)]
pub(super) struct Record {
    file: Option<(PathBuf, File)>,
}

impl Record {
    /// Appends to the file at `path`, if one is given.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let failed = |source| Error::Access { path: path.to_owned(), source };
            Ok::<_, Error>((path.to_owned(), file.map_err(failed)?))
        };
        Ok(Self { file: path.map(open).transpose()? })
    }

    /// Adds a line.
    pub(super) fn line(&mut self, value: &Value) -> Result<(), Error> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let failed = |source| Error::Access { path: path.clone(), source };
        writeln!(file, "{value}").map_err(failed)
    }
}
