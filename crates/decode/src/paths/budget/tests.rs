//! Budgets against a list of all topologies, each built and counted.

use dartloom_space::{CellTable, Lattice, OpSet, Stem};

use super::*;
use crate::paths::feasible::found;
use crate::topology::{RatedTopology, Topology, TopologyLattice};
use crate::{ConfiguredPaths, FeasibleTopology, PathDecoder, TopK, decode_network};

const SIZE: BudgetSize = BudgetSize { channels: 2, classes: 3, input: Shape::new(1, 16, 16) };

fn space() -> Space {
    let ops = OpSet::builtin("dints").unwrap();
    Space::lattice(ops, Lattice::dints(2, 2), 1, Stem::pyramid(2).unwrap()).unwrap()
}

/// Weights that are all different: links on with `s = 0.1 .. 0.9`, given that one of a layer is.
fn table(space: &Space, seed: f64) -> WeightTable {
    let ops = space.op_set().len();
    let number = |at: usize| 0.5 + 0.4 * (seed + 2.3 * at as f64).sin();
    let cells = space.cells().iter().enumerate().map(|(cell, spec)| CellTable {
        name: spec.name.clone(),
        edges: vec![(0..ops).map(|op| number(7 * cell + op)).collect(); spec.graph.edges().len()],
        edge_weights: None,
    });
    let names = space.op_set().names().map(str::to_owned).collect();
    let table = WeightTable::new(names, cells.collect()).unwrap();
    let mut links: Vec<Vec<f64>> =
        space.network().choices().map(|choice| vec![0.0; choice.links]).collect();
    let all = sorted(space);
    for layer in all.chunk_by(|a, b| a.layer == b.layer) {
        let on: Vec<f64> = layer.iter().map(|link| number(3 * link.row + link.link)).collect();
        let none: f64 = on.iter().map(|on| 1.0 - on).product();
        for (link, on) in layer.iter().zip(on) {
            links[link.row][link.link] = on / (1.0 - none);
        }
    }
    table.with_links(links).unwrap()
}

fn sorted(space: &Space) -> Vec<WeighedLink> {
    let mut all = space.network().weighed_links();
    all.sort_by_key(|link| link.layer);
    all
}

/// The amount that an architecture spends, counted as a whole.
fn counted(budget: &LinkBudget, space: &Space, genotype: &Genotype) -> u64 {
    let network = genotype.network_in(space).unwrap();
    let Some(size) = budget.size() else {
        let choosing = network.placements().iter().filter(|placed| placed.cell.is_none());
        return choosing.map(|sum| sum.ports[0].links.len() as u64).sum();
    };
    let build = Build::new(size.channels, size.classes, size.input).for_network(&network);
    let plan = Blueprint::derived(genotype, &network, space.op_set(), build).unwrap();
    budget.of(&plan.cost().unwrap())
}

/// A feasible topology as an architecture, with its probability up to a factor.
struct Candidate {
    genotype: Genotype,
    probability: f64,
}

fn candidates(space: &Space, weights: &WeightTable) -> Vec<Candidate> {
    let all = sorted(space);
    let layers: Vec<&[WeighedLink]> = all.chunk_by(|a, b| a.layer == b.layer).collect();
    let counts = TopologyLattice::of_layers(&all).unwrap().counts().unwrap();
    assert_eq!(counts.total().to_string(), "99");
    let open = WeightTable::new(weights.ops().to_vec(), weights.cells().to_vec()).unwrap();
    let cells = TopK::darts().decode(space, &open).unwrap().genotype;
    let candidate = |topology: Topology| {
        let mut probability = 1.0;
        for (link, &on) in all.iter().zip(topology.patterns.iter().flatten()) {
            // Odds: what all topologies have in common is left out.
            let layer = layers.iter().find(|layer| layer[0].layer == link.layer).unwrap();
            let given = |link: &WeighedLink| weights.links()[link.row][link.link];
            let z = chance(&layer.iter().map(given).collect::<Vec<_>>());
            let s = given(link) * z;
            probability *= if on { s } else { 1.0 - s };
        }
        let rated = RatedTopology { topology, cost: 0.0 };
        let links = found(space, &all, Some(&rated)).links_in(space.network()).unwrap();
        Candidate { genotype: cells.clone().with_links(links).unwrap(), probability }
    };
    (0..99_u32).map(|index| candidate(counts.nth(&index.into()).unwrap())).collect()
}

/// `Z = 1 - prod (1 - p Z)`, by iteration.
fn chance(given: &[f64]) -> f64 {
    let mut z = 1.0;
    for _ in 0..500 {
        z = 1.0 - given.iter().map(|p| 1.0 - p * z).product::<f64>();
    }
    z
}

fn budgets(most: u64) -> [LinkBudget; 4] {
    [
        LinkBudget::Links(most),
        LinkBudget::Parameters { most, at: SIZE },
        LinkBudget::Macs { most, at: SIZE },
        LinkBudget::Bytes { most, batch: 2, at: SIZE },
    ]
}

fn rule(budget: LinkBudget) -> FeasibleTopology {
    FeasibleTopology { budget: Some(budget), ..FeasibleTopology::default() }
}

#[test]
fn the_most_probable_topology_within_a_budget_is_found() {
    let space = space();
    for seed in [1.0, 4.0] {
        let weights = table(&space, seed);
        let all = candidates(&space, &weights);
        for kind in 0..4 {
            let amount = |own: &Candidate| counted(&budgets(0)[kind], &space, &own.genotype);
            let mut amounts: Vec<u64> = all.iter().map(amount).collect();
            amounts.sort_unstable();
            for place in [0, 10, 40, 98] {
                let budget = budgets(amounts[place])[kind];
                let within = all.iter().filter(|own| amount(own) <= budget.most());
                let best = within.max_by(|a, b| a.probability.total_cmp(&b.probability)).unwrap();
                let decoded = decode_network(&space, &weights, &rule(budget), &TopK::darts());
                let found = decoded.unwrap().genotype;
                assert!(counted(&budget, &space, &found) <= budget.most(), "{budget:?}");
                let network = |own: &Genotype| own.network_in(&space).unwrap();
                assert_eq!(network(&found), network(&best.genotype), "{budget:?}");
            }
        }
    }
}

#[test]
fn a_budget_that_all_keep_changes_nothing() {
    let space = space();
    let weights = table(&space, 1.0);
    let free = FeasibleTopology::default().paths(&space, &weights).unwrap();
    for budget in budgets(u64::MAX) {
        let found = rule(budget).paths(&space, &weights).unwrap();
        assert_eq!(found.links, free.links);
        assert!((found.paths[0].score - free.paths[0].score).abs() < 1e-9);
    }
}

#[test]
fn a_budget_below_all_topologies_names_the_least() {
    let space = space();
    let weights = table(&space, 1.0);
    let all = candidates(&space, &weights);
    for kind in 0..4 {
        let amount = |own: &Candidate| counted(&budgets(0)[kind], &space, &own.genotype);
        let least = all.iter().map(amount).min().unwrap();
        for most in [0, least - 1] {
            let budget = budgets(most)[kind];
            let error = rule(budget).paths(&space, &weights).unwrap_err();
            let what = budget.what();
            let least = u128::from(least);
            assert_eq!(error, DecodeError::LinkBudget { what, most, least });
        }
    }
}

#[test]
fn costs_that_are_no_sum_over_links_are_refused_and_links_are_counted() {
    let ops = OpSet::builtin("dints").unwrap();
    let deep = Lattice::auto_deeplab(3, 2);
    let space = Space::lattice(ops, deep, 1, Stem::cifar(1)).unwrap();
    let weights = table(&space, 1.0);
    let [links, parameters, ..] = budgets(4);
    let found = rule(links).paths(&space, &weights).unwrap();
    assert!(found.network(space.network()).is_ok());
    let error = rule(parameters).paths(&space, &weights).unwrap_err();
    assert!(matches!(error, DecodeError::LinkCost { .. }), "{error}");
}

#[test]
fn budgets_are_read_and_written() {
    let text = "FeasibleTopology((budget:Some(Macs(most:9,at:(channels:2,classes:3,\
                input:(channels:1,height:16,width:16))))))";
    let read: ConfiguredPaths = ron::from_str(text).unwrap();
    assert_eq!(read, ConfiguredPaths::FeasibleTopology(rule(budgets(9)[2])));
    let written = ron::to_string(&read).unwrap();
    assert_eq!(ron::from_str::<ConfiguredPaths>(&written).unwrap(), read);
    let plain = ConfiguredPaths::FeasibleTopology(FeasibleTopology::default());
    assert_eq!(ron::to_string(&plain).unwrap(), "FeasibleTopology((cost:Exact))");
}

/// The lattice of the paper within the half of its multiply-adds: the search is exact, and none
/// of its steps has too many states.
#[test]
fn a_lattice_of_the_papers_size_is_decoded_within_a_budget() {
    let ops = OpSet::builtin("dints").unwrap();
    let stem = Stem::pyramid(4).unwrap();
    let space = Space::lattice(ops, Lattice::dints(12, 4), 1, stem).unwrap();
    let weights = table(&space, 1.0);
    let at = BudgetSize { channels: 32, classes: 2, input: Shape::new(3, 128, 128) };
    let cells = TopK::darts();
    let amount = |budget: Option<LinkBudget>| {
        let rule = FeasibleTopology { budget, ..FeasibleTopology::default() };
        let found = decode_network(&space, &weights, &rule, &cells).unwrap().genotype;
        counted(&LinkBudget::Macs { most: 0, at }, &space, &found)
    };
    let most = amount(None) / 2;
    let found = amount(Some(LinkBudget::Macs { most, at }));
    assert!(found <= most && found > most - most / 10, "{found} of {most}");
}
