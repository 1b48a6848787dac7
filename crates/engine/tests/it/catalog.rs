//! Parts of somebody else's, asked for by name in an experiment file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dartloom::data::{Splits, digits};
use dartloom::decode::{DecodeError, Decoded, Decoder, TopK};
use dartloom::explore::{Domain, ExploreError, Explorer};
use dartloom::net::{GraphNetwork, NetError};
use dartloom::noise::Noise;
use dartloom::ops::{Model, Place, Registry};
use dartloom::relax::{Progress, RelaxError, Relaxation, Softmax, ZeroOne};
use dartloom::search::SearchError;
use dartloom::search::stop::{Observed, Reason, StopRule};
use dartloom::space::{Build, Graph, GraphBuilder, GraphInput, Layer, Shape, Space, WeightTable};
use dartloom::verdict::{ConfiguredExplorer, HandMade, MakeExplorer};
use dartloom_engine::experiment::{self, Chosen, Settings};
use dartloom_engine::run::{Host, Options, Outcome, Run, Start};
use dartloom_engine::{Catalog, EngineError, PartError, Plan};
use serde::Deserialize;

/// A softmax of logits times a number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sharp {
    times: f64,
}

impl Relaxation for Sharp {
    fn weights(
        &self,
        logits: &dartloom::Tensor,
        at: Progress,
        noise: &mut dyn rand::RngCore,
    ) -> Result<dartloom::Tensor, RelaxError> {
        Softmax::default().weights(&(logits * self.times)?, at, noise)
    }

    fn identity(&self) -> Option<String> {
        Some(format!("Sharp {}", self.times))
    }
}

/// The first edges of every node, whatever they weigh.
#[derive(Debug)]
struct Firsts(TopK);

impl Decoder for Firsts {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        let mut decoded = self.0.decode(space, weights)?;
        decoded.notes.clear();
        Ok(decoded)
    }

    fn identity(&self) -> Option<String> {
        Some(format!("Firsts {}", self.0.edges))
    }
}

/// A rule that holds from an epoch on.
#[derive(Debug)]
struct Since(usize);

impl StopRule for Since {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let last = history.last().filter(|last| last.epoch >= self.0);
        Ok(last
            .map(|last| Reason { rule: "since".to_owned(), seen: format!("epoch {}", last.epoch) }))
    }

    fn identity(&self) -> Option<String> {
        Some(format!("Since {}", self.0))
    }
}

/// Random genotypes under a name of their own.
#[derive(Debug)]
struct Dice;

impl MakeExplorer for Dice {
    fn title(&self) -> String {
        "dice".to_owned()
    }

    fn make(&self, domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
        ConfiguredExplorer::Random.make(domain, noise)
    }

    fn identity(&self) -> Option<String> {
        Some("dice 1".to_owned())
    }
}

/// A network of one fully connected layer.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Flat {
    relu: bool,
}

impl HandMade for Flat {
    fn name(&self) -> String {
        "one layer".to_owned()
    }

    fn network(
        &self,
        build: Build,
        _: &Registry,
        place: &Place,
        rng: &mut dyn rand::RngCore,
    ) -> Result<Box<dyn Model>, NetError> {
        let Some(graph) = self.graph(build)? else { panic!("it is a graph") };
        Ok(Box::new(GraphNetwork::new(graph, place, rng)?))
    }

    fn graph(&self, build: Build) -> Result<Option<Graph>, NetError> {
        let mut graph = GraphBuilder::new("flat", build.input)?;
        let before = if self.relu { vec![Layer::Relu] } else { vec![] };
        let inputs = build.input.elements() as usize;
        let linear = Layer::Linear { inputs, outputs: build.outputs.channels() };
        graph.node("all", GraphInput::Image, [before, vec![linear]].concat())?;
        Ok(Some(graph.finish(build.outputs)?))
    }

    fn identity(&self) -> Option<String> {
        Some(format!("flat {}", self.relu))
    }
}

fn few_digits(settings: &Settings) -> Result<Splits, PartError> {
    if settings.read::<usize>()? == 0 {
        return Err("no digits are no data".into());
    }
    Ok(digits())
}

fn catalog() -> Catalog {
    Catalog::standard()
        .relaxation("Sharp", |settings| Ok(Arc::new(settings.read::<Sharp>()?)))
        .decoder("Firsts", |settings| {
            Ok(Box::new(Firsts(TopK { edges: settings.read()?, ..TopK::darts() })))
        })
        .regulariser("Push", |_| Ok(Box::new(ZeroOne::default())))
        .stop_rule("Since", |settings| Ok(Box::new(Since(settings.read()?))))
        .explorer("Dice", |_| Ok(Box::new(Dice)))
        .baseline("Flat", |settings| Ok(Box::new(settings.read::<Flat>()?)))
        .data("FewDigits", few_digits)
}

const EXPERIMENT: &str = r#"(
    data: FewDigits(3), scale: Small, layers: 3, nodes: 1, channels: 1, seeds: [4],
    method: (preset: "darts", relaxation: Sharp(times: 2.0), decoder: Firsts(1)),
    penalties: [(kind: Push, to: 0.1)],
    rules: [Stop(Since(0))],
    explorers: [(explorer: Dice, rules: (candidates: 2))],
    search: (epochs: 2),
    random: (fit: (epochs: 1)),
    retrain: (channels: 1, fit: (epochs: 1)),
)"#;

fn write(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join("mine.ron");
    fs::write(&path, text).unwrap();
    path
}

fn plan(path: &Path) -> Result<Plan, EngineError> {
    Plan::with(experiment::load(path, &Chosen::default())?, "mine.ron", &catalog())
}

#[test]
fn a_run_of_named_parts_ends_with_a_verdict_and_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), EXPERIMENT);
    let clock = || 0.0;
    let host = Host {
        command: vec!["test".to_owned()],
        system: "any".to_owned(),
        worker: None,
        clock: &clock,
        date: || f64::NAN,
    };
    let options = Options { out: folder.path().join("run"), ..Options::default() };
    let open = || Run::open(plan(&path).unwrap(), &options, &host, &mut |line| panic!("{line}"));
    let mut run = open().unwrap();
    assert_eq!(*run.start(), Start::Fresh);
    let Outcome::Finished { report, verdict } = run.go(Vec::new(), &host).unwrap() else {
        panic!("nobody stopped it")
    };
    assert!(verdict.contains("DARTS"), "{verdict}");
    assert_eq!(report.methods.len(), 2);
    let stopped = report.methods[0].stopped[0].as_ref().unwrap();
    assert_eq!((stopped.epoch, &*stopped.reason.seen), (0, "epoch 0"));
    assert_eq!(report.methods[1].name, "Dice");
    assert!(report.methods[1].tried[0].architectures > 0);
    drop(run);
    // The stored experiment names the parts as the file did, and is the same experiment.
    let stored = fs::read_to_string(options.out.join("experiment.ron")).unwrap();
    for part in ["FewDigits(3)", "Sharp(times: 2.0)", "Firsts(1)", "kind: Push", "Since(0)", "Dice"]
    {
        assert!(stored.contains(part), "{stored}");
    }
    assert!(matches!(open().unwrap().start(), Start::Finished(text) if *text == verdict));
}

#[test]
fn names_that_nobody_knows_are_answered_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("Sharp(times: 2.0)", "Sharq(times: 2.0)", "relaxation: unknown name `Sharq`", "`Sharp`"),
        ("Firsts(1)", "Constraind()", "decoder: unknown name `Constraind`", "`Constrained`"),
        ("kind: Push", "kind: Pull", "penalties: unknown name `Pull`", "Push"),
        ("Since(0)", "Sinse(0)", "rules: unknown name `Sinse`", "`Since`"),
        ("seeds: [4]", "baseline: Flut", "baseline: unknown name `Flut`", "`Flat`"),
        ("seeds: [4]", "baseline: unets(base: 2)", "baseline: unknown name `unets`", "`unet`"),
        ("Dice", "Dize", "explorer: unknown name `Dize`", "`Dice`"),
        ("FewDigits(3)", "FewDigit(3)", "data: unknown name `FewDigit`", "`FewDigits`"),
    ];
    for (right, wrong, message, nearest) in rows {
        let path = write(folder.path(), &EXPERIMENT.replace(right, wrong));
        let error = plan(&path).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(nearest), "{error}");
    }
}

#[test]
fn settings_that_do_not_fit_are_refused_by_the_part() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("Sharp(times: 2.0)", "Sharp(time: 2.0)", "relaxation: "),
        ("Firsts(1)", "Firsts(\"all\")", "decoder: "),
        ("FewDigits(3)", "FewDigits(0)", "data: no digits are no data"),
    ];
    for (right, wrong, message) in rows {
        let path = write(folder.path(), &EXPERIMENT.replace(right, wrong));
        let error = plan(&path).unwrap_err();
        assert!(matches!(error, EngineError::Part { .. }), "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_decoder_with_limits_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &EXPERIMENT.replace("Firsts(1)", "Constrained(skips: 1)"));
    assert!(plan(&path).is_ok());
}

#[test]
fn a_baseline_is_asked_for_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let of = |baseline: &str| {
        let text = EXPERIMENT.replace("seeds: [4]", &format!("seeds: [4], baseline: {baseline}"));
        let plan = plan(&write(folder.path(), &text)).unwrap();
        let stored = experiment::to_ron(plan.experiment()).unwrap();
        let own = plan.comparison().baseline.unwrap();
        let build = Build::new(2, 10, Shape::new(1, 8, 8));
        let parameters = own.graph(build).unwrap().unwrap().cost().unwrap().parameters;
        (own.name(), parameters, stored)
    };
    let (name, parameters, stored) = of("Flat(relu: true)");
    assert_eq!((&*name, parameters), ("one layer", 64 * 10 + 10));
    assert!(stored.contains("baseline: Some(Flat(relu: true))"), "{stored}");
    assert_eq!(of("Flat").0, "one layer");
    // The words of old files, and others for the same.
    for (word, name) in [
        ("TinyResNet", "tiny ResNet"),
        ("tiny_resnet", "tiny ResNet"),
        ("ResNet18", "ResNet-18"),
        ("resnet18", "ResNet-18"),
    ] {
        let (found, _, stored) = of(word);
        assert_eq!(found, name);
        // As in the files of old runs, which are known by it.
        let written = ["baseline: TinyResNet,", "baseline: ResNet18,"];
        assert!(written.iter().any(|text| stored.contains(text)), "{stored}");
    }
    let (name, wide, _) = of("resnet(width: 4, blocks: [1, 1])");
    assert_eq!(name, "ResNet");
    assert!(wide < of("resnet").1);
}
