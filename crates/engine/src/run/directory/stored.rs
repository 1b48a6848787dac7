//! Stored parts of a run, and their being as they were written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use dartloom::record::{
    Identity, ObserverError, RecordError, RunDir, RunLayout, digest, read_events_from,
};
use serde::{Deserialize, Serialize};

use super::Mark;
use crate::error::EngineError;
use crate::experiment::{self, Chosen, Experiment, Images};
use crate::report::PAGE;

/// A stored run that is the wanted one.
pub(super) struct StoredRun {
    pub(super) mark: Mark,
    /// Its seeds, to which some may be added now.
    pub(super) seeds: Vec<u64>,
    /// Damaged files whose contents are known all the same.
    pub(super) damaged: Vec<String>,
}

/// Refuses a run that is not `experiment` on the images of `wanted`.
pub(super) fn check(
    path: &Path,
    experiment: &Experiment,
    wanted: &Mark,
) -> Result<StoredRun, EngineError> {
    check_log(path)?;
    let mut damaged = Vec::new();
    let mark = match mark(path) {
        Ok(mark) => Some(mark),
        Err(error @ RecordError::Damaged { .. }) => {
            damaged.push(format!("{error}; written again"));
            None
        }
        Err(RecordError::Version { .. }) => {
            let differs = "whose results have no checksums";
            return Err(EngineError::OldRun { path: path.to_owned(), differs });
        }
        Err(error) => return Err(EngineError::work(error)),
    };
    let there = experiment::load(&path.join(RunLayout::EXPERIMENT), &Chosen::default());
    let core = |experiment: &Experiment| digest(&experiment.core()).map_err(EngineError::work);
    let known = mark.as_ref().is_some_and(|mark| mark.digest == wanted.digest);
    let seeds = match (&mark, there) {
        // The mark says that it is this experiment: its file can be written again.
        (Some(mark), there) if known => {
            let whole =
                there.as_ref().is_ok_and(|there| core(there).ok() == Some(wanted.digest.clone()));
            if !whole {
                let file = path.join(RunLayout::EXPERIMENT);
                damaged.push(format!("{}: damaged; written again", file.display()));
            }
            mark.seeds.clone()
        }
        (_, Ok(there)) => {
            if core(&there)? != wanted.digest {
                let differences = experiment::differences(&there.core(), &experiment.core())?;
                return Err(EngineError::OtherExperiment { path: path.to_owned(), differences });
            }
            // The mark is of something else, or damaged.
            if let Some(mark) = &mark {
                let file = path.join(RunLayout::EXPERIMENT);
                return Err(EngineError::work(RecordError::Damaged {
                    path: file,
                    expected: format!("the experiment {}", mark.digest),
                    found: wanted.digest.clone(),
                }));
            }
            there.seeds
        }
        (_, Err(error)) => return Err(error),
    };
    if !seeds.iter().all(|seed| wanted.seeds.contains(seed)) {
        let path = path.to_owned();
        let here = wanted.seeds.clone();
        return Err(EngineError::FewerSeeds { path, there: seeds, here });
    }
    let mark = mark.unwrap_or_else(|| wanted.clone());
    same_images(path, &mark.images, &wanted.images)?;
    Ok(StoredRun { mark, seeds, damaged })
}

/// Refuses a run whose events another version has written: the first line tells, and nothing may be
/// added to them.
fn check_log(path: &Path) -> Result<(), EngineError> {
    let file = path.join(RunLayout::EVENTS);
    let unreadable = |source| EngineError::Read { path: file.clone(), source };
    let mut line = Vec::new();
    match File::open(&file) {
        Ok(log) => BufReader::new(log).read_until(b'\n', &mut line).map_err(unreadable)?,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(unreadable(source)),
    };
    match read_events_from(&line[..]) {
        Err(ObserverError::Version { .. }) => {
            let differs = "whose events have another form";
            Err(EngineError::OldRun { path: path.to_owned(), differs })
        }
        // A damaged line is the reader's business, not that of who writes on.
        _ => Ok(()),
    }
}

fn mark(path: &Path) -> Result<Mark, RecordError> {
    let gone = || RecordError::Damaged {
        path: path.join(RunLayout::RUN),
        expected: "the mark of a run".to_owned(),
        found: "nothing".to_owned(),
    };
    Ok(RunDir::open(path)?.stored::<Mark>(RunLayout::RUN)?.ok_or_else(gone)?.value)
}

/// Refuses other images than those that the run in this directory began with.
pub(super) fn check_images(path: &Path, images: &Images) -> Result<(), EngineError> {
    same_images(path, &mark(path).map_err(EngineError::work)?.images, images)
}

fn same_images(path: &Path, there: &Images, here: &Images) -> Result<(), EngineError> {
    let parts =
        [("training images", &there.train, &here.train), ("test images", &there.test, &here.test)];
    match parts.into_iter().find(|(_, there, here)| there != here) {
        None => Ok(()),
        Some((which, there, here)) => Err(EngineError::OtherImages {
            path: path.to_owned(),
            which,
            there: there.clone(),
            here: here.clone(),
        }),
    }
}

/// Checksums of what a finished run has found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finished {
    files: BTreeMap<String, String>,
}

/// Marks a run as finished: the last thing that is written.
pub(super) fn finish(dir: &RunDir) -> Result<(), EngineError> {
    let mut files = BTreeMap::new();
    for file in [RunLayout::REPORT, RunLayout::VERDICT] {
        files.extend(checksum(dir, file)?.map(|checksum| (file.to_owned(), checksum)));
    }
    dir.store(RunLayout::FINISHED, &Identity::new(), &Finished { files })
        .map_err(EngineError::work)?;
    Ok(())
}

/// The checksum of a file; of the results without the numbers of the page, which is written again
/// whenever somebody asks for it. `None` for what is not there or cannot be read.
fn checksum(dir: &RunDir, file: &str) -> Result<Option<String>, EngineError> {
    if file != RunLayout::REPORT {
        return dir.checksum(file).map_err(EngineError::work);
    }
    let Some(text) = dir.read(file).map_err(EngineError::work)? else { return Ok(None) };
    let Ok(mut results) = serde_json::from_str::<serde_json::Value>(&text) else { return Ok(None) };
    if let Some(results) = results.as_object_mut() {
        results.remove(PAGE);
    }
    digest(&results).map(Some).map_err(EngineError::work)
}

/// The verdict of a finished run; `None` for a run that is not finished, to which seeds were added,
/// or whose report is damaged, which is said: both are made again from the legs.
pub(super) fn verdict(
    dir: &RunDir,
    same_seeds: bool,
    say: &mut dyn FnMut(String),
) -> Result<Option<String>, EngineError> {
    let finished = match dir.stored::<Finished>(RunLayout::FINISHED) {
        Ok(Some(finished)) if same_seeds => finished.value,
        Ok(_) => return Ok(None),
        Err(error @ RecordError::Damaged { .. }) => {
            say(format!("{error}; the verdict is made again"));
            return Ok(None);
        }
        Err(error) => return Err(EngineError::work(error)),
    };
    for file in [RunLayout::REPORT, RunLayout::VERDICT] {
        let found = checksum(dir, file)?;
        if found.as_ref() != finished.files.get(file) || found.is_none() {
            say(format!("{}: damaged; made again", dir.file(file).display()));
            return Ok(None);
        }
    }
    dir.read(RunLayout::VERDICT).map_err(EngineError::work)
}
