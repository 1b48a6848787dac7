//! Figures of the published lattices: numbers of topologies for 2 to 4 resolutions, and the losses
//! and the path of a small case, by lists of all patterns and topologies in another language.

use std::time::{Duration, Instant};

use num_bigint::BigUint;

use super::super::{EdgeBudget, EdgeChances, PatternCost, TopologyLattice};

fn total(levels: usize, blocks: usize) -> BigUint {
    TopologyLattice::dints(levels, blocks).unwrap().counts().unwrap().total().clone()
}

#[test]
fn numbers_of_feasible_topologies() {
    let table: [(usize, [u64; 4], &str); 3] = [
        (2, [15, 99, 711, 5_211], "45395298747"),
        (3, [127, 4_999, 227_935, 10_621_495], "242915439201449475319"),
        (4, [1_023, 249_999, 73_798_047, 22_318_973_487], "1607993224832840742702868269231"),
    ];
    for (levels, few, twelve) in table {
        for (blocks, wanted) in few.into_iter().enumerate() {
            assert_eq!(total(levels, blocks + 1), BigUint::from(wanted), "{levels}, {blocks}");
        }
        assert_eq!(total(levels, 12).to_string(), twelve);
    }
}

/// More than 128 bits hold.
#[test]
fn numbers_do_not_saturate() {
    assert!(total(4, 24) > total(4, 12).pow(2) >> 20_u8);
    assert!(total(4, 24).bits() > 128);
}

#[test]
fn edges_stand_in_the_released_order() {
    let lattice = TopologyLattice::dints(4, 1).unwrap();
    let read: Vec<usize> = lattice.blocks()[0].edges().iter().map(|edge| edge.0).collect();
    let written: Vec<usize> = lattice.blocks()[0].edges().iter().map(|edge| edge.1).collect();
    assert_eq!(read, [0, 1, 0, 1, 2, 1, 2, 3, 2, 3]);
    assert_eq!(written, [0, 0, 1, 1, 1, 2, 2, 2, 3, 3]);
}

/// Probabilities whose logits are `sin(1 + 7 l + 3 e)`.
fn waves(lattice: &TopologyLattice) -> Vec<Vec<f64>> {
    let blocks = lattice.blocks().iter().enumerate();
    let of = |block: usize, edge: usize| {
        let logit = (1.0 + 7.0 * block as f64 + 3.0 * edge as f64).sin();
        1.0 / (1.0 + (-logit).exp())
    };
    blocks.map(|(l, block)| (0..block.edges().len()).map(|e| of(l, e)).collect()).collect()
}

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-9
}

fn text(pattern: &[bool]) -> String {
    pattern.iter().map(|&on| if on { '1' } else { '0' }).collect()
}

#[test]
fn the_case_of_three_resolutions_and_three_blocks() {
    let lattice = TopologyLattice::dints(3, 3).unwrap();
    let chances = EdgeChances::new(&lattice, waves(&lattice)).unwrap();
    let wanted = [0.995_357_379_2, 0.997_525_563_2, 0.997_271_842_3];
    assert!(chances.not_empty().iter().zip(wanted).all(|(found, wanted)| close(*found, wanted)));
    let wanted = [
        0.702_034_210_6,
        0.320_830_375_1,
        0.661_654_958_2,
        0.368_965_633_7,
        0.606_338_218_0,
        0.430_515_969_6,
        0.539_905_898_0,
    ];
    assert!(chances.conditional()[0].iter().zip(wanted).all(|(found, want)| close(*found, want)));
    assert!(close(chances.topology_loss(), 5.070_024_709_3));
    assert!(close(chances.released_entropy().unwrap(), 0.034_048_432_2));
    assert!(close(chances.pattern_entropy(), 0.034_058_411_7), "without the offset");
    let found = &chances.best(PatternCost::Released, 1).unwrap()[0];
    // The released graph has one step more, to its sink, which costs 0.001 like every other.
    assert!(close(found.cost + 0.001, 9.701_728_563_7), "{}", found.cost);
    let rows: Vec<String> = found.topology.patterns.iter().map(|row| text(row)).collect();
    assert_eq!(rows, ["1010101", "1010111", "1110101"]);
    let likeliest = chances.likeliest_patterns();
    let rows: Vec<String> = likeliest.patterns.iter().map(|row| text(row)).collect();
    assert_eq!(rows, ["1010101"; 3]);
    assert!(lattice.active(&likeliest).is_err(), "infeasible at both joints");
}

/// The published size: 12 blocks of 4 resolutions.
#[test]
fn the_published_lattice_is_decoded_in_no_time() {
    let lattice = TopologyLattice::dints(4, 12).unwrap();
    let chances = EdgeChances::new(&lattice, waves(&lattice)).unwrap();
    let start = Instant::now();
    let best = chances.best(PatternCost::Released, 1).unwrap();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(lattice.active(&best[0].topology).is_ok());
    let exact = &chances.best(PatternCost::Exact, 1).unwrap()[0];
    // Finer levels spend more, as planes of features do.
    let amounts = |block: &super::super::Block| {
        block.edges().iter().map(|edge| 64 >> (2 * edge.1)).collect::<Vec<u64>>()
    };
    let spent: Vec<Vec<u64>> = lattice.blocks().iter().map(amounts).collect();
    let free = EdgeBudget { spent, most: u64::MAX };
    assert!(close(chances.best_within(PatternCost::Exact, &free).unwrap().cost, exact.cost));
    let half = u64::try_from(free.spent_by(&exact.topology)).unwrap() / 2;
    let tight = EdgeBudget { most: half, ..free };
    let found = chances.best_within(PatternCost::Exact, &tight).unwrap();
    assert!(tight.spent_by(&found.topology) <= u128::from(half));
    assert!(found.cost > exact.cost);
}

#[test]
fn the_best_hundred_are_sorted_and_different() {
    let lattice = TopologyLattice::dints(4, 12).unwrap();
    let chances = EdgeChances::new(&lattice, waves(&lattice)).unwrap();
    let found = chances.best(PatternCost::Exact, 100).unwrap();
    assert!(found.windows(2).all(|pair| pair[0].cost <= pair[1].cost));
    let different: std::collections::BTreeSet<_> = found.iter().map(|own| &own.topology).collect();
    assert_eq!(different.len(), 100);
    assert_eq!(found[..10], chances.best(PatternCost::Exact, 10).unwrap());
}
