use proptest::prelude::*;

use crate::testing::{OPS, genes, has, space, table};
use crate::testkit::{Law, cases, check_laws};
use crate::{
    DeadGenes, DecodeError, Decoded, Decoder, EdgeThreshold, EmptyPolicy, NonePolicy,
    SparseThreshold, TieBreak,
};

/// Sigmoid weights: rows do not sum to 1. Node 2 has in-edges 0 and 1, node 3 has 0, 1 and 2.
const ROWS: [[f64; 3]; 5] =
    [[0.1, 0.9, 0.95], [0.2, 0.5, 0.6], [0.3, 0.85, 0.2], [0.1, 0.9, 0.3], [0.1, 0.99, 0.1]];
/// Nothing into node 2 is heavy, one edge out of it is.
const HOLLOW: [[f64; 3]; 5] =
    [[0.1, 0.4, 0.3], [0.2, 0.5, 0.6], [0.3, 0.85, 0.2], [0.1, 0.2, 0.3], [0.1, 0.99, 0.9]];
const LIGHT: [[f64; 3]; 5] = [[0.5; 3]; 5];

const SPARSE: fn() -> SparseThreshold = SparseThreshold::default;
const EDGE: fn() -> EdgeThreshold = EdgeThreshold::default;

fn decode(rule: &dyn Decoder, rows: [[f64; 3]; 5]) -> Decoded {
    rule.decode(&space(&OPS), &table(rows, None)).unwrap()
}

#[test]
fn sparse_keeps_heavy_operations_of_strong_edges() {
    let decoded = decode(&SPARSE(), ROWS);
    assert_eq!(genes(&decoded), ["skip 0->2", "max_ 2->3", "max_ 1->3"]);
    assert!(has(&decoded, "toy 1->2: skip_connect at 6.000e-1 is below 0.85"));
    assert!(has(&decoded, "toy 0->3: dropped at 8.500e-1"));
    let three = SparseThreshold { edges: 3, ..SPARSE() };
    assert_eq!(genes(&decode(&three, ROWS))[3], "max_ 0->3", "the threshold itself is enough");
}

#[test]
fn edge_keeps_heavy_operations_of_all_edges_lightest_first() {
    let decoded = decode(&EDGE(), ROWS);
    let expected = ["max_ 0->2", "skip 0->2", "max_ 0->3", "max_ 1->3", "max_ 2->3"];
    assert_eq!(genes(&decoded), expected);
    assert!(has(&decoded, "toy 1->2: skip_connect at 6.000e-1 is below 0.85"));
    let one = EdgeThreshold { ops: Some(1), ..EDGE() };
    assert_eq!(genes(&decode(&one, ROWS))[0], "skip 0->2");
}

#[test]
fn complete_keeps_the_order_of_the_set() {
    let mut rows = ROWS;
    rows[0] = [0.9, 0.95, 0.9];
    let all = EdgeThreshold { none: NonePolicy::Include, ..EdgeThreshold::complete() };
    let decoded = decode(&all, rows);
    assert_eq!(genes(&decoded)[..2], ["max_ 0->2", "skip 0->2"]);
    assert!(has(&decoded, "toy 0->2: cut by none"));
    assert_eq!(genes(&decode(&EdgeThreshold::complete(), rows))[..2], ["max_ 0->2", "skip 0->2"]);
}

#[test]
fn a_cutting_operation_may_take_a_place() {
    let mut rows = ROWS;
    rows[0] = [0.99, 0.9, 0.95];
    let none = EdgeThreshold { none: NonePolicy::Include, ..EDGE() };
    assert_eq!(genes(&decode(&none, rows))[0], "skip 0->2");
    assert_eq!(genes(&decode(&EDGE(), rows))[..2], ["max_ 0->2", "skip 0->2"]);
    let cut = SparseThreshold { none: NonePolicy::Include, ..SPARSE() };
    // Node 2 drops out, one edge cut and the other too light, and takes 2->3 along.
    assert_eq!(genes(&decode(&cut, rows)), ["max_ 1->3"]);
}

#[test]
fn empty_nodes_drop_out_with_what_starts_there() {
    for rule in [&SPARSE() as &dyn Decoder, &EDGE()] {
        let decoded = decode(rule, HOLLOW);
        assert_eq!(genes(&decoded), ["max_ 0->3"]);
        assert!(has(&decoded, "toy node 2: dropped out"));
        assert!(has(&decoded, "toy 2->3: dead, its source dropped out"));
    }
}

#[test]
fn the_released_code_lists_what_starts_at_an_empty_node() {
    let official = SparseThreshold { dead: DeadGenes::Keep, ..SPARSE() };
    assert_eq!(genes(&decode(&official, HOLLOW)), ["max_ 2->3", "max_ 0->3"]);
    let official = EdgeThreshold { dead: DeadGenes::Keep, ..EDGE() };
    assert_eq!(genes(&decode(&official, HOLLOW)), ["max_ 0->3", "skip 2->3", "max_ 2->3"]);
}

#[test]
fn empty_nodes_follow_their_policy() {
    let space = space(&OPS);
    let weights = table(HOLLOW, None);
    let error = SparseThreshold { empty: EmptyPolicy::Error, ..SPARSE() };
    let expected = DecodeError::EmptyNode { cell: "toy".to_owned(), node: 2 };
    assert_eq!(error.decode(&space, &weights), Err(expected.clone()));
    let error = EdgeThreshold { empty: EmptyPolicy::Error, ..EDGE() };
    assert_eq!(error.decode(&space, &weights), Err(expected));
    let best = SparseThreshold { empty: EmptyPolicy::KeepBest, ..SPARSE() };
    assert_eq!(genes(&decode(&best, HOLLOW)), ["skip 1->2", "max_ 2->3", "max_ 0->3"]);
    let best = EdgeThreshold { empty: EmptyPolicy::KeepBest, ..EDGE() };
    let expected = ["skip 1->2", "max_ 0->3", "skip 2->3", "max_ 2->3"];
    assert_eq!(genes(&decode(&best, HOLLOW)), expected);
}

#[test]
fn a_cell_of_nothing_is_an_error_unless_nodes_keep_their_best() {
    let space = space(&OPS);
    let weights = table(LIGHT, None);
    let expected = Err(DecodeError::EmptyCell { cell: "toy".to_owned() });
    for dead in [DeadGenes::Drop, DeadGenes::Keep] {
        assert_eq!(SparseThreshold { dead, ..SPARSE() }.decode(&space, &weights), expected);
        assert_eq!(EdgeThreshold { dead, ..EDGE() }.decode(&space, &weights), expected);
    }
    let best = SparseThreshold { empty: EmptyPolicy::KeepBest, ..SPARSE() };
    assert_eq!(genes(&decode(&best, LIGHT)), ["max_ 0->2", "max_ 0->3"]);
}

#[test]
fn ties_follow_their_rule() {
    let mut rows = ROWS;
    rows[0] = [0.9; 3];
    let one =
        |ties| genes(&decode(&EdgeThreshold { ops: Some(1), ties, ..EDGE() }, rows)).remove(0);
    assert_eq!(one(TieBreak::HighestIndex), "skip 0->2");
    assert_eq!(one(TieBreak::LowestIndex), "max_ 0->2");
    let tie = "toy 0->2: skip_connect, max_pool_3x3 are equal, taken in this order (HighestIndex)";
    assert!(has(&decode(&EdgeThreshold { ops: Some(1), ..EDGE() }, rows), tie));
}

#[test]
fn impossible_numbers_are_refused() {
    let space = space(&OPS);
    let weights = table(ROWS, None);
    for threshold in [f64::NAN, f64::INFINITY] {
        let found = SparseThreshold { threshold, ..SPARSE() }.decode(&space, &weights);
        assert!(matches!(found, Err(DecodeError::Threshold { .. })));
        let found = EdgeThreshold { threshold, ..EDGE() }.decode(&space, &weights);
        assert!(matches!(found, Err(DecodeError::Threshold { .. })));
    }
    let found = SparseThreshold { edges: 0, ..SPARSE() }.decode(&space, &weights);
    assert_eq!(found, Err(DecodeError::NoEdges { found: 0 }));
    let found = EdgeThreshold { ops: Some(0), ..EDGE() }.decode(&space, &weights);
    assert_eq!(found, Err(DecodeError::NoOperations { found: 0 }));
}

#[test]
fn they_read_themselves() {
    let rule: SparseThreshold = ron::from_str("(threshold: 0.6, dead: Keep)").unwrap();
    let dead = DeadGenes::Keep;
    assert_eq!(rule, SparseThreshold { threshold: 0.6, dead, ..SPARSE() });
    let rule: EdgeThreshold = ron::from_str("(ops: None)").unwrap();
    assert_eq!(rule, EdgeThreshold::complete());
    assert!(ron::from_str::<EdgeThreshold>("(edges: 2)").is_err());
}

#[test]
fn they_obey_all_laws_but_scale() {
    let cases = cases(11).unwrap();
    let laws = [Law::Deterministic, Law::Fits, Law::Mismatch];
    let ties = [TieBreak::LowestIndex, TieBreak::HighestIndex, TieBreak::Seeded(5)];
    for ties in ties {
        for none in [NonePolicy::Exclude, NonePolicy::ExcludeFromRank, NonePolicy::Include] {
            for empty in [EmptyPolicy::Error, EmptyPolicy::KeepBest, EmptyPolicy::Skip] {
                // A low threshold for the first: with a high one no node may stay whole.
                let threshold = if empty == EmptyPolicy::Error { 0.0 } else { 0.6 };
                let sparse = SparseThreshold { threshold, ties, none, empty, ..SPARSE() };
                let edge = EdgeThreshold { threshold, ties, none, empty, ..EDGE() };
                let complete = EdgeThreshold { ops: None, ..edge };
                let all: [&dyn Decoder; 3] = [&sparse, &edge, &complete];
                for rule in all {
                    check_laws(rule, &cases, &laws).unwrap();
                    let scale = check_laws(rule, &cases, &[Law::Scale]);
                    assert!(threshold <= 0.0 || scale.is_err(), "{rule:?}");
                }
            }
        }
    }
}

proptest! {
    /// Each kept operation is heavy enough, each heavy operation that is gone was outranked or
    /// started nowhere.
    #[test]
    fn what_is_kept_is_heavy(
        flat in prop::collection::vec(0.0_f64..1.0, 15),
        threshold in 0.0_f64..1.0,
    ) {
        let rows: Vec<[f64; 3]> = flat.chunks(3).map(|row| [row[0], row[1], row[2]]).collect();
        let rows: [[f64; 3]; 5] = rows.try_into().unwrap();
        let rule = EdgeThreshold { threshold, ..EdgeThreshold::complete() };
        let weights = table(rows, None);
        let Ok(decoded) = rule.decode(&space(&OPS), &weights) else {
            let heavy = rows[..4].iter().flat_map(|row| &row[1..]).any(|&w| w >= threshold);
            prop_assert!(!heavy);
            return Ok(());
        };
        let kept = &decoded.genotype.cells()[0].genes;
        let edges = [(0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];
        let hollow = rows[..2].iter().flat_map(|row| &row[1..]).all(|&w| w < threshold);
        for (row, (from, to)) in edges.into_iter().enumerate() {
            for (op, name) in OPS.iter().enumerate().skip(1) {
                let has = kept.iter().any(|g| (g.from, g.to, g.op.as_str()) == (from, to, *name));
                let dead = from == 2 && hollow;
                prop_assert_eq!(has, rows[row][op] >= threshold && !dead);
            }
        }
    }
}
