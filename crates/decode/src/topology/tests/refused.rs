//! Bad input, by name and place.

use super::super::{
    Block, EdgeBudget, EdgeChances, PatternCost, Topology, TopologyError, TopologyLattice,
};

#[test]
fn lattices_that_make_no_sense() {
    let edge = |edges: Vec<(usize, usize)>| match Block::new(2, 3, edges) {
        Err(TopologyError::Edge { edge, .. }) => Some(edge),
        _ => None,
    };
    assert_eq!(edge(vec![(0, 0), (2, 0)]), Some(1));
    assert_eq!(edge(vec![(0, 3)]), Some(0));
    assert_eq!(edge(vec![(0, 0), (1, 1), (0, 0)]), Some(2));
    assert_eq!(edge(vec![(1, 2)]), None);
    let range =
        |result: Result<(), TopologyError>| matches!(result, Err(TopologyError::Range { .. }));
    assert!(range(Block::new(17, 1, vec![(0, 0)]).map(|_| ())));
    assert!(range(Block::new(1, 0, vec![(0, 0)]).map(|_| ())));
    assert!(range(Block::new(1, 1, Vec::new()).map(|_| ())));
    assert!(range(Block::neighbours(0).map(|_| ())));
    assert!(range(TopologyLattice::dints(3, 0).map(|_| ())));
    assert!(range(TopologyLattice::new(Vec::new()).map(|_| ())));
    let lattice = TopologyLattice::dints(3, 2).unwrap();
    assert!(range(lattice.clone().starting_at(&[3]).map(|_| ())));
    assert!(range(lattice.ending_at(&[0, 3]).map(|_| ())));
    let blocks = vec![Block::neighbours(2).unwrap(), Block::neighbours(3).unwrap()];
    let found = TopologyLattice::new(blocks).unwrap_err();
    let what = "nodes before block 1".to_owned();
    assert_eq!(found, TopologyError::Shape { what, expected: 2, found: 3 });
}

#[test]
fn probabilities_and_amounts_that_do_not_fit() {
    let lattice = TopologyLattice::dints(2, 2).unwrap();
    let chances = |rows: Vec<Vec<f64>>| EdgeChances::new(&lattice, rows).map(|_| ());
    let half = vec![0.5; 4];
    assert!(matches!(chances(vec![half.clone()]), Err(TopologyError::Shape { found: 1, .. })));
    let short = chances(vec![half.clone(), vec![0.5; 3]]);
    assert!(matches!(short, Err(TopologyError::Shape { expected: 4, found: 3, .. })));
    for bad in [-0.1, 1.1, f64::NAN] {
        let found = chances(vec![half.clone(), vec![0.5, 0.5, bad, 0.5]]);
        assert!(matches!(found, Err(TopologyError::Probability { block: 1, edge: 2, .. })));
    }
    let empty = chances(vec![vec![0.0; 4], half.clone()]);
    assert_eq!(empty, Err(TopologyError::EmptyBlock { block: 0 }));
    let fine = EdgeChances::new(&lattice, vec![half.clone(), half]).unwrap();
    assert!(matches!(fine.best(PatternCost::Exact, 0), Err(TopologyError::Range { .. })));
    let short = EdgeBudget { spent: vec![vec![1; 4]], most: 9 };
    let found = fine.best_within(PatternCost::Exact, &short);
    assert!(matches!(found, Err(TopologyError::Shape { found: 1, .. })));
    let dear = EdgeBudget { spent: vec![vec![5, 4, 3, 9]; 2], most: 6 };
    // Edge 2 leads from node 0 to node 1, from which edge 3 or edge 1 leads on: 3 + 4.
    let found = fine.best_within(PatternCost::Exact, &dear);
    assert_eq!(found, Err(TopologyError::Budget { most: 6, least: 7 }));
    assert!(fine.written(2).is_empty());
}

/// Of two blocks that fit no better, the fault is at the joint.
#[test]
fn infeasible_topologies_name_the_node() {
    let lattice = TopologyLattice::dints(2, 2).unwrap().starting_at(&[0]).unwrap();
    let active = |rows: [[u8; 4]; 2]| {
        let row = |row: [u8; 4]| row.iter().map(|&on| on == 1).collect();
        lattice.active(&Topology { patterns: rows.map(row).to_vec() })
    };
    assert_eq!(active([[1, 0, 0, 0], [1, 0, 0, 0]]).unwrap(), vec![vec![true, false]; 3]);
    let joint = |found: Result<Vec<Vec<bool>>, TopologyError>| match found {
        Err(TopologyError::Joint { column, node, .. }) => Some((column, node)),
        _ => None,
    };
    // Node 1 is written, but not read; read, but not written; and no start.
    assert_eq!(joint(active([[1, 0, 1, 0], [1, 0, 0, 0]])), Some((1, 1)));
    assert_eq!(joint(active([[1, 0, 0, 0], [1, 1, 0, 0]])), Some((1, 1)));
    assert_eq!(joint(active([[0, 1, 0, 0], [1, 0, 0, 0]])), Some((0, 1)));
    let empty = active([[1, 0, 0, 0], [0; 4]]);
    assert_eq!(empty, Err(TopologyError::EmptyBlock { block: 1 }));
    let none = TopologyLattice::dints(2, 2).unwrap().starting_at(&[]).unwrap();
    assert_eq!(none.counts().unwrap().total(), &num_bigint::BigUint::default());
    let chances = EdgeChances::new(&none, vec![vec![0.5; 4]; 2]).unwrap();
    assert_eq!(chances.best(PatternCost::Released, 1), Err(TopologyError::NoTopology));
    let free = EdgeBudget { spent: vec![vec![0; 4]; 2], most: 0 };
    let found = chances.best_within(PatternCost::Released, &free);
    assert_eq!(found, Err(TopologyError::NoTopology));
}
