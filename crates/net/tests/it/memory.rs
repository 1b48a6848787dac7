//! Estimates of memory, from shapes alone.

use dartloom_net::memory::{Breakdown, Training, Workload, predict};
use dartloom_net::{DerivedNetwork, Supernet};
use dartloom_ops::{Execution, Model as _, Recompute};
use dartloom_ops::{Place, Registry};
use dartloom_space::{Blueprint, Build, Chain, Genotype, OpSet, Stem};

use crate::support::{build, chain_plan, genotype, plan, rng, small_space};

const NEVER: Execution = Execution::Fused(Recompute::Never);
const EDGE: Execution = Execution::Fused(Recompute::Edge);
const NUMBER: u64 = 4;

fn training(batch: usize, execution: Execution) -> Workload {
    Workload { execution, ..Workload::training(batch) }
}

fn derived(plan: &Blueprint) -> DerivedNetwork {
    let registry = Registry::standard().unwrap();
    DerivedNetwork::new(plan, &registry, &Place::default(), &mut rng(1)).unwrap()
}

#[test]
fn what_is_computed_again_is_not_kept() {
    let plan =
        Blueprint::supernet(&small_space(OpSet::builtin("O_base").unwrap(), 2), build(4, 16));
    let registry = Registry::standard().unwrap();
    let plan = plan.unwrap();
    let net = Supernet::new(&plan, &registry, &Place::default(), &mut rng(1)).unwrap();
    let [never, edge, staged] =
        [NEVER, EDGE, Execution::Staged].map(|how| net.memory(&training(8, how)));
    // Pooled values that several edges weigh are kept in either case.
    assert!(edge.activations * 3 < never.activations * 2, "{edge:?} {never:?}");
    assert!(never.activations < staged.activations, "{never:?} {staged:?}");
    assert_eq!((never.parameters, staged.parameters), (edge.parameters, edge.parameters));
    let buffers: usize = net.variables().buffers().values().map(|var| var.elem_count()).sum();
    let count = net.variables().parameter_count();
    assert_eq!(edge.parameters, NUMBER * (count + buffers as u64));
    assert_eq!((edge.gradients, edge.moments), (NUMBER * count, NUMBER * count));
    let parts: u64 = edge.parts().iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(edge.total(), parts);
}

#[test]
fn activations_are_in_proportion_to_the_batch_and_hold_every_layers_output() {
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 16));
    let net = derived(&plan);
    for how in [NEVER, EDGE, Execution::Staged] {
        let [one, six] = [1, 6].map(|batch| net.memory(&training(batch, how)));
        // Operands packed for a cell do not grow.
        let packed = 6 * one.activations - six.activations;
        assert!(packed <= 5 * one.parameters, "{packed} {one:?}");
        assert_eq!((6 * one.images, one.parameters), (six.images, six.parameters));
    }
    let outputs = plan.cost().unwrap().activations;
    assert!(net.memory(&training(1, Execution::Staged)).activations > NUMBER * outputs);
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
    // Convolution and norm of the stem; global average and classes.
    let outside = 2 * 6 * plane + 2 + 5;
    // Two ports of ReLU on 6 channels, convolution and norm to 2; the sum of both skips, which is
    // the output.
    let kept = 2 * (6 + 2 + 2) * plane + 2 * plane;
    // Gradients of ports and node; of the output, and five times of what is read.
    let passing = 3 * 2 * plane + 2 * plane + 5 * 6 * plane;
    let found = net.memory(&training(1, Execution::Staged));
    let Breakdown { activations, workspace, images, .. } = found;
    assert_eq!(activations, NUMBER * (outside + kept), "{plan:?}");
    assert_eq!((workspace, images), (NUMBER * passing, NUMBER * 3 * plane + 4));
}

#[test]
fn an_outline_needs_what_the_network_needs() {
    let registry = Registry::standard().unwrap();
    for (set, partial) in [("O_base", 1), ("O_base", 4), ("S_o", 1), ("O_large", 1)] {
        let space = small_space(OpSet::builtin(set).unwrap(), 2);
        let plan = Blueprint::supernet(&space, Build { partial, ..build(4, 16) }).unwrap();
        let net = Supernet::new(&plan, &registry, &Place::default(), &mut rng(1)).unwrap();
        for how in [NEVER, EDGE, Execution::Staged] {
            for drawn_channels in [false, true] {
                let work = Workload { drawn_channels, ..training(3, how) };
                let found = predict(&plan, &registry, &work).unwrap();
                assert_eq!(found, net.memory(&work), "{set} {partial} {how:?}");
            }
        }
    }
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 16));
    let work = Workload::inference(3);
    assert_eq!(predict(&plan, &registry, &work).unwrap(), derived(&plan).memory(&work));
}

#[test]
fn steps_keep_what_their_optimisers_ask_for() {
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 16));
    let net = derived(&plan);
    let count = net.variables().parameter_count();
    let plain = net.memory(&training(2, NEVER));
    let own = Training { moments: 2, copies: 2, batches: 2, logits: 7, logit_moments: 2 };
    let search = net.memory(&Workload { training: Some(own), ..training(2, NEVER) });
    assert_eq!(search.moments, NUMBER * (4 * count + 14));
    assert_eq!(search.gradients, plain.gradients + NUMBER * 7);
    assert_eq!(search.images, 2 * plain.images);
    assert_eq!((search.activations, search.workspace), (plain.activations, plain.workspace));
    let forward = net.memory(&Workload::inference(2));
    assert_eq!((forward.gradients, forward.moments), (0, 0));
    assert!(forward.workspace < plain.workspace);
}
