//! The directory of a run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use dartloom::search::Report;
use dartloom::train::{RunDir, digest};
use serde::{Deserialize, Serialize};

use super::{command, verdict};
use crate::error::CliError;
use crate::experiment::{self, Chosen, Experiment};

/// The experiment with every value filled in.
const EXPERIMENT: &str = "experiment.ron";
/// What ran it; also the mark by which a directory is known to be ours.
const RUN: &str = "run.json";
const REPORT: &str = "report.json";
const VERDICT: &str = "verdict.txt";
const LOCK: &str = "lock";

/// A run directory that this process alone writes.
#[derive(Debug)]
pub(crate) struct Place {
    dir: RunDir,
    start: Start,
    /// Held as long as the run goes on.
    _lock: File,
}

/// Where a run starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At the beginning.
    Fresh,
    /// Where it was stopped or killed.
    Resumed,
    /// It is finished; this is its verdict.
    Finished(String),
}

/// How a run was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    version: u32,
    digest: String,
    program: String,
    command: Vec<String>,
    threads: usize,
    system: String,
}

/// What a directory holds.
enum Content {
    Nothing,
    Run(Box<Experiment>),
    Other,
}

impl Place {
    /// Opens the directory of a run of `experiment`, new or stored.
    pub(crate) fn open(
        path: &Path,
        experiment: &Experiment,
        overwrite: bool,
    ) -> Result<Self, CliError> {
        let foreign = || CliError::ForeignDirectory { path: path.to_owned() };
        let content = content(path)?;
        if matches!(content, Content::Other) {
            return Err(foreign());
        }
        if let (Content::Run(stored), false) = (&content, overwrite) {
            check_same(path, stored, experiment)?;
        }
        let dir = RunDir::open(path).map_err(CliError::work)?;
        let mut lock = lock(&dir)?;
        let start = match content {
            Content::Run(_) if !overwrite => stored_start(&dir)?,
            Content::Run(_) => {
                dir.clear().map_err(CliError::work)?;
                lock = self::lock(&dir)?;
                Start::Fresh
            }
            _ => Start::Fresh,
        };
        if start == Start::Fresh {
            write_mark(&dir, experiment)?;
        }
        Ok(Self { dir, start, _lock: lock })
    }

    /// Where the run starts.
    pub(crate) fn start(&self) -> &Start {
        &self.start
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &RunDir {
        &self.dir
    }

    /// Where the experiment is, with every value filled in.
    pub(crate) fn experiment(&self) -> PathBuf {
        self.dir.file(EXPERIMENT)
    }

    /// Stores what the run found.
    pub(crate) fn finish(&self, report: &Report, verdict: &str) -> Result<(), CliError> {
        self.write(REPORT, &json("the report", report)?)?;
        // Last: a run with a verdict is finished.
        self.write(VERDICT, verdict)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), CliError> {
        self.dir.write(name, text.as_bytes()).map_err(CliError::work)?;
        Ok(())
    }
}

fn stored_start(dir: &RunDir) -> Result<Start, CliError> {
    let verdict = dir.read(VERDICT).map_err(CliError::work)?;
    Ok(verdict.map_or(Start::Resumed, Start::Finished))
}

/// The experiment goes last: a process killed between the two files leaves a directory that the
/// next one begins anew.
fn write_mark(dir: &RunDir, experiment: &Experiment) -> Result<(), CliError> {
    let mark = Mark {
        version: 1,
        digest: digest(experiment).map_err(CliError::work)?,
        program: format!("dartloom {}", env!("CARGO_PKG_VERSION")),
        command: command::words(),
        threads: verdict::threads(),
        system: verdict::system(),
    };
    let files = [(RUN, json("the run", &mark)?), (EXPERIMENT, experiment::to_ron(experiment)?)];
    for (name, text) in files {
        dir.write(name, text.as_bytes()).map_err(CliError::work)?;
    }
    Ok(())
}

fn content(path: &Path) -> Result<Content, CliError> {
    let unreadable = |source| CliError::Read { path: path.to_owned(), source };
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
    if has(EXPERIMENT) && has(RUN) {
        let stored = experiment::load(&path.join(EXPERIMENT), &Chosen::default())?;
        return Ok(Content::Run(Box::new(stored)));
    }
    // What a process killed while it began may have left.
    let begun = |name: &String| name == LOCK || name == RUN || name.ends_with(".tmp");
    Ok(if names.iter().all(begun) { Content::Nothing } else { Content::Other })
}

fn check_same(path: &Path, stored: &Experiment, wanted: &Experiment) -> Result<(), CliError> {
    let name = |experiment: &Experiment| digest(experiment).map_err(CliError::work);
    if name(stored)? == name(wanted)? {
        return Ok(());
    }
    let differences = experiment::differences(stored, wanted);
    Err(CliError::OtherExperiment { path: path.to_owned(), differences })
}

/// Two processes on one run would mix their files.
fn lock(dir: &RunDir) -> Result<File, CliError> {
    let path: PathBuf = dir.file(LOCK);
    let write = |source| CliError::Write { path: path.clone(), source };
    let file = File::create(&path).map_err(write)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(CliError::Locked { path: dir.path().to_owned() }),
        // Some network file systems have no locks; the run itself does not need one.
        Err(fs::TryLockError::Error(_)) => Ok(file),
    }
}

fn json(what: &'static str, value: &impl Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n")
        .map_err(|error| CliError::Encode { what, message: error.to_string() })
}

#[cfg(test)]
mod tests;
