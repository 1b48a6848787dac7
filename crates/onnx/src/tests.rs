//! Files read back: they are whole, sound, and say what they are.
#![allow(clippy::unwrap_used, reason = "a test stops at what it cannot make")]

use std::collections::BTreeSet;

use dartloom_space::hand_made::{ResNet, SelfConfigured, UNet};
use dartloom_space::{
    Blueprint, Build, Genotype, Graph, GraphBuilder, GraphInput, Layer, OpSet, OpSpec, Outputs,
    Shape, Space, Stem,
};
use prost::Message as _;

use crate::proto::{Dimension, ModelProto, ValueInfoProto};
use crate::{Array, Arrays, Batch, Export, Normalization, OnnxError, Probabilities};

const IMAGE: Shape = Shape::new(3, 16, 16);

fn zeros(arrays: &mut Arrays, name: String, shape: &[usize]) {
    let count = shape.iter().product();
    arrays.insert(name, Array::new(shape.to_vec(), vec![0.0; count]).unwrap());
}

/// Zeros for the variables of layers.
fn variables(arrays: &mut Arrays, layers: &[Layer], prefix: &str) {
    for (at, layer) in layers.iter().enumerate() {
        let mut add = |name: &str, shape: &[usize]| {
            zeros(arrays, format!("{prefix}.{at}.{name}"), shape);
        };
        match *layer {
            Layer::Conv { inputs, outputs, kernel, groups, .. } => {
                add("weight", &[outputs, inputs / groups, kernel.height, kernel.width]);
            }
            Layer::ConvTranspose { inputs, outputs, factor, .. } => {
                add("weight", &[inputs, outputs, factor.height, factor.width]);
                add("bias", &[outputs]);
            }
            Layer::Bias { channels } => add("bias", &[channels]),
            Layer::Norm { channels, .. } => {
                for name in ["weight", "bias", "running_mean", "running_var"] {
                    add(name, &[channels]);
                }
            }
            Layer::Linear { inputs, outputs } => {
                add("weight", &[outputs, inputs]);
                add("bias", &[outputs]);
            }
            Layer::FactorizedReduce { inputs, outputs } => {
                for name in ["even", "odd"] {
                    add(name, &[outputs / 2, inputs, 1, 1]);
                }
            }
            _ => {}
        }
    }
}

fn of_graph(graph: &Graph) -> Arrays {
    let mut arrays = Arrays::new();
    for node in graph.nodes() {
        variables(&mut arrays, node.layers(), node.name());
    }
    arrays
}

fn of_blueprint(plan: &Blueprint) -> Arrays {
    let mut arrays = Arrays::new();
    let all = &mut arrays;
    for (at, part) in plan.stem.iter().enumerate() {
        variables(all, &part.layers, &format!("stem.{at}"));
    }
    for (at, cell) in plan.cells.iter().enumerate() {
        for (port, own) in cell.ports.iter().enumerate() {
            for (link, own) in own.links.iter().enumerate() {
                variables(all, &own.layers, &format!("cells.{at}.ports.{port}.{link}"));
            }
        }
        for (row, edge) in cell.edges.iter().enumerate() {
            for own in &edge.candidates {
                let name = format!("cells.{at}.edges.{row}.{}", own.op.name);
                variables(all, own.layers.as_deref().unwrap_or_default(), &name);
            }
        }
    }
    for (at, branch) in plan.head.branches.iter().enumerate() {
        variables(all, &branch.layers, &format!("head.{at}"));
    }
    arrays
}

/// Reads a model and checks that every name is made once, before it is read, and every constant is
/// read.
fn sound(export: &Export<'_>) -> ModelProto {
    let model = ModelProto::decode(&export.bytes().unwrap()[..]).unwrap();
    let graph = model.graph.as_ref().unwrap();
    let mut made: BTreeSet<&str> = graph.input.iter().map(|input| &*input.name).collect();
    let constants = graph.initializer.iter().map(|constant| &*constant.name);
    for name in constants.clone() {
        assert!(made.insert(name), "{name} is there twice");
    }
    let mut read = BTreeSet::new();
    for node in &graph.node {
        for input in node.input.iter().filter(|input| !input.is_empty()) {
            assert!(made.contains(&**input), "{} reads {input} before it is made", node.name);
            read.insert(&**input);
        }
        for output in &node.output {
            assert!(made.insert(output), "{output} is made twice");
        }
    }
    for output in &graph.output {
        assert!(made.contains(&*output.name), "{} is not made", output.name);
        read.insert(&output.name);
    }
    for constant in constants {
        assert!(read.contains(constant), "nothing reads {constant}");
    }
    for constant in &graph.initializer {
        let count: i64 = constant.dims.iter().product();
        let size = if constant.data_type == 1 { 4 } else { 8 };
        assert_eq!(constant.raw_data.len(), count as usize * size, "{}", constant.name);
    }
    model
}

fn dims(value: &ValueInfoProto) -> Vec<String> {
    let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
    let dims = tensor.shape.as_ref().unwrap().dim.iter();
    let text = |dim: &Dimension| match dim {
        Dimension::DimValue(value) => value.to_string(),
        Dimension::DimParam(name) => name.clone(),
    };
    dims.map(|dim| text(dim.value.as_ref().unwrap())).collect()
}

fn unet() -> Graph {
    let unet = UNet { base: 2, depth: Some(2) };
    unet.graph(IMAGE, Outputs::Plane { channels: 5 }).unwrap()
}

fn resnet() -> Graph {
    ResNet { width: 2, ..ResNet::tiny() }.graph(IMAGE, Outputs::Vector(5)).unwrap()
}

fn chain() -> (Space, Genotype) {
    let ops = OpSet::builtin("O_base").unwrap();
    let space = Space::darts(ops, 8, 4, Stem::cifar(3)).unwrap();
    (space, Genotype::published("DARTS_V2").unwrap())
}

fn plan() -> Blueprint {
    let (space, genotype) = chain();
    let network = genotype.network_in(&space).unwrap();
    let build = Build::new(2, 5, IMAGE);
    Blueprint::derived(&genotype, &network, space.op_set(), build).unwrap()
}

#[test]
fn a_file_says_who_wrote_it_and_for_whom() {
    let graph = unet();
    let arrays = of_graph(&graph);
    let export = Export::of_graph(&graph, &arrays);
    let export = export.with_metadata("task", "a").with_metadata("b", "1").with_metadata("b", "2");
    let model = sound(&export);
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
    assert_eq!(model.producer_name, "dartloom");
    assert_eq!(model.producer_version, env!("CARGO_PKG_VERSION"));
    let entries = model.metadata_props.iter().map(|entry| (&*entry.key, &*entry.value));
    assert_eq!(entries.collect::<Vec<_>>(), [("b", "2"), ("task", "a")]);
    let own = model.graph.unwrap();
    assert_eq!((&*own.input[0].name, dims(&own.input[0])), ("image", words("N 3 16 16")));
    assert_eq!((&*own.output[0].name, dims(&own.output[0])), ("output", words("N 5 16 16")));
    assert_eq!(export.bytes().unwrap(), export.clone().bytes().unwrap());
    let fixed = sound(&export.with_batch(Batch::Fixed(7))).graph.unwrap();
    assert_eq!(dims(&fixed.input[0]), words("7 3 16 16"));
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn heads_of_training_are_left_out_and_folded_norms_are_gone() {
    let deep = SelfConfigured { base: 2, deep: true, ..SelfConfigured::default() };
    let graph = deep.graph(Shape::new(3, 32, 32), Outputs::Plane { channels: 5 }).unwrap();
    assert!(!graph.deep().is_empty());
    let arrays = of_graph(&graph);
    let export = Export::of_graph(&graph, &arrays);
    let model = sound(&export).graph.unwrap();
    assert!(model.initializer.iter().all(|constant| !constant.name.starts_with("deep.")));
    let operators = |model: &crate::proto::GraphProto, operator: &str| {
        model.node.iter().filter(|node| node.op_type == operator).count()
    };
    assert!(operators(&model, "BatchNormalization") > 0);
    let folded = sound(&export.fold_norms()).graph.unwrap();
    assert_eq!(operators(&folded, "BatchNormalization"), 0);
    assert_eq!(operators(&folded, "Conv"), operators(&model, "Conv"));
    let plan = plan();
    let arrays = of_blueprint(&plan);
    let folded = sound(&Export::of_blueprint(&plan, &arrays).fold_norms()).graph.unwrap();
    assert_eq!(operators(&folded, "BatchNormalization"), 0);
}

#[test]
fn features_are_outputs_and_what_they_do_not_need_is_gone() {
    let graph = resnet();
    let arrays = of_graph(&graph);
    let export = Export::of_graph(&graph, &arrays);
    let scales = export.scales().unwrap();
    let names: Vec<&str> = scales.iter().map(|scale| &*scale.name).collect();
    assert_eq!(names, ["stages.1.0.join", "stages.2.0.join", "stages.3.0.join"]);
    assert_eq!(scales[1].shape, Shape::new(8, 4, 4));
    let model = sound(&export.clone().with_features(["stages.1.0.join", "stem"])).graph.unwrap();
    let outputs: Vec<_> = model.output.iter().map(|output| (&*output.name, dims(output))).collect();
    assert_eq!(outputs, [("stages.1.0.join", words("N 4 8 8")), ("stem", words("N 2 16 16"))]);
    assert!(model.initializer.iter().all(|constant| !constant.name.starts_with("stages.2")));
    for names in [vec!["head"], vec!["stem", "stem"], vec![]] {
        let error = export.clone().with_features(names).bytes().unwrap_err();
        assert!(matches!(&error, OnnxError::Feature { known, .. } if known.len() > 3), "{error}");
    }
    let both = export.clone().with_features(["stem"]).with_probabilities(Probabilities::Softmax);
    assert_eq!(both.bytes(), Err(OnnxError::Probabilities));
    // Cells of a chain: two reductions, whose planes are a half and a quarter.
    let plan = plan();
    let arrays = of_blueprint(&plan);
    let scales = Export::of_blueprint(&plan, &arrays).scales().unwrap();
    let found: Vec<_> = scales.iter().map(|scale| (&*scale.name, scale.shape.height)).collect();
    assert_eq!(found, [("cells.4", 8), ("cells.7", 4)]);
}

#[test]
fn an_output_has_its_name_whatever_other_values_are_called() {
    let mut graph = GraphBuilder::new("names", Shape::new(1, 4, 4)).unwrap();
    let first = graph.node("a", GraphInput::Image, vec![Layer::Relu]).unwrap();
    let second = graph.node("a.0", first, vec![Layer::Relu]).unwrap();
    let sum = graph.sum("a.0.0", &[first, second], vec![]).unwrap();
    graph.node("output", sum, vec![Layer::Relu]).unwrap();
    let graph = graph.finish(Outputs::Plane { channels: 1 }).unwrap();
    let arrays = Arrays::new();
    let export = Export::of_graph(&graph, &arrays);
    sound(&export);
    let model = sound(&export.clone().with_features(["a.0", "a.0.0"])).graph.unwrap();
    assert_eq!(model.output[1].name, "a.0.0");
    let none = export.scales().unwrap_err();
    assert_eq!(none, OnnxError::NoFeatures { input: Shape::new(1, 4, 4) });
}

#[test]
fn arrays_of_another_network_are_refused_by_name() {
    let graph = unet();
    let mut arrays = of_graph(&graph);
    let name = "encoder.0.1.running_mean".to_owned();
    zeros(&mut arrays, name.clone(), &[3]);
    let error = Export::of_graph(&graph, &arrays).bytes().unwrap_err();
    assert_eq!(
        error,
        OnnxError::VariableShape { name: name.clone(), expected: vec![2], found: vec![3] }
    );
    arrays.remove(&name);
    assert_eq!(Export::of_graph(&graph, &arrays).bytes(), Err(OnnxError::Missing { name }));
    let values = Array::new(vec![2, 2], vec![0.0; 3]).unwrap_err();
    assert_eq!(values, OnnxError::Values { shape: vec![2, 2], found: 3 });
}

#[test]
fn what_has_no_one_recipe_is_refused_with_its_place() {
    let (space, genotype) = chain();
    let arrays = Arrays::new();
    let build = Build::new(2, 5, IMAGE);
    let supernet = Blueprint::supernet(&space, build).unwrap();
    let refused =
        |plan: &Blueprint, arrays: &Arrays| Export::of_blueprint(plan, arrays).bytes().unwrap_err();
    assert_eq!(refused(&supernet, &arrays), OnnxError::Supernet);
    let ops = space.op_set().overridden_by(&[OpSpec::custom("sep_conv_3x3")]).unwrap();
    let network = genotype.network_in(&space).unwrap();
    let plan = Blueprint::derived(&genotype, &network, &ops, build).unwrap();
    let error = refused(&plan, &of_blueprint(&plan));
    let place = "cells.0.edges.0".to_owned();
    assert_eq!(error, OnnxError::Code { op: "sep_conv_3x3".to_owned(), place });
}

#[test]
fn choices_that_mean_nothing_are_refused() {
    let graph = resnet();
    let arrays = of_graph(&graph);
    let export = Export::of_graph(&graph, &arrays);
    assert_eq!(export.clone().with_batch(Batch::Fixed(0)).bytes(), Err(OnnxError::Batch));
    let constants = |scale, mean: &[f32], deviation: &[f32]| Normalization {
        scale,
        mean: mean.to_vec(),
        standard_deviation: deviation.to_vec(),
    };
    let ones = [1.0; 3];
    for wrong in [
        constants(0.0, &ones, &ones),
        constants(1.0, &ones[..2], &ones),
        constants(1.0, &ones, &[1.0, f32::NAN, 1.0]),
        constants(1.0, &[f32::INFINITY; 3], &ones),
    ] {
        let found = export.clone().with_normalization(wrong).bytes();
        assert!(matches!(found, Err(OnnxError::Normalization { .. })), "{found:?}");
    }
    let model = sound(&export.with_normalization(constants(255.0, &ones, &ones)));
    let first = &model.graph.unwrap().node[0];
    assert_eq!((&*first.op_type, &*first.input[0]), ("Div", "image"));
}

#[test]
fn planes_behind_a_fully_connected_layer_are_refused() {
    let mut graph = GraphBuilder::new("lost", Shape::new(1, 4, 4)).unwrap();
    let layers = vec![Layer::Linear { inputs: 16, outputs: 2 }, Layer::pointwise(2, 2)];
    graph.node("a", GraphInput::Image, layers).unwrap();
    let graph = graph.finish(Outputs::Vector(2)).unwrap();
    let error = Export::of_graph(&graph, &of_graph(&graph)).bytes().unwrap_err();
    assert!(matches!(&error, OnnxError::Layer { place, .. } if place == "a.1"), "{error}");
}
