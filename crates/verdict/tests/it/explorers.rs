//! Discrete searches in a comparison, and the judges of their candidates.

use dartloom_data::{Loader, Split};
use dartloom_dist::worker::TaskError;
use dartloom_explore::{Domain, Evaluator, EvolutionConfig, HalvingConfig, Outcome, Proposal};
use dartloom_net::{Setting, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::Place;
use dartloom_record::{Event, Flow, RunDir, observer_fn};
use dartloom_search::SearchConfig;
use dartloom_space::{Blueprint, Space};
use dartloom_task::Classification;
use dartloom_train::Schedule;
use dartloom_train::testkit::small_fit;
use dartloom_verdict::{
    Comparison, ExplorerParts, ExplorerRules, MethodParts, Report, VerdictError,
};
use dartloom_verdict::{ConfiguredExplorer, SharedWeights, Training, TrainingConfig};

use crate::tiny::{build, darts, first_digits, registry, small_comparison, space, task, two_ops};

fn method(space: &Space) -> MethodParts<'_> {
    let search = SearchConfig { epochs: 1, batch: 8, ..SearchConfig::default() };
    MethodParts { search, ..darts(space) }
}

fn explorer<'a>(space: &'a Space, explorer: &'a ConfiguredExplorer) -> ExplorerParts<'a> {
    ExplorerParts {
        key: explorer.title().replace(' ', "_").to_lowercase(),
        name: explorer.title().to_owned(),
        space,
        channels: 2,
        split: Split::Halves,
        explorer,
        rules: ExplorerRules { candidates: 4, ..ExplorerRules::default() },
    }
}

fn evolution() -> ConfiguredExplorer {
    ConfiguredExplorer::Evolution(EvolutionConfig { population: 2, sample: 2 })
}

fn run(
    dir: &RunDir,
    methods: Vec<MethodParts<'_>>,
    explorers: Vec<ExplorerParts<'_>>,
    mut on_event: impl FnMut(&Event) -> bool,
) -> Result<Option<Report>, VerdictError> {
    let registry = registry();
    let train = first_digits(32);
    let test = first_digits(12);
    let task = task();
    let comparison = Comparison {
        methods,
        explorers,
        config: small_comparison(small_fit(), &[5]),
        ..Comparison::on(&task, &train, &test, &registry)
    };
    let mut observer =
        observer_fn(|event| Ok(if on_event(event) { Flow::Stop } else { Flow::Continue }));
    comparison.run(dir, &mut observer)
}

#[test]
fn explorers_have_rows_at_the_cost_of_the_supernet_and_can_be_stopped() {
    let space = space(two_ops(), 2);
    let halving = ConfiguredExplorer::Halving(HalvingConfig { first: 1, factor: 2, most: 2 });
    let evolution = evolution();
    let explorers = || vec![explorer(&space, &evolution), explorer(&space, &halving)];
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path().join("whole")).unwrap();
    let mut told = 0;
    let whole = run(&dir, vec![method(&space)], explorers(), |event| {
        told += usize::from(matches!(event, Event::CandidateTold { .. }));
        false
    });
    let whole = whole.unwrap().unwrap();
    let names: Vec<&str> = whole.contenders.iter().map(|row| &*row.name).collect();
    let expected =
        ["DARTS", "regularised evolution", "successive halving", "random search", "tiny ResNet"];
    assert_eq!(names, expected);
    let spent = whole.contenders.iter().map(|row| row.search_macs).collect::<Vec<_>>();
    assert!(spent[1] > 0.0 && spent[1] <= spent[0] && spent[2] <= spent[0], "{spent:?}");
    assert!(told >= 2);
    let legs = ["search-regularised_evolution", "journal-successive_halving"];
    for (leg, ending) in legs.into_iter().zip(["json", "log"]) {
        assert!(dir.file("seed-5").join(format!("{leg}.{ending}")).exists());
    }

    let stopped = RunDir::open(temporary.path().join("stopped")).unwrap();
    let report = (0..200).find_map(|_| {
        let mut events = 0;
        run(&stopped, vec![method(&space)], explorers(), |_| {
            events += 1;
            events > 5
        })
        .unwrap()
    });
    assert_eq!(report.unwrap(), whole);
}

#[test]
fn explorers_alone_evaluate_as_many_as_they_say() {
    let space = space(two_ops(), 2);
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path()).unwrap();
    let mut told = Vec::new();
    let report = run(&dir, Vec::new(), vec![explorer(&space, &evolution())], |event| {
        if let Event::CandidateTold { share, candidate, .. } = event {
            told.push((*share, candidate.quality.is_some()));
        }
        false
    });
    let report = report.unwrap().unwrap();
    assert_eq!(told, [(0.25, true), (0.5, true), (0.75, true), (1.0, true)]);
    assert_eq!(report.contenders.len(), 3);
    assert!(dir.file("seed-5").join("search.json").exists());
    assert!(run(&dir, Vec::new(), Vec::new(), |_| false).is_err());
}

fn training<'a>(
    space: &'a Space,
    registry: &'a dartloom_ops::Registry,
    task: &'a Classification,
    data: &'a dartloom_data::Parts<'a>,
    build: dartloom_space::Build,
) -> Training<'a> {
    Training {
        setting: Setting::new(space, registry, build),
        task,
        data,
        config: TrainingConfig { fit: small_fit(), patience: None },
        noise: Noise::new(3),
        checkpoints: None,
    }
}

/// Runs `with` on a training of a small space, and a candidate of it.
fn with_training(with: impl FnOnce(Training<'_>, Proposal)) {
    let space = space(two_ops(), 2);
    let registry = registry();
    let digits = first_digits(64);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let task = task();
    let training = training(&space, &registry, &task, &data, build(&digits, 2));
    let genotype = Domain::top(space.clone(), 2).sample(&mut Noise::new(7).stream("g", 0)).unwrap();
    with(training, Proposal::new(4, genotype));
}

#[test]
fn a_task_has_the_same_result_wherever_it_runs_and_goes_on_where_it_was() {
    with_training(|mut training, proposal| {
        training.config.fit.epochs = 3;
        let mut reports = Vec::new();
        let found = training.task(&proposal, &mut |report| reports.push(report)).unwrap();
        assert_eq!(found, training.evaluate(&proposal).unwrap());
        let epochs: Vec<_> = reports.iter().map(|report| report.epochs).collect();
        assert_eq!(epochs, [1, 2, 3]);
        assert_eq!(reports[2].quality, found.quality());
        let other = training.evaluate(&Proposal { task: 5, ..proposal.clone() }).unwrap();
        assert_eq!(other.cost(), found.cost());

        let directory = tempfile::tempdir().unwrap();
        training.checkpoints = Some(RunDir::open(directory.path()).unwrap());
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            training.task(&proposal, &mut |report| assert_ne!(report.epochs, 3))
        }));
        assert!(killed.is_err());
        let mut rest = Vec::new();
        let again = training.task(&proposal, &mut |report| rest.push(report)).unwrap();
        assert_eq!((again, rest), (found, reports[2..].to_vec()));
    });
}

#[test]
fn epochs_of_a_proposal_and_patience_shorten_a_training() {
    with_training(|mut training, proposal| {
        training.config.fit.epochs = 6;
        let epochs = |training: &Training<'_>, proposal: &Proposal| {
            let mut epochs = 0;
            training.task(proposal, &mut |_| epochs += 1).unwrap();
            epochs
        };
        let short = Proposal { epochs: Some(2), ..proposal.clone() };
        assert_eq!((epochs(&training, &proposal), epochs(&training, &short)), (6, 2));
        let price = |proposal| training.price(proposal).unwrap();
        assert_eq!(price(&proposal), 3 * price(&short));
        // With a rate of nearly nothing no epoch is better than the first, but for chance of
        // batches.
        training.config.fit.rate = Schedule::Constant(1e-12);
        training.config.patience = Some(2);
        assert!(epochs(&training, &proposal) < 6);
    });
}

#[test]
fn a_loss_that_is_not_finite_is_told_as_such() {
    with_training(|mut training, proposal| {
        training.config.fit.rate = Schedule::Constant(1e30);
        training.config.fit.epochs = 5;
        let error = training.task(&proposal, &mut |_| ()).unwrap_err();
        assert!(matches!(error, TaskError::NonFinite(_)), "{error:?}");
        assert!(matches!(training.evaluate(&proposal).unwrap(), Outcome::Failed { .. }));
    });
}

#[test]
fn what_cannot_be_saved_is_no_failure_of_the_candidate() {
    with_training(|mut training, proposal| {
        let directory = tempfile::tempdir().unwrap();
        let checkpoints = RunDir::open(directory.path().join("checkpoints")).unwrap();
        // In the place of the checkpoint stands what no file replaces.
        checkpoints.inside(&format!("candidate-{}.safetensors", proposal.task)).unwrap();
        training.checkpoints = Some(checkpoints);
        let error = training.task(&proposal, &mut |_| ()).unwrap_err();
        assert!(matches!(&error, TaskError::Machine(text) if text.contains("cannot")), "{error:?}");
    });
}

#[test]
fn what_is_wrong_for_all_candidates_ends_the_search() {
    with_training(|mut training, proposal| {
        training.config.fit.epochs = 0;
        let error = training.evaluate(&proposal).unwrap_err().to_string();
        assert!(error.starts_with("task 4: epochs: expected"), "{error}");
        let error = training.task(&proposal, &mut |_| ()).unwrap_err();
        assert!(matches!(error, TaskError::Machine(_)), "{error:?}");
        training.config.fit.epochs = usize::MAX;
        let error = training.price(&proposal).unwrap_err().to_string();
        assert!(error.starts_with("epochs: expected so many that their"), "{error}");
    });
}

#[test]
fn shared_weights_judge_architectures_without_training_them() {
    let space = space(two_ops(), 2);
    let registry = registry();
    let digits = first_digits(64);
    let build = build(&digits, 2);
    let plan = Blueprint::supernet(&space, build).unwrap();
    let place = Place::default();
    let mut weights = Noise::new(1).stream("weights", 0);
    let supernet = Supernet::new(&plan, &registry, &place, &mut weights).unwrap();
    let valid = Loader::new(&digits, 32).unwrap();
    let setting = Setting::new(&space, &registry, build);
    let mut shared = SharedWeights { supernet: &supernet, setting, task: &task(), valid };
    let domain = Domain::top(space.clone(), 2);
    let judged: Vec<Outcome> = (0..6)
        .map(|task| {
            let genotype = domain.sample(&mut Noise::new(task).stream("g", 0)).unwrap();
            shared.evaluate(&Proposal::new(task, genotype)).unwrap()
        })
        .collect();
    assert!(judged.iter().all(|outcome| outcome.quality().is_some()), "{judged:?}");
    assert!(judged.iter().any(|outcome| outcome != &judged[0]));
    // One of another space is a failure, not the end.
    let other = Domain::top(crate::tiny::space(crate::tiny::four_ops(), 1), 2);
    let genotype = other.sample(&mut Noise::new(0).stream("g", 0)).unwrap();
    assert!(matches!(
        shared.evaluate(&Proposal::new(9, genotype)).unwrap(),
        Outcome::Failed { .. }
    ));
}
