//! Rules as experiments write them.

use dartloom_record::Refused;
use dartloom_space::Space;
use serde::{Deserialize, Serialize};

use super::{
    AllOf, AnyOf, Collapse, DistancePlateau, EntropySlope, Ever, NotBefore, Observed,
    RankStability, Reason, SkipCount, StopRule,
};
use crate::SearchError;

/// A rule and its effect.
///
/// ```ron
/// [Stop(SkipCount(skips: 2)), Warn(Collapse(share: 0.5))]
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StopConfig {
    /// The search ends with the epoch in which the rule holds.
    Stop(RuleConfig),
    /// It is told when the rule begins to hold, and the search goes on.
    Warn(RuleConfig),
}

impl StopConfig {
    /// The rule.
    pub fn rule(&self) -> &RuleConfig {
        match self {
            Self::Stop(rule) | Self::Warn(rule) => rule,
        }
    }
}

/// A rule that an experiment can name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RuleConfig {
    /// [`SkipCount`].
    SkipCount(SkipCount),
    /// [`RankStability`].
    RankStability(RankStability),
    /// [`DistancePlateau`].
    DistancePlateau(DistancePlateau),
    /// [`EntropySlope`].
    EntropySlope(EntropySlope),
    /// [`Collapse`].
    Collapse(Collapse),
    /// [`AnyOf`] these rules.
    AnyOf(AnyOf<RuleConfig>),
    /// [`AllOf`] these rules.
    AllOf(AllOf<RuleConfig>),
    /// The rule, but [`NotBefore`] an epoch.
    NotBefore(NotBefore<Box<RuleConfig>>),
    /// The rule, [`Ever`] after it has held.
    Ever(Ever<Box<RuleConfig>>),
}

impl StopRule for RuleConfig {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        match self {
            Self::SkipCount(rule) => rule.verdict(space, history),
            Self::RankStability(rule) => rule.verdict(space, history),
            Self::DistancePlateau(rule) => rule.verdict(space, history),
            Self::EntropySlope(rule) => rule.verdict(space, history),
            Self::Collapse(rule) => rule.verdict(space, history),
            Self::AnyOf(rule) => rule.verdict(space, history),
            Self::AllOf(rule) => rule.verdict(space, history),
            Self::NotBefore(rule) => rule.verdict(space, history),
            Self::Ever(rule) => rule.verdict(space, history),
        }
    }

    fn identity(&self) -> Option<String> {
        super::identity("RuleConfig", self)
    }
}

impl RuleConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field.
    pub fn check(&self) -> Result<(), SearchError> {
        match self {
            Self::SkipCount(rule) => at_least("stop.skips", 1, rule.skips),
            Self::RankStability(rule) => at_least("stop.epochs", 1, rule.epochs),
            Self::DistancePlateau(rule) => {
                at_least("stop.epochs", 1, rule.epochs)?;
                not_negative("stop.tolerance", rule.tolerance)
            }
            Self::EntropySlope(rule) => {
                at_least("stop.window", 2, rule.window)?;
                not_negative("stop.threshold", rule.threshold)?;
                not_negative("stop.fall", rule.fall)
            }
            Self::Collapse(rule) if (0.0..1.0).contains(&rule.share) => Ok(()),
            Self::Collapse(rule) => {
                refuse("stop.share", "a number from 0 to below 1", rule.share.to_string())
            }
            Self::AnyOf(AnyOf(rules)) | Self::AllOf(AllOf(rules)) => {
                at_least("stop.rules", 1, rules.len())?;
                rules.iter().try_for_each(Self::check)
            }
            Self::NotBefore(NotBefore { rule, .. }) | Self::Ever(Ever(rule)) => rule.check(),
        }
    }
}

fn at_least(field: &'static str, least: usize, found: usize) -> Result<(), SearchError> {
    if found >= least {
        return Ok(());
    }
    refuse(field, if least == 1 { "at least 1" } else { "at least 2" }, found.to_string())
}

fn not_negative(field: &'static str, found: f64) -> Result<(), SearchError> {
    if found.is_finite() && found >= 0.0 {
        return Ok(());
    }
    refuse(field, "a number that is not negative", found.to_string())
}

fn refuse(field: &'static str, expected: &'static str, found: String) -> Result<(), SearchError> {
    Err(Refused::new(field, expected, found).into())
}
