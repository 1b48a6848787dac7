//! Experiments inside networks laid out by hand.

use std::fs;
use std::path::{Path, PathBuf};

use dartloom::data::digits;
use dartloom::noise::Noise;
use dartloom::ops::{Model, Pass, Place, Registry};
use dartloom::record::Flow;
use dartloom::space::hand_made::Baseline;
use dartloom::space::{Graph, OpSpec, Outputs, Shape};
use dartloom::verdict::Trained;
use dartloom::{DType, Device, Tensor};
use dartloom_engine::blocks::{BlocksConfig, reduce};
use dartloom_engine::experiment::{self, Chosen, Experiment, Plan};
use dartloom_engine::run::{Host, Options, Outcome, Run};
use dartloom_engine::{EngineError, experiment::to_ron};

/// One block of the tiny ResNet, searched for two epochs.
const EXPERIMENT: &str = r#"(
    name: "inside", data: Digits, scale: Small,
    method: (preset: "darts", title: "inside", inside: (
        network: TinyResNet, blocks: ["stages.0.*", "stages.1.0.main"],
        ops: ["sep_conv_3x3", "skip_connect"],
    )),
    search: (epochs: 2, batch: 128),
    random: (fit: (epochs: 1, batch: 128)),
    retrain: (fit: (epochs: 1, batch: 128, auxiliary: 0.0)),
    seeds: [4],
)"#;

fn write(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("inside.ron");
    fs::write(&path, text).unwrap();
    path
}

fn load(path: &Path) -> Result<Experiment, EngineError> {
    experiment::load(path, &Chosen::default())
}

fn plan(path: &Path) -> Result<Plan, EngineError> {
    Plan::new(load(path)?, "inside.ron")
}

fn resnet() -> Graph {
    Baseline::TinyResNet.graph(Shape::new(1, 8, 8), Outputs::Vector(10)).unwrap()
}

/// A file of the tiny ResNet as if it had been trained.
fn trained(path: &Path) {
    let mut noise = Noise::new(3).stream("trained", 0);
    let network = dartloom::net::GraphNetwork::new(resnet(), &Place::default(), &mut noise);
    let targets = dartloom::data::Dataset::targets(&digits().train);
    let network = Trained::laid_out(&resnet(), targets, &network.unwrap()).unwrap();
    network.save(path).unwrap();
}

#[test]
fn mistakes_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let network = "network: TinyResNet";
    let ops = "[\"sep_conv_3x3\", \"skip_connect\"]";
    let blocks = "\"stages.0.*\"";
    fs::write(folder.path().join("bad.ron"), "(version: 1, name: \"bad\")").unwrap();
    let rows = [
        (blocks, "\"stage.0.*\"", "inside: node `stage.0.*`: expected the name of a block"),
        (blocks, "\"head\"", "inside: node `head`: expected a block before the outputs"),
        (blocks, "\"stages.0.0.join\"", "expected a block with parameters"),
        (ops, "[\"sep_conv_3x4\"]", "unknown operation `sep_conv_3x4`; did you mean"),
        (ops, "[\"sep_conv_3x3\", \"larger\"]", "candidate `larger`"),
        (ops, "[\"none\"]", "found `none`"),
        (ops, "[]", "inside.ops: expected operations to choose among"),
        (network, "share: 1.5, network: TinyResNet", "inside: share: expected a number above 0"),
        (network, "share: 0.5", "inside: expected `network`, `graph` or `trained`"),
        (network, "network: TinyResNet, graph: \"bad.ron\"", "found two networks"),
        (network, "graph: \"bad.ron\"", "bad.ron"),
        (network, "graph: \"none.ron\"", "none.ron: cannot read it"),
        (network, "trained: \"none.safetensors\"", "none.safetensors"),
        (network, "network: unet(base: 2)", "baselines that fit are tiny_resnet"),
        (network, "networks: TinyResNet", "unknown field `networks`"),
    ];
    for (right, wrong, message) in rows {
        let text = EXPERIMENT.replacen(right, wrong, 1);
        let larger =
            "operations: [(name: \"larger\", recipe: [Upsample(factor: 2)])],\n    method:";
        let text = text.replace("method:", larger);
        assert_ne!(text, EXPERIMENT);
        let error = plan(&write(folder.path(), &text)).unwrap_err().to_string();
        assert!(error.contains(message), "{wrong}: {error}");
    }
}

#[test]
fn what_is_written_reads_back_with_whole_paths() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        EXPERIMENT.replace("network: TinyResNet", "share: 0.8, trained: \"net.safetensors\"");
    let read = load(&write(folder.path(), &text)).unwrap();
    let inside = read.method[0].inside.as_ref().unwrap();
    assert!(inside.trained.as_ref().unwrap().is_absolute());
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    assert_eq!(load(&write(&other, &to_ron(&read).unwrap())).unwrap(), read);
    // A file without it is as it was.
    let plain = load(&write(folder.path(), "(data: Digits, scale: Small)")).unwrap();
    assert!(!to_ron(&plain).unwrap().contains("inside:"));
}

#[test]
fn a_search_begins_with_the_weights_of_a_file_and_blocks_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    trained(&folder.path().join("net.safetensors"));
    let text = EXPERIMENT.replace("network: TinyResNet", "trained: \"net.safetensors\"");
    let plan = plan(&write(folder.path(), &text)).unwrap();
    let comparison = plan.comparison();
    let choices = &comparison.methods[0].choices;
    let variables = choices.trained.as_ref().unwrap();
    assert!(variables.contains_key("stages.0.0.main.0.weight"));
    let start = choices.start.as_ref().unwrap();
    assert_eq!(start.cells.len(), 2);
    assert!((start.cells[0].edges[0][0] - 18.0_f64.ln() / 2.0).abs() < 1e-9);

    let config = BlocksConfig { keep: 1, epochs: 1, batches: 1 };
    let reduced = reduce(&plan, config, || Flow::Continue).unwrap().unwrap();
    assert_eq!(reduced.ranks.len(), 2);
    let kept = std::slice::from_ref(&reduced.ranks[0].block);
    // The file stands anywhere, and is the experiment of these blocks alone.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let path = write(&other, &reduced.text);
    let read = load(&path).unwrap();
    assert_eq!(read, reduced.experiment);
    assert_eq!(read.method[0].inside.as_ref().unwrap().blocks, kept);
    let again = Plan::new(read, "inside.ron").unwrap();
    assert_eq!(again.comparison().methods[0].space.cells().len(), 1);
    assert!(reduce(&plan, config, || Flow::Stop).unwrap().is_none());
    let none = BlocksConfig { keep: 0, ..config };
    let error = reduce(&plan, none, || Flow::Continue).unwrap_err();
    assert!(error.to_string().contains("keep: expected at least 1"), "{error}");
}

#[test]
fn a_run_finds_a_network_that_is_kept_and_predicts() {
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
    let mut run =
        Run::open(plan(&path).unwrap(), &options, &host, &mut |line| panic!("{line}")).unwrap();
    let Outcome::Finished { report, .. } = run.go(Vec::new(), &host).unwrap() else {
        panic!("nobody stopped it")
    };
    assert_eq!(report.methods.len(), 1);
    drop(run);
    let models = fs::read_dir(options.out.join("models")).unwrap();
    let mut found = 0;
    for file in models.map(|file| file.unwrap().path()) {
        let registry = Registry::standard().unwrap();
        let registry = registry.with_recipes(&[OpSpec::hand_made()]).unwrap();
        let network = Trained::load(&file, &registry).unwrap();
        let Some((space, genotype)) = network.space().zip(network.genotype()) else { continue };
        // It is the graph with the operations of the genotype in it.
        let graph = space.rebuilt(genotype).unwrap();
        let mut noise = Noise::new(0).stream("weights", 0);
        let rebuilt = dartloom::net::GraphNetwork::new(graph, &Place::default(), &mut noise);
        let rebuilt = rebuilt.unwrap();
        rebuilt.variables().load(&network.network().variables().snapshot().unwrap()).unwrap();
        let x = Tensor::ones((1, 1, 8, 8), DType::F32, &Device::Cpu).unwrap();
        let own = rebuilt.forward(&x, &mut Pass::eval()).unwrap().main;
        let expected = network.outputs(&x).unwrap();
        let far = (own - expected).unwrap().abs().unwrap().max_all().unwrap();
        assert!(far.to_scalar::<f32>().unwrap() < 1e-6);
        found += 1;
    }
    assert!(found >= 1, "the network found and a random one");
}
