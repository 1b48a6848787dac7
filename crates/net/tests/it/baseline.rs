use candle_core::{Device, Tensor};
use dartloom_net::NetError;
use dartloom_net::baseline::{ResNet, ResNetSize};
use dartloom_ops::Model;
use dartloom_ops::{Mode, Place};
use dartloom_space::Shape;

use crate::support::*;

fn resnet(size: ResNetSize, input: Shape, classes: usize) -> Result<ResNet, NetError> {
    ResNet::new(size, input, classes, &Place::default(), &mut rng(1))
}

#[test]
fn sizes_are_those_of_the_graphene_study() {
    let input = Shape::new(1, 30, 80);
    for (size, parameters) in [(ResNetSize::resnet18(), 11_168_193), (ResNetSize::tiny(), 77_273)] {
        let net = resnet(size, input, 1).unwrap();
        assert_eq!(net.variables().parameter_count(), parameters);
        assert_eq!(net.cost().parameters, parameters);
    }
}

#[test]
fn resnet18_costs_what_it_costs_on_cifar() {
    let net = resnet(ResNetSize::resnet18(), Shape::new(3, 32, 32), 10).unwrap();
    // 3x3 convolutions at 32x32, then three stages of one stride-2 block and one plain block.
    let stem = 9 * 3 * 64 * 1024;
    let first = 4 * 9 * 64 * 64 * 1024;
    let stage = |width: u64, plane: u64| {
        (9 * width / 2 * width + 3 * 9 * width * width + width / 2 * width) * plane
    };
    let macs = stem + first + stage(128, 256) + stage(256, 64) + stage(512, 16) + 5120;
    assert_eq!(net.cost().macs, macs);
    assert_eq!(net.cost().parameters, 11_173_962);
}

#[test]
fn every_block_halves_or_keeps_the_plane_and_trains() {
    let net = resnet(ResNetSize::tiny(), Shape::new(1, 8, 8), 10).unwrap();
    let x = dartloom_kernels::testkit::filled(&[4, 1, 8, 8], 1).unwrap();
    let x = x.to_dtype(candle_core::DType::F32).unwrap();
    let output = run(&net, &x, Mode::train()).unwrap();
    assert_eq!(output.main.dims(), [4, 10]);
    assert!(output.auxiliary.is_none());
    let gradients = output.main.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in net.variables().parameters() {
        assert!(gradients.get(var).is_some(), "{name}");
    }
}

#[test]
fn equal_seeds_make_equal_baselines() {
    let logits = || {
        let net = resnet(ResNetSize::tiny(), Shape::new(1, 8, 8), 10).unwrap();
        let x = Tensor::ones((2, 1, 8, 8), candle_core::DType::F32, &Device::Cpu).unwrap();
        values(&run(&net, &x, Mode::eval()).unwrap().main)
    };
    assert_eq!(logits(), logits());
}

#[test]
fn a_watch_sees_every_node_by_its_name() {
    let net = resnet(ResNetSize::tiny(), Shape::new(1, 8, 8), 10).unwrap();
    let x = Tensor::ones((2, 1, 8, 8), candle_core::DType::F32, &Device::Cpu).unwrap();
    let mut places = Vec::new();
    let mut watch = |place: &dyn std::fmt::Display, _: &Tensor| {
        places.push(place.to_string());
        Ok(())
    };
    let mut noise = rng(0);
    let pass = dartloom_ops::Pass::new(Mode::eval(), &mut noise);
    net.forward(&x, &mut dartloom_ops::Pass { watch: Some(&mut watch), ..pass }).unwrap();
    let mut expected = vec!["stem".to_owned()];
    for stage in 0..4 {
        let parts = if stage == 0 { &["main", "join"][..] } else { &["shortcut", "main", "join"] };
        expected.extend(parts.iter().map(|part| format!("stages.{stage}.0.{part}")));
    }
    expected.push("head".to_owned());
    assert_eq!(places, expected);
}

#[test]
fn nonsense_is_refused() {
    let tiny = ResNetSize::tiny();
    let image = Shape::new(1, 8, 8);
    let empty = ResNetSize { width: 0, ..tiny };
    let huge = ResNetSize { width: usize::MAX, ..tiny };
    let cases = [
        (empty, image, 1),
        (huge, image, 1),
        (tiny, image, 0),
        (tiny, Shape::new(0, 8, 8), 1),
        (tiny, Shape::new(1, 8, 0), 1),
    ];
    for (size, input, classes) in cases {
        let error = resnet(size, input, classes).unwrap_err();
        assert!(matches!(error, NetError::Baseline { baseline: "ResNet", .. }), "{error}");
    }
    let net = resnet(tiny, image, 1).unwrap();
    let x = Tensor::ones((2, 1, 8, 9), candle_core::DType::F32, &Device::Cpu).unwrap();
    let error = run(&net, &x, Mode::eval()).unwrap_err();
    assert!(matches!(error, NetError::Input { expected, .. } if expected == image));
}

/// Names, order and values of the variables are those of stored trainings.
#[test]
fn weights_are_drawn_as_ever() {
    let net = resnet(ResNetSize::tiny(), Shape::new(1, 8, 8), 10).unwrap();
    let expected = "2544b9d6707a821122117db957280c1c002c1f4b8c08c9eae2b1e75de1925130";
    assert_eq!(net.variables().digest().unwrap(), expected);
    assert_eq!(net.identity().unwrap(), format!("ResNet 1x8x8 {expected}"));
    let graph = dartloom_space::hand_made::Baseline::TinyResNet;
    let outputs = dartloom_space::Outputs::Vector(10);
    let place = Place::default();
    let by_name =
        dartloom_net::baseline::baseline(&graph, Shape::new(1, 8, 8), outputs, &place, &mut rng(1));
    assert_eq!(by_name.unwrap().identity(), net.identity());
}
