//! The time that a leg took, over stops and resumes.

use dartloom_record::{Clock, Event, Flow, Observer, ObserverError, RunDir};
use dartloom_train::TrainError;

/// Passes events on and keeps the seconds of a leg beside its checkpoints, so that a resumed leg
/// reports the time of all its parts.
pub struct Stopwatch<'a> {
    inner: &'a mut dyn Observer,
    clock: Clock<'a>,
    dir: RunDir,
    file: String,
    before: f64,
    started: f64,
}

impl std::fmt::Debug for Stopwatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stopwatch").field("before", &self.before).finish_non_exhaustive()
    }
}

impl<'a> Stopwatch<'a> {
    /// A stopwatch that goes on from the seconds stored in `file` of `dir`.
    ///
    /// # Errors
    /// When the stored seconds cannot be read.
    pub fn new(
        inner: &'a mut dyn Observer,
        clock: Clock<'a>,
        dir: &RunDir,
        file: String,
    ) -> Result<Self, TrainError> {
        let stored = dir.read(&file)?;
        // A damaged time does not make the leg's result wrong: start from zero then.
        let before = stored.and_then(|text| text.trim().parse().ok()).unwrap_or(0.0);
        let started = clock();
        Ok(Self { inner, clock, dir: dir.clone(), file, before, started })
    }

    /// Seconds so far.
    pub fn seconds(&self) -> f64 {
        self.before + (self.clock)() - self.started
    }

    /// Stores the seconds so far.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn store(&self) -> Result<(), TrainError> {
        self.dir.write(&self.file, format!("{:.3}\n", self.seconds()).as_bytes())?;
        Ok(())
    }
}

impl Observer for Stopwatch<'_> {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        if matches!(event, Event::Checkpoint { .. }) {
            // An unwritable directory shows at the checkpoint itself; a lost time is no reason to
            // stop.
            let _ = self.store();
        }
        self.inner.on_event(event)
    }

    fn go_on(&mut self) -> Flow {
        self.inner.go_on()
    }
}
