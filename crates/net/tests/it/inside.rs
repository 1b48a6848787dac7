//! Spaces inside networks laid out by hand.

use candle_core::{DType, Device, Tensor};
use dartloom_net::memory::{Draws, Workload, predict_graph, ranges};
use dartloom_net::{GraphNetwork, NetError, NetworkSize, Setting, Supernet};
use dartloom_ops::{Execution, Mode, Model, OpError, Pass, Place, Registry};
use dartloom_space::hand_made::{ResNet, SearchedGraph, SelfConfigured, UNet};
use dartloom_space::{
    ArchWeights, Build, Cost, Gene, Genotype, Graph, OpSpec, Outputs, Shape, Space,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const PLANE: Outputs = Outputs::Plane { channels: 2 };

fn unet() -> Graph {
    UNet { base: 4, depth: Some(2) }.graph(Shape::new(3, 16, 16), PLANE).unwrap()
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

fn genotype(space: &Space, ops: &[&str]) -> Genotype {
    let cells = space
        .cells()
        .iter()
        .zip(ops.iter().cycle())
        .map(|(cell, op)| cell.genotype(vec![Gene { op: (*op).to_owned(), from: 0, to: 1 }]));
    space.genotype(cells.collect()).unwrap()
}

/// A network whose running statistics and weights are none of those it begins with.
fn trained(graph: &Graph, place: &Place) -> GraphNetwork {
    let network = GraphNetwork::new(graph.clone(), place, &mut rng(7)).unwrap();
    let x = images(graph, place, 3);
    network.forward(&x, &mut Pass::new(Mode::train(), &mut rng(1))).unwrap();
    network
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn images(graph: &Graph, place: &Place, seed: u64) -> Tensor {
    let Shape { channels, height, width } = graph.input();
    let count = 2 * channels * height * width;
    let mut noise = rng(seed);
    let values: Vec<f64> =
        (0..count).map(|_| rand::Rng::random_range(&mut noise, -1.0..1.0)).collect();
    let x = Tensor::from_vec(values, (2, channels, height, width), &Device::Cpu).unwrap();
    place.take(&x).unwrap()
}

/// Weights of all blocks: `shares` by operation.
fn weights(space: &Space, shares: &[f64], place: &Place) -> ArchWeights<Tensor> {
    let row = Tensor::new(shares, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let row = row.to_dtype(place.dtype).unwrap();
    ArchWeights::of_ops(space.cells().iter().map(|_| row.clone()))
}

fn numbers(x: &Tensor) -> Vec<f64> {
    x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn supernet(space: &Space, graph: &Graph, place: &Place) -> Supernet {
    let registry = registry();
    let setting = Setting::new(space, &registry, build(graph)).at(place.clone());
    setting.supernet(&mut rng(0)).unwrap()
}

#[test]
fn with_its_own_operations_the_supernet_is_the_trained_network() {
    let resnet = ResNet::tiny().graph(Shape::new(3, 16, 16), Outputs::Vector(5)).unwrap();
    for graph in [unet(), resnet] {
        for place in [Place::default(), Place::from(DType::F64)] {
            let network = trained(&graph, &place);
            let space = space(&graph, &["sep_conv_3x3", "skip_connect"]);
            let supernet = supernet(&space, &graph, &place);
            let searched = space.network().hand_made().unwrap();
            let variables = network.variables().snapshot().unwrap();
            supernet.take_hand_made(searched, &variables).unwrap();
            let own = weights(&space, &[1.0, 0.0, 0.0], &place);
            let x = images(&graph, &place, 5);
            for mode in [Mode::eval(), Mode::probe()] {
                let mut noise = rng(2);
                let mut pass = Pass::new(mode, &mut noise);
                let expected = network.forward(&x, &mut pass).unwrap();
                let fused = supernet.forward(&x, &own, &mut pass).unwrap();
                pass.execution = Execution::Staged;
                let staged = supernet.forward(&x, &own, &mut pass).unwrap();
                assert_eq!(numbers(&staged.main), numbers(&expected.main), "{}", graph.name());
                for (found, expected) in numbers(&fused.main).iter().zip(numbers(&expected.main)) {
                    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
                }
            }
            // Nearly so with most of the weight, and not at all with half of it.
            let far = |shares: &[f64]| {
                let weights = weights(&space, shares, &place);
                let found = supernet.forward(&x, &weights, &mut Pass::eval()).unwrap().main;
                let expected = network.forward(&x, &mut Pass::eval()).unwrap().main;
                let far = (found - expected).unwrap().sqr().unwrap().mean_all().unwrap();
                numbers(&far)[0]
            };
            assert!(far(&[0.99, 0.005, 0.005]) < far(&[0.5, 0.25, 0.25]));
        }
    }
}

#[test]
fn variables_of_another_network_are_refused_by_name() {
    let graph = unet();
    let place = Place::default();
    let space = space(&graph, &["sep_conv_3x3"]);
    let supernet = supernet(&space, &graph, &place);
    let searched = space.network().hand_made().unwrap();
    let mut variables = trained(&graph, &place).variables().snapshot().unwrap();
    let weight = variables.remove("encoder.0.0.weight").unwrap();
    variables.insert("encoder.9.0.weight".to_owned(), weight);
    let error = supernet.take_hand_made(searched, &variables).unwrap_err();
    let NetError::Op(OpError::VariableNames { missing, unexpected }) = error else {
        panic!("{error}")
    };
    assert_eq!(missing, ["encoder.0.0.weight"]);
    assert_eq!(unexpected, ["encoder.9.0.weight"]);
    let mut variables = trained(&graph, &place).variables().snapshot().unwrap();
    let other = Tensor::zeros((4, 3, 5, 5), DType::F32, &Device::Cpu).unwrap();
    variables.insert("encoder.0.0.weight".to_owned(), other);
    let error = supernet.take_hand_made(searched, &variables).unwrap_err();
    assert!(matches!(error, NetError::Op(OpError::VariableShape { .. })), "{error}");
}

#[test]
fn a_found_network_is_a_graph_and_keeps_what_was_not_replaced() {
    let graph = unet();
    let place = Place::default();
    let registry = registry();
    let space = space(&graph, &["sep_conv_3x3"]);
    let setting = Setting::new(&space, &registry, build(&graph));
    let found = genotype(&space, &["hand_made", "sep_conv_3x3"]);
    let derived = setting.derive(&found, &NetworkSize::default(), &mut rng(3)).unwrap();
    let rebuilt = space.rebuilt(&found).unwrap();
    let own = derived.as_graph().unwrap();
    assert_eq!(own.graph(), &rebuilt);
    assert_eq!(derived.cost(), rebuilt.cost().unwrap());
    let before = trained(&graph, &place);
    let kept = own.keep(&graph, &before.variables().snapshot().unwrap()).unwrap();
    let expected = ["encoder.0", "encoder.2", "up.1", "up.0", "decoder.0", "head"];
    assert_eq!(kept, expected);
    let old = before.variables().snapshot().unwrap();
    let new = own.variables().snapshot().unwrap();
    let equal = |name: &str| numbers(&old[name]) == numbers(&new[name]);
    assert!(equal("encoder.0.0.weight") && equal("decoder.0.1.running_mean"));
    assert!(new.keys().any(|name| name.starts_with("encoder.1.") && !old.contains_key(name)));
    // Nothing replaced: the same network.
    let same = genotype(&space, &["hand_made"]);
    let same = setting.derive(&same, &NetworkSize::default(), &mut rng(4)).unwrap();
    same.as_graph().unwrap().keep(&graph, &old).unwrap();
    let x = images(&graph, &place, 5);
    let output = |model: &dyn Model| numbers(&model.forward(&x, &mut Pass::eval()).unwrap().main);
    assert_eq!(output(&same), output(&before));
}

#[test]
fn an_inherited_network_computes_what_the_supernet_does_with_hard_weights() {
    let graph = unet();
    let place = Place::default();
    let registry = registry();
    let space = space(&graph, &["sep_conv_3x3", "max_pool_3x3"]);
    let setting = Setting::new(&space, &registry, build(&graph));
    let supernet = supernet(&space, &graph, &place);
    let found = genotype(&space, &["hand_made", "sep_conv_3x3", "max_pool_3x3"]);
    let inherited = setting.inherit(&supernet, &found).unwrap();
    let hard = |column: usize| {
        let mut row = [0.0_f32; 3];
        row[column] = 1.0;
        Tensor::new(&[row], &Device::Cpu).unwrap()
    };
    let hard = ArchWeights::of_ops((0..space.cells().len()).map(|cell| hard(cell % 3)));
    let x = images(&graph, &place, 5);
    let expected = supernet.forward(&x, &hard, &mut Pass::eval()).unwrap().main;
    let found = inherited.forward(&x, &mut Pass::eval()).unwrap().main;
    let far = (expected - found).unwrap().abs().unwrap().max_all().unwrap();
    assert!(numbers(&far)[0] < 1e-4);
}

#[test]
fn heads_of_deep_supervision_are_left_out_of_the_search_and_stay_in_the_network() {
    let network = SelfConfigured { base: 4, deep: true, ..SelfConfigured::default() };
    let graph = network.graph(Shape::new(3, 32, 32), PLANE).unwrap();
    assert!(!graph.deep().is_empty());
    let place = Place::default();
    let network = trained(&graph, &place);
    let space = space(&graph, &["sep_conv_3x3"]);
    let supernet = supernet(&space, &graph, &place);
    let searched = space.network().hand_made().unwrap();
    supernet.take_hand_made(searched, &network.variables().snapshot().unwrap()).unwrap();
    let x = images(&graph, &place, 5);
    let own = weights(&space, &[1.0, 0.0], &place);
    let found = supernet.forward(&x, &own, &mut Pass::eval()).unwrap().main;
    let expected = network.forward(&x, &mut Pass::eval()).unwrap().main;
    assert_eq!(numbers(&found), numbers(&expected));
    let rebuilt = space.rebuilt(&genotype(&space, &["sep_conv_3x3"])).unwrap();
    assert_eq!(rebuilt.deep(), graph.deep());
}

#[test]
fn costs_of_all_networks_are_those_of_their_graphs() {
    let graph = unet();
    let registry = registry();
    let space = space(&graph, &["sep_conv_3x3", "max_pool_3x3"]);
    let work = Workload::training(3);
    let found = ranges(&space, build(&graph), &registry, Draws::Top(1), &work).unwrap();
    let ops: Vec<&str> = space.op_set().names().collect();
    let blocks = space.cells().len() as u32;
    let costs = (0..3_usize.pow(blocks)).map(|number| {
        let digits = (0..blocks).map(|block| ops[number / 3_usize.pow(block) % 3]);
        let genotype = genotype(&space, &digits.collect::<Vec<_>>());
        space.rebuilt(&genotype).unwrap().cost().unwrap()
    });
    let costs: Vec<Cost> = costs.collect();
    let parameters = costs.iter().map(|cost| cost.parameters);
    assert_eq!(found.parameters.least, parameters.clone().min().unwrap());
    assert_eq!(found.parameters.most, parameters.max().unwrap());
    let macs = costs.iter().map(|cost| cost.macs);
    assert_eq!(found.macs.least, macs.clone().min().unwrap());
    assert_eq!(found.macs.most, macs.max().unwrap());
    // Memory is predicted from a blueprint here, and from the graph there.
    let own = predict_graph(&graph, &work).unwrap().total();
    assert!(found.memory.most > own / 2 && found.memory.least < own * 2, "{found:?} {own}");
}
