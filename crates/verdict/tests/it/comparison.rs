//! A whole comparison, small.

use std::cell::Cell;

use dartloom_data::Split;
use dartloom_decode::{EdgeWeighted, TopK};
use dartloom_record::{
    Event, Flow, Leg, Observer, ObserverError, RecordError, RunDir, observer_fn,
};
use dartloom_relax::{Sigmoid, Softmax};
use dartloom_search::stop::{DistancePlateau, RuleConfig, StopConfig};
use dartloom_search::testkit::small_search;
use dartloom_search::{BilevelConfig, Choices, Order, SearchConfig};
use dartloom_space::Space;
use dartloom_train::testkit::small_fit;
use dartloom_train::{Schedule, TrainError};
use dartloom_verdict::{
    Comparison, ComparisonConfig, LegResult, MethodParts, Report, VerdictError,
};

use crate::tiny::{DARTS, first_digits, registry, small_comparison, space, task, two_ops};

fn config(seeds: &[u64]) -> ComparisonConfig {
    small_comparison(small_fit(), seeds)
}

/// DARTS, two epochs.
fn darts(space: &Space) -> MethodParts<'_> {
    let bilevel = BilevelConfig { arch_rate: Schedule::Constant(0.01), ..BilevelConfig::default() };
    let search = SearchConfig { bilevel, ..small_search() };
    MethodParts { search, ..crate::tiny::darts(space) }
}

/// Another method in another space, which costs more.
fn other(space: &Space) -> MethodParts<'_> {
    let mut method = darts(space);
    (method.key, method.name) = ("other_1".to_owned(), "another one".to_owned());
    method.choices = method.choices.with_edges(Softmax::default());
    (method.decoder, method.partial, method.split) = (&OTHER, 2, Split::Full);
    method.search.bilevel.order = Order::Second;
    method
}

const ONE: TopK = TopK { edges: 1, ..DARTS };
const OTHER: EdgeWeighted<TopK> = EdgeWeighted(DARTS);

/// Runs these methods in `dir` until `on_event` says stop, if ever; every look at the clock is a
/// second later.
fn run_with(
    dir: &RunDir,
    config: ComparisonConfig,
    methods: Vec<MethodParts<'_>>,
    mut on_event: impl FnMut(&Event) -> bool,
) -> Result<Option<Report>, VerdictError> {
    let mut observer =
        observer_fn(|event| Ok(if on_event(event) { Flow::Stop } else { Flow::Continue }));
    watched(dir, config, methods, &mut observer)
}

/// The same for any observer.
fn watched(
    dir: &RunDir,
    config: ComparisonConfig,
    methods: Vec<MethodParts<'_>>,
    observer: &mut dyn Observer,
) -> Result<Option<Report>, VerdictError> {
    let registry = registry();
    let train = first_digits(32);
    let test = first_digits(12);
    let now = Cell::new(0.0);
    let clock = || {
        now.set(now.get() + 1.0);
        now.get()
    };
    let task = task();
    let comparison = Comparison::on(&task, &train, &test, &registry);
    let comparison = Comparison { methods, config, ..comparison.timed(&clock) };
    comparison.run(dir, observer)
}

/// The same with DARTS alone, changed.
fn run_as(
    dir: &RunDir,
    config: ComparisonConfig,
    change: impl FnOnce(&mut MethodParts<'_>),
    on_event: impl FnMut(&Event) -> bool,
) -> Result<Option<Report>, VerdictError> {
    let space = space(two_ops(), 1);
    let mut method = darts(&space);
    change(&mut method);
    run_with(dir, config, vec![method], on_event)
}

fn run(
    dir: &RunDir,
    config: ComparisonConfig,
    on_event: impl FnMut(&Event) -> bool,
) -> Result<Option<Report>, VerdictError> {
    run_as(dir, config, |_| (), on_event)
}

fn without_seconds(mut report: Report) -> Report {
    for row in &mut report.contenders {
        (row.search_seconds, row.train_seconds) = (0.0, 0.0);
    }
    report
}

/// Stops a run after every seventh event until it ends, and returns its report.
fn in_pieces(mut run: impl FnMut(&mut dyn FnMut(&Event) -> bool) -> Option<Report>) -> Report {
    for runs in 1..200 {
        let mut events = 0;
        let mut stop = |_: &Event| {
            events += 1;
            events > 7
        };
        if let Some(report) = run(&mut stop) {
            assert!(runs > 5, "{runs}");
            return report;
        }
    }
    panic!("it never ends");
}

#[test]
fn a_comparison_ends_in_a_report_and_can_be_stopped_anywhere() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path().join("whole")).unwrap();
    let mut finished = Vec::new();
    let whole = run(&dir, config(&[1, 2]), |event| {
        match event {
            Event::PhaseFinished { phase, .. } => finished.push(phase.to_string()),
            Event::Finished { .. } => finished.push("all".to_owned()),
            _ => (),
        }
        false
    });
    let whole = whole.unwrap().unwrap();
    let legs = ["search/darts", "random", "retrain/darts", "retrain/random", "retrain/baseline"];
    let phases = [1, 2].into_iter().flat_map(|seed| legs.map(|leg| format!("seed {seed} {leg}")));
    assert_eq!(finished, phases.chain(["all".to_owned()]).collect::<Vec<_>>());
    assert_eq!(whole.methods[0].gaps.len(), 2);
    assert!(whole.random.iter().all(|tried| tried.architectures >= 1 && tried.failures.is_empty()));
    for row in &whole.contenders {
        assert_eq!(row.scores.len(), 2);
        assert!(row.parameters > Some(0.0) && row.macs > Some(0.0), "{row:?}");
        assert!(row.train_seconds > 0.0, "{row:?}");
    }
    let [method, random, _] = &whole.contenders[..] else { panic!("three rows") };
    assert!(random.search_macs <= method.search_macs, "random search keeps the search's budget");
    for file in ["weights.json", "genotype.json", "search.json", "retrain-baseline.json"] {
        assert!(dir.file("seed-2").join(file).exists(), "{file}");
    }

    let stopped = RunDir::open(temporary.path().join("stopped")).unwrap();
    let report = in_pieces(|stop| run(&stopped, config(&[1, 2]), stop).unwrap());
    assert_eq!(without_seconds(report), without_seconds(whole.clone()));

    // Nothing is repeated, and another seed does not disturb the ones that are done.
    let mut steps = 0;
    let count = |event: &Event| {
        steps += usize::from(matches!(event, Event::Step { .. }));
        false
    };
    assert_eq!(run(&dir, config(&[1, 2]), count).unwrap().unwrap(), whole);
    assert_eq!(steps, 0);
    let one = run(&dir, config(&[2]), |_| false).unwrap().unwrap();
    assert_eq!(one.contenders[0].scores, whole.contenders[0].scores[1..]);
    assert!(!one.methods[0].worth_it);
}

/// Asks to stop at one question after the other: between the batches of every evaluation.
struct Asked {
    left: usize,
    stopped: Vec<String>,
}

impl Observer for Asked {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        if let Event::Stopped { phase, .. } = event {
            self.stopped.push(phase.leg.to_string());
        }
        Ok(Flow::Continue)
    }

    fn go_on(&mut self) -> Flow {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 { Flow::Continue } else { Flow::Stop }
    }
}

#[test]
fn every_evaluation_can_be_stopped_and_is_made_again() {
    let temporary = tempfile::tempdir().unwrap();
    let whole = RunDir::open(temporary.path().join("whole")).unwrap();
    let whole = run(&whole, config(&[1]), |_| false).unwrap().unwrap();
    let dir = RunDir::open(temporary.path().join("asked")).unwrap();
    let space = space(two_ops(), 1);
    let mut stopped = Vec::new();
    // What is asked once is asked again, as the evaluation is made again: one question further
    // each time.
    for left in (1..200).map(|run| run % 7 + 1) {
        let mut asked = Asked { left, stopped: Vec::new() };
        let report = watched(&dir, config(&[1]), vec![darts(&space)], &mut asked).unwrap();
        if let Some(report) = report {
            assert_eq!(without_seconds(report), without_seconds(whole));
            for leg in ["search/darts", "random", "retrain/darts", "retrain/baseline"] {
                assert!(stopped.iter().any(|stopped| stopped == leg), "{leg}: {stopped:?}");
            }
            return;
        }
        assert_eq!(asked.stopped.len(), 1, "told once");
        stopped.extend(asked.stopped);
    }
    panic!("it never ends");
}

#[test]
fn results_of_another_configuration_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    run(&dir, config(&[1]), |_| false).unwrap().unwrap();
    let longer: fn(&mut MethodParts<'_>) = |method| method.search.epochs = 3;
    let refused = |change: fn(&mut MethodParts<'_>), what: &str| {
        let error = run_as(&dir, config(&[1]), change, |_| false).unwrap_err();
        let typed = matches!(error, VerdictError::Record(RecordError::OtherWork { .. }));
        let text = error.to_string();
        assert!(typed && text.contains("search.json") && text.contains(what), "{text}");
    };
    refused(longer, "search.epochs: expected 3, found 2");
    refused(|method| method.choices = Choices::of(Sigmoid), "relaxation: expected");
    refused(|method| method.decoder = &ONE, "decoder: expected");
    // A checkpoint in the middle of a leg belongs to its configuration, too.
    let dir = RunDir::open(temporary.path().join("other")).unwrap();
    let first = |event: &Event| matches!(event, Event::Step { .. });
    assert!(run(&dir, config(&[1]), first).unwrap().is_none());
    let error = run_as(&dir, config(&[1]), longer, |_| false).unwrap_err();
    let refused = matches!(error, VerdictError::Record(RecordError::OtherWork { .. }));
    assert!(refused && error.to_string().contains("search.safetensors"), "{error}");
}

/// The notes of a run, which must end with a report.
fn notes(dir: &RunDir) -> (Report, Vec<String>) {
    let mut notes = Vec::new();
    let report = run(dir, config(&[1]), |event| {
        notes.extend(match event {
            Event::Note { text } => Some(text.clone()),
            _ => None,
        });
        false
    });
    (report.unwrap().unwrap(), notes)
}

#[test]
fn what_was_there_already_is_said() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    assert_eq!(notes(&dir).1, Vec::<String>::new());
    assert_eq!(notes(&dir).1, ["5 legs of seed 1 were there already"]);
    let inside = dir.inside("seed-1").unwrap();
    inside.remove("retrain-random.json").unwrap();
    let expected = ["3 legs of seed 1 were there already", "1 leg of seed 1 was there already"];
    assert_eq!(notes(&dir).1, expected);
}

#[test]
fn damaged_results_are_made_again_from_their_checkpoints() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    let whole = without_seconds(notes(&dir).0);
    let inside = dir.inside("seed-1").unwrap();
    let files = [
        "search.json",
        "random.json",
        "retrain-searched.json",
        "retrain-random.json",
        "retrain-baseline.json",
        "genotype.json",
        "weights.json",
        "best-epoch.json",
        "random/candidates.json",
    ];
    for file in files {
        let good = inside.read(file).unwrap().unwrap();
        let digit = good.rfind(|c: char| c.is_ascii_digit()).unwrap();
        let changed = if good.as_bytes()[digit] == b'1' { "2" } else { "1" };
        let mut wrong = good.clone();
        wrong.replace_range(digit..=digit, changed);
        for bad in [&wrong, &good[..good.len() / 2], ""] {
            inside.write(file, bad.as_bytes()).unwrap();
            let (report, notes) = notes(&dir);
            assert_eq!(without_seconds(report), whole, "{file}");
            let again = notes.iter().filter(|note| note.contains("made again")).count();
            assert!(again > 0 && notes.iter().any(|note| note.contains(file)), "{file}: {notes:?}");
            // Results have other seconds; what else a search writes is the same again.
            if ["genotype.json", "weights.json", "best-epoch.json"].contains(&file) {
                assert_eq!(inside.read(file).unwrap().unwrap(), good, "{file}");
            }
        }
    }
    assert_eq!(notes(&dir).1.len(), 1, "everything is whole again");
}

#[test]
fn damaged_weights_and_results_without_checksums_are_refused_by_name() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    run(&dir, config(&[1]), |_| false).unwrap().unwrap();
    let inside = dir.inside("seed-1").unwrap();
    for leg in ["search", "random", "retrain-searched", "retrain-random", "retrain-baseline"] {
        let file = format!("{leg}.json");
        let good = inside.read(&file).unwrap().unwrap();
        for old in ["[]", "{}", r#"{"configuration": "0123", "seconds": 1.0}"#] {
            inside.write(&file, old.as_bytes()).unwrap();
            let error = run(&dir, config(&[1]), |_| false).unwrap_err();
            let typed = matches!(error, VerdictError::Record(RecordError::Version { .. }));
            assert!(typed && error.to_string().contains(&file), "{error}");
        }
        inside.write(&file, good.as_bytes()).unwrap();
    }
    let path = inside.file("retrain-searched.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = run(&dir, config(&[1]), |_| false).unwrap_err();
    let typed = matches!(error, VerdictError::Train(TrainError::Checkpoint { .. }));
    assert!(typed && error.to_string().contains("retrain-searched.safetensors"), "{error}");
    // Without weights the result stands.
    std::fs::remove_file(&path).unwrap();
    run(&dir, config(&[1]), |_| false).unwrap().unwrap();
    // A result without the architecture it should hold is no baseline in disguise.
    let stored = inside.stored::<LegResult>("random.json").unwrap().unwrap();
    let without = LegResult { genotype: None, ..stored.value };
    inside.store("random.json", &stored.identity, &without).unwrap();
    let error = run(&dir, config(&[1]), |_| false).unwrap_err();
    assert!(error.to_string().contains("random.json: expected the genotype"), "{error}");
}

#[test]
fn several_methods_share_random_search_and_the_baseline() {
    let small = space(two_ops(), 1);
    let large = space(two_ops(), 2);
    let both = || vec![darts(&small), other(&large)];
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path().join("both")).unwrap();
    let mut finished = Vec::new();
    let whole = run_with(&dir, config(&[1]), both(), |event| {
        if let Event::PhaseFinished { phase, .. } = event {
            finished.push(phase.leg.to_string());
        }
        false
    });
    let whole = whole.unwrap().unwrap();
    let legs = [
        "search/darts",
        "search/other_1",
        "random",
        "retrain/darts",
        "retrain/other_1",
        "retrain/random",
        "retrain/baseline",
    ];
    assert_eq!(finished, legs);
    let inside = dir.inside("seed-1").unwrap();
    for file in ["weights-other_1.json", "genotype-darts.json", "best-epoch-darts.json"] {
        assert!(inside.file(file).exists(), "{file}");
    }
    let [first, second, random, baseline] = &whole.contenders[..] else { panic!("four rows") };
    assert_eq!([&*first.name, &*second.name], ["DARTS", "another one"]);
    assert!(second.search_macs > first.search_macs && baseline.search_macs <= 0.0);
    // At the cost of the most expensive search: more than the first method alone would allow.
    assert!(random.search_macs > first.search_macs, "{random:?}");
    assert!(random.search_macs <= second.search_macs, "{random:?}");
    assert_eq!(whole.methods.len(), 2);
    assert!(whole.methods.iter().all(|m| m.gaps.len() == 1 && m.paired.len() == 2));

    // Nobody is disturbed by the company.
    let alone = RunDir::open(temporary.path().join("alone")).unwrap();
    let report = run(&alone, config(&[1]), |_| false).unwrap().unwrap();
    assert_eq!(report.contenders[0].scores, first.scores);
    assert_eq!(report.contenders[2].scores, baseline.scores);
    let weights = alone.inside("seed-1").unwrap().read("weights.json").unwrap();
    assert_eq!(inside.read("weights-darts.json").unwrap(), weights);

    // Stops everywhere, the second method's search included.
    let stopped = RunDir::open(temporary.path().join("stopped")).unwrap();
    let report = in_pieces(|stop| run_with(&stopped, config(&[1]), both(), stop).unwrap());
    assert_eq!(without_seconds(report), without_seconds(whole));
    for file in ["weights-other_1.json", "search-other_1.safetensors"] {
        let bytes = |dir: &RunDir| std::fs::read(dir.inside("seed-1").unwrap().file(file)).unwrap();
        assert_eq!(bytes(&stopped), bytes(&dir), "{file}");
    }

    // Only the changed method's result is another's.
    let mut changed = both();
    changed[1].search.epochs = 3;
    let error = run_with(&dir, config(&[1]), changed, |_| false).unwrap_err();
    assert!(error.to_string().contains("search-other_1.json"), "{error}");
}

#[test]
fn methods_must_be_told_apart() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    let space = space(two_ops(), 1);
    type Change = fn(&mut MethodParts<'_>);
    let rows: [(&str, Change); 6] = [
        ("methods", |m| m.key = "darts".to_owned()),
        ("methods", |m| m.name = "DARTS".to_owned()),
        ("key", |m| m.key = "random".to_owned()),
        ("key", |m| m.key = "../up".to_owned()),
        ("channels", |m| m.channels = 0),
        ("partial", |m| m.partial = 0),
    ];
    for (expected, change) in rows {
        let mut second = other(&space);
        change(&mut second);
        let error = run_with(&dir, config(&[1]), vec![darts(&space), second], |_| false);
        let error = error.unwrap_err();
        let second = format!("methods.1.{expected}: expected");
        let text = error.to_string();
        assert!(
            text.starts_with(&second) || text.starts_with(&format!("{expected}: expected")),
            "{error}"
        );
    }
    let error = run_with(&dir, config(&[1]), Vec::new(), |_| false).unwrap_err();
    assert!(error.to_string().contains("methods"), "{error}");
}

/// The search's leg alone.
fn searched(dir: &RunDir, change: impl FnOnce(&mut MethodParts<'_>)) -> LegResult {
    let beyond = |event: &Event| event.phase().is_some_and(|phase| phase.leg == Leg::Random);
    assert_eq!(run_as(dir, config(&[1]), change, beyond).unwrap(), None);
    dir.inside("seed-1").unwrap().stored("search.json").unwrap().unwrap().value
}

#[test]
fn a_search_that_a_rule_stops_costs_what_it_trained_and_is_decoded_there() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = |name| RunDir::open(temporary.path().join(name)).unwrap();
    // Any architecture is near enough: the rule holds as soon as it has an epoch to look back to.
    let any = DistancePlateau { tolerance: 1.0, epochs: 1, from: 0, ..DistancePlateau::default() };
    let stopped = searched(&dir("stopped"), |method| {
        method.search.epochs = 4;
        method.search.stop = vec![StopConfig::Stop(RuleConfig::DistancePlateau(any))];
    });
    let short = searched(&dir("short"), |_| ());
    assert_eq!(stopped.stopped.map(|stopped| stopped.epoch), Some(1));
    assert_eq!(short.stopped, None);
    assert_eq!(short.training_macs, stopped.training_macs, "two epochs each");
    let file = dir("stopped").inside("seed-1").unwrap().read("genotype.json").unwrap().unwrap();
    assert_eq!(serde_json::from_str(&file).ok(), stopped.genotype);
}
