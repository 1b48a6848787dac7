//! Files that are drawn from what a run tells.

use dartloom_record::{Event, Flow, Observer, ObserverError, RecordError, Run, RunDir};

use crate::curves::Curves;
use crate::error::ReportError;
use crate::pictures;

/// A file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnFile {
    /// Its name in the directory of the run, such as `curves/seed-0-evolution-best.svg`.
    pub name: String,
    /// Its contents.
    pub text: String,
}

/// Draws what a run tells, event by event: every architecture that a search goes through, as
/// genotype and as pictures of its cells, and the curves of discrete searches.
///
/// The same events give the same files, whether they are heard as they happen or read back.
#[derive(Debug, Default)]
pub struct Drawer {
    curves: Curves,
}

impl Drawer {
    /// A drawer that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The files that an event adds, or replaces.
    ///
    /// # Errors
    /// [`ReportError::Genotype`] for an architecture that is none, [`ReportError::Chart`].
    pub fn hear(&mut self, event: &Event) -> Result<Vec<DrawnFile>, ReportError> {
        match event {
            Event::Architecture { phase, epoch, genotype, .. } => {
                pictures::files(phase, *epoch, genotype)
            }
            Event::ExplorationStarted { phase, told, objective, .. } => {
                self.curves.begin(phase, told, objective.clone());
                Ok(Vec::new())
            }
            Event::CandidateTold { candidate, .. } => {
                self.curves.push(*candidate);
                self.curves.files()
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The drawings of a stored run, by name; of one that goes on, what it has told so far.
///
/// Cost: all events are held at once, and the curves of every candidate are drawn anew.
///
/// # Errors
/// [`ReportError::Record`] for a run that cannot be read, and those of [`Drawer::hear`].
pub fn drawings(run: &Run) -> Result<Vec<DrawnFile>, ReportError> {
    let mut drawer = Drawer::new();
    let mut files = std::collections::BTreeMap::new();
    for record in run.events().map_err(ReportError::Record)?.records {
        for DrawnFile { name, text } in drawer.hear(&record.event)? {
            files.insert(name, text);
        }
    }
    Ok(files.into_iter().map(|(name, text)| DrawnFile { name, text }).collect())
}

/// Writes the drawings of a run into its directory while it goes on.
#[derive(Debug)]
pub struct Drawings {
    dir: RunDir,
    drawer: Drawer,
}

impl Drawings {
    /// Writes into `dir`.
    #[must_use]
    pub fn new(dir: RunDir) -> Self {
        Self { dir, drawer: Drawer::new() }
    }

    fn store(&mut self, event: &Event) -> Result<(), ReportError> {
        for DrawnFile { name, text } in self.drawer.hear(event)? {
            self.dir.write(&name, text.as_bytes()).map_err(ReportError::Record)?;
        }
        Ok(())
    }
}

impl Observer for Drawings {
    /// # Errors
    /// [`ObserverError::Write`] for what cannot be drawn or written.
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        self.store(event).map_err(|error| {
            let kind = match &error {
                ReportError::Record(RecordError::File { source, .. }) => source.kind(),
                _ => std::io::ErrorKind::Other,
            };
            // With the name of the file.
            ObserverError::Write { event: event.name(), source: std::io::Error::new(kind, error) }
        })?;
        Ok(Flow::Continue)
    }
}
