#![doc = include_str!("../README.md")]

mod error;
mod event;
mod objective;
mod observer;
mod scores;
pub mod statistics;

pub use error::{ObserverError, StatisticsError};
pub use event::{Candidate, CellEntropy, Event, EventLog, Record, Truncated, read_events_from};
pub use objective::{Direction, Objective};
pub use observer::{CsvEpochs, Fanout, Flow, FnObserver, JsonLines, Observer, Silent, observer_fn};
pub use scores::Scores;

/// Seconds since an origin the caller chose.
///
/// Libraries never read the clock: who wants durations hands one in. Only differences mean anything.
///
/// ```
/// let origin = std::time::Instant::now();
/// let seconds = || origin.elapsed().as_secs_f64();
/// let clock: dartloom_record::Clock<'_> = &seconds;
/// assert!(clock() <= clock());
/// ```
pub type Clock<'a> = &'a dyn Fn() -> f64;
