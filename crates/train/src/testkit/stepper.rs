//! Laws for steppers.

use std::path::Path;

use super::{CheckError, Law};
use crate::{EpochReport, Position, Snapshot, StepLoss, Stepper};
use dartloom_record::{Flow, Identity};

/// The record of a stepper's run, line by line.
type Trace = Vec<String>;

/// Holds two steppers that are made alike to [`Law::Resumes`] and [`Law::Interrupted`]: `one` runs
/// to the end; then, for several positions (before the first step, in the middle of an epoch,
/// between an epoch's last step and its end, between epochs), `other` runs to that position and
/// `one` goes on from there. Every end of an epoch is stopped twice before it is let through.
///
/// It runs all epochs some five times: make them few and short. Both steppers are trained at the
/// end.
///
/// # Errors
/// [`CheckError::Broken`] for the first position that differs, or the stepper's error.
pub fn check_stepper<S>(one: &mut S, other: &mut S) -> Result<(), CheckError<S::Error>>
where
    S: Stepper,
    S::Error: std::error::Error + 'static,
{
    let start = bytes(one, Position::default())?;
    let whole = run(one, Position::default(), None)?;
    let end = bytes(one, Position::default())?;
    for stop in stops(one.epochs(), one.steps_per_epoch()) {
        restore(other, &start)?;
        let mut trace = run(other, Position::default(), Some(stop))?;
        let state = bytes(other, stop)?;
        let at = restore(one, &state)?;
        trace.extend(run(one, at, None)?);
        let Position { epoch, step } = stop;
        let broken = |found: String| {
            let found = format!("resumed at epoch {epoch}, step {step}: {found}");
            Err(CheckError::Broken { law: Law::Resumes, found })
        };
        if let Some((expected, found)) = whole.iter().zip(&trace).find(|(a, b)| a != b) {
            return broken(format!("expected {expected}, found {found}"));
        }
        if bytes(one, Position::default())? != end {
            return broken("the final state differs".to_owned());
        }
    }
    Ok(())
}

/// Positions to stop at; `step == steps` is after an epoch's last step, before its end.
fn stops(epochs: usize, steps: usize) -> Vec<Position> {
    let mut stops = vec![
        Position::default(),
        Position { epoch: 0, step: steps / 2 },
        Position { epoch: 0, step: steps },
        Position { epoch: 1, step: 0 },
        Position { epoch: epochs.saturating_sub(1), step: steps.div_ceil(2) },
    ];
    stops.retain(|stop| stop.epoch < epochs);
    stops.dedup();
    stops
}

/// Steps from `at` to the end or to `stop`.
fn run<S>(
    stepper: &mut S,
    mut at: Position,
    stop: Option<Position>,
) -> Result<Trace, CheckError<S::Error>>
where
    S: Stepper,
    S::Error: std::error::Error + 'static,
{
    let mut trace = Trace::new();
    while at.epoch < stepper.epochs() && !stepper.is_over() && Some(at) != stop {
        if at.step < stepper.steps_per_epoch() {
            let StepLoss { loss, arch_loss } = stepper.step(at)?;
            let bits = (loss.to_bits(), arch_loss.map(f64::to_bits));
            trace.push(format!("{at:?}: losses {loss} and {arch_loss:?} {bits:x?}"));
            at.step += 1;
        } else {
            let EpochReport { metrics, weights, entropies, architecture, rules } =
                end(stepper, at)?;
            let bits: Vec<_> = metrics.values().map(|value| value.to_bits()).collect();
            let told = format!(
                "{metrics:?} {weights:?} {entropies:?} {architecture:?} {rules:?} {bits:x?}"
            );
            trace.push(format!("end of {}: {told}", at.epoch));
            at = Position { epoch: at.epoch + 1, step: 0 };
        }
    }
    Ok(trace)
}

/// Ends an epoch that was asked to stop before, at the first and at the second question.
fn end<S>(stepper: &mut S, at: Position) -> Result<EpochReport, CheckError<S::Error>>
where
    S: Stepper,
    S::Error: std::error::Error + 'static,
{
    for last in 1..=2 {
        let before = bytes(stepper, at)?;
        let mut asked = 0;
        let mut go_on = || {
            asked += 1;
            if asked < last { Flow::Continue } else { Flow::Stop }
        };
        if let Some(report) = stepper.end_epoch_while(at.epoch, &mut go_on)? {
            return Ok(report);
        }
        if bytes(stepper, at)? != before {
            let found = format!("the end of epoch {} has changed the state", at.epoch);
            return Err(CheckError::Broken { law: Law::Interrupted, found });
        }
    }
    Ok(stepper.end_epoch(at.epoch)?)
}

fn bytes<S: Stepper>(stepper: &S, at: Position) -> Result<Vec<u8>, S::Error> {
    let mut snapshot = stepper.snapshot()?;
    snapshot.position = at;
    Ok(snapshot.encode(Path::new("state"), &Identity::new())?)
}

fn restore<S: Stepper>(stepper: &mut S, bytes: &[u8]) -> Result<Position, S::Error> {
    let (_, snapshot) = Snapshot::decode(Path::new("state"), bytes)?;
    let at = snapshot.position;
    stepper.restore(snapshot)?;
    Ok(at)
}
