//! Estimates of memory, from shapes alone.

use candle_core::{DType, Device};
use dartloom_net::{DerivedNetwork, Execution, Recompute, Supernet};
use dartloom_ops::Registry;
use dartloom_space::{Blueprint, Chain, Genotype, OpSet, Stem};

use crate::support::{build, chain_plan, genotype, plan, rng, small_space};

const NEVER: Execution = Execution::Fused(Recompute::Never);
const EDGE: Execution = Execution::Fused(Recompute::Edge);
const NUMBER: u64 = 4;

fn derived(plan: &Blueprint) -> DerivedNetwork {
    let registry = Registry::standard().unwrap();
    DerivedNetwork::new(plan, &registry, &Device::Cpu, DType::F32, &mut rng(1)).unwrap()
}

#[test]
fn what_is_computed_again_is_not_kept() {
    let plan =
        Blueprint::supernet(&small_space(OpSet::builtin("O_base").unwrap(), 2), build(4, 16));
    let registry = Registry::standard().unwrap();
    let plan = plan.unwrap();
    let net = Supernet::new(&plan, &registry, &Device::Cpu, DType::F32, &mut rng(1)).unwrap();
    let [never, edge, staged] = [NEVER, EDGE, Execution::Staged].map(|how| net.memory(8, how));
    // Pooled values that several edges weigh are kept in either case.
    assert!(edge.activations * 3 < never.activations * 2, "{edge:?} {never:?}");
    assert!(never.activations < staged.activations, "{never:?} {staged:?}");
    assert_eq!((never.parameters, staged.parameters), (edge.parameters, edge.parameters));
    // Values, gradients, momentum, packed copies; running means and variances.
    let buffers: usize = net.variables().buffers().values().map(|var| var.elem_count()).sum();
    let numbers = 4 * net.variables().parameter_count() + buffers as u64;
    assert_eq!(edge.parameters, NUMBER * numbers);
    assert_eq!(edge.total(), edge.activations + edge.parameters);
}

#[test]
fn activations_are_in_proportion_to_the_batch_and_hold_every_layers_output() {
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 16));
    let net = derived(&plan);
    for how in [NEVER, EDGE, Execution::Staged] {
        let [one, six] = [1, 6].map(|batch| net.memory(batch, how));
        assert_eq!((6 * one.activations, one.parameters), (six.activations, six.parameters));
    }
    let outputs = plan.cost().unwrap().activations;
    assert!(net.memory(1, Execution::Staged).activations > NUMBER * outputs);
}

#[test]
fn a_network_of_skips_is_counted_by_hand() {
    // A cell of one node: the sum of both inputs, 2 channels wide; stem of 6 channels.
    let genotype = genotype(&[("skip_connect", 0, 2), ("skip_connect", 1, 2)], &[2]);
    let chain =
        Chain { stem: Stem::cifar(3), assignment: vec![0], reductions: Vec::new(), aux: None };
    let plan = chain_plan(&genotype, &chain, build(2, 8));
    let net = derived(&plan);
    let plane = 8 * 8;
    // Image; convolution and norm of the stem; global average and classes.
    let outside = 3 * plane + 2 * 6 * plane + 2 + 5;
    // Two ports of ReLU on 6 channels, convolution and norm to 2; product and sum of each skip.
    let kept = 2 * (6 + 2 + 2) * plane + 2 * 2 * 2 * plane;
    let output = 2 * plane;
    // Gradients of ports and node; of the output, and five times of what is read.
    let passing = 3 * 2 * plane + output + 5 * 6 * plane;
    let by_hand = NUMBER * (outside + kept + output + passing);
    assert_eq!(net.memory(1, Execution::Staged).activations, by_hand, "{plan:?}");
}
