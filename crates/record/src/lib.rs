#![doc = include_str!("../README.md")]

pub mod checksum;
mod error;
mod event;
mod identity;
mod kept_runs;
mod layout;
mod objective;
mod observer;
mod place;
mod refused;
mod run;
mod run_dir;
mod scores;
pub mod statistics;
mod stored;

pub use error::{ObserverError, RecordError, StatisticsError};
pub use event::{
    ArchitectureWeights, Candidate, CellEntropy, EdgeWeights, Event, EventLog, Record, RunPlan,
    Truncated, read_events_from,
};
pub use identity::{Agreement, Difference, Identity};
pub use kept_runs::KeptRuns;
pub use layout::RunLayout;
pub use objective::{Direction, Objective};
pub use observer::{
    CsvEpochs, Fanout, Flow, FnObserver, JsonLines, Lines, Observer, Silent, observer_fn,
};
pub use place::{Contender, Leg, Where};
pub use refused::{Refused, Within};
pub use run::Run;
pub use run_dir::{LogFile, RunDir, digest, write_whole};
pub use scores::Scores;
pub use stored::{Found, Stored};

/// Seconds since an origin the caller chose.
///
/// Libraries never read the clock: a caller that wants durations passes one in. Only differences
/// have a meaning.
///
/// ```
/// let origin = std::time::Instant::now();
/// let seconds = || origin.elapsed().as_secs_f64();
/// let clock: dartloom_record::Clock<'_> = &seconds;
/// assert!(clock() <= clock());
/// ```
pub type Clock<'a> = &'a dyn Fn() -> f64;
