//! Searches inside networks laid out by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use dartloom_data::{Parts, Split};
use dartloom_decode::{Argmax, NonePolicy, TieBreak};
use dartloom_net::{GraphNetwork, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Model, Pass, Place, Registry};
use dartloom_record::{Event, Flow, observer_fn};
use dartloom_relax::{Progress, Relaxation, Simplex, Softmax};
use dartloom_search::{
    Architecture, Bilevel, BilevelConfig, Choices, LogitStep, SearchConfig, SearchParts,
    SupernetSearch,
};
use dartloom_space::hand_made::SearchedGraph;
use dartloom_space::{
    Blueprint, Build, Graph, GraphBuilder, GraphInput, Layer, OpSpec, Outputs, Shape, Space,
};
use dartloom_train::{Outcome, Position, Schedule, Session, drive};

use crate::tiny::{EPOCHS, batch, classes, differences, distance, first_digits, flat, loss, ten};

const ARGMAX: Argmax = Argmax {
    ties: TieBreak::LowestIndex,
    none: NonePolicy::Exclude,
    empty: dartloom_decode::EmptyPolicy::Error,
};

/// Two convolutions with a sum around the second one, and a classifier.
fn graph(classes: usize, smooth: bool) -> Graph {
    let mut graph = GraphBuilder::new("small", Shape::new(1, 8, 8)).unwrap();
    let block = |inputs| {
        let norm = Layer::Norm { channels: 3, affine: true };
        let mut layers = vec![Layer::square(inputs, 3, 3, 1), norm, Layer::Relu];
        if smooth {
            layers.truncate(2);
        }
        layers
    };
    let first = graph.node("first", GraphInput::Image, block(1)).unwrap();
    let second = graph.node("second", first, block(3)).unwrap();
    let sum = graph.sum("sum", &[first, second], Vec::new()).unwrap();
    let third = graph.concat("third", &[sum, first], block(6)).unwrap();
    let head = vec![Layer::GlobalAvgPool, Layer::Linear { inputs: 3, outputs: classes }];
    graph.node("head", third, head).unwrap();
    graph.finish(Outputs::Vector(classes)).unwrap()
}

fn registry() -> Registry {
    Registry::standard().unwrap().with_recipes(&[OpSpec::hand_made()]).unwrap()
}

fn space(graph: &Graph, ops: &[&str]) -> Space {
    let searched = SearchedGraph::new(graph.clone(), &["*"]).unwrap();
    Space::inside(searched, &registry().op_set("mine", ops).unwrap()).unwrap()
}

fn build(graph: &Graph) -> Build {
    Build::new(1, 1, graph.input()).with_outputs(graph.outputs())
}

fn variables(graph: &Graph) -> BTreeMap<String, Tensor> {
    let mut noise = Noise::new(7).stream("trained", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut noise).unwrap();
    network.variables().snapshot().unwrap()
}

#[test]
fn the_gradient_of_the_logits_is_that_of_central_differences() {
    let graph = graph(3, true);
    let ops = ["simple_conv_1x1", "skip_connect", "avg_pool_3x3"];
    let space = space(&graph, &ops);
    for relaxation in [Arc::new(Softmax::default()) as Arc<dyn Relaxation>, Arc::new(Simplex)] {
        let mut plan = Blueprint::supernet(&space, build(&graph)).unwrap();
        let edges = plan.cells.iter_mut().flat_map(|cell| &mut cell.edges);
        let layers =
            edges.flat_map(|edge| &mut edge.candidates).filter_map(|own| own.layers.as_mut());
        layers.for_each(|layers| layers.retain(|layer| !matches!(layer, Layer::Relu)));
        let noise = Noise::new(11);
        let place = Place::from(DType::F64);
        let mut weights = noise.stream("weights", 0);
        let supernet = Supernet::new(&plan, &registry(), &place, &mut weights).unwrap();
        let choices = Choices::new(relaxation.clone()).starting_hand_made(&space, 0.6).unwrap();
        let mut logits = noise.stream("logits", 0);
        let architecture = Architecture::new(&space, choices, &place, &mut logits).unwrap();
        let logit_step = match relaxation.domain() {
            dartloom_relax::Constraint::Simplex => LogitStep::ExponentiatedGradient,
            _ => LogitStep::default(),
        };
        let config = BilevelConfig { logit_step, ..BilevelConfig::default() };
        let mut bilevel = Bilevel::new(supernet, architecture, classes(3), config, noise).unwrap();
        let valid = batch(2);
        // Shares leave the simplex by a step, which the relaxation does not allow.
        if relaxation.domain() == dartloom_relax::Constraint::Free {
            let value = || loss(&bilevel, &valid).to_scalar::<f64>().unwrap();
            let numeric = differences(&bilevel.core.architecture, 1e-5, value);
            let at = Position { epoch: 0, step: 0 };
            let report = bilevel.step(at, EPOCHS, &batch(1), Some(&valid)).unwrap();
            let analytic = flat(report.arch_gradients.0.values());
            let size = distance(&numeric, &vec![0.0; numeric.len()]);
            assert!(size > 1e-4, "{numeric:?}");
            assert!(distance(&analytic, &numeric) < 1e-6 * size, "{analytic:?} {numeric:?}");
        } else {
            let at = Position { epoch: 0, step: 0 };
            let report = bilevel.step(at, EPOCHS, &batch(1), Some(&valid)).unwrap();
            assert!(report.arch_loss().unwrap().is_finite());
        }
    }
}

fn config() -> SearchConfig {
    let bilevel = BilevelConfig {
        warm_up: 1,
        arch_rate: Schedule::Constant(0.1),
        ..BilevelConfig::default()
    };
    SearchConfig {
        epochs: 3,
        batch: 8,
        crop_padding: 0,
        flip: false,
        bilevel,
        ..Default::default()
    }
}

fn parts<'a>(
    space: &'a Space,
    registry: &'a Registry,
    data: &'a Parts<'a>,
    graph: &Graph,
) -> SearchParts<'a> {
    let choices = Choices::of(Softmax::default()).starting_hand_made(space, 0.9).unwrap();
    let choices = choices.with_trained(variables(graph));
    let build = build(graph);
    SearchParts { space, registry, choices, decoder: &ARGMAX, build, data, task: ten() }
}

/// Goes on with the search in `directory` until it ends or `stop` says so.
fn run(directory: &Path, stop: impl Fn(&Event) -> bool) -> bool {
    let graph = graph(10, false);
    let space = space(&graph, &["sep_conv_3x3", "skip_connect"]);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let registry = registry();
    let parts = parts(&space, &registry, &data, &graph);
    let mut search = SupernetSearch::new("search", parts, config(), Noise::new(3)).unwrap();
    let mut observer =
        observer_fn(move |event: &Event| Ok(if stop(event) { Flow::Stop } else { Flow::Continue }));
    let mut session = Session::new(&mut observer).saved_at(directory);
    drive(&mut search, &mut session).unwrap() == Outcome::Finished
}

#[test]
fn stopping_and_going_on_equals_never_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole");
    assert!(run(&whole, |_| false));
    let expected = std::fs::read(&whole).unwrap();
    let middle = directory.path().join("middle");
    for (epoch, step) in [(0, 1), (1, 0), (2, 1)] {
        let here = move |event: &Event| match event {
            Event::Step { epoch: e, step: s, .. } => (*e, *s) == (epoch, step),
            _ => false,
        };
        assert!(!run(&middle, here));
    }
    assert!(run(&middle, |_| false));
    assert!(std::fs::read(&middle).unwrap() == expected);
}

#[test]
fn a_search_begins_at_the_trained_network_and_finds_a_graph() {
    let graph = graph(10, false);
    let space = space(&graph, &["sep_conv_3x3", "skip_connect"]);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let registry = registry();
    let search = |choices: &dyn Fn(Choices) -> Choices| {
        let parts = parts(&space, &registry, &data, &graph);
        let parts = SearchParts { choices: choices(parts.choices.clone()), ..parts };
        SupernetSearch::new("search", parts, config(), Noise::new(3))
    };
    let found = search(&|choices| choices).unwrap();
    let core = &found.bilevel().core;
    let x = Tensor::ones((2, 1, 8, 8), DType::F32, &Device::Cpu).unwrap();
    let at = Progress::start(1);
    let near = core.forward(at, &x, dartloom_ops::Mode::eval()).unwrap();
    let mut noise = Noise::new(7).stream("trained", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut noise).unwrap();
    let own = network.forward(&x, &mut Pass::eval()).unwrap().main;
    let far = |other: &Tensor| {
        let far = (other - &own).unwrap().abs().unwrap().max_all().unwrap();
        far.to_scalar::<f32>().unwrap()
    };
    // The share 0.9 is near, a share of nearly one is nearly the network itself.
    let close = search(&|choices| choices.starting_hand_made(&space, 1.0 - 1e-9).unwrap()).unwrap();
    let close = close.bilevel().core.forward(at, &x, dartloom_ops::Mode::eval()).unwrap();
    assert!(far(&close) < 1e-5 && far(&near) > far(&close), "{} {}", far(&near), far(&close));
    // Nothing is learnt yet: what stands there is kept.
    let genotype = found.decode(0).unwrap().genotype;
    assert_eq!(space.rebuilt(&genotype).unwrap(), graph);
    // Other weights are another search.
    let drawn = search(&|choices| Choices { trained: None, ..choices }).unwrap();
    let digest = |search: &SupernetSearch<'_>| {
        dartloom_train::Stepper::identity(search).unwrap().digest().unwrap()
    };
    assert_ne!(digest(&found), digest(&drawn));
    let wrong = search(&|choices| choices.with_trained(BTreeMap::new())).unwrap_err();
    assert!(wrong.to_string().contains("first.0.weight"), "{wrong}");
}

#[test]
fn blocks_are_ranked_by_entropy_and_gradient() {
    let graph = graph(10, false);
    let space = space(&graph, &["sep_conv_3x3", "skip_connect"]);
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let registry = registry();
    let parts = parts(&space, &registry, &data, &graph);
    let search = SupernetSearch::new("search", parts, config(), Noise::new(3)).unwrap();
    let ranks = search.rank_blocks(2).unwrap();
    assert_eq!(ranks, search.rank_blocks(2).unwrap(), "nothing has moved");
    let mut names: Vec<_> = ranks.iter().map(|rank| &*rank.block).collect();
    assert!(ranks.windows(2).all(|pair| pair[0].score >= pair[1].score), "{ranks:?}");
    names.sort_unstable();
    assert_eq!(names, ["first", "second", "third"]);
    // All blocks begin with the shares 0.9, 0.05 and 0.05.
    let entropy = -(0.9_f64 * 0.9_f64.ln() + 0.1 * 0.05_f64.ln()) / 3.0_f64.ln();
    for rank in &ranks {
        assert!((rank.entropy - entropy).abs() < 1e-5, "{rank:?}");
        assert!(rank.gradient > 0.0);
        assert!((rank.score - rank.entropy * rank.gradient).abs() < 1e-12);
    }
    assert!(search.rank_blocks(0).is_err());
}
