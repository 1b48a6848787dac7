//! One function per law; an error describes the violation.

use std::collections::BTreeMap;

use serde_json::Value;

use super::script::{Fate, Play, STYLES};
use super::{Law, Make};
use crate::{ExploreError, Explorer, Outcome, Proposal};

type Checked<T = ()> = Result<T, String>;

pub(super) fn check(make: Make<'_>, steps: usize, law: Law, may_end: bool) -> Checked {
    for fate in Fate::ALL {
        for (style, (open, newest)) in STYLES.into_iter().enumerate() {
            let new = || made(make).map(|explorer| Play::new(explorer, fate, style));
            match law {
                Law::Deterministic => deterministic(new()?, new()?, steps),
                Law::Resumable => resumable(new()?, make, steps),
                Law::Inside => inside(new()?, steps),
                Law::Numbered => numbered(new()?, steps),
                Law::Survives => survives(new()?, steps, may_end),
                Law::Strict => strict(new()?, steps),
                Law::Distinct => distinct(new()?, steps),
            }
            .map_err(|found| {
                format!("{found} (outcomes {fate:?}, {open} open, newest first: {newest})")
            })?;
        }
    }
    Ok(())
}

fn made(make: Make<'_>) -> Checked<Box<dyn Explorer>> {
    make().map_err(|error| format!("it cannot be made: {error}"))
}

fn step(play: &mut Play) -> Checked<Option<Proposal>> {
    play.step().map_err(failed)
}

fn failed(error: ExploreError) -> String {
    format!("it fails: {error}")
}

fn proposals(mut play: Play, steps: usize) -> Checked<(Vec<Proposal>, Play)> {
    let mut all = Vec::new();
    while all.len() < steps {
        let Some(proposal) = step(&mut play)? else { break };
        all.push(proposal);
    }
    Ok((all, play))
}

fn same(at: usize, first: &Option<Proposal>, second: &Option<Proposal>) -> Checked {
    if first == second {
        return Ok(());
    }
    Err(format!("proposal {at} is {first:?} and {second:?}"))
}

fn deterministic(mut first: Play, mut second: Play, steps: usize) -> Checked {
    for at in 0..steps {
        same(at, &step(&mut first)?, &step(&mut second)?)?;
    }
    Ok(())
}

/// Compares a search without interruption with one that is stored and restored before every step.
fn resumable(mut play: Play, make: Make<'_>, steps: usize) -> Checked {
    let mut relay = play.with(made(make)?);
    for at in 0..steps {
        let text = relay.explorer.state().map_err(failed)?.to_string();
        let state: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let mut explorer = made(make)?;
        explorer.restore(&state).map_err(failed)?;
        if explorer.state().map_err(failed)? != play.explorer.state().map_err(failed)? {
            return Err(format!("before proposal {at} a restored explorer has another state"));
        }
        relay = relay.with(explorer);
        same(at, &step(&mut play)?, &step(&mut relay)?)?;
    }
    Ok(())
}

fn inside(play: Play, steps: usize) -> Checked {
    let (all, play) = proposals(play, steps)?;
    match all.iter().find(|p| !play.explorer.domain().contains(&p.genotype)) {
        Some(Proposal { task, genotype, .. }) => Err(format!("task {task} proposes {genotype:?}")),
        None => Ok(()),
    }
}

fn numbered(play: Play, steps: usize) -> Checked {
    let (all, _) = proposals(play, steps)?;
    match all.windows(2).find(|pair| pair[0].task >= pair[1].task) {
        Some(pair) => Err(format!("task {} follows task {}", pair[1].task, pair[0].task)),
        None => Ok(()),
    }
}

fn survives(play: Play, steps: usize, may_end: bool) -> Checked {
    let (all, _) = proposals(play, steps)?;
    if all.is_empty() || all.len() < steps && !may_end {
        return Err(format!("it ends after {} of {steps} proposals", all.len()));
    }
    Ok(())
}

fn strict(play: Play, steps: usize) -> Checked {
    let (all, mut play) = proposals(play, steps)?;
    let state = |play: &Play| play.explorer.state().map_err(failed);
    let before = state(&play)?;
    let is_open = |proposal: &Proposal| play.open.iter().any(|open| open.task == proposal.task);
    let told: Vec<Proposal> = all.iter().filter(|p| !is_open(p)).cloned().collect();
    let later = all.last().map(|last| Proposal { task: last.task + 1000, ..last.clone() });
    let outcome = Outcome::Failed { reason: "told again".to_owned() };
    for proposal in told.iter().chain(&later) {
        match play.explorer.tell(proposal, &outcome) {
            Err(ExploreError::NotOpen { task }) if task == proposal.task => {}
            other => return Err(format!("telling task {} again gives {other:?}", proposal.task)),
        }
    }
    let foreign = serde_json::json!({"of": "nobody"});
    if play.explorer.restore(&foreign).is_ok() {
        return Err(format!("it takes the state {foreign}"));
    }
    if state(&play)? != before {
        return Err("what was refused has changed its state".to_owned());
    }
    Ok(())
}

fn distinct(play: Play, steps: usize) -> Checked {
    let (all, play) = proposals(play, steps)?;
    let mut seen = BTreeMap::new();
    for Proposal { task, genotype, .. } in all {
        if let Some(first) = seen.insert(play.explorer.domain().key(&genotype), task) {
            return Err(format!("tasks {first} and {task} propose the same"));
        }
    }
    Ok(())
}
