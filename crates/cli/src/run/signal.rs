//! Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dartloom::record::{Event, Flow, Observer, ObserverError};

use crate::error::CliError;
use crate::say::say;

/// Asks the run to stop once Ctrl-C has been pressed.
#[derive(Clone, Debug)]
pub(crate) struct Signal(Arc<AtomicBool>);

impl Signal {
    /// Listens for Ctrl-C (and, on Unix, a polite request to end): the first one stops gently, the
    /// second one ends the process at once.
    pub(crate) fn listen() -> Result<Self, CliError> {
        let asked = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(super::STOPPED));
            }
            say!("stopping after this step; once more ends at once");
        })?;
        Ok(Self(asked))
    }
}

impl Observer for Signal {
    fn on_event(&mut self, _: &Event) -> Result<Flow, ObserverError> {
        Ok(self.go_on())
    }

    fn go_on(&mut self) -> Flow {
        if self.0.load(Ordering::SeqCst) { Flow::Stop } else { Flow::Continue }
    }
}
