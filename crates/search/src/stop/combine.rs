//! Rules made of rules.

use dartloom_space::Space;
use serde::{Deserialize, Serialize};

use super::{Observed, Reason, StopRule};
use crate::SearchError;

/// Holds when one of the rules does; its reason is that of the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnyOf<R>(pub Vec<R>);

impl<R: StopRule> StopRule for AnyOf<R> {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        for rule in &self.0 {
            let verdict = rule.verdict(space, history)?;
            if verdict.is_some() {
                return Ok(verdict);
            }
        }
        Ok(None)
    }

    fn identity(&self) -> Option<String> {
        super::identity("AnyOf", &said(&self.0)?)
    }
}

/// Holds when all of the rules do, and there is one; its reason is those of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AllOf<R>(pub Vec<R>);

impl<R: StopRule> StopRule for AllOf<R> {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let verdicts = self.0.iter().map(|rule| rule.verdict(space, history));
        let reasons = verdicts.collect::<Result<Option<Vec<Reason>>, _>>()?;
        Ok(reasons.filter(|reasons| !reasons.is_empty()).map(|reasons| {
            let join = |part: fn(&Reason) -> &str| {
                reasons.iter().map(part).collect::<Vec<_>>().join(" and ")
            };
            Reason::new(join(|reason| &reason.rule), join(|reason| &reason.seen))
        }))
    }

    fn identity(&self) -> Option<String> {
        super::identity("AllOf", &said(&self.0)?)
    }
}

/// Holds when the rule does, but not before `epoch`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotBefore<R> {
    /// The first epoch in which it may, from 0 and with warm-up.
    pub epoch: usize,
    /// The rule.
    pub rule: R,
}

impl<R: StopRule> StopRule for NotBefore<R> {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        match history.last() {
            Some(now) if now.epoch >= self.epoch => self.rule.verdict(space, history),
            _ => Ok(None),
        }
    }

    fn identity(&self) -> Option<String> {
        super::identity("NotBefore", &(self.epoch, self.rule.identity()?))
    }
}

/// Holds from the epoch on in which the rule has held, whatever comes after; its reason is that of
/// the first time. `AllOf` such rules waits until each has held once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ever<R>(pub R);

impl<R: StopRule> StopRule for Ever<R> {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        for end in 1..=history.len() {
            let verdict = self.0.verdict(space, &history[..end])?;
            if verdict.is_some() {
                return Ok(verdict);
            }
        }
        Ok(None)
    }

    fn identity(&self) -> Option<String> {
        super::identity("Ever", &self.0.identity()?)
    }
}

/// The reasons of all rules; `None` if one does not hold.
fn said<R: StopRule>(rules: &[R]) -> Option<Vec<String>> {
    rules.iter().map(StopRule::identity).collect()
}
