//! The directory a run writes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::RecordError;

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
    /// [`RecordError::File`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(|source| RecordError::file(&path, "create", source))?;
        Ok(Self { path })
    }

    /// A directory inside this one.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn inside(&self, name: &str) -> Result<Self, RecordError> {
        Self::open(self.path.join(name))
    }

    /// Its path.
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
    /// [`RecordError::File`]; the previous file is then untouched.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, RecordError> {
        let path = self.file(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .map_err(|source| RecordError::file(parent, "create", source))?;
        }
        write_whole(&path, bytes)?;
        Ok(path)
    }

    /// Contents of a text file; `None` when it does not exist.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn read(&self, name: &str) -> Result<Option<String>, RecordError> {
        let path = self.file(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RecordError::file(&path, "read", source)),
        }
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn remove(&self, name: &str) -> Result<(), RecordError> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(RecordError::file(&path, "remove", source))
            }
            _ => Ok(()),
        }
    }

    /// Opens a log for appending.
    ///
    /// A last line that a killed process left without its line feed is cut off first.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn append(&self, name: &str) -> Result<LogFile, RecordError> {
        let path = self.file(name);
        if let Ok(bytes) = fs::read(&path) {
            let complete = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            if complete < bytes.len() {
                let file = OpenOptions::new().write(true).open(&path);
                let cut = file.and_then(|file| file.set_len(complete as u64));
                cut.map_err(|source| RecordError::file(&path, "repair", source))?;
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(&path);
        match file {
            Ok(file) => Ok(LogFile { path, file }),
            Err(source) => Err(RecordError::file(&path, "append to", source)),
        }
    }
}

/// A log that is appended to. Errors of writing name its file.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// `true` if there is something in it.
    pub fn is_begun(&self) -> bool {
        self.file.metadata().is_ok_and(|file| file.len() > 0)
    }

    fn named(&self, source: io::Error) -> io::Error {
        io::Error::new(source.kind(), RecordError::file(&self.path, "append to", source))
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|source| match source.kind() {
            // Whoever writes all tries again.
            io::ErrorKind::Interrupted => source,
            _ => self.named(source),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|source| self.named(source))
    }
}

/// A short name for a configuration: equal values have equal names.
///
/// The first 16 hexadecimal digits of the SHA-256 of the value's JSON.
///
/// # Errors
/// [`RecordError::Encode`] when the value has no JSON form.
pub fn digest(value: &impl serde::Serialize) -> Result<String, RecordError> {
    let text = serde_json::to_vec(value).map_err(|error| RecordError::Encode {
        what: "a configuration".to_owned(),
        found: error.to_string(),
    })?;
    let hash = Sha256::digest(&text);
    Ok(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a file whole or not at all: under a temporary name that is synced and renamed, and syncs
/// the directory.
///
/// # Errors
/// [`RecordError::File`]; the previous file is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
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
    write().map_err(|source| RecordError::file(path, "write", source))
}
