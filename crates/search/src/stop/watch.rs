//! The use that a search makes of its rules.

use dartloom_space::Space;
use dartloom_train::RuleReport;

use super::{Observed, Reason, StopConfig, StopRule};
use crate::SearchError;

/// The effect of a rule that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// A warning is reported when the rule begins to hold.
    Warn,
    /// The search ends.
    Stop,
}

/// A rule at work.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    pub(crate) effect: Effect,
    pub(crate) rule: Box<dyn StopRule + 'a>,
}

/// The findings of a search's rules at the end of an epoch.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Rules that hold.
    pub(crate) holding: usize,
    /// The first reason to stop.
    pub(crate) stop: Option<Reason>,
    /// The reports: reasons to stop, and warnings that did not hold an epoch ago.
    pub(crate) reports: Vec<RuleReport>,
}

impl From<&StopConfig> for Watch<'_> {
    fn from(config: &StopConfig) -> Self {
        let effect = match config {
            StopConfig::Stop(_) => Effect::Stop,
            StopConfig::Warn(_) => Effect::Warn,
        };
        Self { effect, rule: Box::new(config.rule().clone()) }
    }
}

impl Watch<'_> {
    /// Asks all rules; `last` says that the epoch is the last one, which nothing needs to stop.
    pub(crate) fn ask(
        watches: &[Self],
        space: &Space,
        history: &[Observed],
        last: bool,
    ) -> Result<Findings, SearchError> {
        let mut findings = Findings::default();
        for Watch { effect, rule } in watches {
            let Some(reason) = rule.verdict(space, history)? else { continue };
            findings.holding += 1;
            let stops = *effect == Effect::Stop && !last;
            let known = || match history.split_last() {
                Some((_, before)) => Ok(rule.verdict(space, before)?.is_some()),
                None => Ok::<_, SearchError>(false),
            };
            if stops || !known()? {
                let Reason { rule, seen } = reason.clone();
                findings.reports.push(RuleReport { rule, seen, stops });
            }
            if stops {
                findings.stop.get_or_insert(reason);
            }
        }
        Ok(findings)
    }
}
