//! The proposals and states of evolutions, byte for byte: searches that are stored go on with the
//! same numbers.

use std::collections::VecDeque;

use dartloom_explore::{
    Domain, EvolutionConfig, Explorer, Outcome, ParetoConfig, ParetoEvolution, Proposal,
    RegularisedEvolution, Resource,
};
use dartloom_noise::Noise;
use dartloom_record::checksum;
use dartloom_space::{Cost, nasbench201};

fn domain() -> Domain {
    Domain::every_edge(nasbench201::space().unwrap())
}

/// Convolutions are good and dear; every eighth candidate fails and every seventh is too large.
fn outcome(proposal: &Proposal) -> Outcome {
    let genes = &proposal.genotype.cells()[0].genes;
    let count = |op: &str| genes.iter().filter(|gene| gene.op == op).count() as u64;
    let large = count("simple_conv_3x3");
    let small = count("simple_conv_1x1");
    match proposal.task {
        task if task % 8 == 5 => Outcome::Failed { reason: "killed".to_owned() },
        task if task % 7 == 3 => {
            Outcome::Infeasible { resource: Resource::Macs, limit: 1, found: task }
        }
        _ => {
            let cost = Cost { parameters: 9 * large + 3 * small, ..Cost::default() };
            Outcome::measured((4 * large + 3 * small) as f64, cost)
        }
    }
}

/// The digest of 120 proposals with three workers whose outcomes come back in no order, and of the
/// state after each, written and read back half way.
fn told(mut begin: impl FnMut() -> Box<dyn Explorer>) -> String {
    let mut explorer = begin();
    let mut open = VecDeque::new();
    let mut bytes = Vec::new();
    for turn in 0..120 {
        let proposal = explorer.ask().unwrap().unwrap();
        bytes.extend(serde_json::to_vec(&proposal).unwrap());
        open.push_back(proposal);
        if open.len() == 3 {
            let next = open.remove(turn % 3).unwrap();
            explorer.tell(&next, &outcome(&next)).unwrap();
        }
        let state = explorer.state().unwrap();
        bytes.extend(serde_json::to_vec(&state).unwrap());
        if turn == 60 {
            explorer = begin();
            explorer.restore(&state).unwrap();
        }
    }
    checksum::of(&bytes)
}

#[test]
fn an_evolution_proposes_and_stores_the_same_bytes() {
    let config = EvolutionConfig { population: 12, sample: 4 };
    let digest =
        told(|| Box::new(RegularisedEvolution::new(domain(), config, Noise::new(5)).unwrap()));
    assert_eq!(digest, "232dfd810994114861566e6f445af40c8c264696cb5f1c16560df233e055b03c");
}

#[test]
fn a_pareto_evolution_proposes_and_stores_the_same_bytes() {
    let config = ParetoConfig { population: 10, ..ParetoConfig::default() };
    let digest = told(|| Box::new(ParetoEvolution::new(domain(), config, Noise::new(5)).unwrap()));
    assert_eq!(digest, "39a415412d15dbb2fca9d6abab0eb641515f0d9bf016a22754cba72224087dc4");
}
