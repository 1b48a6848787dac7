//! Discrete searches on pools, interrupted in every way.

mod killed;
mod process;

use std::path::Path;
use std::time::Duration;

use dartloom_dist::journal::{Journal, read};
use dartloom_dist::worker::TaskError;
use dartloom_dist::{Capacity, DistError, Heard, InlinePool, TaskPool, TaskSpec};
use dartloom_explore::{
    Assignment, Budget, Domain, EvolutionConfig, ExploreError, Explorer, Order, Outcome, Pace,
    PooledConfig, PooledSearch, Proposal, Record, RegularisedEvolution, Resource, Trial, Unique,
    assign, explore, handler,
};
use dartloom_noise::Noise;
use dartloom_record::{Flow, Identity};
use dartloom_space::{Cost, Genotype, nasbench201};
use serde_json::json;

/// As many 3x3 convolutions as possible, early edges first.
fn quality(genotype: &Genotype) -> Outcome {
    let genes = genotype.cells()[0].genes.iter().enumerate();
    let worth = |(edge, op): (usize, &str)| if op == "simple_conv_3x3" { 10 + edge } else { 0 };
    let sum: usize = genes.map(|(edge, gene)| worth((edge, &*gene.op))).sum();
    Outcome::measured(sum as f64, Cost::default())
}

fn evolution() -> Unique<RegularisedEvolution> {
    let domain = Domain::every_edge(nasbench201::space().unwrap());
    let config = EvolutionConfig { population: 8, sample: 3 };
    Unique::new(RegularisedEvolution::new(domain, config, Noise::new(3)).unwrap())
}

fn inline() -> InlinePool<'static> {
    InlinePool::new(None, |task, _| handler(&mut quality, &task.payload))
}

fn config(pace: Pace, evaluations: usize) -> PooledConfig {
    let budget = Budget { evaluations: Some(evaluations), price: None };
    PooledConfig { pace, order: Order::Submission, budget }
}

/// The identity of the judge in these tests.
fn id(judge: &str) -> Identity {
    Identity::new().with("judge", &judge).unwrap()
}

/// Runs, or goes on with, a search in the journal at `path`.
fn search(
    path: &Path,
    explorer: &mut dyn Explorer,
    pool: &mut dyn TaskPool,
    config: PooledConfig,
) -> Result<Vec<Trial>, ExploreError> {
    let (mut journal, past) = Journal::open(path, &json!("test"))?;
    let mut prepare = |proposal: &Proposal| Ok(assign(proposal));
    let identity = id("test");
    let mut search = PooledSearch { explorer, pool, prepare: &mut prepare, config, identity };
    let trials = search.run(&mut journal, &past, &mut |_| Flow::Continue)?;
    Ok(trials.unwrap())
}

fn records(path: &Path) -> Vec<Record> {
    let entries = read(path).unwrap().entries;
    entries.into_iter().map(|entry| serde_json::from_value(entry.record).unwrap()).collect()
}

/// Every proposal ended once and was told once.
fn check(path: &Path, trials: &[Trial]) {
    let records = records(path);
    let count = |wanted: fn(&Record) -> Option<u64>| {
        let mut tasks: Vec<u64> = records.iter().filter_map(wanted).collect();
        let all = tasks.len();
        tasks.sort_unstable();
        tasks.dedup();
        assert_eq!(tasks.len(), all, "something happened twice");
        all
    };
    let ended = count(|record| match record {
        Record::Ended { task, .. } => Some(*task),
        _ => None,
    });
    let told = count(|record| match record {
        Record::Told { task } => Some(*task),
        _ => None,
    });
    let asked = count(|record| match record {
        Record::Asked { proposal, .. } => Some(proposal.task),
        _ => None,
    });
    assert_eq!((asked, ended, told), (trials.len(), trials.len(), trials.len()));
}

#[test]
fn one_at_a_time_is_the_plain_search() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let found = search(&path, &mut evolution(), &mut inline(), config(Pace::Serial, 60)).unwrap();
    assert_eq!(found, explore(&mut evolution(), &mut quality, 60).unwrap());
    check(&path, &found);
    // A search that is over is read from its journal.
    let again = search(&path, &mut evolution(), &mut inline(), config(Pace::Serial, 60)).unwrap();
    assert_eq!(again, found);
    // And goes on with a larger budget.
    let more = search(&path, &mut evolution(), &mut inline(), config(Pace::Serial, 80)).unwrap();
    assert_eq!(more, explore(&mut evolution(), &mut quality, 80).unwrap());
    check(&path, &more);
}

#[test]
fn a_journal_cut_at_every_byte_leads_to_the_same_search() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let pace = config(Pace::Generational(Some(3)), 6);
    let whole = search(&path, &mut evolution(), &mut inline(), pace).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let cut = dir.path().join("cut");
    for end in 0..bytes.len() {
        std::fs::write(&cut, &bytes[..end]).unwrap();
        let found = search(&cut, &mut evolution(), &mut inline(), pace).unwrap();
        assert_eq!(found, whole, "cut at {end}");
        check(&cut, &found);
    }
}

#[test]
fn a_generation_is_proposed_when_the_one_before_has_been_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    search(&path, &mut evolution(), &mut inline(), config(Pace::Generational(Some(4)), 12))
        .unwrap();
    let steps = records(&path).into_iter().filter_map(|record| match record {
        Record::Asked { .. } => Some('a'),
        Record::Told { .. } => Some('t'),
        _ => None,
    });
    assert_eq!(steps.collect::<String>(), "aaaattttaaaattttaaaatttt");
}

#[test]
fn a_price_ends_a_search_before_it_is_exceeded() {
    let prices = |price: Option<u64>| {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, past) = Journal::open(dir.path().join("j"), &json!("test")).unwrap();
        let budget = Budget { evaluations: Some(100), price };
        let config = PooledConfig { budget, ..PooledConfig::default() };
        let mut prepare = |proposal: &Proposal| Ok(Assignment { price: 7, ..assign(proposal) });
        let mut explorer = evolution();
        let mut pool = inline();
        let mut search = PooledSearch {
            explorer: &mut explorer,
            pool: &mut pool,
            prepare: &mut prepare,
            config,
            identity: id("test"),
        };
        search.run(&mut journal, &past, &mut |_| Flow::Continue).unwrap().unwrap().len()
    };
    assert_eq!(prices(Some(70)), 10);
    assert_eq!(prices(Some(69)), 9);
    // At least one is tried.
    assert_eq!(prices(Some(1)), 1);
    assert_eq!(prices(None), 100);
}

#[test]
fn what_is_too_large_or_fails_is_told_and_the_search_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, past) = Journal::open(dir.path().join("j"), &json!("test")).unwrap();
    let mut prepare = |proposal: &Proposal| {
        let mut assignment = assign(proposal);
        assignment.task.memory = Some(if proposal.task % 3 == 1 { 2000 } else { 10 });
        let broken = Outcome::Infeasible { resource: Resource::Macs, limit: 1, found: 2 };
        if proposal.task % 3 == 2 { Err(broken) } else { Ok(assignment) }
    };
    let mut pool = InlinePool::new(Some(1000), |task, _| match task.id {
        6 => panic!("oh"),
        9 => Ok(json!("no outcome")),
        _ => handler(&mut quality, &task.payload),
    });
    let mut explorer = evolution();
    let mut search = PooledSearch {
        explorer: &mut explorer,
        pool: &mut pool,
        prepare: &mut prepare,
        config: config(Pace::SteadyState(Some(4)), 30),
        identity: id("test"),
    };
    let trials = search.run(&mut journal, &past, &mut |_| Flow::Continue).unwrap().unwrap();
    assert_eq!(trials.len(), 30);
    for Trial { proposal, outcome } in &trials {
        match (proposal.task, outcome) {
            (6, Outcome::Failed { reason }) => assert_eq!(reason, "panicked: oh"),
            (9, Outcome::Failed { reason }) => assert!(reason.contains("expected an outcome")),
            (
                task,
                Outcome::Infeasible { resource: Resource::Memory, limit: 1000, found: 2000 },
            ) => {
                assert_eq!(task % 3, 1);
            }
            (task, Outcome::Infeasible { resource: Resource::Macs, .. }) => assert_eq!(task % 3, 2),
            (task, Outcome::Measured { .. }) => assert_eq!(task % 3, 0),
            other => panic!("{other:?}"),
        }
    }
}

/// A full disk, say, while the sixth candidate is trained.
#[test]
fn what_the_machine_lacks_ends_the_search_and_nothing_of_it_is_written_or_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let pace = config(Pace::SteadyState(Some(3)), 20);
    for _ in 0..2 {
        let mut lacking = InlinePool::new(None, |task, _| match task.id {
            6 => Err(TaskError::Machine("no space left".to_owned())),
            _ => handler(&mut quality, &task.payload),
        });
        let error = search(&path, &mut evolution(), &mut lacking, pace).unwrap_err();
        assert_eq!(error.to_string(), "task 6: no space left");
    }
    let ends = records(&path).into_iter().filter_map(|record| match record {
        Record::Ended { task, .. } | Record::Told { task } => Some(task),
        _ => None,
    });
    assert!(ends.max() <= Some(7), "what comes after waits for it");
    assert!(!std::fs::read_to_string(&path).unwrap().contains("no space left"));
    let found = search(&path, &mut evolution(), &mut inline(), pace).unwrap();
    check(&path, &found);
    let whole = dir.path().join("whole");
    assert_eq!(found, search(&whole, &mut evolution(), &mut inline(), pace).unwrap());
}

/// A pool in which nothing ever happens.
#[derive(Debug)]
struct Resting(InlinePool<'static>);

impl TaskPool for Resting {
    fn submit(&mut self, task: TaskSpec) -> Result<(), DistError> {
        self.0.submit(task)
    }

    fn next_event(&mut self, _: Duration) -> Result<Heard, DistError> {
        Ok(Heard::Nothing)
    }

    fn cancel(&mut self, task: u64) -> Result<(), DistError> {
        self.0.cancel(task)
    }

    fn capacity(&self) -> Capacity {
        self.0.capacity()
    }
}

#[test]
fn an_observer_is_asked_while_nothing_happens() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, past) = Journal::open(dir.path().join("j"), &json!("test")).unwrap();
    let mut prepare = |proposal: &Proposal| Ok(assign(proposal));
    let mut search = PooledSearch {
        explorer: &mut evolution(),
        pool: &mut Resting(inline()),
        prepare: &mut prepare,
        config: config(Pace::Serial, 3),
        identity: id("test"),
    };
    let mut asked = 0;
    let stopped = search.run(&mut journal, &past, &mut |standing| {
        assert!(standing.event.is_none());
        asked += 1;
        if asked < 5 { Flow::Continue } else { Flow::Stop }
    });
    assert_eq!((stopped.unwrap(), asked), (None, 5));
}

#[test]
fn prices_whose_sum_is_no_number_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("j");
    let run = |price: u64| {
        let (mut journal, past) = Journal::open(&path, &json!("test")).unwrap();
        let mut prepare = |proposal: &Proposal| Ok(Assignment { price, ..assign(proposal) });
        let mut search = PooledSearch {
            explorer: &mut evolution(),
            pool: &mut inline(),
            prepare: &mut prepare,
            config: config(Pace::Serial, 3),
            identity: id("test"),
        };
        let found = search.run(&mut journal, &past, &mut |_| Flow::Continue);
        found.map(|trials| trials.unwrap().len()).map_err(|error| error.to_string())
    };
    let refused = run(u64::MAX / 2 + 1).unwrap_err();
    assert!(refused.starts_with("price: expected prices whose sum is below 2^64"), "{refused}");
    // Nothing was written of the second: the search goes on with another price.
    assert_eq!(run(1), Ok(3));
}

#[test]
fn the_journal_of_another_search_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let pace = config(Pace::Serial, 5);
    search(&path, &mut evolution(), &mut inline(), pace).unwrap();
    let before = records(&path);
    let (mut journal, past) = Journal::open(&path, &json!("test")).unwrap();
    let mut prepare = |proposal: &Proposal| Ok(assign(proposal));
    let mut refuse = |explorer: &mut dyn Explorer, identity: Identity| {
        let mut search = PooledSearch {
            explorer,
            pool: &mut inline(),
            prepare: &mut prepare,
            config: pace,
            identity,
        };
        search.run(&mut journal, &past, &mut |_| Flow::Continue).unwrap_err()
    };
    let found = refuse(&mut evolution(), id("other"));
    assert!(matches!(found, ExploreError::Journal { record: 1, .. }), "{found}");
    assert!(found.to_string().contains(r#"judge: expected "other", found "test""#), "{found}");
    let unsaid = id("test").with_code("operation `mine`", "OpFactory::identity", None);
    let found = refuse(&mut evolution(), unsaid).to_string();
    assert!(found.contains("operation `mine`"), "{found}");
    let domain = Domain::every_edge(nasbench201::space().unwrap());
    let mut other =
        RegularisedEvolution::new(domain, EvolutionConfig::default(), Noise::new(4)).unwrap();
    let found = refuse(&mut other, id("test"));
    assert!(matches!(found, ExploreError::Journal { record: 2, .. }), "{found}");
    assert_eq!(records(&path), before);
}

#[test]
fn an_observer_stops_a_search_that_goes_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let pace = config(Pace::SteadyState(Some(3)), 20);
    {
        let (mut journal, past) = Journal::open(&path, &json!("test")).unwrap();
        let mut prepare = |proposal: &Proposal| Ok(assign(proposal));
        let mut explorer = evolution();
        let mut pool = inline();
        let mut search = PooledSearch {
            explorer: &mut explorer,
            pool: &mut pool,
            prepare: &mut prepare,
            config: pace,
            identity: id("test"),
        };
        let mut most = 0;
        let stopped = search.run(&mut journal, &past, &mut |standing| {
            most = most.max(standing.open);
            if standing.trials.len() < 7 { Flow::Continue } else { Flow::Stop }
        });
        assert_eq!((stopped.unwrap(), most), (None, 3));
    }
    let found = search(&path, &mut evolution(), &mut inline(), pace).unwrap();
    check(&path, &found);
    let whole = dir.path().join("whole");
    assert_eq!(found, search(&whole, &mut evolution(), &mut inline(), pace).unwrap());
}
