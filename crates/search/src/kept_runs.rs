//! Trainings that a stopped search has finished already.

use dartloom_record::{Event, Identity, Observer, RecordError, RunDir};
use serde::de::DeserializeOwned;

use crate::SearchError;

/// A file with the trainings of a search that are done.
pub(crate) struct KeptRuns<'a> {
    pub(crate) dir: &'a RunDir,
    pub(crate) file: &'a str,
    /// Name of the search in events.
    pub(crate) phase: &'a str,
    pub(crate) identity: &'a Identity,
}

impl KeptRuns<'_> {
    /// What is kept; `None` when there is nothing, or nothing that can be used, which `observer` is
    /// told.
    ///
    /// # Errors
    /// When the file belongs to another search, or cannot be read.
    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        observer: &mut dyn Observer,
    ) -> Result<Option<T>, SearchError> {
        let why = match self.dir.stored(self.file) {
            Ok(None) => return Ok(None),
            Ok(Some(stored)) => match stored.of(self.identity, &self.dir.file(self.file))? {
                Some(value) => return Ok(Some(value)),
                None => self.identity.complaint().unwrap_or_else(unsaid_then),
            },
            Err(error @ RecordError::Damaged { .. }) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        let text = format!("{}: its trainings are made again: {why}", self.phase);
        // Nothing has begun: a wish to stop is heard at the first training.
        let _ = observer.on_event(&Event::Note { text })?;
        Ok(None)
    }
}

/// Why stored work is not used although every part says what it is now.
pub(crate) fn unsaid_then() -> String {
    "a part in code said no identity when it was stored".to_owned()
}
