//! The loop around everything that is trained step by step.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dartloom_record::{
    Agreement, ArchitectureWeights, CellEntropy, Event, Flow, Identity, RecordError, Where,
};

use crate::{Position, Session, Snapshot, TrainError};

/// Losses of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLoss {
    /// Training loss.
    pub loss: f64,
    /// Loss of the architecture step, if there was one.
    pub arch_loss: Option<f64>,
}

/// The report at the end of an epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochReport {
    /// Metrics by name.
    pub metrics: BTreeMap<String, f64>,
    /// The weights of the architecture, if there are any.
    pub weights: Option<ArchitectureWeights>,
    /// Entropy of each cell's weights: how undecided they are. Empty if there are no such weights.
    pub entropies: BTreeMap<String, CellEntropy>,
    /// The architecture as it would be decoded now, and what the decoder noted.
    pub architecture: Option<(serde_json::Value, Vec<String>)>,
    /// Rules of the search that hold and should be reported.
    pub rules: Vec<RuleReport>,
}

/// A rule that holds at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReport {
    /// Its name.
    pub rule: String,
    /// The observation that made it hold.
    pub seen: String,
    /// `true` if the phase ends because of it; [`Stepper::is_over`] is what ends it.
    pub stops: bool,
}

/// Something that is trained in epochs of steps.
///
/// # Contract
/// Step `(epoch, step)` depends only on the position and the state. After `restore(snapshot())` the
/// rest therefore equals an uninterrupted run, bit for bit.
pub trait Stepper {
    /// Its errors.
    type Error: From<TrainError>;

    /// Name in events.
    fn phase(&self) -> Where;

    /// Epochs to train.
    fn epochs(&self) -> usize;

    /// Steps in each epoch.
    fn steps_per_epoch(&self) -> usize;

    /// `true` if the phase is over although there are epochs left. [`drive`] asks between epochs.
    /// The answer is part of the state: a phase that is over is still over after it has been
    /// restored.
    fn is_over(&self) -> bool {
        false
    }

    /// Makes one step.
    ///
    /// # Errors
    /// When training cannot go on; the failed step has changed no variable that is trained (batch
    /// norms may have seen its batch).
    fn step(&mut self, at: Position) -> Result<StepLoss, Self::Error>;

    /// Called after the last step of each epoch.
    ///
    /// # Errors
    /// When an evaluation fails.
    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, Self::Error>;

    /// The same, asking `go_on` while it evaluates; `None` if the answer was to stop, and then the
    /// state is what it was before. [`drive`] ends epochs in this way.
    ///
    /// By default nobody is asked: a wish to stop is heard when everything is evaluated.
    ///
    /// # Errors
    /// As [`end_epoch`](Self::end_epoch).
    fn end_epoch_while(
        &mut self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<EpochReport>, Self::Error> {
        let _ = go_on;
        self.end_epoch(epoch).map(Some)
    }

    /// The state, without the position.
    ///
    /// # Errors
    /// When a tensor cannot be copied.
    fn snapshot(&self) -> Result<Snapshot, Self::Error>;

    /// Takes over a state.
    ///
    /// # Errors
    /// When the state belongs to something else.
    fn restore(&mut self, snapshot: Snapshot) -> Result<(), Self::Error>;

    /// Everything that its steps depend on: configuration, parts, seed, data. A checkpoint is used
    /// only if it has the same identity; [`drive`] compares them before the first step.
    ///
    /// By default there is no identity, and every drive begins anew.
    ///
    /// # Errors
    /// When a part has no serialised form, or data cannot be read.
    fn identity(&self) -> Result<Identity, Self::Error> {
        Ok(Identity::new().with_code("stepper", "Stepper::identity", None))
    }
}

/// The way a phase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are trained, or the stepper was over before ([`Stepper::is_over`]).
    Finished,
    /// An observer asked to stop; the state is saved if the session has a checkpoint.
    Stopped(Position),
}

/// Trains `stepper` to its last epoch, from its checkpoint if there is one.
///
/// ```text
/// resume if there is a checkpoint of the stepper's identity
/// PhaseStarted, Note if a checkpoint cannot be gone on with
/// for each epoch, unless the stepper is over:
///     for each step: step, Step
///     end_epoch_while, EpochFinished, Entropy if there is any, Architecture if it changed,
///     RuleHolds for each that does, save, Checkpoint
/// after any Flow::Stop: save unless that was the last thing done, Checkpoint, Stopped
/// ```
///
/// A request to stop is obeyed whenever it comes, between the batches of an evaluation and even
/// with the last epoch's events; driving again then evaluates anew, or only reports that the phase
/// is finished. The caller, who knows the results, sends `PhaseFinished`.
///
/// A checkpoint of other work (another seed, configuration, part or data set) is refused and stays.
/// If a part in code has no identity, a session with a checkpoint begins anew, says so at its
/// beginning, and replaces the checkpoint at the end of the first epoch.
///
/// # Errors
/// The error of a step, of an observer, or of the checkpoint; [`RecordError::OtherWork`] lists
/// every value in which the checkpoint differs.
pub fn drive<S: Stepper>(stepper: &mut S, session: &mut Session<'_>) -> Result<Outcome, S::Error> {
    let saved = match session.checkpoint(&stepper.phase()) {
        Some(path) => Some(Saved { path, identity: stepper.identity()? }),
        None => None,
    };
    let mut at = resume(stepper, saved.as_ref())?;
    let epochs = stepper.epochs();
    let steps = stepper.steps_per_epoch();
    let phase = stepper.phase();
    let started = Event::PhaseStarted { phase, epochs, steps_per_epoch: steps, epoch: at.epoch };
    let mut flow = tell(session, &started)?;
    if let Some(text) = saved.as_ref().and_then(|saved| saved.complaint(&stepper.phase())) {
        flow = either(flow, tell(session, &Event::Note { text })?);
    }
    let mut shown = None;
    while at.epoch < epochs && !stepper.is_over() {
        while at.step < steps && flow == Flow::Continue {
            flow = step(stepper, session, at)?;
            at.step += 1;
        }
        let report = match flow {
            Flow::Continue => {
                let go_on = &mut || session.observer().go_on();
                stepper.end_epoch_while(at.epoch, go_on)?
            }
            Flow::Stop => None,
        };
        let Some(report) = report else {
            // The phase is over: whether the observer would stop or go on no longer matters.
            let _ = save(stepper, session, saved.as_ref(), at)?;
            return stopped(stepper, session, at);
        };
        flow = announce(session, &stepper.phase(), at.epoch, report, &mut shown)?;
        at = Position { epoch: at.epoch + 1, step: 0 };
        flow = either(flow, save(stepper, session, saved.as_ref(), at)?);
        if flow == Flow::Stop {
            break;
        }
    }
    match flow {
        Flow::Stop => stopped(stepper, session, at),
        Flow::Continue => Ok(Outcome::Finished),
    }
}

/// The file that a stepper is saved in, and its identity.
struct Saved {
    path: PathBuf,
    identity: Identity,
}

impl Saved {
    fn complaint(&self, phase: &Where) -> Option<String> {
        Some(format!("{phase}: {}", self.identity.complaint()?))
    }
}

fn resume<S: Stepper>(stepper: &mut S, saved: Option<&Saved>) -> Result<Position, S::Error> {
    let Some(Saved { path, identity }) = saved else { return Ok(Position::default()) };
    let Some((stored, snapshot)) = Snapshot::open(path)? else { return Ok(Position::default()) };
    match identity.agreement(&stored) {
        Agreement::Same => {}
        Agreement::Unsaid => return Ok(Position::default()),
        Agreement::Differs(differences) => {
            return Err(TrainError::from(RecordError::OtherWork {
                path: path.clone(),
                differences,
            })
            .into());
        }
    }
    let at = snapshot.position;
    let epochs = stepper.epochs();
    let steps = stepper.steps_per_epoch();
    if at.epoch > epochs || at.step > steps {
        return Err(TrainError::Checkpoint {
            path: path.clone(),
            expected: format!("a position in {epochs} epochs of {steps} steps"),
            found: format!("epoch {}, step {}", at.epoch, at.step),
        }
        .into());
    }
    stepper.restore(snapshot)?;
    Ok(at)
}

fn step<S: Stepper>(
    stepper: &mut S,
    session: &mut Session<'_>,
    at: Position,
) -> Result<Flow, S::Error> {
    let StepLoss { loss, arch_loss } = stepper.step(at)?;
    let phase = stepper.phase();
    let steps = stepper.steps_per_epoch();
    let Position { epoch, step } = at;
    Ok(tell(session, &Event::Step { phase, epoch, step, steps, loss, arch_loss })?)
}

fn announce(
    session: &mut Session<'_>,
    phase: &Where,
    epoch: usize,
    report: EpochReport,
    shown: &mut Option<serde_json::Value>,
) -> Result<Flow, TrainError> {
    let phase = phase.clone();
    let EpochReport { metrics, weights, entropies: cells, architecture, rules } = report;
    let mut flow = tell(session, &Event::EpochFinished { phase: phase.clone(), epoch, metrics })?;
    if let Some(weights) = weights {
        let event = Event::Weights { phase: phase.clone(), epoch, weights };
        flow = either(flow, tell(session, &event)?);
    }
    if !cells.is_empty() {
        let event = Event::Entropy { phase: phase.clone(), epoch, cells };
        flow = either(flow, tell(session, &event)?);
    }
    if let Some((genotype, notes)) = architecture
        && shown.as_ref() != Some(&genotype)
    {
        *shown = Some(genotype.clone());
        let event = Event::Architecture { phase: phase.clone(), epoch, genotype, notes };
        flow = either(flow, tell(session, &event)?);
    }
    for RuleReport { rule, seen, stops } in rules {
        let event = Event::RuleHolds { phase: phase.clone(), epoch, rule, seen, stops };
        flow = either(flow, tell(session, &event)?);
    }
    Ok(flow)
}

fn either(one: Flow, other: Flow) -> Flow {
    match (one, other) {
        (Flow::Continue, Flow::Continue) => Flow::Continue,
        _ => Flow::Stop,
    }
}

fn stopped<S: Stepper>(
    stepper: &S,
    session: &mut Session<'_>,
    at: Position,
) -> Result<Outcome, S::Error> {
    let phase = stepper.phase();
    let _ = tell(session, &Event::Stopped { phase, epoch: at.epoch, step: at.step })?;
    Ok(Outcome::Stopped(at))
}

fn save<S: Stepper>(
    stepper: &S,
    session: &mut Session<'_>,
    saved: Option<&Saved>,
    at: Position,
) -> Result<Flow, S::Error> {
    let Some(Saved { path, identity }) = saved else { return Ok(Flow::Continue) };
    let mut snapshot = stepper.snapshot()?;
    snapshot.position = at;
    snapshot.save(path, identity)?;
    let event = Event::Checkpoint {
        phase: stepper.phase(),
        epoch: at.epoch,
        step: at.step,
        path: path.display().to_string(),
    };
    Ok(tell(session, &event)?)
}

fn tell(session: &mut Session<'_>, event: &Event) -> Result<Flow, TrainError> {
    Ok(session.observer().on_event(event)?)
}
