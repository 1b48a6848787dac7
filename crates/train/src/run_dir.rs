//! The directory a run writes.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::TrainError;

/// A directory whose files are never half written.
///
/// Every file is written under a temporary name, synced and renamed; a killed process leaves the
/// previous one. Only logs are appended to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Opens a directory, creating it and its parents.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, TrainError> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(|source| failed(&path, "create", source))?;
        Ok(Self { path })
    }

    /// A directory inside this one.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn inside(&self, name: &str) -> Result<Self, TrainError> {
        Self::open(self.path.join(name))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file whole.
    ///
    /// # Errors
    /// [`TrainError::File`]; the previous file is then untouched.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, TrainError> {
        let path = self.file(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| failed(parent, "create", source))?;
        }
        write_whole(&path, bytes)?;
        Ok(path)
    }

    /// Contents of a text file; `None` when it does not exist.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn read(&self, name: &str) -> Result<Option<String>, TrainError> {
        let path = self.file(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(&path, "read", source)),
        }
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn remove(&self, name: &str) -> Result<(), TrainError> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(failed(&path, "remove", source))
            }
            _ => Ok(()),
        }
    }

    /// Opens a log for appending.
    ///
    /// A last line that a killed process left without its line feed is cut off first.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn append(&self, name: &str) -> Result<File, TrainError> {
        let path = self.file(name);
        if let Ok(bytes) = fs::read(&path) {
            let complete = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            if complete < bytes.len() {
                let file = OpenOptions::new().write(true).open(&path);
                let cut = file.and_then(|file| file.set_len(complete as u64));
                cut.map_err(|source| failed(&path, "repair", source))?;
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.map_err(|source| failed(&path, "append to", source))
    }
}

/// A short name for a configuration: equal values have equal names.
///
/// The first 16 hexadecimal digits of the SHA-256 of the value's JSON.
///
/// # Errors
/// [`TrainError::State`] when the value has no JSON form.
pub fn digest(value: &impl serde::Serialize) -> Result<String, TrainError> {
    let text = serde_json::to_vec(value).map_err(|error| TrainError::State {
        expected: "a configuration with a JSON form".to_owned(),
        found: error.to_string(),
    })?;
    let hash = Sha256::digest(&text);
    Ok(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Writes under a temporary name, syncs, renames, and syncs the directory.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => Ok(()),
        }
    };
    write().map_err(|source| failed(path, "write", source))
}

pub(crate) fn failed(path: &Path, action: &'static str, source: std::io::Error) -> TrainError {
    TrainError::File { path: path.to_owned(), action, source }
}
