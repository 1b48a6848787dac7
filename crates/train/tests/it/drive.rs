//! The loop: order of events, stops, errors.

use std::collections::BTreeMap;
use std::path::PathBuf;

use candle_core::{Device, Tensor};
use dartloom_record::{
    ArchitectureWeights, CellEntropy, Event, Flow, Identity, Observer, ObserverError, RecordError,
};
use dartloom_train::{
    EpochReport, Outcome, Position, RuleReport, Session, Snapshot, StepLoss, Stepper, TrainError,
    drive,
};

/// Counts its steps; its "architecture" changes in every second epoch.
pub(crate) struct Counter {
    epochs: usize,
    steps: usize,
    pub(crate) made: Vec<Position>,
    pub(crate) restored: usize,
    total: f64,
    /// The epoch that ends the phase.
    over: Option<usize>,
    is_over: bool,
}

impl Counter {
    pub(crate) fn new(epochs: usize, steps: usize) -> Self {
        let made = Vec::new();
        let over = None;
        Self { epochs, steps, made, restored: 0, total: 0.0, over, is_over: false }
    }
}

impl Stepper for Counter {
    type Error = TrainError;

    fn phase(&self) -> dartloom_record::Where {
        "count".into()
    }

    fn epochs(&self) -> usize {
        self.epochs
    }

    fn steps_per_epoch(&self) -> usize {
        self.steps
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, TrainError> {
        self.made.push(at);
        self.total += 1.0;
        Ok(StepLoss { loss: self.total, arch_loss: None })
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, TrainError> {
        let metrics = BTreeMap::from([("total".to_owned(), self.total)]);
        let architecture = Some(((epoch / 2).into(), vec!["note".into()]));
        let rule = |stops| RuleReport { rule: "r".into(), seen: "s".into(), stops };
        let over = self.over == Some(epoch);
        self.is_over = over;
        let rules = if over { vec![rule(false), rule(true)] } else { Vec::new() };
        let cell = CellEntropy { edges: vec![0.5], nodes: None };
        let entropies = if epoch == 2 { [("cell".to_owned(), cell)].into() } else { [].into() };
        let weights = (epoch == 2).then(ArchitectureWeights::default);
        Ok(EpochReport { metrics, weights, entropies, architecture, rules })
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        let total = Tensor::new(self.total, &Device::Cpu)?;
        let group = BTreeMap::from([("total".to_owned(), total)]);
        Ok(Snapshot::new(self.is_over.into()).with("counter", group))
    }

    fn identity(&self) -> Result<Identity, TrainError> {
        Ok(Identity::new().with("counter", &(self.epochs, self.steps))?)
    }

    fn restore(&mut self, mut snapshot: Snapshot) -> Result<(), TrainError> {
        self.restored += 1;
        self.is_over = snapshot.values == serde_json::Value::Bool(true);
        self.total = snapshot.take("counter")?["total"].to_scalar()?;
        Ok(())
    }
}

/// Writes events down and stops at the n-th, or at every event from there on.
struct Scribe {
    lines: Vec<String>,
    stop: Option<usize>,
    once: bool,
    fail: Option<usize>,
}

impl Scribe {
    fn new() -> Self {
        Self { lines: Vec::new(), stop: None, once: true, fail: None }
    }
}

impl Observer for Scribe {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        let line = match event {
            Event::PhaseStarted { epoch, .. } => format!("start {epoch}"),
            Event::Step { epoch, step, .. } => format!("step {epoch}.{step}"),
            Event::EpochFinished { epoch, .. } => format!("epoch {epoch}"),
            Event::Weights { epoch, .. } => format!("weights {epoch}"),
            Event::Entropy { epoch, .. } => format!("entropy {epoch}"),
            Event::Architecture { epoch, .. } => format!("architecture {epoch}"),
            Event::RuleHolds { epoch, stops, .. } => format!("rule {epoch} {stops}"),
            Event::Checkpoint { epoch, step, .. } => format!("saved {epoch}.{step}"),
            Event::Stopped { epoch, step, .. } => format!("stopped {epoch}.{step}"),
            other => other.name().to_owned(),
        };
        let index = self.lines.len();
        self.lines.push(line);
        if self.fail == Some(index) {
            let source = std::io::Error::other("disk full");
            return Err(ObserverError::Write { event: event.name(), source });
        }
        let stop = self.stop.is_some_and(|at| if self.once { index == at } else { index >= at });
        Ok(if stop { Flow::Stop } else { Flow::Continue })
    }
}

fn run(
    counter: &mut Counter,
    scribe: &mut Scribe,
    checkpoint: Option<PathBuf>,
) -> Result<Outcome, TrainError> {
    let mut session = Session::new(scribe);
    if let Some(path) = checkpoint {
        session = session.saved_at(path);
    }
    drive(counter, &mut session)
}

const EVENTS: [&str; 17] = [
    "start 0",
    "step 0.0",
    "step 0.1",
    "epoch 0",
    "architecture 0",
    "saved 1.0",
    "step 1.0",
    "step 1.1",
    "epoch 1",
    "saved 2.0",
    "step 2.0",
    "step 2.1",
    "epoch 2",
    "weights 2",
    "entropy 2",
    "architecture 2",
    "saved 3.0",
];

#[test]
fn events_come_in_the_documented_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let mut counter = Counter::new(3, 2);
    let mut scribe = Scribe::new();
    let outcome = run(&mut counter, &mut scribe, Some(path.clone())).unwrap();
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!(scribe.lines, EVENTS);
    let mut scribe = Scribe::new();
    run(&mut Counter::new(3, 2), &mut scribe, Some(path)).unwrap();
    assert_eq!(scribe.lines, ["start 3"], "a finished phase has nothing left to do");
    let mut scribe = Scribe::new();
    run(&mut Counter::new(3, 2), &mut scribe, None).unwrap();
    let without: Vec<_> = EVENTS.into_iter().filter(|line| !line.starts_with("saved")).collect();
    assert_eq!(scribe.lines, without);
}

#[test]
fn a_phase_that_is_over_is_finished_and_stays_so() {
    let short = || Counter { over: Some(0), ..Counter::new(3, 2) };
    let expected = [
        "start 0",
        "step 0.0",
        "step 0.1",
        "epoch 0",
        "architecture 0",
        "rule 0 false",
        "rule 0 true",
        "saved 1.0",
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let mut scribe = Scribe::new();
    let outcome = run(&mut short(), &mut scribe, Some(path.clone())).unwrap();
    assert_eq!((outcome, &scribe.lines[..]), (Outcome::Finished, &expected.map(String::from)[..]));
    let mut scribe = Scribe::new();
    assert_eq!(run(&mut short(), &mut scribe, Some(path)).unwrap(), Outcome::Finished);
    assert_eq!(scribe.lines, ["start 1"]);
    // An observer that stops with any of its last events is obeyed, and nothing more is trained.
    for stop in 3..expected.len() {
        let path = directory.path().join(format!("state {stop}"));
        let mut scribe = Scribe { stop: Some(stop), ..Scribe::new() };
        let outcome = run(&mut short(), &mut scribe, Some(path.clone())).unwrap();
        assert_eq!(outcome, Outcome::Stopped(Position { epoch: 1, step: 0 }));
        let mut rest = short();
        assert_eq!(run(&mut rest, &mut Scribe::new(), Some(path)).unwrap(), Outcome::Finished);
        assert_eq!(rest.made, []);
    }
}

#[test]
fn a_stop_at_any_event_saves_and_nothing_is_lost() {
    for (once, stop) in [true, false].into_iter().flat_map(|once| (0..15).map(move |s| (once, s))) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let mut counter = Counter::new(3, 2);
        let mut scribe = Scribe { stop: Some(stop), once, ..Scribe::new() };
        let outcome = run(&mut counter, &mut scribe, Some(path.clone())).unwrap();
        let Outcome::Stopped(at) = outcome else { panic!("{stop}: {:?}", scribe.lines) };
        let last = format!("stopped {}.{}", at.epoch, at.step);
        assert_eq!(scribe.lines.last(), Some(&last));
        let saved = format!("saved {}.{}", at.epoch, at.step);
        let count = scribe.lines.iter().filter(|line| **line == saved).count();
        assert_eq!(count, 1, "{:?}", scribe.lines);
        // The second run goes on exactly where the first ended.
        let mut rest = Counter::new(3, 2);
        assert_eq!(run(&mut rest, &mut Scribe::new(), Some(path)).unwrap(), Outcome::Finished);
        let all: Vec<_> = counter.made.iter().chain(&rest.made).copied().collect();
        let expected: Vec<_> =
            (0..3).flat_map(|epoch| (0..2).map(move |step| Position { epoch, step })).collect();
        assert_eq!(all, expected, "stopped at event {stop}");
        assert_eq!((rest.restored, rest.total.to_bits()), (1, 6.0f64.to_bits()));
    }
}

#[test]
fn a_stop_without_a_checkpoint_says_so_and_saves_nothing() {
    let mut scribe = Scribe { stop: Some(1), ..Scribe::new() };
    let outcome = run(&mut Counter::new(3, 2), &mut scribe, None).unwrap();
    assert_eq!(outcome, Outcome::Stopped(Position { epoch: 0, step: 1 }));
    assert_eq!(scribe.lines, ["start 0", "step 0.0", "stopped 0.1"]);
}

#[test]
fn an_observers_error_ends_the_phase() {
    for fail in 0..15 {
        let directory = tempfile::tempdir().unwrap();
        let mut scribe = Scribe { fail: Some(fail), ..Scribe::new() };
        let path = Some(directory.path().join("state"));
        let error = run(&mut Counter::new(3, 2), &mut scribe, path).unwrap_err();
        assert!(matches!(error, TrainError::Observer(_)), "{error}");
        assert_eq!(scribe.lines, EVENTS[..=fail], "nothing is told after the error");
    }
}

#[test]
fn an_unwritable_checkpoint_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing/state");
    let error = run(&mut Counter::new(1, 1), &mut Scribe::new(), Some(path)).unwrap_err();
    assert!(matches!(error, TrainError::Record(RecordError::File { .. })), "{error}");
}

#[test]
fn a_phase_without_steps_or_epochs_ends() {
    let mut counter = Counter::new(2, 0);
    let mut scribe = Scribe::new();
    assert_eq!(run(&mut counter, &mut scribe, None).unwrap(), Outcome::Finished);
    assert_eq!(scribe.lines, ["start 0", "epoch 0", "architecture 0", "epoch 1"]);
    let outcome = run(&mut Counter::new(0, 5), &mut Scribe::new(), None).unwrap();
    assert_eq!(outcome, Outcome::Finished);
}
