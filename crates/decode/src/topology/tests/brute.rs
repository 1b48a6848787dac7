//! Everything against a list of all topologies of small lattices.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::super::{
    Block, EdgeBudget, EdgeChances, PatternCost, Topology, TopologyError, TopologyLattice,
};

const COSTS: [PatternCost; 2] = [PatternCost::Exact, PatternCost::Released];

/// Sets of nodes as lists, so that nothing is shared with the code under test.
fn nodes(
    edges: &[(usize, usize)],
    on: &[bool],
    end: impl Fn((usize, usize)) -> usize,
) -> Vec<usize> {
    let active = edges.iter().zip(on).filter(|(_, on)| **on).map(|(&edge, _)| end(edge));
    active.collect::<BTreeSet<_>>().into_iter().collect()
}

fn patterns(edges: usize) -> Vec<Vec<bool>> {
    let pattern = |bits: usize| (0..edges).map(|edge| bits >> edge & 1 == 1).collect();
    (1..1 << edges).map(pattern).collect()
}

/// A lattice with its allowed ends, probabilities and amounts.
#[derive(Clone, Debug)]
struct Case {
    lattice: TopologyLattice,
    first: Vec<usize>,
    last: Vec<usize>,
    on: Vec<Vec<f64>>,
    spent: Vec<Vec<u64>>,
}

impl Case {
    /// All feasible topologies.
    fn feasible(&self) -> Vec<Topology> {
        let mut found = vec![(Topology { patterns: Vec::new() }, None)];
        for block in self.lattice.blocks() {
            let mut longer = Vec::new();
            for (before, written) in &found {
                for pattern in patterns(block.edges().len()) {
                    let read = nodes(block.edges(), &pattern, |edge| edge.0);
                    let fits = match written {
                        None => read.iter().all(|node| self.first.contains(node)),
                        Some(written) => read == *written,
                    };
                    if fits {
                        let out = nodes(block.edges(), &pattern, |edge| edge.1);
                        let patterns = [&before.patterns[..], &[pattern]].concat();
                        longer.push((Topology { patterns }, Some(out)));
                    }
                }
            }
            found = longer;
        }
        let ends = |out: &Option<Vec<usize>>| {
            out.as_ref().is_some_and(|out| out.iter().all(|node| self.last.contains(node)))
        };
        found.into_iter().filter(|(_, out)| ends(out)).map(|(topology, _)| topology).collect()
    }

    /// The probability of a pattern given that the block is not empty, as a product.
    fn eta(&self, block: usize, pattern: &[bool]) -> f64 {
        let row = &self.on[block];
        let empty: f64 = row.iter().map(|on| 1.0 - on).product();
        let edges = row.iter().zip(pattern);
        edges.map(|(&p, &on)| if on { p } else { 1.0 - p }).product::<f64>() / (1.0 - empty)
    }

    fn cost(&self, cost: PatternCost, topology: &Topology) -> f64 {
        let blocks = topology.patterns.iter().enumerate();
        let of = |(block, pattern): (usize, &Vec<bool>)| match cost {
            PatternCost::Exact => -self.eta(block, pattern).ln(),
            PatternCost::Released => -(self.eta(block, pattern) + 1e-5).ln() + 0.001,
        };
        blocks.map(of).sum()
    }

    fn spent(&self, topology: &Topology) -> u128 {
        let mut sum = 0;
        for (pattern, spent) in topology.patterns.iter().zip(&self.spent) {
            for (on, spent) in pattern.iter().zip(spent) {
                sum += if *on { u128::from(*spent) } else { 0 };
            }
        }
        sum
    }

    /// Costs of the feasible topologies that a rule may take, cheapest first.
    fn sorted(&self, cost: PatternCost) -> Vec<(f64, u128)> {
        let all = self.feasible();
        let priced = all.iter().map(|topology| (self.cost(cost, topology), self.spent(topology)));
        let mut priced: Vec<(f64, u128)> = priced.filter(|(cost, _)| cost.is_finite()).collect();
        priced.sort_by(|a, b| a.0.total_cmp(&b.0));
        priced
    }
}

fn probability() -> impl Strategy<Value = f64> {
    prop_oneof![6 => 0.02_f64..0.98, 1 => Just(0.5), 1 => Just(0.0), 1 => Just(1.0)]
}

/// Up to three blocks between columns of one to three nodes with one to five edges each.
fn cases() -> impl Strategy<Value = Case> {
    let columns = prop::collection::vec(1_usize..4, 2..=4);
    let blocks = columns.prop_flat_map(|columns| {
        let block = |pair: &[usize]| {
            let inputs = pair[0];
            let outputs = pair[1];
            let all: Vec<(usize, usize)> =
                (0..inputs).flat_map(|from| (0..outputs).map(move |to| (from, to))).collect();
            let most = all.len().min(5);
            let edges = prop::sample::subsequence(all, 1..=most).prop_shuffle();
            edges.prop_map(move |edges| Block::new(inputs, outputs, edges).unwrap())
        };
        columns.windows(2).map(block).collect::<Vec<_>>()
    });
    blocks.prop_flat_map(|blocks| {
        let edges: Vec<usize> = blocks.iter().map(|block| block.edges().len()).collect();
        let on = edges.iter().map(|&edges| prop::collection::vec(probability(), edges));
        let on = on.collect::<Vec<_>>().prop_filter("a block of zeros", |on| {
            on.iter().all(|row| row.iter().any(|&on| on > 0.0))
        });
        let amounts = |edges: &usize| prop::collection::vec(0_u64..20, *edges);
        let spent = edges.iter().map(amounts).collect::<Vec<_>>();
        let ends = |nodes: usize| {
            let all: Vec<usize> = (0..nodes).collect();
            prop_oneof![2 => Just(all.clone()), 1 => prop::sample::subsequence(all, 0..=nodes)]
        };
        let first = ends(blocks[0].inputs());
        let last = ends(blocks[blocks.len() - 1].outputs());
        (Just(blocks), on, spent, first, last).prop_map(|(blocks, on, spent, first, last)| {
            let lattice = TopologyLattice::new(blocks).unwrap();
            let lattice = lattice.starting_at(&first).unwrap().ending_at(&last).unwrap();
            Case { lattice, first, last, on, spent }
        })
    })
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + b.abs())
}

fn check_best(case: &Case, cost: PatternCost, number: usize) -> Result<(), TestCaseError> {
    let chances = EdgeChances::new(&case.lattice, case.on.clone()).unwrap();
    let all = case.sorted(cost);
    let found = match chances.best(cost, number) {
        Ok(found) => found,
        Err(error) => {
            prop_assert_eq!(error, TopologyError::NoTopology);
            prop_assert!(all.is_empty());
            return Ok(());
        }
    };
    prop_assert_eq!(found.len(), number.min(all.len()));
    let different: BTreeSet<&Topology> = found.iter().map(|rated| &rated.topology).collect();
    prop_assert_eq!(different.len(), found.len());
    for (rated, wanted) in found.iter().zip(&all) {
        prop_assert!(close(rated.cost, wanted.0), "{} {}", rated.cost, wanted.0);
        prop_assert!(close(rated.cost, case.cost(cost, &rated.topology)));
        prop_assert!(case.lattice.active(&rated.topology).is_ok());
    }
    Ok(())
}

fn check_budget(case: &Case, cost: PatternCost, most: u64) -> Result<(), TestCaseError> {
    let chances = EdgeChances::new(&case.lattice, case.on.clone()).unwrap();
    let all = case.sorted(cost);
    let budget = EdgeBudget { spent: case.spent.clone(), most };
    let fits = all.iter().find(|(_, spent)| *spent <= u128::from(most));
    match chances.best_within(cost, &budget) {
        Ok(found) => {
            prop_assert!(fits.is_some_and(|fits| close(found.cost, fits.0)));
            prop_assert!(close(found.cost, case.cost(cost, &found.topology)));
            prop_assert!(budget.spent_by(&found.topology) <= u128::from(most));
            prop_assert_eq!(budget.spent_by(&found.topology), case.spent(&found.topology));
            prop_assert!(case.lattice.active(&found.topology).is_ok());
        }
        Err(TopologyError::NoTopology) => prop_assert!(all.is_empty()),
        Err(TopologyError::Budget { most: own, least }) => {
            prop_assert_eq!(own, most);
            prop_assert_eq!(all.iter().map(|(_, spent)| *spent).min(), Some(least));
            prop_assert!(least > u128::from(most));
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    }
    Ok(())
}

/// Probabilities of node sets as sums over all patterns.
fn summed(
    case: &Case,
    block: usize,
    nodes_after: usize,
    end: impl Fn((usize, usize)) -> usize + Copy,
) -> Vec<f64> {
    let own = &case.lattice.blocks()[block];
    let mut sums = vec![0.0; 1 << nodes_after];
    for pattern in patterns(own.edges().len()) {
        let set: usize = nodes(own.edges(), &pattern, end).iter().map(|node| 1 << node).sum();
        sums[set] += case.eta(block, &pattern);
    }
    sums
}

proptest! {
    #[test]
    fn the_best_are_the_cheapest_of_all(case in cases(), number in 1_usize..40) {
        for cost in COSTS {
            check_best(&case, cost, number)?;
        }
    }

    #[test]
    fn budgets_are_kept_exactly(case in cases(), most in 0_u64..90) {
        for cost in COSTS {
            check_budget(&case, cost, most)?;
        }
    }

    #[test]
    fn every_feasible_topology_is_counted_once(case in cases()) {
        let wanted: BTreeSet<Topology> = case.feasible().into_iter().collect();
        let counts = case.lattice.counts().unwrap();
        prop_assert_eq!(counts.total(), &BigUint::from(wanted.len()));
        let nth = |index: usize| counts.nth(&BigUint::from(index));
        let found: BTreeSet<Topology> = (0..wanted.len()).filter_map(nth).collect();
        prop_assert_eq!(nth(wanted.len()), None);
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn only_feasible_topologies_have_active_nodes(case in cases()) {
        let wanted: BTreeSet<Topology> = case.feasible().into_iter().collect();
        let mut all = vec![Vec::new()];
        for block in case.lattice.blocks() {
            let longer = |before: &Vec<Vec<bool>>| {
                let with = |pattern| [&before[..], &[pattern]].concat();
                patterns(block.edges().len()).into_iter().map(with).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(longer).collect();
        }
        for patterns in all {
            let topology = Topology { patterns };
            let active = case.lattice.active(&topology);
            prop_assert_eq!(active.is_ok(), wanted.contains(&topology));
            let Ok(active) = active else { continue };
            for (column, pair) in active.windows(2).enumerate() {
                let edges = case.lattice.blocks()[column].edges();
                let on = &topology.patterns[column];
                let members = |row: &[bool]| (0..row.len()).filter(|&n| row[n]).collect::<Vec<_>>();
                prop_assert_eq!(members(&pair[0]), nodes(edges, on, |edge| edge.0));
                prop_assert_eq!(members(&pair[1]), nodes(edges, on, |edge| edge.1));
            }
        }
    }

    #[test]
    fn closed_forms_equal_sums_over_all_patterns(case in cases()) {
        let chances = EdgeChances::new(&case.lattice, case.on.clone()).unwrap();
        let mut loss = 0.0;
        let mut offset = 0.0;
        let mut entropies = 0.0;
        let mut number = 0.0;
        let mut before: Option<Vec<f64>> = None;
        for (block, own) in case.lattice.blocks().iter().enumerate() {
            let all = patterns(own.edges().len());
            let eta: Vec<f64> = all.iter().map(|pattern| case.eta(block, pattern)).collect();
            prop_assert!(close(eta.iter().sum(), 1.0));
            let entropy: f64 = eta.iter().filter(|eta| **eta > 0.0).map(|eta| -eta * eta.ln()).sum();
            prop_assert!(close(chances.entropies()[block], entropy));
            entropies += entropy;
            offset -= eta.iter().map(|eta| eta * (eta + 1e-5).ln()).sum::<f64>();
            number += all.len() as f64;
            for (edge, p) in chances.conditional()[block].iter().enumerate() {
                let with = all.iter().zip(&eta).filter(|(pattern, _)| pattern[edge]);
                prop_assert!(close(*p, with.map(|(_, eta)| eta).sum()));
            }
            let read = summed(&case, block, own.inputs(), |edge| edge.0);
            let written = summed(&case, block, own.outputs(), |edge| edge.1);
            for (found, wanted) in [(chances.read(block), &read), (chances.written(block), &written)] {
                prop_assert!(found.iter().zip(wanted).all(|(a, b)| close(*a, *b)));
                prop_assert_eq!(found.len(), wanted.len());
            }
            for (p, q) in before.iter().flatten().zip(&read).skip(1) {
                loss -= p * (q + 1e-5).ln() + (1.0 - p) * (1.0 - q + 1e-5).ln();
            }
            before = Some(written);
            let likeliest = &chances.likeliest_patterns().patterns[block];
            let largest = eta.iter().copied().fold(0.0, f64::max);
            prop_assert!(close(case.eta(block, likeliest), largest));
        }
        prop_assert!(close(chances.pattern_entropy(), entropies / number));
        prop_assert!(close(chances.released_entropy().unwrap(), offset / number));
        prop_assert!((chances.topology_loss() - loss).abs() < 1e-6, "{loss}");
    }
}

/// 99 topologies, 200 draws of each on average: a chi-square of 98 degrees of freedom.
#[test]
fn draws_are_uniform_and_follow_the_seed() {
    let counts = TopologyLattice::dints(2, 2).unwrap().counts().unwrap();
    let draw = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let drawn = (0..19_800).map(|_| counts.draw(&mut rng).unwrap());
        let mut times: BTreeMap<Topology, u32> = BTreeMap::new();
        drawn.for_each(|topology| *times.entry(topology).or_default() += 1);
        times
    };
    let times = draw(3);
    assert_eq!(times.len(), 99);
    let chi: f64 = times.values().map(|&n| (f64::from(n) - 200.0).powi(2) / 200.0).sum();
    // The middle 99.8 per cent lie between 59 and 147.
    assert!((59.0..147.0).contains(&chi), "{chi}");
    assert_eq!(times, draw(3));
    assert_ne!(times, draw(4));
}
