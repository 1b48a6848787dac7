//! The page of a run: everything in its directory as one HTML file, and its numbers as JSON.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use dartloom::record::{Event, Flow, Observer, ObserverError, Run, RunDir, RunLayout, write_whole};
use dartloom_report::{Page, Status};
use serde_json::{Map, Value};

use crate::error::EngineError;
use crate::output;

/// The key of the page's numbers in the file of the results.
pub(crate) const PAGE: &str = "page";

/// The files of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub html: PathBuf,
    /// Its numbers.
    pub json: PathBuf,
}

/// Writes the page of the run in `path`, which may go on meanwhile: `report.html` there, and its
/// numbers as `page` into `report.json`, beside the results of a finished run. With `out`, both go
/// to that file and to one of the same name that ends in `.json`.
///
/// # Errors
/// [`EngineError::NoRun`] for a directory without a run, [`EngineError::Report`] for a broken file,
/// with its name and line; a file that cannot be written.
pub fn write(path: &Path, out: Option<&Path>) -> Result<Written, EngineError> {
    let run = open(path)?;
    let page = Page::of(&run).map_err(EngineError::Report)?;
    let html = out.map_or_else(|| path.join(RunLayout::PAGE), Path::to_owned);
    let json = match out {
        Some(out) => out.with_extension("json"),
        None => path.join(RunLayout::REPORT),
    };
    let mut values = match out {
        // What is damaged there is made again by the run.
        None => run.json(RunLayout::REPORT).ok().flatten().unwrap_or_default(),
        Some(_) => Value::Null,
    };
    if !values.is_object() {
        values = Value::Object(Map::new());
    }
    let refuse = |message: String| EngineError::Encode { what: "the page", message };
    let numbers = serde_json::to_value(&page).map_err(|error| refuse(error.to_string()))?;
    if let Some(values) = values.as_object_mut() {
        values.insert(PAGE.to_owned(), numbers);
    }
    let text = serde_json::to_string_pretty(&values).map_err(|error| refuse(error.to_string()))?;
    let write = if out.is_some() { output::write } else { renamed };
    write(&html, &page.html())?;
    write(&json, &(text + "\n"))?;
    Ok(Written { html, json })
}

/// Writes a file whole under a name of this process alone and renames it: the run and whoever asks
/// for its page may write at once.
fn renamed(path: &Path, text: &str) -> Result<(), EngineError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let aside = path.with_file_name(name);
    write_whole(&aside, text.as_bytes()).map_err(EngineError::work)?;
    let refuse = |source| EngineError::Write { path: path.to_owned(), source };
    std::fs::rename(&aside, path).map_err(refuse)
}

/// The status of the run in `path`. Nothing is written.
///
/// # Errors
/// [`EngineError::NoRun`] for a directory without a run, [`EngineError::Report`] for a broken log,
/// with its name and line.
pub fn status(path: &Path) -> Result<Status, EngineError> {
    let refuse = |error| EngineError::Report(dartloom_report::ReportError::Record(error));
    Status::of(&open(path)?).map_err(refuse)
}

fn open(path: &Path) -> Result<Run, EngineError> {
    let is_run = [RunLayout::RUN, RunLayout::EVENTS].iter().any(|name| path.join(name).is_file());
    let run = Run::open(path);
    let run =
        run.map_err(|error| EngineError::Report(dartloom_report::ReportError::Record(error)))?;
    if is_run { Ok(run) } else { Err(EngineError::NoRun { path: path.to_owned() }) }
}

/// Writes the page of a run while it goes on, at the ends of epochs, candidates and parts.
pub(crate) struct Pages {
    dir: RunDir,
    now: fn() -> f64,
    /// The moment from which it is written again.
    due: f64,
}

/// Seconds between two pages at least.
const PAUSE: f64 = 30.0;
/// The pause is so many times as long as it takes to write a page.
const PATIENCE: f64 = 40.0;

impl Pages {
    /// Into `dir`, by a clock in seconds.
    pub(crate) fn new(dir: RunDir, now: fn() -> f64) -> Self {
        Self { dir, now, due: f64::NEG_INFINITY }
    }
}

impl Observer for Pages {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        let ends = matches!(
            event,
            Event::EpochFinished { .. } | Event::CandidateTold { .. } | Event::PhaseFinished { .. }
        );
        let is_stop = matches!(event, Event::Stopped { .. });
        let begin = (self.now)();
        // A clock that tells no time lets every one through.
        let early = begin.partial_cmp(&self.due) == Some(Ordering::Less);
        if (ends && !early) || is_stop {
            // A page that cannot be written now is written later; the run itself is not at fault.
            let _ = write(self.dir.path(), None);
            let end = (self.now)();
            self.due = end + PAUSE.max(PATIENCE * (end - begin));
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests;
