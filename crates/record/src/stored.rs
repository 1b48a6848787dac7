//! Results in files, with their identity and a checksum.

use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::checksum::{self, BLANK, Broken};
use crate::{Agreement, Identity, RecordError, RunDir};

/// The version of stored results. Version 1 had no checksum.
const VERSION: u32 = 2;

/// A result read from a file that is unchanged since it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    /// The identity that the result belongs to.
    pub identity: Identity,
    /// The result.
    pub value: T,
}

/// A result that [`RunDir::stored_for`] has found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<T> {
    /// That of the same work.
    Same(T),
    /// Nobody can know whose: a part in code says no identity.
    Unsaid,
}

/// The form of the file: its checksum is that of the whole text with zeros in its own place.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<I, T> {
    version: u32,
    checksum: String,
    identity: I,
    value: T,
}

#[derive(Deserialize)]
struct Version {
    version: Option<u32>,
}

impl RunDir {
    /// Writes a result as JSON, with its identity and a checksum, whole or not at all.
    ///
    /// # Errors
    /// [`RecordError::Encode`] for a value without a JSON form, [`RecordError::File`].
    pub fn store(
        &self,
        name: &str,
        identity: &Identity,
        value: &impl Serialize,
    ) -> Result<PathBuf, RecordError> {
        let sealed = Sealed { version: VERSION, checksum: BLANK.to_owned(), identity, value };
        let unwritable =
            |found: String| RecordError::Encode { what: format!("a result for {name}"), found };
        let mut text =
            serde_json::to_string_pretty(&sealed).map_err(|error| unwritable(error.to_string()))?;
        text.push('\n');
        let text = checksum::seal(text, |_| {}).ok_or_else(|| unwritable("none".to_owned()))?;
        self.write(name, text.as_bytes())
    }

    /// Reads what [`RunDir::store`] has written; `None` when there is no such file.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] when the file is not as it was written, [`RecordError::Version`]
    /// when it has another form, such as that of a version without checksums,
    /// [`RecordError::File`].
    pub fn stored<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<Stored<T>>, RecordError> {
        stored(&self.file(name))
    }

    /// The value of what is stored for `wanted`: whether it belongs to that is asked first, so that
    /// a result of other work is refused as such, whatever form its value has. `None` where there
    /// is no file.
    ///
    /// # Errors
    /// As [`RunDir::stored`] and [`Stored::of`].
    pub fn stored_for<T: DeserializeOwned>(
        &self,
        name: &str,
        wanted: &Identity,
    ) -> Result<Option<Found<T>>, RecordError> {
        let Some(stored) = self.stored::<IgnoredAny>(name)? else { return Ok(None) };
        if stored.of(wanted, &self.file(name))?.is_none() {
            return Ok(Some(Found::Unsaid));
        }
        Ok(self.stored(name)?.map(|stored| Found::Same(stored.value)))
    }

    /// The SHA-256 of a file's bytes, 64 hexadecimal digits; `None` when there is no such file.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn checksum(&self, name: &str) -> Result<Option<String>, RecordError> {
        let path = self.file(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(checksum::of(&bytes))),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RecordError::file(&path, "read", source)),
        }
    }
}

impl<T> Stored<T> {
    /// The value if it belongs to `wanted`; `None` if that is unknown because a part in code states
    /// no identity. `path` is the file it was read from.
    ///
    /// # Errors
    /// [`RecordError::OtherWork`] with every value in which it belongs to something else.
    pub fn of(self, wanted: &Identity, path: &Path) -> Result<Option<T>, RecordError> {
        match wanted.agreement(&self.identity) {
            Agreement::Same => Ok(Some(self.value)),
            Agreement::Unsaid => Ok(None),
            Agreement::Differs(differences) => {
                Err(RecordError::OtherWork { path: path.to_owned(), differences })
            }
        }
    }
}

/// The content of the file at `path`; `None` if there is no such file.
pub(crate) fn stored<T: DeserializeOwned>(path: &Path) -> Result<Option<Stored<T>>, RecordError> {
    match std::fs::read(path) {
        Ok(bytes) => read(path, &bytes).map(Some),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecordError::file(path, "read", source)),
    }
}

fn read<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<Stored<T>, RecordError> {
    let damaged = |expected: &str, found: String| RecordError::Damaged {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found,
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| damaged("a text in UTF-8", error.to_string()))?;
    let other =
        |found: String| RecordError::Version { path: path.to_owned(), known: VERSION, found };
    let version = serde_json::from_str(text).ok().and_then(|Version { version }| version);
    match checksum::check(text, |_| {}) {
        Ok(()) if version == Some(VERSION) => {}
        Ok(()) => return Err(other(version.map_or("none".to_owned(), |v| v.to_string()))),
        Err(Broken::Missing) => {
            // Only a text that can be read is that of an older version.
            return Err(match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => other("version 1, which has no checksum".to_owned()),
                Err(error) => damaged("a stored result", error.to_string()),
            });
        }
        Err(Broken::Differs { expected, found }) => {
            return Err(damaged(&format!("contents with checksum {expected}"), found));
        }
    }
    let sealed: Sealed<Identity, T> = serde_json::from_str(text)
        .map_err(|error| damaged("a stored result", error.to_string()))?;
    Ok(Stored { identity: sealed.identity, value: sealed.value })
}
