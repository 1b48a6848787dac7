//! Random search at a given cost.

use dartloom_data::{Parts, Split};
use dartloom_net::Setting;
use dartloom_noise::Noise;
use dartloom_record::{Event, Flow, Objective, RunDir, Scores, observer_fn};
use dartloom_space::Space;
use dartloom_train::testkit::small_fit;
use dartloom_train::{FitConfig, Schedule};
use dartloom_verdict::{
    Candidate, Judgement, RandomConfig, RandomOutcome, RandomSearch, VerdictError,
};

use crate::tiny::{build, first_digits, registry, space, task, two_ops};

fn config() -> RandomConfig {
    let fit = FitConfig { flip: true, ..small_fit() };
    RandomConfig { top: 2, fit }
}

struct Bench {
    space: Space,
    directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { space: space(two_ops(), 1), directory: tempfile::tempdir().unwrap() }
    }

    fn run_with(
        &self,
        name: &str,
        search: impl FnOnce(&mut RandomSearch<'_>),
        mut stop: impl FnMut(&Event) -> bool,
    ) -> Result<Option<RandomOutcome>, VerdictError> {
        let digits = first_digits(32);
        let data: Parts<'_> = Split::Halves.parts(&digits, 1)?;
        let registry = registry();
        let mut random = RandomSearch {
            setting: Setting::new(&self.space, &registry, build(&digits, 2)),
            task: &task(),
            data: &data,
            config: config(),
            budget: 0,
            noise: Noise::new(3),
        };
        search(&mut random);
        let dir = RunDir::open(self.directory.path().join(name))?;
        let mut observer =
            observer_fn(|event| Ok(if stop(event) { Flow::Stop } else { Flow::Continue }));
        random.run(&"random".into(), &dir, &mut observer)
    }

    fn run(&self, name: &str, budget: u64) -> RandomOutcome {
        self.run_with(name, |random| random.budget = budget, |_| false).unwrap().unwrap()
    }
}

#[test]
fn the_budget_is_kept_but_for_the_first_candidate() {
    let bench = Bench::new();
    let first = bench.run("none", 0);
    assert_eq!(first.candidates.len(), 1);
    let cost = first.training_macs();
    assert!(cost > 0);
    let budget = 5 * cost;
    let many = bench.run("many", budget);
    assert!(many.candidates.len() > 1);
    assert!(many.training_macs() <= budget);
    assert_eq!(many.candidates[0], first.candidates[0], "candidates do not depend on the budget");
    // One unit less than what was spent buys one candidate less.
    let less = bench.run("less", many.training_macs() - 1);
    assert_eq!(less.candidates[..], many.candidates[..many.candidates.len() - 1]);
    let exact = bench.run("exact", many.training_macs());
    assert_eq!(exact, many);
}

#[test]
fn seeds_decide() {
    let bench = Bench::new();
    let budget = 4 * bench.run("cost", 0).training_macs();
    assert_eq!(bench.run("a", budget), bench.run("b", budget));
    let other = bench.run_with(
        "c",
        |random| (random.budget, random.noise) = (budget, Noise::new(4)),
        |_| false,
    );
    assert_ne!(other.unwrap().unwrap(), bench.run("a", budget));
}

#[test]
fn a_stopped_search_goes_on_to_the_same_outcome() {
    let bench = Bench::new();
    let budget = 4 * bench.run("cost", 0).training_macs();
    let whole = bench.run("whole", budget);
    let mut runs = 0;
    let outcome = loop {
        // Every third event from the start of a run is a stop: within and between candidates.
        let mut events = 0;
        let stop = |_: &Event| {
            events += 1;
            events == 3
        };
        runs += 1;
        assert!(runs < 100);
        if let Some(outcome) =
            bench.run_with("stopped", |random| random.budget = budget, stop).unwrap()
        {
            break outcome;
        }
    };
    assert_eq!(outcome, whole);
    assert!(runs > whole.candidates.len());
}

#[test]
fn candidates_of_another_search_are_refused_and_damaged_ones_made_again() {
    let bench = Bench::new();
    let first = bench.run("dir", 0);
    let file = bench.directory.path().join("dir/candidates.json");
    let good = std::fs::read_to_string(&file).unwrap();
    let other = |random: &mut RandomSearch<'_>| random.noise = Noise::new(9);
    let error = bench.run_with("dir", other, |_| false).unwrap_err().to_string();
    assert!(error.contains("candidates.json") && error.contains("seed: expected 9, found 3"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), good, "nothing is lost");
    for bad in [good.replacen("\"loss\": ", "\"loss\": 1", 1), "{".to_owned(), good.clone() + "x"] {
        std::fs::write(&file, bad).unwrap();
        let mut notes = Vec::new();
        let watch = |event: &Event| {
            notes.extend(match event {
                Event::Note { text } => Some(text.clone()),
                _ => None,
            });
            false
        };
        assert_eq!(bench.run_with("dir", |_| (), watch).unwrap(), Some(first.clone()));
        assert!(notes[0].contains("candidates.json: damaged"), "{notes:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), good);
    }
    // That of a version without checksums.
    std::fs::write(&file, r#"{"digest": "d", "candidates": []}"#).unwrap();
    let error = bench.run_with("dir", |_| (), |_| false).unwrap_err();
    assert!(error.to_string().contains("expected version 2, found version 1"), "{error}");
}

#[test]
fn the_best_is_the_most_accurate_then_the_surest_then_the_first() {
    let space = space(two_ops(), 1);
    let candidate = |index: u64, accuracy, loss| Candidate {
        genotype: space.sample(2, &mut Noise::new(index).stream("g", 0)),
        judgement: Judgement::Measured { scores: Scores::new().with("accuracy", accuracy), loss },
        training_macs: index,
    };
    let by = |objective: Objective, candidates: &[Candidate]| {
        let candidates = candidates.to_vec();
        let outcome = RandomOutcome { candidates, exhausted: false, objective };
        outcome.best().map(|best| best.training_macs)
    };
    let best = |candidates: &[Candidate]| by(Objective::share("accuracy"), candidates);
    assert_eq!(best(&[]), None);
    let two = [candidate(0, 0.5, 0.1), candidate(1, 0.6, 0.1)];
    assert_eq!(by(Objective::lower("accuracy"), &two), Some(0));
    assert_eq!(best(&[candidate(0, 0.5, 0.1), candidate(1, 0.6, 9.0)]), Some(1));
    assert_eq!(best(&[candidate(0, 0.6, 0.2), candidate(1, 0.6, 0.1)]), Some(1));
    assert_eq!(best(&[candidate(0, 0.6, 0.1), candidate(1, 0.6, 0.1)]), Some(0));
    assert_eq!(
        best(&[candidate(0, 0.5, 0.1), candidate(1, 0.6, 0.1), candidate(2, 0.6, 0.1)]),
        Some(1)
    );
}

#[test]
fn every_candidate_is_a_phase_of_its_own() {
    let bench = Bench::new();
    let mut phases = Vec::new();
    let watch = |event: &Event| {
        if let Event::PhaseStarted { phase, .. } = event {
            phases.push(phase.to_string());
        }
        false
    };
    bench.run_with("dir", |_| (), watch).unwrap();
    assert_eq!(phases, ["random/0"]);
}

/// A rate that spoils every network at its first step.
const SPOILT: Schedule = Schedule::Constant(1e30);

#[test]
fn a_candidate_that_diverges_has_failed_and_the_search_goes_on() {
    let bench = Bench::new();
    let budget = 3 * bench.run("cost", 0).training_macs();
    let mut told = Vec::new();
    let note = |event: &Event| {
        if let Event::Note { text } = event {
            told.push(text.clone());
        }
        false
    };
    let spoil = |random: &mut RandomSearch<'_>| {
        (random.budget, random.config.fit.rate) = (budget, SPOILT);
    };
    let outcome = bench.run_with("spoilt", spoil, note).unwrap().unwrap();
    assert!(outcome.candidates.len() > 1, "{outcome:?}");
    assert_eq!(outcome.best(), None);
    assert_eq!(outcome.failures().count(), outcome.candidates.len());
    assert_eq!(told.len(), outcome.candidates.len());
    assert!(told[0].starts_with("random/0, epoch 0, step 1: the loss"), "{told:?}");
    // What is stored is not tried again, and says the same.
    let again = bench.run_with("spoilt", spoil, |_| false).unwrap().unwrap();
    assert_eq!(again, outcome);
}

#[test]
fn a_small_space_is_tried_once_and_no_longer() {
    // One node with two in-edges, both kept, one of two operations each, in two cells: 4 x 4.
    let bench = Bench::new();
    let all = bench.run("all", u64::MAX);
    assert_eq!(all.candidates.len(), 16);
    assert!(all.exhausted);
    let different = |outcome: &RandomOutcome| {
        let texts = outcome.candidates.iter().map(|one| one.genotype.to_text().unwrap());
        texts.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(different(&all), 16);
    let some = bench.run("some", all.training_macs() - 1);
    assert!(!some.exhausted);
    assert_eq!(some.candidates[..], all.candidates[..some.candidates.len()]);
}

#[test]
fn only_the_weights_of_the_best_candidate_stay() {
    let bench = Bench::new();
    let outcome = bench.run("dir", 4 * bench.run("cost", 0).training_macs());
    let entries = std::fs::read_dir(bench.directory.path().join("dir")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let best = outcome.best().unwrap();
    let best = outcome.candidates.iter().position(|candidate| candidate == best).unwrap();
    assert_eq!(names, [format!("candidate-{best}.safetensors"), "candidates.json".to_owned()]);
}
