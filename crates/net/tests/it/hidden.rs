//! Heads with hidden layers, in supernets and in the networks derived from them.

use candle_core::{DType, Tensor};
use dartloom_net::memory::Workload;
use dartloom_net::{DerivedNetwork, Model as _, NetworkSize, Pass, Setting};
use dartloom_ops::{Mode, Registry, Variables};
use dartloom_space::{Hidden, Space, Stem};

use crate::support::{build, genotype, ops, rng, values};

const SIDE: usize = 8;

fn images() -> Tensor {
    crate::support::images(2, SIDE).to_dtype(DType::F32).unwrap()
}

/// A searchable chain of three cells of one node.
fn space(hidden: Hidden) -> Space {
    let ops = ops(&["skip_connect", "sep_conv_3x3"]);
    Space::darts(ops, 3, 1, Stem::cifar(1)).unwrap().with_hidden(hidden).unwrap()
}

fn derived(space: &Space, layers: Option<usize>) -> DerivedNetwork {
    let registry = Registry::standard().unwrap();
    let setting = Setting::new(space, &registry, build(4, SIDE));
    let genotype = genotype(&[("skip_connect", 0, 2), ("sep_conv_3x3", 1, 2)], &[2]);
    let size = NetworkSize { layers, ..NetworkSize::default() };
    setting.derive(&genotype, &size, &mut rng(1)).unwrap()
}

fn shapes(variables: &Variables) -> Vec<(String, Vec<usize>)> {
    let all = variables.parameters().iter();
    let head = all.filter(|(name, _)| name.starts_with("head."));
    head.map(|(name, var)| (name.clone(), var.dims().to_vec())).collect()
}

/// Four base channels, doubled twice: 16 pooled values, then 7, then 6, then 5 outputs.
#[test]
fn supernets_and_networks_of_every_length_have_the_hidden_layers_of_the_space() {
    let space = space(Hidden::new([7, 6]));
    let expected = [
        ("head.0.1.bias", vec![7]),
        ("head.0.1.weight", vec![7, 16]),
        ("head.0.3.bias", vec![6]),
        ("head.0.3.weight", vec![6, 7]),
        ("head.0.5.bias", vec![5]),
        ("head.0.5.weight", vec![5, 6]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape));
    let registry = Registry::standard().unwrap();
    let setting = Setting::new(&space, &registry, build(4, SIDE));
    assert_eq!(shapes(setting.supernet(&mut rng(1)).unwrap().variables()), expected);
    for layers in [None, Some(3), Some(6)] {
        let net = derived(&space, layers);
        assert_eq!(shapes(net.variables()), expected, "{layers:?}");
        assert_eq!(net.cost().parameters, net.variables().parameter_count());
        let output = net.forward(&images(), &mut Pass::eval()).unwrap().main;
        assert_eq!(output.dims(), [2, 5]);
    }
}

#[test]
fn the_heads_parameters_are_those_counted_by_hand() {
    let plain = derived(&space(Hidden::default()), None).cost();
    let hidden = derived(&space(Hidden::new([7])), None).cost();
    // From 16 (5 outputs) to 16 (7) and 7 (5), with biases.
    assert_eq!(hidden.parameters - plain.parameters, (17 * 7 + 8 * 5) - 17 * 5);
    assert_eq!(hidden.macs - plain.macs, (16 * 7 + 7 * 5) - 16 * 5);
}

#[test]
fn a_network_inherits_the_hidden_layers_of_its_supernet() {
    let space = space(Hidden::new([7]));
    let registry = Registry::standard().unwrap();
    let setting = Setting::new(&space, &registry, build(4, SIDE));
    let supernet = setting.supernet(&mut rng(1)).unwrap();
    let genotype = genotype(&[("skip_connect", 0, 2), ("sep_conv_3x3", 1, 2)], &[2]);
    let net = setting.inherit(&supernet, &genotype).unwrap();
    let name = "head.0.1.weight";
    let of = |own: &Variables| values(own.parameters()[name].as_tensor());
    assert_eq!(of(net.variables()), of(supernet.variables()));
}

#[test]
fn dropout_changes_training_passes_alone_and_needs_memory_for_its_factors() {
    let space = space(Hidden::new([64]).with_dropout(0.5).unwrap());
    let net = derived(&space, None);
    let x = images();
    let run = |mode: Mode, seed: u64| {
        let mut noise = rng(seed);
        values(&net.forward(&x, &mut Pass::new(mode, &mut noise)).unwrap().main)
    };
    assert_eq!(run(Mode::probe(), 1), run(Mode::probe(), 2));
    assert_eq!(run(Mode::eval(), 1), run(Mode::eval(), 2));
    assert_eq!(run(Mode::train(), 1), run(Mode::train(), 1));
    assert_ne!(run(Mode::train(), 1), run(Mode::train(), 2));
    let plain = derived(&self::space(Hidden::new([64])), None);
    let work = Workload::training(3);
    let more = net.memory(&work).activations - plain.memory(&work).activations;
    assert_eq!(more, 4 * 3 * 2 * 64);
}
