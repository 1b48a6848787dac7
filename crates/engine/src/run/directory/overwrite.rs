//! Starting anew where a run is stored.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use dartloom::record::RunLayout;

use crate::error::EngineError;

/// The place of the old run until the new one has begun; the ending marks it as no run's file.
const ASIDE: &str = "overwritten.tmp";

/// The files of a run, moved aside: a new run that cannot begin gives them back.
#[derive(Debug)]
pub(super) struct Aside {
    dir: PathBuf,
    names: Vec<OsString>,
}

impl Aside {
    /// Moves what a run has written in `dir` aside; all of it, or nothing.
    ///
    /// Other entries stay, and so does the directory. A link where a run writes is refused:
    /// what it leads to is not this run's to remove, and whoever made it wants it to stay.
    pub(super) fn of(dir: &Path) -> Result<Self, EngineError> {
        let names = own(dir)?;
        if let Some(link) = names.iter().map(|name| dir.join(name)).find(|path| path.is_symlink()) {
            return Err(EngineError::Link { path: link });
        }
        // Left by a process that was killed while it removed them.
        remove(&dir.join(ASIDE))?;
        let at = |source| EngineError::Write { path: dir.join(ASIDE), source };
        fs::create_dir(dir.join(ASIDE)).map_err(at)?;
        let mut aside = Self { dir: dir.to_owned(), names: Vec::new() };
        for name in names {
            let path = dir.join(&name);
            if let Err(source) = fs::rename(&path, aside.place(&name)) {
                aside.give_back();
                return Err(EngineError::Write { path, source });
            }
            aside.names.push(name);
        }
        Ok(aside)
    }

    /// Puts everything back.
    pub(super) fn give_back(self) {
        for name in &self.names {
            // Whatever cannot go back is still where it was moved to, and no run is begun.
            let _ = fs::rename(self.place(name), self.dir.join(name));
        }
        let _ = fs::remove_dir(self.dir.join(ASIDE));
    }

    /// Removes it for good.
    pub(super) fn remove(self) -> Result<(), EngineError> {
        remove(&self.dir.join(ASIDE))
    }

    fn place(&self, name: &OsStr) -> PathBuf {
        self.dir.join(ASIDE).join(name)
    }
}

/// The entries of `dir` that a run makes.
fn own(dir: &Path) -> Result<Vec<OsString>, EngineError> {
    let unreadable = |source| EngineError::Read { path: dir.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if name.to_str().is_some_and(is_own) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn is_own(name: &str) -> bool {
    let name = name.strip_suffix(".tmp").unwrap_or(name);
    let is_seed = |seed: u64| RunLayout::seed(seed) == name;
    // The lock is held by whoever begins anew.
    let is_whole = name != RunLayout::LOCK && RunLayout::WHOLE.contains(&name);
    is_whole || RunLayout::seed_of(name).is_some_and(is_seed)
}

/// Removes a directory; one that is not there is no error. Links inside are removed and not
/// followed.
fn remove(path: &Path) -> Result<(), EngineError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(EngineError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_run_writes_is_its_own() {
        for name in ["seed-0", "seed-12", "run.json", "run.json.tmp", "cells", "finished.json"] {
            assert!(is_own(name), "{name}");
        }
        for name in ["seed-", "seed-01", "seed-x", "lock", "notes.txt", "overwritten.tmp", "data"] {
            assert!(!is_own(name), "{name}");
        }
    }

    #[test]
    fn what_was_moved_aside_can_be_given_back() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("seed-0")).unwrap();
        for name in ["run.json", "notes.txt", "seed-0/search.json"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        let aside = Aside::of(root.path()).unwrap();
        assert!(!root.path().join("run.json").exists());
        assert!(!root.path().join("seed-0").exists());
        aside.give_back();
        for name in ["run.json", "notes.txt", "seed-0/search.json"] {
            assert_eq!(fs::read_to_string(root.path().join(name)).unwrap(), name);
        }
        Aside::of(root.path()).unwrap().remove().unwrap();
        let left = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["notes.txt"]);
    }
}
