use std::io::Write;

use serde::Serialize;

use crate::{Event, Flow, Observer, ObserverError};

/// Writes one JSON object a line with the version of events, each line in one call and flushed at
/// once.
///
/// With a clock every object also has a `seconds` field. A process killed while writing leaves at
/// most one truncated line at the end, which [`read_events_from`](crate::read_events_from) reports.
pub struct JsonLines<W> {
    writer: W,
    clock: Option<Box<dyn Fn() -> f64>>,
    line: Vec<u8>,
}

impl<W: Write> JsonLines<W> {
    /// Writes to `writer`, without times.
    pub fn new(writer: W) -> Self {
        Self { writer, clock: None, line: Vec::new() }
    }

    /// Writes to `writer` and stamps every event with `clock`, in seconds since an origin of the
    /// caller's choice.
    ///
    /// A reading that is not finite is left out.
    pub fn with_clock(writer: W, clock: Box<dyn Fn() -> f64>) -> Self {
        Self { writer, clock: Some(clock), line: Vec::new() }
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

/// [`Record`](crate::Record) by reference.
#[derive(Serialize)]
struct Line<'a> {
    version: u32,
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

impl<W: Write> Observer for JsonLines<W> {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        let seconds = self.clock.as_ref().map(|clock| clock()).filter(|s| s.is_finite());
        self.line.clear();
        serde_json::to_writer(
            &mut self.line,
            &Line { version: crate::event::VERSION, event, seconds },
        )
        .map_err(|source| ObserverError::Encode { event: event.name(), source })?;
        self.line.push(b'\n');
        self.writer
            .write_all(&self.line)
            .and_then(|()| self.writer.flush())
            .map_err(|source| ObserverError::Write { event: event.name(), source })?;
        Ok(Flow::Continue)
    }
}

impl<W: std::fmt::Debug> std::fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLines")
            .field("writer", &self.writer)
            .field("clock", &self.clock.is_some())
            .finish_non_exhaustive()
    }
}
