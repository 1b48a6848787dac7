//! The observer of a phase, and the place where the phase is saved.

use std::fmt;
use std::path::PathBuf;

use dartloom_record::{Observer, RunDir, Silent, Where};

/// The observer of a phase and the place where the phase is saved.
///
/// The caller does not choose what a checkpoint belongs to: [`drive`](crate::drive) asks the
/// stepper ([`Stepper::identity`](crate::Stepper::identity)).
///
/// ```
/// use dartloom_record::{RunDir, Silent};
/// use dartloom_train::Session;
///
/// # fn main() -> Result<(), dartloom_train::TrainError> {
/// # let directory = std::env::temp_dir().join(format!("dartloom-session-{}", std::process::id()));
/// let run = RunDir::open(&directory)?;
/// let mut observer = Silent;
/// let _watched = Session::new(&mut observer);
/// let _saved = Session::new(&mut observer).saved_in(&run);
/// let _neither = Session::silent();
/// # std::fs::remove_dir_all(&directory).ok();
/// # Ok(())
/// # }
/// ```
pub struct Session<'a> {
    observer: Watcher<'a>,
    checkpoint: Option<Checkpoint>,
}

enum Watcher<'a> {
    Given(&'a mut dyn Observer),
    Silent(Silent),
}

/// The place where a phase is saved.
#[derive(Clone, Debug)]
enum Checkpoint {
    /// In a file of this directory that is named after the phase.
    In(RunDir),
    At(PathBuf),
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("checkpoint", &self.checkpoint).finish_non_exhaustive()
    }
}

impl<'a> Session<'a> {
    /// A session that reports everything to `observer`, which may stop the phase; nothing is saved.
    pub fn new(observer: &'a mut dyn Observer) -> Self {
        Self { observer: Watcher::Given(observer), checkpoint: None }
    }

    /// A session without an observer; nothing is saved.
    pub fn silent() -> Self {
        Self { observer: Watcher::Silent(Silent), checkpoint: None }
    }

    /// The same session with a checkpoint in `dir`, from which the phase goes on:
    /// `PHASE.safetensors`, where everything in the phase's name but letters, digits, `-`, `_` and
    /// `.` is written as `-`.
    #[must_use]
    pub fn saved_in(self, dir: &RunDir) -> Self {
        Self { checkpoint: Some(Checkpoint::In(dir.clone())), ..self }
    }

    /// The same with a checkpoint in the file `path`.
    #[must_use]
    pub fn saved_at(self, path: impl Into<PathBuf>) -> Self {
        Self { checkpoint: Some(Checkpoint::At(path.into())), ..self }
    }

    /// The observer.
    pub fn observer(&mut self) -> &mut dyn Observer {
        match &mut self.observer {
            Watcher::Given(observer) => &mut **observer,
            Watcher::Silent(silent) => silent,
        }
    }

    /// The checkpoint of `phase`, if the session has one.
    pub fn checkpoint(&self, phase: &Where) -> Option<PathBuf> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        match self.checkpoint.as_ref()? {
            Checkpoint::In(dir) => {
                let name: String = phase.to_string().chars().map(plain).collect();
                Some(dir.file(&format!("{name}.safetensors")))
            }
            Checkpoint::At(path) => Some(path.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Session;
    use dartloom_record::{RunDir, Where};

    #[test]
    fn checkpoints_are_named_after_phases() {
        let root = tempfile::tempdir().unwrap();
        let dir = RunDir::open(root.path()).unwrap();
        let session = Session::silent().saved_in(&dir);
        let file = |phase| session.checkpoint(&Where::from(phase)).unwrap();
        assert_eq!(file("search"), root.path().join("search.safetensors"));
        assert_eq!(file("seed 0 random/12"), root.path().join("seed-0-random-12.safetensors"));
        assert_eq!(file("../ä"), root.path().join("..--.safetensors"));
        assert_eq!(Session::silent().checkpoint(&"search".into()), None);
        let at = Session::silent().saved_at("x/y.safetensors");
        assert_eq!(at.checkpoint(&"search".into()), Some("x/y.safetensors".into()));
    }
}
