//! A run, read back from its directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{EventLog, Leg, RecordError, RunLayout, read_events_from};

/// The directory of a run, for reading: events, results of legs and genotypes as JSON.
///
/// It writes nothing and needs no tensor library, so that a viewer of runs stays small. A run that
/// goes on while it is read shows what was complete at that moment.
///
/// ```
/// use dartloom_record::{Run, RunDir};
///
/// # fn main() -> Result<(), dartloom_record::RecordError> {
/// # let folder = std::env::temp_dir().join(format!("dartloom-run-{}", std::process::id()));
/// # let dir = RunDir::open(&folder)?.inside("seed-3")?;
/// # dir.write("genotype.json", b"{}")?;
/// let run = Run::open(&folder)?;
/// assert_eq!(run.seeds()?, [3]);
/// assert!(run.events()?.records.is_empty());
/// assert_eq!(run.genotypes(3)?.len(), 1);
/// # std::fs::remove_dir_all(&folder).ok();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    path: PathBuf,
}

impl Run {
    /// The run in a directory.
    ///
    /// # Errors
    /// [`RecordError::File`] when there is no such directory.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let path = path.into();
        fs::read_dir(&path).map_err(|source| RecordError::file(&path, "read", source))?;
        Ok(Self { path })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All events so far, in order; empty if there are none.
    ///
    /// # Errors
    /// [`RecordError::Log`] for a log of another version or with a line that is not an event,
    /// [`RecordError::File`].
    pub fn events(&self) -> Result<EventLog, RecordError> {
        let path = self.path.join(RunLayout::EVENTS);
        match fs::File::open(&path) {
            Ok(file) => read_events_from(std::io::BufReader::new(file))
                .map_err(|source| RecordError::Log { path, source }),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(EventLog::default()),
            Err(source) => Err(RecordError::file(&path, "read", source)),
        }
    }

    /// The seeds that have begun, ascending.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn seeds(&self) -> Result<Vec<u64>, RecordError> {
        let names = names(&self.path)?;
        let mut seeds: Vec<u64> =
            names.iter().filter_map(|name| RunLayout::seed_of(name)).collect();
        seeds.sort_unstable();
        Ok(seeds)
    }

    /// The result of a leg, as JSON; `None` where it has none yet.
    ///
    /// # Errors
    /// [`RecordError::Damaged`], [`RecordError::Version`], [`RecordError::File`].
    pub fn result(
        &self,
        layout: RunLayout,
        seed: u64,
        leg: &Leg,
    ) -> Result<Option<Value>, RecordError> {
        let path = self.seed(seed).join(layout.result(leg));
        Ok(crate::stored::stored::<Value>(&path)?.map(|stored| stored.value))
    }

    /// The value of a stored file, as JSON, by its name in the directory; `None` where there is no
    /// such file.
    ///
    /// # Errors
    /// [`RecordError::Damaged`], [`RecordError::Version`], [`RecordError::File`].
    pub fn stored(&self, name: &str) -> Result<Option<Value>, RecordError> {
        let path = self.path.join(name);
        Ok(crate::stored::stored::<Value>(&path)?.map(|stored| stored.value))
    }

    /// The text of a file, by its name in the directory; `None` where there is no such file. Bytes
    /// that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn text(&self, name: &str) -> Result<Option<String>, RecordError> {
        let path = self.path.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RecordError::file(&path, "read", source)),
        }
    }

    /// The value of a plain JSON file, by its name in the directory; `None` where there is no such
    /// file.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] for what is not JSON, with the line; [`RecordError::File`].
    pub fn json(&self, name: &str) -> Result<Option<Value>, RecordError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| RecordError::Damaged {
            path: self.path.join(name),
            expected: "JSON".to_owned(),
            found: error.to_string(),
        })
    }

    /// The names of the directories in the directory, sorted.
    ///
    /// # Errors
    /// [`RecordError::File`].
    pub fn folders(&self) -> Result<Vec<String>, RecordError> {
        let names = names(&self.path)?.into_iter();
        Ok(names.filter(|name| self.path.join(name).is_dir()).collect())
    }

    /// `true` while a process writes the run: it holds the lock. A file system without locks says
    /// `false`.
    #[must_use]
    pub fn is_written(&self) -> bool {
        let lock = fs::File::open(self.path.join(RunLayout::LOCK));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    /// The genotypes that searches of a seed have found, as JSON, by the names of their files.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] for a file that is not JSON, [`RecordError::File`].
    pub fn genotypes(&self, seed: u64) -> Result<BTreeMap<String, Value>, RecordError> {
        let folder = self.seed(seed);
        let mut found = BTreeMap::new();
        for name in names(&folder)?.into_iter().filter(|name| RunLayout::is_genotype(name)) {
            let path = folder.join(&name);
            let text = fs::read_to_string(&path)
                .map_err(|source| RecordError::file(&path, "read", source))?;
            let value = serde_json::from_str(&text).map_err(|error| RecordError::Damaged {
                path,
                expected: "a genotype as JSON".to_owned(),
                found: error.to_string(),
            })?;
            found.insert(name, value);
        }
        Ok(found)
    }

    fn seed(&self, seed: u64) -> PathBuf {
        self.path.join(RunLayout::seed(seed))
    }
}

/// Names of the entries of a directory, sorted; empty if there is no such directory.
fn names(path: &Path) -> Result<Vec<String>, RecordError> {
    let failed = |source| RecordError::file(path, "read", source);
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source)),
    };
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let names = entries.map(|entry| entry.map(name)).collect::<Result<Vec<_>, _>>();
    let mut names = names.map_err(failed)?;
    names.sort();
    Ok(names)
}
