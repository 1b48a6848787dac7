//! One function per law; an error describes the violation.

use super::{Case, Law};
use crate::stop::{Observed, Reason, StopRule};

type Verdict = Option<Reason>;

pub(super) fn check(rule: &dyn StopRule, law: Law, case: &Case) -> Result<(), String> {
    let ask = |history: &[Observed]| {
        rule.verdict(&case.space, history).map_err(|error| format!("it fails: {error}"))
    };
    match law {
        Law::Silent => match ask(&[])? {
            None => Ok(()),
            Some(reason) => Err(reason.to_string()),
        },
        Law::Pure => pure(case, ask),
        Law::Stored => stored(case, ask),
        Law::Lasting => lasting(case, ask),
    }
}

fn same(epochs: usize, first: &Verdict, second: &Verdict) -> Result<(), String> {
    if first == second {
        return Ok(());
    }
    Err(format!("of {epochs} epochs {first:?} and then {second:?}"))
}

fn pure(case: &Case, ask: impl Fn(&[Observed]) -> Result<Verdict, String>) -> Result<(), String> {
    let prefix = |end: usize| ask(&case.history[..end]);
    let forwards = (1..=case.history.len()).map(prefix).collect::<Result<Vec<_>, _>>()?;
    for (index, verdict) in forwards.iter().enumerate().rev() {
        same(index + 1, verdict, &prefix(index + 1)?)?;
        same(index + 1, verdict, &prefix(index + 1)?)?;
    }
    Ok(())
}

fn stored(case: &Case, ask: impl Fn(&[Observed]) -> Result<Verdict, String>) -> Result<(), String> {
    let text = serde_json::to_string(&case.history).map_err(|error| error.to_string())?;
    let back: Vec<Observed> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    (1..=back.len()).try_for_each(|end| same(end, &ask(&case.history[..end])?, &ask(&back[..end])?))
}

fn lasting(
    case: &Case,
    ask: impl Fn(&[Observed]) -> Result<Verdict, String>,
) -> Result<(), String> {
    let mut since = None;
    for end in 1..=case.history.len() {
        match (ask(&case.history[..end])?, since) {
            (Some(_), None) => since = Some(end),
            (None, Some(since)) => {
                return Err(format!("it holds after {since} epochs and not after {end}"));
            }
            _ => {}
        }
    }
    Ok(())
}
