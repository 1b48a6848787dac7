//! The directory of a run.

mod overwrite;
mod stored;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use dartloom::record::{Identity, RunDir, RunLayout, digest};
use dartloom::verdict::Report;
use serde::{Deserialize, Serialize};

use self::overwrite::Aside;
use super::{Host, verdict};
use crate::error::EngineError;
use crate::experiment::{self, Experiment, Images, Plan};

/// A run directory that this process alone writes.
#[derive(Debug)]
pub(super) struct Place {
    dir: RunDir,
    start: Start,
    /// The run that this one takes the place of, until it has begun.
    old: Option<Aside>,
    /// Held as long as the run goes on.
    _lock: File,
}

/// The point from which a run starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the beginning.
    Fresh,
    /// The point at which it was stopped or killed.
    Resumed,
    /// It is finished; this is its verdict.
    Finished(String),
}

/// The mark of a run: what is run, and how it was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// Digest of the experiment's core.
    digest: String,
    images: Images,
    seeds: Vec<u64>,
    program: String,
    command: Vec<String>,
    threads: usize,
    system: String,
}

/// The contents of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// No file, or what a process killed while it began may have left.
    Nothing,
    /// A run, whether its files can be read or not.
    Run,
    Other,
}

impl Place {
    /// Opens the directory of a run of `plan`, new or stored; `say` hears of what was damaged there
    /// and has been mended.
    ///
    /// With `overwrite`, what a run has written there is moved aside until the new one has begun
    /// ([`Place::begun`]); should that fail, the old one is as it was.
    pub(super) fn open(
        path: &Path,
        plan: &Plan,
        overwrite: bool,
        (host, say): (&Host<'_>, &mut dyn FnMut(String)),
    ) -> Result<Self, EngineError> {
        let content = content(path)?;
        if content == Content::Other {
            return Err(EngineError::ForeignDirectory { path: path.to_owned() });
        }
        let wanted = Mark::of(plan, host)?;
        let stored = match content {
            Content::Run if !overwrite => Some(stored::check(path, plan.experiment(), &wanted)?),
            _ => None,
        };
        let dir = RunDir::open(path).map_err(EngineError::work)?;
        let lock = lock(&dir)?;
        let mut old = None;
        let start = match (content, stored) {
            (_, Some(stored)) => {
                stored.damaged.into_iter().for_each(&mut *say);
                let begun = Mark { seeds: wanted.seeds.clone(), ..stored.mark };
                write_mark(&dir, &begun, plan.experiment())?;
                match stored::verdict(&dir, stored.seeds == wanted.seeds, say)? {
                    Some(verdict) => Start::Finished(verdict),
                    None => Start::Resumed,
                }
            }
            (Content::Run, None) => {
                old = Some(begin_anew(&dir, &wanted, plan.experiment())?);
                Start::Fresh
            }
            _ => {
                write_mark(&dir, &wanted, plan.experiment())?;
                Start::Fresh
            }
        };
        Ok(Self { dir, start, old, _lock: lock })
    }

    /// Removes the run that this one takes the place of when `result` says that this one can begin,
    /// and puts it back when it cannot.
    pub(super) fn begun<T>(&mut self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        match (self.old.take(), &result) {
            (Some(old), Ok(_)) => old.remove()?,
            (Some(old), Err(_)) => old.give_back(),
            (None, _) => {}
        }
        result
    }

    /// The point from which the run starts.
    pub(super) fn start(&self) -> &Start {
        &self.start
    }

    /// The directory.
    pub(super) fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// The file of the experiment with every value filled in.
    pub(super) fn experiment(&self) -> PathBuf {
        self.dir.file(RunLayout::EXPERIMENT)
    }

    /// Stores what the run found.
    pub(super) fn finish(&self, report: &Report, verdict: &str) -> Result<(), EngineError> {
        self.write(RunLayout::REPORT, &json("the report", report)?)?;
        self.write(RunLayout::VERDICT, verdict)?;
        stored::finish(&self.dir)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), EngineError> {
        self.dir.write(name, text.as_bytes()).map_err(EngineError::work)?;
        Ok(())
    }
}

impl Mark {
    /// That of a run which begins now.
    fn of(plan: &Plan, host: &Host<'_>) -> Result<Self, EngineError> {
        Ok(Self {
            digest: digest(&plan.experiment().core()).map_err(EngineError::work)?,
            images: plan.images()?,
            seeds: plan.experiment().seeds.clone(),
            program: format!("dartloom {}", env!("CARGO_PKG_VERSION")),
            command: host.command.clone(),
            threads: verdict::threads(),
            system: host.system.clone(),
        })
    }
}

/// Refuses to go on with other images than those that the run of this experiment file began with.
pub(crate) fn check_images(experiment: &Path, images: &Images) -> Result<(), EngineError> {
    stored::check_images(experiment.parent().unwrap_or(Path::new("")), images)
}

/// The experiment goes last: a process killed between the two files leaves a directory that the
/// next one begins anew.
fn write_mark(dir: &RunDir, mark: &Mark, experiment: &Experiment) -> Result<(), EngineError> {
    let text = experiment::to_ron(experiment)?;
    dir.store(RunLayout::RUN, &Identity::new(), mark).map_err(EngineError::work)?;
    dir.write(RunLayout::EXPERIMENT, text.as_bytes()).map_err(EngineError::work)?;
    Ok(())
}

fn content(path: &Path) -> Result<Content, EngineError> {
    let unreadable = |source| EngineError::Read { path: path.to_owned(), source };
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Content::Nothing),
        Err(source) => return Err(unreadable(source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let begun =
        |name: &String| name == RunLayout::LOCK || name == RunLayout::RUN || name.ends_with(".tmp");
    Ok(match () {
        () if names.iter().all(begun) => Content::Nothing,
        () if has(RunLayout::RUN) => Content::Run,
        () => Content::Other,
    })
}

/// Begins a run in place of a stored one, which stands aside.
fn begin_anew(dir: &RunDir, mark: &Mark, experiment: &Experiment) -> Result<Aside, EngineError> {
    let aside = Aside::of(dir.path())?;
    if let Err(error) = write_mark(dir, mark, experiment) {
        aside.give_back();
        return Err(error);
    }
    Ok(aside)
}

/// Two processes on one run would mix their files.
fn lock(dir: &RunDir) -> Result<File, EngineError> {
    let path: PathBuf = dir.file(RunLayout::LOCK);
    if path.is_symlink() {
        return Err(EngineError::Link { path });
    }
    let write = |source| EngineError::Write { path: path.clone(), source };
    let file = File::options().create(true).write(true).truncate(false).open(&path);
    let file = file.map_err(write)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(EngineError::Locked { path: dir.path().to_owned() })
        }
        // Some network file systems have no locks; the run itself does not need one.
        Err(fs::TryLockError::Error(_)) => Ok(file),
    }
}

fn json(what: &'static str, value: &impl Serialize) -> Result<String, EngineError> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n")
        .map_err(|error| EngineError::Encode { what, message: error.to_string() })
}

#[cfg(test)]
mod tests;
