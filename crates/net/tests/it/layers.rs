//! Watching the layers of a pass, and replacing their values.

use candle_core::{DType, Device, Tensor};
use dartloom_net::DerivedNetwork;
use dartloom_net::baseline::{ResNet, ResNetSize};
use dartloom_ops::{LayerKind, Mode, Place, Registry};
use dartloom_ops::{Model, Pass};
use dartloom_space::{Build, Layer, Shape, nasbench201};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

const ARCHITECTURE: &str =
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";

#[test]
fn every_layer_of_the_blueprint_is_seen_once() {
    let genotype = nasbench201::parse(ARCHITECTURE).unwrap();
    let plan = nasbench201::blueprint(&genotype, Build::new(2, 3, Shape::new(1, 8, 8))).unwrap();
    let registry = Registry::standard().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let net = DerivedNetwork::new(&plan, &registry, &Place::default(), &mut rng).unwrap();
    let x = Tensor::ones((2, 1, 8, 8), DType::F32, &Device::Cpu).unwrap();

    let operations = plan.cells.iter().flat_map(|cell| &cell.edges);
    let operations = operations.flat_map(|edge| &edge.candidates[0].layers);
    let layers: Vec<&Layer> = plan
        .stem
        .iter()
        .map(|part| &part.layers)
        .chain(operations)
        .chain(plan.head.branches.iter().map(|branch| &branch.layers))
        .flatten()
        .collect();
    let planned = |wanted: fn(&Layer) -> bool| layers.iter().filter(|layer| wanted(layer)).count();

    let mut seen = Vec::new();
    let mut watch = |kind, _: &Tensor, output: Tensor| {
        seen.push(kind);
        Ok(output)
    };
    let mut noise = ChaCha8Rng::seed_from_u64(1);
    let pass = Pass::new(Mode::probe(), &mut noise);
    let watched = net.forward(&x, &mut Pass { layers: Some(&mut watch), ..pass }).unwrap().main;
    let count = |kind| seen.iter().filter(|seen| **seen == kind).count();
    assert_eq!(count(LayerKind::Relu), planned(|layer| matches!(layer, Layer::Relu)));
    assert_eq!(count(LayerKind::Conv), planned(|layer| matches!(layer, Layer::Conv { .. })));
    assert_eq!(count(LayerKind::Norm), planned(|layer| matches!(layer, Layer::Norm { .. })));
    assert_eq!((count(LayerKind::GlobalAvgPool), count(LayerKind::Linear)), (1, 1));

    let mut pass = Pass::new(Mode::probe(), &mut noise);
    let plain = net.forward(&x, &mut pass).unwrap().main;
    let [watched, plain] = [watched, plain].map(|y| y.to_vec2::<f32>().unwrap().concat());
    assert!(watched.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())));
}

#[test]
fn another_value_takes_the_place_of_an_output() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let size = ResNetSize::tiny();
    let input = Shape::new(1, 8, 8);
    let net = ResNet::new(size, input, 3, &Place::default(), &mut rng).unwrap();
    let x = Tensor::ones((2, 1, 8, 8), DType::F32, &Device::Cpu).unwrap();
    let mut watch = |kind, _: &Tensor, output: Tensor| {
        if kind == LayerKind::Linear {
            return Ok((output.zeros_like()? + 7.0)?);
        }
        Ok(output)
    };
    let mut noise = ChaCha8Rng::seed_from_u64(1);
    let pass = Pass::new(Mode::probe(), &mut noise);
    let logits = net.forward(&x, &mut Pass { layers: Some(&mut watch), ..pass }).unwrap().main;
    assert_eq!(logits.to_vec2::<f32>().unwrap(), [[7.0; 3]; 2]);
}
