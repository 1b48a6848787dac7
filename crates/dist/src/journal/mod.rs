//! A log that survives its writer: append-only, checksummed lines of one writer.
//!
//! ```text
//! CRC-32 of the rest, 8 hexadecimal digits   length of the rest   epoch   record as JSON
//! 7f3a0c11 42 3 {"Finished":{"task":17,"quality":0.93}}
//! ```
//!
//! A killed writer leaves at most one torn line, which has no line feed. It is cut when the journal
//! is next opened for writing, and readers pass over it. A journal has one writer: opening it takes
//! a lock, if the file system has locks, and begins a new *epoch*. A writer of an older epoch gets
//! an error at its next record.

mod line;
mod read;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::DistError;
pub use read::{Contents, Entry, read};

/// The guarantee that a record gets before anything that depends on it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The record is on disk (synced).
    Synced,
    /// The record may be lost with the machine, though not with the process.
    Written,
}

/// A journal open for writing.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    epoch: u64,
}

impl Journal {
    /// Opens a journal, creating it if there is none, cuts a torn last line, and begins the next
    /// epoch with a record of its `owner`. Also returns the previous contents of the journal.
    ///
    /// # Errors
    /// [`DistError::Busy`] when a living process has it open, [`DistError::Damaged`] for a line in
    /// its middle that is not as it was written, or if its last epoch is the largest possible one,
    /// [`DistError::File`]. The file is then unchanged.
    pub fn open(path: impl Into<PathBuf>, owner: &Value) -> Result<(Self, Contents), DistError> {
        let path = path.into();
        let options = OpenOptions::new().read(true).append(true).create(true).clone();
        let file = options.open(&path).map_err(|source| failed(&path, "open", source))?;
        if !lock(&file) {
            let owner = read(&path).ok().and_then(|contents| contents.owner());
            let owner = owner.map_or_else(|| "another process".to_owned(), |o| o.to_string());
            return Err(DistError::Busy { path, owner });
        }
        let contents = read(&path)?;
        let epoch = contents.next_epoch().ok_or_else(|| DistError::Damaged {
            path: path.clone(),
            line: contents.owner_line,
            expected: line::FOLLOWED,
            found: contents.epoch().to_string(),
        })?;
        let length = contents.length;
        if contents.torn > 0 {
            file.set_len(length).map_err(|source| failed(&path, "cut its last line of", source))?;
        }
        let mut journal = Self { path, file, length, epoch };
        journal.append(&line::owner(owner), Durability::Synced)?;
        Ok((journal, contents))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of this writer among those of the journal, from 1.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Appends a record.
    ///
    /// # Errors
    /// [`DistError::Fenced`] when another process has taken over, [`DistError::File`] when it
    /// cannot be written, such as on a full disk; the journal then ends with the record before.
    pub fn append(
        &mut self,
        record: &impl Serialize,
        durability: Durability,
    ) -> Result<(), DistError> {
        let text = serde_json::to_string(record).map_err(|source| DistError::Record { source })?;
        let line = line::print(self.epoch, &text);
        let size = self.file.metadata().map_err(|source| failed(&self.path, "look at", source))?;
        if size.len() != self.length {
            return Err(DistError::Fenced { path: self.path.clone(), epoch: self.epoch });
        }
        let mut written = self.file.write_all(line.as_bytes());
        if written.is_ok() && durability == Durability::Synced {
            written = self.file.sync_data();
        }
        match written {
            Ok(()) => {
                self.length += line.len() as u64;
                Ok(())
            }
            Err(source) => {
                // What stays of the line when even this fails is torn, and cut by the next writer.
                let _ = self.file.set_len(self.length);
                Err(failed(&self.path, "append to", source))
            }
        }
    }
}

/// The number of attempts to take a lock, and the pause between two of them.
const TRIES: u32 = 50;
const BETWEEN: Duration = Duration::from_millis(10);

/// Takes the lock of a file; returns `false` if another process holds it.
///
/// A process inherits the files of its parent for a moment while it is started, so that a lock may
/// outlive its journal by that much.
fn lock(file: &File) -> bool {
    for _ in 0..TRIES {
        match file.try_lock() {
            // Some file systems have no locks; there, epochs alone tell writers apart.
            Ok(()) | Err(TryLockError::Error(_)) => return true,
            Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN),
        }
    }
    false
}

fn failed(path: &Path, action: &'static str, source: std::io::Error) -> DistError {
    DistError::File { path: path.to_owned(), action, source }
}

#[cfg(test)]
mod tests;
