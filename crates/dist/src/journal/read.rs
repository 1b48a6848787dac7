//! Reads a journal, also while it is written.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

use super::{failed, line};
use crate::DistError;

/// A record and the epoch of its writer.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The writer's epoch, from 1.
    pub epoch: u64,
    /// The record.
    pub record: Value,
}

/// The contents of a journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Records in the order in which they were written, those of owners left out.
    pub entries: Vec<Entry>,
    /// The writers that opened it, in order.
    pub owners: Vec<Entry>,
    /// Bytes of whole lines.
    pub length: u64,
    /// Bytes behind the last whole line: a line that is being written, or whose writer died.
    pub torn: u64,
    /// The line of its last writer, from 1.
    pub(super) owner_line: usize,
}

impl Contents {
    /// The epoch of its last writer; 0 if there was none.
    pub fn epoch(&self) -> u64 {
        self.owners.last().map_or(0, |owner| owner.epoch)
    }

    /// The epoch of its next writer, if that can be read back.
    pub(super) fn next_epoch(&self) -> Option<u64> {
        self.epoch().checked_add(1).filter(|&epoch| epoch < u64::MAX)
    }

    /// Its last writer.
    pub fn owner(&self) -> Option<Value> {
        self.owners.last().map(|owner| owner.record.clone())
    }
}

/// Reads a journal; an empty one if there is no file. It needs no lock and works while another
/// process writes.
///
/// # Errors
/// [`DistError::Damaged`] with the line, [`DistError::File`].
pub fn read(path: &Path) -> Result<Contents, DistError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(source) if source.kind() == ErrorKind::NotFound => return Ok(Contents::default()),
        Err(source) => return Err(failed(path, "read", source)),
    };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let (lines, torn) = bytes.split_at(whole);
    let length = whole as u64;
    let torn = torn.len() as u64;
    let mut contents = Contents { length, torn, ..Contents::default() };
    for (number, text) in lines.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let (epoch, record) = line::parse(text).map_err(|(expected, found)| {
            DistError::Damaged { path: path.to_owned(), line: number + 1, expected, found }
        })?;
        match line::as_owner(&record) {
            Some(owner) => {
                contents.owners.push(Entry { epoch, record: owner.clone() });
                contents.owner_line = number + 1;
            }
            None => contents.entries.push(Entry { epoch, record }),
        }
    }
    Ok(contents)
}
