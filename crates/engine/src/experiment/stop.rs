//! Stop rules of a method by name.

use dartloom::search::stop::{Effect, RuleConfig, StopRule};
use dartloom::verdict::OwnRule;
use serde::{Deserialize, Serialize};

use super::Named;
use crate::catalog::{Catalog, Place};
use crate::error::EngineError;

/// A stop rule that a catalogue knows by name, and its effect.
///
/// ```ron
/// [Stop(Mine(goal: 0.9)), Warn(Collapse(share: 0.5))]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NamedRule {
    /// The search ends with the epoch in which the rule holds.
    Stop(Named<RuleConfig>),
    /// It is told when the rule begins to hold, and the search goes on.
    Warn(Named<RuleConfig>),
}

/// A stop rule that was made of its name.
#[derive(Debug)]
pub(super) struct MadeRule {
    pub(super) effect: Effect,
    pub(super) rule: Box<dyn StopRule>,
}

impl MadeRule {
    /// The rule as a comparison asks it.
    pub(super) fn own(&self) -> OwnRule<'_> {
        OwnRule { effect: self.effect, rule: &*self.rule }
    }
}

impl NamedRule {
    /// The rule of the catalogue.
    pub(super) fn made(&self, catalog: &Catalog, origin: &str) -> Result<MadeRule, EngineError> {
        let at = Place { origin, field: "rules" };
        let (effect, rule) = match self {
            Self::Stop(rule) => (Effect::Stop, rule),
            Self::Warn(rule) => (Effect::Warn, rule),
        };
        let rule = catalog.make_stop_rule(rule, at)?;
        Ok(MadeRule { effect, rule })
    }
}
