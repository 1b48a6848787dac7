//! Trainings that a stopped search has finished already.

use serde::de::DeserializeOwned;

use crate::{Event, Found, Identity, Observer, RecordError, RunDir, Where};

/// A file with the trainings of a search that are done.
#[derive(Clone, Copy, Debug)]
pub struct KeptRuns<'a> {
    /// The directory of the run.
    pub dir: &'a RunDir,
    /// Name of the file in it.
    pub file: &'a str,
    /// Name of the search in events.
    pub phase: &'a Where,
    /// The identity of the search that the trainings belong to.
    pub identity: &'a Identity,
}

impl KeptRuns<'_> {
    /// The kept trainings; `None` if there are none, or none that can be used, of which `observer`
    /// is told.
    ///
    /// # Errors
    /// When the file belongs to another search, or cannot be read.
    pub fn read<T: DeserializeOwned>(
        &self,
        observer: &mut dyn Observer,
    ) -> Result<Option<T>, RecordError> {
        let why = match self.dir.stored_for(self.file, self.identity) {
            Ok(None) => return Ok(None),
            Ok(Some(Found::Same(value))) => return Ok(Some(value)),
            Ok(Some(Found::Unsaid)) => self.identity.unusable(),
            Err(error @ RecordError::Damaged { .. }) => error.to_string(),
            Err(error) => return Err(error),
        };
        let text = format!("{}: its trainings are made again: {why}", self.phase);
        // Nothing has begun: a wish to stop is heard at the first training.
        let _ = observer.on_event(&Event::Note { text })?;
        Ok(None)
    }
}
