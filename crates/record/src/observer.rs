//! Observers of a run.

use crate::{Event, ObserverError};

mod csv_epochs;
mod json_lines;
mod lines;

pub use csv_epochs::CsvEpochs;
pub use json_lines::JsonLines;
pub use lines::Lines;

/// The answer of an observer.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Finish the step, save the state and stop.
    Stop,
}

/// A listener to the events of a run, which may ask it to stop.
///
/// The calls come in this order:
///
/// ```text
/// RunStarted
/// for each phase:
///     PhaseStarted { epoch }                       epoch > 0 when the phase is resumed
///     for each epoch from there:
///         for each step:
///             Step
///             [Checkpoint]
///         EpochFinished
///         [Weights]                                in a search
///         [Entropy]                                in a search
///         [Architecture]                           in a search
///         [RuleHolds ...]                          in a search; one that stops ends the phase
///         [Checkpoint]
///     PhaseFinished
/// Finished
///
/// Note                                             anywhere
/// after any Flow::Stop: [Checkpoint], Stopped      and nothing more
/// ```
///
/// Calls come from one thread, one at a time. An error interrupts the run, because nobody would
/// notice the gap in a log.
pub trait Observer {
    /// Receives an event.
    ///
    /// # Errors
    /// When the event cannot be recorded.
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError>;

    /// The answer to the question whether to go on, which is asked several times a second while the
    /// run waits and nothing happens. An observer that forwards events forwards this question, too.
    fn go_on(&mut self) -> Flow {
        Flow::Continue
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        (**self).on_event(event)
    }

    fn go_on(&mut self) -> Flow {
        (**self).go_on()
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        (**self).on_event(event)
    }

    fn go_on(&mut self) -> Flow {
        (**self).go_on()
    }
}

/// An observer that ignores all events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silent;

impl Observer for Silent {
    fn on_event(&mut self, _: &Event) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
}

/// Several observers, told in order.
///
/// All of them are told, whatever the earlier ones answer. The answer is the first error if there
/// is one, else a stop if any asked for it.
#[derive(Default)]
pub struct Fanout(pub Vec<Box<dyn Observer>>);

impl Observer for Fanout {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        let mut answer = Ok(Flow::Continue);
        for observer in &mut self.0 {
            let next = observer.on_event(event);
            answer = match (answer, next) {
                (Err(first), _) => Err(first),
                (Ok(_), Err(error)) => Err(error),
                (Ok(Flow::Continue), Ok(Flow::Continue)) => Ok(Flow::Continue),
                (Ok(_), Ok(_)) => Ok(Flow::Stop),
            };
        }
        answer
    }

    fn go_on(&mut self) -> Flow {
        let mut answer = Flow::Continue;
        for observer in &mut self.0 {
            if observer.go_on() == Flow::Stop {
                answer = Flow::Stop;
            }
        }
        answer
    }
}

impl std::fmt::Debug for Fanout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Fanout").field(&self.0.len()).finish()
    }
}

/// An observer made of a closure; see [`observer_fn`].
#[derive(Clone, Copy)]
pub struct FnObserver<F>(F);

/// Makes an observer of a closure.
///
/// ```
/// use dartloom_record::{Event, Flow, Observer, observer_fn};
///
/// let mut epochs = 0;
/// let mut observer = observer_fn(|event| {
///     epochs += usize::from(matches!(event, Event::EpochFinished { .. }));
///     Ok(if epochs < 3 { Flow::Continue } else { Flow::Stop })
/// });
/// let flow = observer.on_event(&Event::Note { text: "hello".into() })?;
/// assert_eq!(flow, Flow::Continue);
/// # Ok::<(), dartloom_record::ObserverError>(())
/// ```
pub fn observer_fn<F>(closure: F) -> FnObserver<F>
where
    F: FnMut(&Event) -> Result<Flow, ObserverError>,
{
    FnObserver(closure)
}

impl<F> Observer for FnObserver<F>
where
    F: FnMut(&Event) -> Result<Flow, ObserverError>,
{
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        (self.0)(event)
    }
}

impl<F> std::fmt::Debug for FnObserver<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FnObserver").finish_non_exhaustive()
    }
}
