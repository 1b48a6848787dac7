//! Comparisons of tasks other than classification, and parts of one's own in them.

use dartloom_data::testkit::{bright_and_dark, patterned};
use dartloom_data::{Dataset, InMemory, Split, TargetSpec, Targets};
use dartloom_explore::{Domain, ExploreError, Explorer, RandomGenotypes, Unique};
use dartloom_metrics::Scorer;
use dartloom_net::NetError;
use dartloom_noise::Noise;
use dartloom_ops::{Model, Place, Registry};
use dartloom_record::{Direction, Event, Flow, Objective, RunDir, observer_fn};
use dartloom_search::stop::{Effect, Observed, Reason, StopRule};
use dartloom_search::testkit::small_search;
use dartloom_search::{SearchConfig, SearchError};
use dartloom_space::testkit::ops;
use dartloom_space::{Blueprint, Build, Outputs, Space, Stem};
use dartloom_task::{Classification, Loss, MultiLabel, Regression, Segmentation, Task, TaskError};
use dartloom_train::FitConfig;
use dartloom_train::testkit::small_fit;
use dartloom_verdict::{
    Baseline, Comparison, ComparisonConfig, ExplorerParts, ExplorerRules, HandMade, MakeExplorer,
    MethodParts, OwnRule, Report, VerdictError,
};
use rand::RngCore;

use crate::tiny::{darts, four_ops, registry, small_comparison, space, two_ops};

fn method<'a>(space: &'a Space, rules: Vec<OwnRule<'a>>) -> MethodParts<'a> {
    let search = SearchConfig { flip: true, ..small_search() };
    MethodParts { search, rules, ..darts(space) }
}

fn config() -> ComparisonConfig {
    small_comparison(FitConfig { flip: true, ..small_fit() }, &[1, 2])
}

/// Runs a comparison; returns its report, the names of all metrics and the notes.
fn told(comparison: &Comparison<'_>, dir: &RunDir) -> Result<(Report, Vec<String>), VerdictError> {
    let mut names = Vec::new();
    let mut observer = observer_fn(|event| {
        if let Event::EpochFinished { metrics, .. } | Event::PhaseFinished { metrics, .. } = event {
            names.extend(metrics.keys().cloned());
        }
        if let Event::Note { text } = event {
            names.push(text.clone());
        }
        Ok(Flow::Continue)
    });
    let report = comparison.run(dir, &mut observer)?;
    Ok((report.unwrap(), names))
}

fn run(task: &dyn Task, data: &InMemory, space: &Space, baseline: Option<&dyn HandMade>) -> Report {
    let registry = registry();
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    let whole = Comparison::on(task, data, data, &registry).with_config(config());
    let whole = Comparison { baseline, ..whole.method(method(space, Vec::new())) };
    let (report, names) = told(&whole, &dir).unwrap();
    let score = task.objective().name;
    assert!(names.contains(&format!("test_{score}")) && names.contains(&format!("valid_{score}")));
    assert_eq!(report.objective, task.objective());
    for row in &report.contenders {
        assert!(row.scores.iter().all(Option::is_some), "{row:?}");
    }
    // What is there is not done again.
    assert_eq!(whole.finished(&dir).unwrap().unwrap(), report);
    report
}

#[test]
fn values_are_compared_by_their_error() {
    let values = |pixels: &[u8]| {
        let mean = |image: &[u8]| image.iter().map(|&p| f32::from(p)).sum::<f32>() / 16_000.0;
        Targets::Numbers(
            pixels.chunks(64).flat_map(|p| [mean(p), f32::from(p[0]) / 255.0]).collect(),
        )
    };
    let data = patterned(32, TargetSpec::Values(2), values);
    let report = run(&Regression::new(2).unwrap(), &data, &space(two_ops(), 1), None);
    let text = report.to_string();
    assert!(text.lines().next().unwrap().contains(" test rmse  parameters"), "{text}");
    assert!(text.contains("\nalways the mean"), "{text}");
    assert!(text.contains("difference in test rmse, of which less is better"), "{text}");
    assert!(!text.contains("points") && !text.contains("accuracy"), "{text}");
}

#[test]
fn labels_are_compared_by_the_area_under_the_curve() {
    let labels = |pixels: &[u8]| {
        let there = |&pixel: &u8| f32::from(u8::from(pixel > 120));
        Targets::Numbers(pixels.chunks(64).flat_map(|p| p[..3].iter().map(there)).collect())
    };
    let data = patterned(32, TargetSpec::Labels(3), labels);
    let report = run(&MultiLabel::new(3).unwrap(), &data, &space(two_ops(), 1), None);
    let constant = report.constant.as_ref().unwrap();
    approx::assert_relative_eq!(constant.scores.get("mean_auc").unwrap(), 0.5, epsilon = 1e-3);
    assert!(report.to_string().contains("test mean auc"));
}

/// A U-Net of convolutions, for tasks that want a plane.
#[derive(Debug)]
struct Hourglass(Space);

impl HandMade for Hourglass {
    fn name(&self) -> String {
        "hourglass".to_owned()
    }

    fn network(
        &self,
        build: Build,
        registry: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Box<dyn Model>, NetError> {
        let genotype = self.0.sample(2, &mut Noise::new(0).stream("hourglass", 0));
        let network = genotype.network_in(&self.0)?;
        let plan = Blueprint::derived(&genotype, &network, registry.catalog(), build)?;
        Ok(Box::new(dartloom_net::DerivedNetwork::new(&plan, registry, place, rng)?))
    }

    fn identity(&self) -> Option<String> {
        Some("hourglass 1".to_owned())
    }
}

#[test]
fn masks_are_compared_by_their_overlap_with_a_hand_made_network_of_planes() {
    let data = bright_and_dark(32);
    let task = Segmentation::new(2, Some(255)).unwrap();
    let unet = |ops| Space::unet(ops, 1, 1, Stem::cifar(2)).unwrap();
    let space = unet(two_ops());
    let hourglass = Hourglass(unet(ops("one", &["sep_conv_3x3"])));
    let report = run(&task, &data, &space, Some(&hourglass));
    let text = report.to_string();
    assert!(text.contains("test mean iou %") && text.contains("\nhourglass "), "{text}");
    assert!(text.contains("\nalways class "), "{text}");

    // Where nobody says another, it is the U-Net.
    let report = run(&task, &data, &space, None);
    assert!(report.to_string().contains("\nU-Net "), "{report}");

    // A residual network puts out no plane, which shows before anything runs.
    let registry = registry();
    let whole = Comparison::on(&task, &data, &data, &registry).method(method(&space, Vec::new()));
    let baseline = Some(Baseline::TinyResNet);
    let config = ComparisonConfig { baseline, ..config() };
    let error = whole.with_config(config).check().unwrap_err().to_string();
    let expected = "baseline: tiny ResNet: ResNet needs a task whose networks put out a vector, \
                    found a plane of 2 channels; baselines that fit are unet, resnet_unet, fcn, \
                    self_configured";
    assert_eq!(error, expected);
}

/// A third party's task: one of two classes, learnt by squared errors of a single number.
#[derive(Debug)]
struct Side;

#[derive(Clone, Debug, Default)]
struct Wrong([f64; 2]);

impl Scorer for Wrong {
    fn update(
        &mut self,
        output: &candle_core::Tensor,
        target: &candle_core::Tensor,
    ) -> Result<(), dartloom_metrics::MetricsError> {
        let said = output.flatten_all()?.to_vec1::<f32>()?;
        let right = target.to_vec1::<u32>()?;
        let wrong = said.iter().zip(&right).filter(|&(said, right)| (*said > 0.5) != (*right > 0));
        self.0 = [self.0[0] + wrong.count() as f64, self.0[1] + right.len() as f64];
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.0.to_vec()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), dartloom_metrics::MetricsError> {
        self.0 = [self.0[0] + state[0], self.0[1] + state[1]];
        Ok(())
    }

    fn scores(&self) -> dartloom_record::Scores {
        dartloom_record::Scores::new().with("wrong", self.0[0] / self.0[1])
    }
}

impl Task for Side {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(1)
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        Classification::new(2)?.check(targets)
    }

    fn loss(
        &self,
        output: &candle_core::Tensor,
        target: &candle_core::Tensor,
    ) -> Result<Loss, TaskError> {
        let target = target.unsqueeze(1)?.to_dtype(output.dtype())?;
        let sum = (output - target)?.sqr()?.sum_all()?;
        Ok(Loss { sum, count: output.elem_count() as f64 })
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        Box::new(Wrong::default())
    }

    fn objective(&self) -> Objective {
        Objective { direction: Direction::Lower, ..Objective::share("wrong") }
    }

    fn identity(&self) -> Option<String> {
        Some("side 1".to_owned())
    }
}

fn sides() -> InMemory {
    patterned(32, TargetSpec::Class { classes: 2 }, |pixels| {
        Targets::Indices(pixels.chunks(64).map(|p| u32::from(p[0] > 120)).collect())
    })
}

#[test]
fn a_task_of_somebody_else_runs_the_whole_comparison() {
    let report = run(&Side, &sides(), &space(two_ops(), 1), None);
    assert_eq!(report.constant, None);
    assert!(report.to_string().contains("test wrong %"));
}

/// A rule that says how often it has seen an end of an epoch.
#[derive(Debug)]
struct After(usize, Option<&'static str>);

impl StopRule for After {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        Ok((history.len() >= self.0).then(|| Reason::new("after", format!("{}", self.0))))
    }

    fn identity(&self) -> Option<String> {
        self.1.map(|name| format!("{name} {}", self.0))
    }
}

/// Random genotypes under another name.
#[derive(Debug)]
struct Dice(Option<&'static str>);

impl MakeExplorer for Dice {
    fn title(&self) -> String {
        "dice".to_owned()
    }

    fn make(&self, domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
        Ok(Box::new(Unique::new(RandomGenotypes::new(domain, noise))))
    }

    fn identity(&self) -> Option<String> {
        self.0.map(str::to_owned)
    }
}

#[test]
fn rules_and_explorers_of_ones_own_take_part_and_say_what_they_are() {
    let data = sides();
    let space = space(four_ops(), 1);
    let registry = registry();
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    let task = Classification::new(2).unwrap();
    let run = |rule: &After, dice: &Dice| {
        let rules = vec![OwnRule { effect: Effect::Stop, rule }];
        let explorer = ExplorerParts {
            key: "dice".to_owned(),
            name: "dice".to_owned(),
            space: &space,
            channels: 2,
            split: Split::Halves,
            explorer: dice,
            rules: ExplorerRules { candidates: 2, ..ExplorerRules::default() },
        };
        let whole = Comparison::on(&task, &data as &dyn Dataset, &data, &registry);
        let whole = whole.with_config(config()).seeds([1]).method(method(&space, rules));
        told(&whole.explorer(explorer), &dir)
    };
    let rule = After(1, Some("after 1"));
    let dice = Dice(Some("dice 1"));
    let (report, _) = run(&rule, &dice).unwrap();
    let stopped = report.methods[0].stopped[0].as_ref().unwrap();
    assert_eq!((stopped.epoch, stopped.reason.to_string()), (0, "after: 1".to_owned()));
    assert_eq!(report.methods[1].name, "dice");

    // The same parts are not asked again, others are refused, silent ones done again.
    let (again, notes) = run(&rule, &dice).unwrap();
    assert_eq!(again, report);
    assert_eq!(notes, ["7 legs of seed 1 were there already"]);
    for (rule, dice, part) in [
        (After(1, Some("after 2")), Dice(Some("dice 1")), "stop rule 0: "),
        (After(1, Some("after 1")), Dice(Some("dice 2")), "explorer: "),
    ] {
        let error = run(&rule, &dice).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let (_, notes) = run(&rule, &Dice(None)).unwrap();
    let told = "the explorer (`MakeExplorer::identity`) says no identity";
    assert!(notes.iter().any(|note| note.contains(told)), "{notes:?}");
}
