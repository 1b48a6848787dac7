//! Rules at work in a search: ending it, not changing it otherwise, and resuming.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dartloom_data::{Parts, Split};
use dartloom_noise::Noise;
use dartloom_record::{Event, Flow, observer_fn};
use dartloom_search::stop::{
    DistancePlateau, Effect, Observed, Reason, RuleConfig, StopConfig, StopRule, Stopped,
};
use dartloom_search::{BilevelConfig, SearchConfig, SearchError, SupernetSearch};
use dartloom_space::{Genotype, Space};
use dartloom_train::{Outcome, Schedule, Session, Stepper, drive, testkit};

use crate::tiny::{darts, first_digits, registry, space, two_ops};

/// Holds once it has `epochs` epochs to look back to: every move is small enough.
fn after(epochs: usize) -> RuleConfig {
    let from_the_start = DistancePlateau { tolerance: 1.0, from: 0, ..DistancePlateau::default() };
    RuleConfig::DistancePlateau(DistancePlateau { epochs, ..from_the_start })
}

/// Five epochs with one of warm-up: the rules see epochs 1 and later.
fn config(epochs: usize, stop: Vec<StopConfig>) -> SearchConfig {
    let bilevel = BilevelConfig {
        arch_rate: Schedule::Constant(0.02),
        warm_up: 1,
        ..BilevelConfig::default()
    };
    SearchConfig { epochs, batch: 8, bilevel, crop_padding: 1, stop, ..SearchConfig::default() }
}

/// Stops in epoch 3, with a warning from epoch 2 on.
fn stopping() -> SearchConfig {
    config(6, vec![StopConfig::Warn(after(1)), StopConfig::Stop(after(2))])
}

fn search<'a>(space: &'a Space, data: &'a Parts<'a>, config: SearchConfig) -> SupernetSearch<'a> {
    let registry = Box::leak(Box::new(registry()));
    let parts = darts(space, registry, data);
    SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap()
}

/// The result of a driven search.
struct Run {
    outcome: Outcome,
    events: Vec<Event>,
    stopped: Option<Stopped>,
    end: usize,
    decoded: Genotype,
    images: u64,
}

/// Drives a search, with one more rule if there is one, until it ends or `stop` says so.
fn run(
    config: SearchConfig,
    rule: Option<(Effect, Box<dyn StopRule>)>,
    checkpoint: Option<PathBuf>,
    stop: impl Fn(&Event) -> bool,
) -> Run {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let mut search = search(&space, &data, config);
    if let Some((effect, rule)) = rule {
        search = search.with_stop_rule(effect, rule);
    }
    let mut events = Vec::new();
    let mut observer = observer_fn(|event| {
        events.push(event.clone());
        Ok(if stop(event) { Flow::Stop } else { Flow::Continue })
    });
    let mut session = Session::new(&mut observer);
    if let Some(path) = checkpoint {
        session = session.saved_at(path);
    }
    let outcome = drive(&mut search, &mut session).unwrap();
    let stopped = search.stopped().cloned();
    let end = search.end();
    let image = search.bilevel().core.supernet.cost().macs;
    let images = search.training_macs() / (3 * image);
    let decoded = search.decode(end).unwrap().genotype;
    Run { outcome, events, stopped, end, decoded, images }
}

fn whole(config: SearchConfig) -> Run {
    run(config, None, None, |_| false)
}

/// Epoch, rule and whether it stops, as told.
fn told(run: &Run) -> Vec<(usize, bool)> {
    let rule = |event: &Event| match event {
        Event::RuleHolds { epoch, stops, .. } => Some((*epoch, *stops)),
        _ => None,
    };
    run.events.iter().filter_map(rule).collect()
}

fn metrics(run: &Run) -> Vec<BTreeMap<String, f64>> {
    let epoch = |event: &Event| match event {
        Event::EpochFinished { metrics, .. } => Some(metrics.clone()),
        _ => None,
    };
    run.events.iter().filter_map(epoch).collect()
}

#[test]
fn a_rule_ends_the_search_as_finished_and_is_told() {
    let run = whole(stopping());
    assert_eq!(run.outcome, Outcome::Finished);
    let stopped = run.stopped.clone().unwrap();
    assert_eq!((stopped.epoch, run.end), (3, 3));
    assert_eq!(stopped.reason.rule, "distance plateau");
    // The warning is told when it begins, and no more.
    assert_eq!(told(&run), [(2, false), (3, true)]);
    let holding: Vec<f64> = metrics(&run).iter().map(|m| m["stop_rules_holding"]).collect();
    assert_eq!(holding, [0.0, 0.0, 1.0, 2.0]);
    // Four epochs of two steps of eight images, three of them with a pass for the logits.
    assert_eq!(run.images, 4 * 16 + 3 * 16);
    let architecture = |event: &Event| match event {
        Event::Architecture { genotype, .. } => Some(genotype.clone()),
        _ => None,
    };
    let seen = run.events.iter().filter_map(architecture).next_back().unwrap();
    assert_eq!(serde_json::from_value::<Genotype>(seen).unwrap(), run.decoded);
}

#[test]
fn what_comes_before_the_stop_is_as_without_rules() {
    let with = whole(stopping());
    let without = whole(config(6, vec![]));
    assert_eq!((without.stopped.as_ref(), without.end), (None, 6));
    let mut seen = metrics(&with);
    let all = metrics(&without);
    seen.iter_mut().for_each(|metrics| {
        metrics.remove("stop_rules_holding").unwrap();
    });
    // The learning rates are among them: schedules know the configured epochs alone.
    assert_eq!((seen.len(), all.len()), (4, 6));
    assert_eq!(seen, all[..4]);
}

#[test]
fn a_rule_that_holds_in_the_last_epoch_stops_nothing() {
    let run = whole(config(4, vec![StopConfig::Stop(after(2))]));
    assert_eq!((run.outcome, run.stopped.as_ref(), run.end), (Outcome::Finished, None, 4));
    assert_eq!(told(&run), [(3, false)]);
}

#[test]
fn a_killed_search_stops_in_the_same_epoch_and_stays_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let driven = |path: &Path, stop: &dyn Fn(&Event) -> bool| {
        run(stopping(), None, Some(path.to_owned()), stop)
    };
    let expected = driven(&path("whole"), &|_| false);
    let state = std::fs::read(path("whole")).unwrap();
    let killed = path("killed");
    for (epoch, step) in [(0, 0), (2, 1), (3, 0), (3, 1)] {
        let here = move |event: &Event| matches!(event, Event::Step { epoch: e, step: s, .. } if (*e, *s) == (epoch, step));
        assert!(matches!(driven(&killed, &here).outcome, Outcome::Stopped(_)));
    }
    let last = driven(&killed, &|_| false);
    assert_eq!((last.outcome, &last.stopped), (Outcome::Finished, &expected.stopped));
    assert_eq!(last.decoded, expected.decoded);
    assert!(std::fs::read(&killed).unwrap() == state, "bit for bit");
    // Nothing is trained, or told, once more.
    for path in [path("whole"), killed] {
        let again = driven(&path, &|_| false);
        assert_eq!((again.outcome, again.stopped), (Outcome::Finished, expected.stopped.clone()));
        assert!(matches!(&again.events[..], [Event::PhaseStarted { epoch: 4, epochs: 6, .. }]));
        assert_eq!((again.decoded, again.images), (expected.decoded.clone(), expected.images));
    }
}

#[test]
fn a_search_with_rules_keeps_the_contract_of_steppers() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let make = || search(&space, &data, stopping());
    testkit::check_stepper(&mut make(), &mut make()).unwrap();
    assert!(!make().is_over());
}

/// A foreign rule, which counts epochs and reads everything there is.
#[derive(Debug)]
struct Third;

impl StopRule for Third {
    fn verdict(&self, space: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let [.., now] = history else { return Ok(None) };
        now.weights.check(space)?;
        assert_eq!(now.genotype.cells().len(), space.cells().len());
        assert!((0.0..=1.0).contains(&now.score()) && now.loss.is_some());
        assert!(history.iter().map(|at| at.epoch).eq(1..=now.epoch));
        Ok((history.len() == 3).then(|| Reason::new("third", "three epochs")))
    }
}

#[test]
fn rules_of_somebody_else_stop_and_warn() {
    let driven = |effect| {
        let rule: Box<dyn StopRule> = Box::new(Third);
        run(config(5, vec![]), Some((effect, rule)), None, |_| false)
    };
    let stop = driven(Effect::Stop);
    let reason = Reason::new("third", "three epochs");
    assert_eq!(stop.stopped, Some(Stopped { epoch: 3, reason }));
    assert_eq!(told(&stop), [(3, true)]);
    let warn = driven(Effect::Warn);
    assert_eq!((warn.stopped.as_ref(), warn.end), (None, 5));
    assert_eq!(told(&warn), [(3, false)]);
    let all = metrics(&warn);
    let holding = |epoch: usize| all[epoch]["stop_rules_holding"];
    approx::assert_relative_eq!([2, 3, 4].map(holding)[..], [0.0, 1.0, 0.0]);
}
