//! The contents of a folder's manifest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dartloom_ops::Mode;
use dartloom_ops::{Execution, Pass};
use rand::RngCore;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::bundle::Bundle;
use super::fields::Fields;
use super::{GoldenError, Tolerance};

/// The list of files; entries are read one by one, so that a bad one does not hide the others.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) files: BTreeMap<String, Value>,
}

/// The entry of one file.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    /// Repositories and files, or a sentence.
    #[serde(default)]
    pub(crate) source: Value,
    /// Sizes and settings.
    #[serde(default)]
    pub(crate) config: Value,
    /// The allowed deviation of numbers.
    pub(crate) tolerance: Tolerance,
    /// Parameter names, settings per group, genotypes.
    #[serde(default)]
    pub(crate) extra: Value,
}

impl Entry {
    /// The repository the numbers come from, the first where there are several.
    pub(crate) fn repository(&self) -> Option<&str> {
        self.source.as_array()?.first()?.get("repository")?.as_str()
    }

    /// Parameter names of the released code, in its order.
    pub(crate) fn parameter_names(&self) -> Result<Vec<String>, GoldenError> {
        self.extra.texts("param_names")
    }

    /// Their shapes.
    pub(crate) fn parameter_shapes(&self) -> Result<Vec<Vec<usize>>, GoldenError> {
        let rows = self.extra.rows("param_shapes")?;
        Ok(rows.into_iter().map(|row| row.into_iter().map(|n| n as usize).collect()).collect())
    }
}

/// One file with its entry.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    /// The file's name without its extension.
    pub(crate) name: String,
    pub(crate) folder: &'a Path,
    pub(crate) path: PathBuf,
    pub(crate) entry: Entry,
    /// The way in which the sums of cells are computed.
    pub(crate) execution: Execution,
}

impl Case<'_> {
    /// A pass that runs as the case is to run.
    pub(crate) fn pass<'a>(&self, mode: Mode, noise: &'a mut dyn RngCore) -> Pass<'a> {
        Pass { execution: self.execution, ..Pass::new(mode, noise) }
    }

    pub(crate) fn bundle(&self) -> Result<Bundle, GoldenError> {
        Bundle::read(&self.path)
    }

    pub(crate) fn json(&self) -> Result<Value, GoldenError> {
        read_json(&self.path)
    }
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, GoldenError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| GoldenError::Read { path: path.to_owned(), source })?;
    serde_json::from_str(&text)
        .map_err(|source| GoldenError::Json { path: path.to_owned(), source })
}
