//! `bench ... --parity`: a given step is the library's step.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor};
use dartloom::data::Batch;
use dartloom::net::{DerivedNetwork, Supernet};
use dartloom::noise::Noise;
use dartloom::ops::{Mode, Model as _, Pass, Place, Registry};
use dartloom::presets;
use dartloom::relax::Softmax;
use dartloom::search::{Architecture, Bilevel, Choices, StepReport};
use dartloom::space::{Blueprint, Build, Genotype, OpSet, Repeats, Shape, Space, Stem};
use dartloom::task::{Classification, Task as _};
use dartloom::train::{Gradients, Position};

use crate::bench::{SMALL, json};
use crate::program::Program;

const IMAGE: Shape = Shape::new(1, 8, 8);

fn batch(seed: f64) -> Batch {
    let values: Vec<f32> = (0..128).map(|i| (seed + 1.7 * f64::from(i)).sin() as f32).collect();
    let images = Tensor::from_vec(values, (2, 1, 8, 8), &Device::Cpu).unwrap();
    Batch::new(images, Tensor::new(&[3_u32, 7], &Device::Cpu).unwrap()).unwrap()
}

/// A search that no seed of the program's makes.
fn search() -> Bilevel<'static> {
    let space = Space::darts(OpSet::builtin("O_base").unwrap(), 3, 4, Stem::cifar(3)).unwrap();
    let build = Build::new(2, 10, IMAGE);
    let plan = Blueprint::supernet(&space, build).unwrap();
    let noise = Noise::new(99);
    let registry = Registry::standard().unwrap();
    let place = Place::default();
    let mut rng = noise.stream("net", 0);
    let supernet = Supernet::new(&plan, &registry, &place, &mut rng).unwrap();
    let task = Classification::new(10).unwrap();
    let softmax = Choices::of(Softmax::default());
    let mut rng = noise.stream("logits", 0);
    let architecture = Architecture::new(&space, softmax, &place, &mut rng).unwrap();
    Bilevel::new(supernet, architecture, Box::new(task), presets::darts().search.bilevel, noise)
        .unwrap()
}

/// The library's own figures, and the tensors that another program needs to find it.
fn step() -> (StepReport, HashMap<String, Tensor>) {
    let mut search = search();
    let mut tensors: HashMap<String, Tensor> =
        search.core.supernet.variables().snapshot().unwrap().into_iter().collect();
    for (cell, logits) in search.core.architecture.snapshot().unwrap() {
        tensors.insert(format!("logits.{cell}"), logits);
    }
    for (part, seed) in [("train", 1.0), ("valid", 2.0)] {
        let Batch { inputs: images, targets: labels, .. } = batch(seed);
        tensors.insert(format!("{part}.images"), images);
        // As other programs store them.
        tensors.insert(format!("{part}.labels"), labels.to_dtype(DType::I64).unwrap());
    }
    let valid = batch(2.0);
    let report = search.step(Position::default(), 1, &batch(1.0), Some(&valid)).unwrap();
    (report, tensors)
}

#[test]
fn a_given_step_is_the_librarys_step() {
    let program = Program::new();
    let (report, tensors) = step();
    candle_core::safetensors::save(&tensors, program.path("start.safetensors")).unwrap();
    let words = ["bench", "search-step", "--json", "--parity", "start.safetensors"];
    let found = json(&program, &[&words[..], &SMALL[..]].concat());
    let losses: Vec<f64> = serde_json::from_value(found["losses"].clone()).unwrap();
    assert_eq!(losses, report.losses());
    let gradients: BTreeMap<String, Vec<Vec<f64>>> =
        serde_json::from_value(found["gradients"].clone()).unwrap();
    assert_eq!(gradients.keys().collect::<Vec<_>>(), ["logits of normal", "logits of reduce"]);
    for (name, expected) in ["normal", "reduce"].into_iter().zip(report.arch_gradients.0.values()) {
        let expected = expected.to_dtype(DType::F64).unwrap().to_vec2::<f64>().unwrap();
        assert_eq!(gradients[&format!("logits of {name}")], expected, "{name}");
    }
}

#[test]
fn a_start_that_does_not_fit_is_refused() {
    let program = Program::new();
    let (_, tensors) = step();
    type Spoil = fn(&mut HashMap<String, Tensor>);
    let rows: [(Spoil, &str); 5] = [
        (|t| drop(t.remove("train.images")), "train.images"),
        (|t| drop(t.remove("logits.reduce")), "logits.reduce"),
        (|t| drop(t.remove("stem.0.0.weight")), "stem.0.0.weight"),
        (|t| drop(t.insert("more".to_owned(), Tensor::new(1_f32, &Device::Cpu).unwrap())), "more"),
        (
            |t| {
                drop(t.insert(
                    "valid.labels".to_owned(),
                    Tensor::new(&[1_u32], &Device::Cpu).unwrap(),
                ))
            },
            "valid.labels",
        ),
    ];
    for (spoil, part) in rows {
        let mut tensors = tensors.clone();
        spoil(&mut tensors);
        candle_core::safetensors::save(&tensors, program.path("start.safetensors")).unwrap();
        let words = ["bench", "search-step", "--parity", "start.safetensors"];
        let said = program.run(&[&words[..], &SMALL[..]].concat());
        assert_eq!(said.code, Some(2), "{part}: {}", said.stderr);
        assert!(said.stderr.contains("start.safetensors"), "{}", said.stderr);
        assert!(said.stderr.contains(part), "no `{part}` in {}", said.stderr);
    }
}

/// A training step without drop-path, made by hand.
#[test]
fn a_given_training_step_is_the_librarys_step() {
    let genotype = Genotype::published("DARTS_V2").unwrap();
    let chain = genotype.chain(3, Stem::cifar(3), None, Repeats::InTurn).unwrap();
    let registry = Registry::standard().unwrap();
    let build = Build::new(2, 10, IMAGE);
    let plan = Blueprint::derived(&genotype, &chain.network().unwrap(), registry.catalog(), build)
        .unwrap();
    let mut rng = Noise::new(99).stream("net", 0);
    let place = Place::default();
    let network = DerivedNetwork::new(&plan, &registry, &place, &mut rng).unwrap();
    let mut tensors: HashMap<String, Tensor> =
        network.variables().snapshot().unwrap().into_iter().collect();
    let batch = batch(1.0);
    tensors.insert("train.images".to_owned(), batch.inputs.clone());
    tensors.insert("train.labels".to_owned(), batch.targets.clone());

    let mut pass = Pass::new(Mode::train(), &mut rng);
    let output = network.forward(&batch.inputs, &mut pass).unwrap();
    let task = Classification::new(10).unwrap();
    let loss = task.loss(&output.main, &batch.targets).unwrap().mean().unwrap();
    let variables = network.variables().parameters();
    let gradients = Gradients::take(&mut loss.backward().unwrap(), variables);

    let program = Program::new();
    candle_core::safetensors::save(&tensors, program.path("start.safetensors")).unwrap();
    let words = ["bench", "train-step", "--json", "--parity"];
    let found = json(&program, &[&words[..], &["start.safetensors"], &SMALL[..]].concat());
    let expected = f64::from(loss.to_scalar::<f32>().unwrap());
    assert_eq!(found["losses"], serde_json::json!([expected]));
    assert_eq!(found["gradient_norm"], serde_json::json!(gradients.norm().unwrap()));
    let norms = found["gradients"]["norms of all weights"][0].as_array().unwrap();
    assert_eq!(norms.len(), gradients.0.len());
    let stem = gradients.0["stem.0.0.weight"].flatten_from(1).unwrap().to_dtype(DType::F64);
    let stem: Vec<Vec<f64>> = stem.unwrap().to_vec2().unwrap();
    let shown = found["gradients"]["weights of the stem"].clone();
    assert_eq!(serde_json::from_value::<Vec<Vec<f64>>>(shown).unwrap(), stem);
}
