//! `dartloom export`: what is written, what is said, and what is refused.

use dartloom::data::{Normalization, TargetSpec};
use dartloom::net::GraphNetwork;
use dartloom::noise::Noise;
use dartloom::ops::Place;
use dartloom::space::hand_made::UNet;
use dartloom::space::{Outputs, Shape};
use dartloom::verdict::Trained;

use crate::program::Program;

/// An untrained U-Net in `unet.safetensors`.
fn with_unet(known: bool) -> Program {
    let program = Program::new();
    let unet = UNet { base: 2, depth: Some(2) };
    let graph = unet.graph(Shape::new(3, 8, 8), Outputs::Plane { channels: 2 }).unwrap();
    let mut noise = Noise::new(0).stream("w", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut noise).unwrap();
    let targets = TargetSpec::Mask { classes: 2, ignore: None };
    let mut trained = Trained::laid_out(&graph, targets, &network).unwrap();
    if known {
        trained = trained.with_normalization(Normalization::scaled(255.0, 3).unwrap()).unwrap();
        trained = trained.with_class_names(["land", "sea"]).unwrap();
    }
    trained.save(program.path("unet.safetensors")).unwrap();
    program
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_network_is_written_and_nothing_is_overwritten_unasked() {
    let program = with_unet(true);
    let export = ["export", "unet.safetensors", "--out", "unet.onnx"];
    let said = program.succeed(&export);
    assert_eq!(said.stdout, "unet.onnx\n");
    assert!(said.stderr.contains("the model reads bytes of 3x8x8"), "{}", said.stderr);
    let plain = program.read_bytes("unet.onnx");
    for text in ["class_names", r#"["land","sea"]"#, "normalisation.scale", "BatchNormalization"] {
        assert!(holds(&plain, text), "{text}");
    }
    let said = program.run(&export);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("unet.onnx"), "{}", said.stderr);
    assert_eq!(program.read_bytes("unet.onnx"), plain);
    let options = ["--overwrite", "--fold-norms", "--probabilities", "--no-normalisation"];
    program.succeed(&[&export[..], &options].concat());
    let other = program.read_bytes("unet.onnx");
    for text in ["normalisation.scale", "BatchNormalization"] {
        assert!(!holds(&other, text), "{text}");
    }
    for text in ["Softmax", "normalised pixels", ".folded"] {
        assert!(holds(&other, text), "{text}");
    }
}

#[test]
fn features_are_the_values_of_every_scale() {
    let program = with_unet(false);
    let export = ["export", "unet.safetensors", "--out", "unet.onnx", "--features"];
    let said = program.succeed(&export);
    assert!(said.stderr.contains("the model reads normalised pixels"), "{}", said.stderr);
    let bytes = program.read_bytes("unet.onnx");
    assert!(!holds(&bytes, "head.0"));
    assert!(holds(&bytes, "decoder.1"));
}

#[test]
fn what_means_nothing_is_refused() {
    let program = with_unet(false);
    let export = ["export", "unet.safetensors", "--out", "unet.onnx"];
    for (options, what) in [
        (&["--no-normalisation"][..], "--no-normalisation"),
        (&["--features", "--probabilities"], "--probabilities"),
        (&["--batch", "0"], "--batch"),
    ] {
        let said = program.run(&[&export[..], options].concat());
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains(what), "{}", said.stderr);
    }
    let own = ["export", "unet.safetensors", "--out", "unet.safetensors", "--overwrite"];
    assert_eq!(program.run(&own).code, Some(2));
    assert_eq!(program.run(&["export", "none.safetensors", "--out", "a.onnx"]).code, Some(2));
    assert!(!program.path("unet.onnx").exists());
}
