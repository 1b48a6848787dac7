use std::cell::Cell;

use dartloom_record::Refused;
use dartloom_space::Space;

use super::{Case, Law, check_laws, check_stop_rule, histories};
use crate::SearchError;
use crate::stop::{
    AllOf, AnyOf, Collapse, DistancePlateau, EntropySlope, Ever, NotBefore, Observed,
    RankStability, Reason, RuleConfig, SkipCount, StopRule,
};

fn some() -> Vec<Case> {
    histories(11).unwrap()
}

fn every_kind() -> Vec<RuleConfig> {
    let skips = || RuleConfig::SkipCount(SkipCount::default());
    let plateau = || RuleConfig::DistancePlateau(DistancePlateau::default());
    vec![
        skips(),
        RuleConfig::RankStability(RankStability::default()),
        plateau(),
        RuleConfig::EntropySlope(EntropySlope::default()),
        RuleConfig::Collapse(Collapse::default()),
        RuleConfig::AnyOf(AnyOf(vec![plateau(), skips()])),
        RuleConfig::AllOf(AllOf(vec![plateau(), skips()])),
        RuleConfig::NotBefore(NotBefore { epoch: 7, rule: Box::new(skips()) }),
        RuleConfig::Ever(Ever(Box::new(skips()))),
    ]
}

fn holds_somewhere(rule: &dyn StopRule, cases: &[Case]) -> bool {
    let holds = |case: &Case| {
        let mut ends = 0..=case.history.len();
        ends.any(|end| rule.verdict(&case.space, &case.history[..end]).unwrap().is_some())
    };
    cases.iter().any(holds)
}

#[test]
fn own_rules_obey_and_hold_somewhere() {
    let cases = some();
    for rule in every_kind() {
        check_stop_rule(&rule, &cases).unwrap();
        assert!(holds_somewhere(&rule, &cases), "{rule:?} is tested by no case");
    }
}

#[test]
fn what_has_ever_held_lasts_and_the_rest_does_not() {
    let cases = some();
    let lasting = [Law::Lasting];
    for rule in every_kind() {
        check_laws(&Ever(&rule), &cases, &lasting).unwrap();
    }
    let skips = SkipCount::default();
    check_laws(&AllOf(vec![Ever(skips), Ever(skips)]), &cases, &lasting).unwrap();
    check_laws(&NotBefore { epoch: 9, rule: Ever(skips) }, &cases, &lasting).unwrap();
    assert_eq!(check_laws(&skips, &cases, &lasting).unwrap_err().law, Law::Lasting);
}

/// A rule of somebody else: the score has reached a goal.
#[derive(Debug)]
struct Goal(f64);

impl StopRule for Goal {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let reached = history.last().filter(|now| now.score() >= self.0);
        Ok(reached.map(|now| Reason::new("goal", now.score().to_string())))
    }
}

#[test]
fn rules_from_outside_are_held_to_the_same_laws() {
    let boxed: Box<dyn StopRule> = Box::new(Goal(0.8));
    check_stop_rule(&boxed, &some()).unwrap();
    check_stop_rule(&&boxed, &some()).unwrap();
    let both: Vec<Box<dyn StopRule>> = vec![boxed, Box::new(SkipCount::default())];
    check_stop_rule(&AnyOf(both), &some()).unwrap();
}

/// Holds at the first question of all.
#[derive(Debug)]
struct Eager;

impl StopRule for Eager {
    fn verdict(&self, _: &Space, _: &[Observed]) -> Result<Option<Reason>, SearchError> {
        Ok(Some(Reason::new("eager", "nothing")))
    }
}

/// Counts questions instead of epochs.
#[derive(Debug, Default)]
struct Patience(Cell<usize>);

impl StopRule for Patience {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        self.0.set(self.0.get() + 1);
        Ok((!history.is_empty() && self.0.get() > 5).then(|| Reason::new("patience", "lost")))
    }
}

/// Remembers the address of the first history in memory, which differs for one that was read back.
#[derive(Debug)]
struct Address(Cell<Option<usize>>);

impl StopRule for Address {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let Some(first) = history.first() else { return Ok(None) };
        let here = std::ptr::from_ref(first).addr();
        let known = self.0.get().unwrap_or(here);
        self.0.set(Some(known));
        Ok((here != known).then(|| Reason::new("address", "moved")))
    }
}

#[derive(Debug)]
struct Fails;

impl StopRule for Fails {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let field = "history";
        let expected = "none";
        match history.len() {
            0 => Ok(None),
            length => Err(Refused::new(field, expected, length).into()),
        }
    }
}

#[test]
fn rules_that_break_a_law_are_found() {
    let broken = |rule: &dyn StopRule| check_stop_rule(rule, &some()[..1]).unwrap_err();
    assert_eq!(broken(&Eager).law, Law::Silent);
    assert_eq!(broken(&Patience::default()).law, Law::Pure);
    assert_eq!(broken(&Address(Cell::new(None))).law, Law::Stored);
    let fails = broken(&Fails);
    assert_eq!(fails.law, Law::Pure);
    assert!(fails.found.contains("it fails"), "{fails}");
}
