//! Runs: an experiment carried out in a directory.

mod crops;
mod directory;
mod host;
mod memory;
mod models;
mod verdict;
mod workers;

pub use directory::Start;
pub use host::{Host, Options, WorkerOptions};

pub(crate) use directory::check_images;

use std::path::PathBuf;

use dartloom::dist::LocalConfig;
use dartloom::record::{CsvEpochs, Event, Fanout, JsonLines, Observer, RunDir, RunLayout, RunPlan};
use dartloom::verdict::{Comparison, Report};
use dartloom_report::Drawings;

use crate::error::EngineError;
use crate::experiment::{self, Plan};
use crate::report::{self, Pages};
use directory::Place;

/// An experiment with the directory that it is carried out in. As long as it lives, no other
/// process writes there.
#[derive(Debug)]
pub struct Run {
    plan: Plan,
    place: Place,
    start: Start,
    begun: bool,
    pool: LocalConfig,
    out: PathBuf,
}

/// The end of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// An observer stopped it; everything is saved, and opening it again goes on with it.
    Stopped,
    /// It has a verdict.
    Finished {
        /// As values.
        report: Box<Report>,
        /// As the table and sentences of `verdict.txt`.
        verdict: String,
    },
}

impl Run {
    /// Opens the directory of a run of `plan`, new or stored. `say` hears of what was damaged there
    /// and has been mended.
    ///
    /// # Errors
    /// Settings of workers that make no sense, too little memory, or a directory that cannot be
    /// used.
    pub fn open(
        plan: Plan,
        options: &Options,
        host: &Host<'_>,
        say: &mut dyn FnMut(String),
    ) -> Result<Self, EngineError> {
        let pool = workers::pool(&options.workers, !plan.experiment().explorers.is_empty())?;
        memory::check(&plan.comparison(), &pool, options.memory.clone())?;
        let place = Place::open(&options.out, &plan, options.overwrite, (host, say))?;
        let start = match place.start() {
            // The verdict of legs that are not as they were written is made again.
            Start::Finished(_) if !is_whole(&plan, &place)? => Start::Resumed,
            start => start.clone(),
        };
        let out = options.out.clone();
        Ok(Self { plan, place, start, begun: false, pool, out })
    }

    /// The point from which the run starts.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// The plan that is carried out.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The directory.
    pub fn dir(&self) -> &RunDir {
        self.place.dir()
    }

    /// Makes sure that workers can be started. From here on a stored run that this one takes the
    /// place of is gone; before, it is given back.
    ///
    /// # Errors
    /// Workers that cannot be started or do not fit their memory.
    pub fn begin(&mut self, host: &Host<'_>) -> Result<(), EngineError> {
        if self.begun {
            return Ok(());
        }
        let tried = match self.workers(host) {
            Some(workers) => workers.try_out(&self.plan.comparison().explorers, self.place.dir()),
            None => Ok(()),
        };
        self.place.begun(tried)?;
        self.begun = true;
        Ok(())
    }

    /// Runs to the end, or until an observer stops it. Events go to the files of the run first and
    /// then to `observers`.
    ///
    /// # Errors
    /// As [`Run::begin`]; the error of a leg, of a file or of an observer.
    pub fn go(
        &mut self,
        observers: Vec<Box<dyn Observer>>,
        host: &Host<'_>,
    ) -> Result<Outcome, EngineError> {
        self.begin(host)?;
        let workers = self.workers(host);
        let workers = workers.as_ref().map(|workers| workers as &dyn dartloom::verdict::Workers);
        let comparison = Comparison { workers, clock: host.clock, ..self.plan.comparison() };
        for method in &comparison.methods {
            let text = method.space.to_json().map_err(EngineError::work)?;
            let name = format!("{}/{}.json", RunLayout::SPACES, method.key);
            self.place.dir().write(&name, text.as_bytes()).map_err(EngineError::work)?;
        }
        let mut observers = self.observers(observers, host)?;
        let started = Event::RunStarted {
            name: self.plan.experiment().name.clone(),
            seed: self.plan.experiment().seeds.first().copied().unwrap_or(0),
            config: experiment::to_json(self.plan.experiment())?,
            plan: Some(RunPlan {
                seeds: self.plan.experiment().seeds.clone(),
                legs: comparison.legs(),
                objective: comparison.task.objective(),
            }),
        };
        // Nothing has begun: a wish to stop is heard at the first phase.
        let _ = observers.on_event(&started).map_err(EngineError::work)?;
        if let Some(text) = crops::note(&self.plan)? {
            let _ = observers.on_event(&Event::Note { text }).map_err(EngineError::work)?;
        }
        let found = comparison.run(self.place.dir(), &mut observers);
        drop(observers);
        let Some(found) = found.map_err(EngineError::work)? else { return Ok(Outcome::Stopped) };
        models::save(&self.plan, &comparison, self.place.dir())?;
        let verdict = verdict::render(self.plan.experiment(), &found, &self.out, &host.system);
        self.place.finish(&found, &verdict)?;
        report::write(self.place.dir().path(), None)?;
        Ok(Outcome::Finished { report: Box::new(found), verdict })
    }

    fn workers(&self, host: &Host<'_>) -> Option<workers::Processes> {
        let program = host.worker.clone()?;
        Some(workers::Processes::new(self.pool.clone(), program, self.place.experiment()))
    }

    fn observers(
        &self,
        others: Vec<Box<dyn Observer>>,
        host: &Host<'_>,
    ) -> Result<Fanout, EngineError> {
        let dir = self.place.dir();
        let events = dir.append(RunLayout::EVENTS).map_err(EngineError::work)?;
        let events = JsonLines::with_clock(events, Box::new(host.date));
        let metrics = dir.append(RunLayout::EPOCHS).map_err(EngineError::work)?;
        // A table that was begun has its header already.
        let metrics =
            if metrics.is_begun() { CsvEpochs::append(metrics) } else { CsvEpochs::new(metrics) };
        let mut all: Vec<Box<dyn Observer>> =
            vec![Box::new(events), Box::new(metrics), Box::new(Drawings::new(dir.clone()))];
        all.extend(others);
        // Last: what the others write is on the page.
        all.push(Box::new(Pages::new(dir.clone(), host.date)));
        Ok(Fanout(all))
    }
}

/// Tells whether every leg of a finished run is as it was written.
fn is_whole(plan: &Plan, place: &Place) -> Result<bool, EngineError> {
    Ok(plan.comparison().finished(place.dir()).map_err(EngineError::work)?.is_some())
}
