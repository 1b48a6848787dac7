//! A trained network as an ONNX file says what it is. What the models compute is compared where
//! there are other runtimes.

use dartloom_data::{Normalization, TargetSpec};
use dartloom_net::{GraphNetwork, NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Place;
use dartloom_space::hand_made::{Baseline, UNet};
use dartloom_space::{Outputs, Shape};
use dartloom_verdict::{OnnxConfig, Trained, TrainedError};

use crate::tiny::{build, first_digits, registry, space, two_ops};

const IMAGE: Shape = Shape::new(3, 8, 8);

fn laid_out(baseline: &Baseline, outputs: Outputs, targets: TargetSpec) -> Trained {
    let graph = baseline.graph(IMAGE, outputs).unwrap();
    let mut noise = Noise::new(0).stream("w", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut noise).unwrap();
    Trained::laid_out(&graph, targets, &network).unwrap()
}

fn holds(bytes: &[u8], texts: &[&str]) {
    for text in texts {
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(found, "{text}");
    }
}

#[test]
fn a_found_network_says_all_that_is_known_of_it() {
    let registry = registry();
    let space = space(two_ops(), 1);
    let data = first_digits(2);
    let setting = Setting::new(&space, &registry, build(&data, 2));
    let mut noise = Noise::new(1).stream("w", 0);
    let genotype = space.sample(2, &mut noise);
    let size = NetworkSize::default();
    let network = setting.derive(&genotype, &size, &mut noise).unwrap();
    let targets = TargetSpec::Class { classes: 10 };
    let kept = Trained::new(&setting, &genotype, size, targets, &network).unwrap();
    let kept = kept.with_class_names((0..10).map(|digit| format!("digit {digit}"))).unwrap();
    let kept = kept.with_normalization(Normalization::scaled(16.0, 1).unwrap()).unwrap();
    let bytes = kept.to_onnx(&OnnxConfig::default()).unwrap();
    let genotype = genotype.to_json().unwrap();
    let names = r#"["digit 0","digit 1""#;
    holds(&bytes, &[&genotype, space.name(), names, r#""scale":16.0"#, "one of 10 classes"]);
    holds(&bytes, &["bytes from 0 to 255", "logits", "normalisation.mean"]);
    // The file of the network is enough.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.safetensors");
    kept.save(&path).unwrap();
    let read = Trained::load(&path, &registry).unwrap();
    assert!(read.to_onnx(&OnnxConfig::default()).unwrap() == bytes);
    let all = OnnxConfig { fold_norms: true, probabilities: true, ..OnnxConfig::default() };
    holds(&read.to_onnx(&all).unwrap(), &["probabilities", "Softmax", ".folded"]);
}

#[test]
fn outputs_become_what_their_targets_allow() {
    let unet = Baseline::UNet(UNet { base: 2, depth: Some(1) });
    let plane = Outputs::Plane { channels: 2 };
    let masks = laid_out(&unet, plane, TargetSpec::Mask { classes: 2, ignore: None });
    let features = OnnxConfig { features: true, ..OnnxConfig::default() };
    let bytes = masks.to_onnx(&features).unwrap();
    holds(&bytes, &["features", "normalised pixels", "graph"]);
    let likely = OnnxConfig { probabilities: true, ..OnnxConfig::default() };
    let resnet = Baseline::TinyResNet;
    let labels = laid_out(&resnet, Outputs::Vector(2), TargetSpec::Labels(2));
    holds(&labels.to_onnx(&likely).unwrap(), &["Sigmoid"]);
    let values = laid_out(&resnet, Outputs::Vector(2), TargetSpec::Values(2));
    holds(&values.to_onnx(&OnnxConfig::default()).unwrap(), &["values"]);
    let error = values.to_onnx(&likely).unwrap_err();
    assert!(matches!(error, TrainedError::NoProbabilities { .. }), "{error}");
}
