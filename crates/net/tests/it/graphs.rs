//! Networks laid out by hand.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use dartloom_kernels::testkit::{bits, filled};
use dartloom_net::memory::{Workload, predict_graph};
use dartloom_net::{GraphNetwork, NetError};
use dartloom_ops::{Execution, Mode, Model, Pass, Place};
use dartloom_space::hand_made::{Baseline, DataFacts, SelfConfigured, UNet, plan};
use dartloom_space::{Graph, GraphBuilder, GraphInput, Layer, Outputs, Pair, Shape};

use crate::support::*;

const MASK: Outputs = Outputs::Plane { channels: 3 };

fn network(graph: Graph) -> GraphNetwork {
    GraphNetwork::new(graph, &Place::from(DType::F64), &mut rng(1)).unwrap()
}

#[test]
fn values_are_joined_as_the_graph_says() {
    let mut graph = GraphBuilder::new("joins", Shape::new(2, 4, 4)).unwrap();
    let image = GraphInput::Image;
    let a = graph.node("a", image, vec![Layer::pointwise(2, 2), Layer::Relu]).unwrap();
    let b = graph.sum("b", &[image, a, a], vec![]).unwrap();
    graph.concat("c", &[b, image], vec![Layer::pointwise(4, 3)]).unwrap();
    let net = network(graph.finish(MASK).unwrap());
    let names: Vec<&str> = net.variables().parameters().keys().map(String::as_str).collect();
    assert_eq!(names, ["a.0.weight", "c.0.weight"]);
    let x = filled(&[2, 2, 4, 4], 3).unwrap();
    let found = values(&run(&net, &x, Mode::train()).unwrap().main);

    let flat = |name: &str, outputs, inputs| {
        net.variables().parameters()[name].reshape((outputs, inputs)).unwrap()
    };
    let lines = |x: &Tensor| x.flatten_from(2).unwrap();
    let weigh = |weight: Tensor, x: &Tensor| weight.broadcast_matmul(&lines(x)).unwrap();
    let a = weigh(flat("a.0.weight", 2, 2), &x).relu().unwrap().reshape((2, 2, 4, 4)).unwrap();
    let b = ((&x + &a).unwrap() + &a).unwrap();
    let c = Tensor::cat(&[&b, &x], 1).unwrap();
    let expected = values(&weigh(flat("c.0.weight", 3, 4), &c));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        approx::assert_relative_eq!(found, expected, epsilon = 1e-12);
    }
}

#[test]
fn every_baseline_trains_all_of_its_weights() {
    let image = Shape::new(3, 16, 16);
    for (name, baseline) in Baseline::known() {
        // The wide ones take long, and have the layers of the others.
        if ["resnet18", "resnet", "self_configured"].contains(&name) {
            continue;
        }
        let baseline = match baseline {
            Baseline::ResNet50 => Baseline::ResNet(dartloom_space::hand_made::ResNet {
                width: 4,
                ..dartloom_space::hand_made::ResNet::resnet50()
            }),
            other => other,
        };
        let plane = Outputs::Plane { channels: 2 };
        let outputs = if baseline.serves(plane) { plane } else { Outputs::Vector(2) };
        let net = network(baseline.graph(image, outputs).unwrap());
        assert_eq!(net.variables().parameter_count(), net.cost().parameters, "{name}");
        let x = filled(&[2, 3, 16, 16], 1).unwrap();
        let y = run(&net, &x, Mode::train()).unwrap().main;
        match outputs {
            Outputs::Vector(_) => assert_eq!(y.dims(), [2, 2]),
            _ => assert_eq!(y.dims(), [2, 2, 16, 16]),
        }
        assert_eq!(net.outputs(), Some(outputs));
        let gradients = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        for (variable, var) in net.variables().parameters() {
            let gradient = gradients.get(var).unwrap_or_else(|| panic!("{name} {variable}"));
            assert!(finite(gradient), "{name} {variable}");
        }
    }
}

#[test]
fn a_watch_sees_nodes_in_order() {
    let graph = UNet { base: 2, depth: Some(1) }.graph(Shape::new(3, 4, 4), MASK).unwrap();
    let net = network(graph);
    let x = filled(&[1, 3, 4, 4], 1).unwrap();
    let mut places = Vec::new();
    let mut watch = |place: &dyn std::fmt::Display, value: &Tensor| {
        places.push(format!("{place} {:?}", &value.dims()[1..]));
        Ok(())
    };
    let mut noise = rng(0);
    let pass = Pass::new(Mode::eval(), &mut noise);
    net.forward(&x, &mut Pass { watch: Some(&mut watch), ..pass }).unwrap();
    let expected = [
        "encoder.0 [2, 4, 4]",
        "pool.1 [2, 2, 2]",
        "encoder.1 [4, 2, 2]",
        "up.0 [2, 4, 4]",
        "decoder.0 [2, 4, 4]",
        "head [3, 4, 4]",
    ];
    assert_eq!(places, expected);
}

#[test]
fn nothing_is_kept_where_no_gradient_is_wanted() {
    let graph = UNet { base: 2, depth: Some(1) }.graph(Shape::new(3, 4, 4), MASK).unwrap();
    let net = network(graph);
    let x = filled(&[1, 3, 4, 4], 1).unwrap();
    let with = |constant_parameters, x: &Tensor| {
        let mut pass = Pass { constant_parameters, ..Pass::eval() };
        net.forward(x, &mut pass).unwrap().main
    };
    let kept = with(false, &x);
    let apart = with(true, &x);
    assert!(kept.track_op() && !apart.track_op());
    assert_eq!(values(&kept), values(&apart));
    // The gradient of images is still there for whoever asks.
    let x = candle_core::Var::from_tensor(&x).unwrap();
    let gradients = with(true, x.as_tensor()).sum_all().unwrap().backward().unwrap();
    assert!(gradients.get(&x).is_some());
}

/// A training step in `f32`.
struct Trained {
    outputs: Vec<Vec<u64>>,
    gradients: BTreeMap<String, Vec<f64>>,
}

fn trained(graph: &Graph, execution: Execution) -> Trained {
    let net = GraphNetwork::new(graph.clone(), &Place::default(), &mut rng(1)).unwrap();
    let shape = graph.input();
    let x = filled(&[2, shape.channels, shape.height, shape.width], 3).unwrap();
    let x = x.to_dtype(DType::F32).unwrap();
    let mut noise = rng(0);
    let mut pass = Pass { execution, ..Pass::new(Mode::train(), &mut noise) };
    let output = net.forward(&x, &mut pass).unwrap();
    let heads: Vec<Tensor> = output.deep.into_iter().chain([output.main]).collect();
    let loss = heads.iter().map(|head| head.sqr().unwrap().mean_all().unwrap());
    let loss = loss.reduce(|sum, head| (sum + head).unwrap()).unwrap();
    let store = loss.backward().unwrap();
    let gradient =
        |(name, var): (&String, &candle_core::Var)| (name.clone(), values(store.get(var).unwrap()));
    let gradients = net.variables().parameters().iter().map(gradient).collect();
    Trained { outputs: heads.iter().map(bits).collect(), gradients }
}

/// Evaluates with constant parameters, where a tape lets values go, and refuses a difference.
fn evaluated(graph: &Graph) {
    let net = GraphNetwork::new(graph.clone(), &Place::default(), &mut rng(1)).unwrap();
    let shape = graph.input();
    let x = filled(&[2, shape.channels, shape.height, shape.width], 3).unwrap();
    let x = x.to_dtype(DType::F32).unwrap();
    let run = |execution| {
        let mut pass = Pass { execution, constant_parameters: true, ..Pass::eval() };
        let found = net.forward(&x, &mut pass).unwrap().main;
        assert!(!found.track_op());
        bits(&found)
    };
    assert!(run(Execution::default()) == run(Execution::Staged), "{}", graph.name());
}

#[test]
fn a_tape_computes_what_operations_one_by_one_compute() {
    let image = Shape::new(3, 16, 16);
    let mut odd = GraphBuilder::new("odd", image).unwrap();
    let a = odd.node("a", GraphInput::Image, vec![Layer::square(3, 8, 3, 1), Layer::Relu]).unwrap();
    // Nodes that no tape runs, between those that it does.
    let b = odd.node("b", a, vec![Layer::Bias { channels: 8 }]).unwrap();
    let c = odd.node("c", b, vec![Layer::square(8, 8, 3, 1)]).unwrap();
    let d = odd.node("d", a, vec![Layer::pointwise(8, 8), Layer::Bias { channels: 8 }]).unwrap();
    let e = odd.sum("e", &[a, c, d], vec![]).unwrap();
    // Nodes without layers, which are another name of their input.
    let g = odd.node("g", a, vec![]).unwrap();
    let h = odd.node("h", g, vec![Layer::Identity]).unwrap();
    let i = odd.sum("i", &[h, e], vec![]).unwrap();
    let j = odd.node("j", GraphInput::Image, vec![]).unwrap();
    let k = odd.concat("k", &[i, j], vec![]).unwrap();
    odd.concat("f", &[k, a, h, GraphInput::Image], vec![Layer::pointwise(30, 3)]).unwrap();
    let graphs = [
        UNet { base: 4, depth: Some(2) }.graph(image, MASK).unwrap(),
        Baseline::TinyResNet.graph(image, Outputs::Vector(4)).unwrap(),
        SelfConfigured { base: 4, deep: true, ..SelfConfigured::default() }
            .graph(Shape::new(3, 32, 32), MASK)
            .unwrap(),
        odd.finish(MASK).unwrap(),
    ];
    for graph in &graphs {
        evaluated(graph);
        let taped = trained(graph, Execution::default());
        let staged = trained(graph, Execution::Staged);
        assert!(taped.outputs == staged.outputs, "{}", graph.name());
        for (name, expected) in &staged.gradients {
            let found = &taped.gradients[name];
            let largest = expected.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            // Sums of three gradients may be added up in another order.
            assert!(off <= 1e-5 * largest, "{} {name}: {off} of {largest}", graph.name());
        }
    }
}

#[test]
fn images_of_another_shape_are_refused() {
    let net = network(UNet::default().graph(Shape::new(3, 8, 8), MASK).unwrap());
    let x = Tensor::ones((1, 3, 8, 9), DType::F64, &Device::Cpu).unwrap();
    let error = run(&net, &x, Mode::eval()).unwrap_err();
    assert!(matches!(error, NetError::Input { expected, .. } if expected == Shape::new(3, 8, 8)));
}

#[test]
fn identities_tell_graphs_and_weights_apart() {
    let said = |base, seed| {
        let graph = UNet { base, depth: Some(1) }.graph(Shape::new(1, 4, 4), MASK).unwrap();
        let net = GraphNetwork::new(graph, &Place::default(), &mut rng(seed)).unwrap();
        net.identity().unwrap()
    };
    assert_eq!(said(2, 1), said(2, 1));
    assert_ne!(said(2, 1), said(2, 2));
    assert_ne!(said(2, 1), said(3, 1));
}

#[test]
fn memory_is_counted_by_hand() {
    let mut graph = GraphBuilder::new("counted", Shape::new(1, 4, 4)).unwrap();
    let image = GraphInput::Image;
    let a = graph.node("a", image, vec![Layer::square(1, 2, 3, 1), Layer::Relu]).unwrap();
    let half = Pair::both(2);
    let pool = Layer::MaxPool { kernel: half, stride: half, padding: Pair::both(0) };
    let b = graph.node("b", a, vec![pool]).unwrap();
    let up = Layer::ConvTranspose { inputs: 2, outputs: 2, factor: half, bias: true };
    let c = graph.node("c", b, vec![up]).unwrap();
    graph.concat("d", &[a, c], vec![Layer::pointwise(4, 3)]).unwrap();
    let graph = graph.finish(MASK).unwrap();
    let work = Workload { execution: Execution::Staged, threads: 2, ..Workload::training(3) };
    let found = predict_graph(&graph, &work).unwrap();
    let plane = 16;
    // Convolution and ReLU; maximum; enlarged planes; concatenation; numbers.
    let kept = 2 * 2 * plane + 2 * plane / 4 + 2 * plane + 4 * plane + 3 * plane;
    assert_eq!(found.activations, 4 * 3 * kept);
    // At the last convolution: its gradient, and three times that of the concatenation.
    let passing = 3 * plane + 3 * 4 * plane;
    // More than at the first: its own, 9 values for every pixel on both threads, and the gradients
    // of 18 weights, one of each image.
    assert!(3 * passing > 3 * 2 * plane + 2 * 9 * plane + 3 * 18);
    assert_eq!(found.workspace, 4 * 3 * passing);
    let forward = predict_graph(&graph, &Workload { training: None, ..work }).unwrap();
    assert_eq!(forward.workspace, 4 * 2 * 9 * plane);
    let parameters = 18 + 2 * 2 * 4 + 2 + 12;
    assert_eq!((found.parameters, found.moments), (4 * parameters, 4 * parameters));
    assert_eq!(found.images, 4 * 3 * plane + 3 * 4);
    let net = GraphNetwork::new(graph.clone(), &Place::default(), &mut rng(1)).unwrap();
    assert_eq!(net.memory(&work), found);
    let most = Workload { batch: usize::MAX / 2, ..work };
    assert!(matches!(predict_graph(&graph, &most), Err(NetError::Uncountable { .. })));
    assert_eq!(net.memory(&most).activations, u64::MAX);
}

/// Three levels in the decoder, with heads of deep supervision or without.
fn configured(deep: bool) -> Graph {
    let own = SelfConfigured { base: 2, deep, ..SelfConfigured::default() };
    own.graph(Shape::new(1, 32, 32), MASK).unwrap()
}

#[test]
fn heads_of_deep_supervision_answer_in_training_alone() {
    let net = network(configured(true));
    let x = filled(&[2, 1, 32, 32], 3).unwrap();
    let trained = run(&net, &x, Mode::train()).unwrap();
    let sides: Vec<_> = trained.deep.iter().map(|head| head.dims().to_vec()).collect();
    assert_eq!(sides, [[2, 3, 16, 16], [2, 3, 8, 8]]);
    assert!(trained.auxiliary.is_none());
    // Every head has weights of its own, and its loss reaches the levels below alone.
    let reached = |head: &Tensor, name: &str| {
        let store = head.sqr().unwrap().sum_all().unwrap().backward().unwrap();
        store.get(net.variables().parameters()[name].as_tensor()).is_some()
    };
    for (head, own) in trained.deep.iter().zip(["deep.1", "deep.2"]) {
        for name in ["deep.1", "deep.2"] {
            assert_eq!(reached(head, &format!("{name}.0.weight")), own == name);
        }
        assert_eq!(reached(head, "decoder.1.0.weight"), own == "deep.1");
        assert!(!reached(head, "decoder.0.0.weight") && reached(head, "decoder.2.0.weight"));
    }
    let watched = |mode| {
        let mut places = Vec::new();
        let mut watch = |place: &dyn std::fmt::Display, _: &Tensor| {
            places.push(place.to_string());
            Ok(())
        };
        let mut noise = rng(0);
        let pass = Pass::new(mode, &mut noise);
        let output = net.forward(&x, &mut Pass { watch: Some(&mut watch), ..pass }).unwrap();
        (output, places)
    };
    let (output, places) = watched(Mode::eval());
    assert!(output.deep.is_empty() && !places.iter().any(|place| place.starts_with("deep")));
    assert_eq!(watched(Mode::train()).1.len(), places.len() + 2);

    // The same network without the heads answers the same.
    let plain = network(configured(false));
    for (name, var) in plain.variables().parameters() {
        var.set(net.variables().parameters()[name].as_tensor()).unwrap();
    }
    let same = run(&plain, &x, Mode::train()).unwrap();
    assert_eq!(values(&same.main), values(&trained.main));
    let extra = (4 * 3 + 3) + (8 * 3 + 3);
    let count = |net: &GraphNetwork| net.variables().parameter_count();
    assert_eq!(count(&net), count(&plain) + extra);
}

#[test]
fn memory_of_heads_of_deep_supervision_is_that_of_training() {
    let work = Workload { execution: Execution::Staged, ..Workload::training(3) };
    let predict = |deep, work: &Workload| predict_graph(&configured(deep), work).unwrap();
    let plain = predict(false, &work);
    let found = predict(true, &work);
    let weights = 4 * ((4 * 3 + 3) + (8 * 3 + 3));
    // Convolution and bias of 3 channels on planes of 16x16 and 8x8.
    assert_eq!(found.activations - plain.activations, 4 * 3 * 2 * 3 * (256 + 64));
    assert_eq!(found.parameters - plain.parameters, weights);
    assert_eq!(found.gradients - plain.gradients, weights);
    assert_eq!(found.moments - plain.moments, weights);
    assert!(found.workspace >= plain.workspace);
    let work = Workload { training: None, ..work };
    let plain = predict(false, &work);
    let found = predict(true, &work);
    assert_eq!(found.activations, plain.activations);
    assert_eq!(found.workspace, plain.workspace);
    assert_eq!(found.parameters - plain.parameters, weights);
}

/// The predictor that plans are made with.
#[test]
fn a_plan_fits_into_the_memory_that_it_was_made_for() {
    let predict = |graph: &Graph, batch: usize| {
        let work = Workload { threads: 2, ..Workload::training(batch) };
        Some(predict_graph(graph, &work).ok()?.total())
    };
    for gibibytes in [1, 2, 8] {
        let median = Pair::new(500, 700);
        let memory = gibibytes << 30;
        let facts = DataFacts { median, images: 400, channels: 3, numbers: 2, memory };
        let found = plan(&facts, predict).unwrap();
        assert!(found.bytes <= memory, "{found:?}");
        let Pair { height, width } = found.patch;
        let image = Shape::new(3, height, width);
        let graph = found.network.graph(image, Outputs::Plane { channels: 2 }).unwrap();
        assert_eq!(predict(&graph, found.batch), Some(found.bytes));
        // As much as fits: one more would not, or 5 % of the pixels are reached.
        let most = 500 * 700 * 20 / (height * width);
        let more = predict(&graph, found.batch + 1).unwrap();
        assert!(more > memory || found.batch == most, "{found:?}");
    }
}
