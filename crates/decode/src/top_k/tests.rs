use crate::testing::{OPS, genes, has, space, table};
use crate::{DecodeError, Decoded, Decoder, EmptyPolicy, NonePolicy, Note, TieBreak, TopK};

/// Node 2 has two in-edges, node 3 three, of which 1->3 is the weakest.
const PLAIN: [[f64; 3]; 5] =
    [[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1]];
const EQUAL: [[f64; 3]; 5] = [[0.25; 3]; 5];
/// "none" wins every edge into node 2 and the edge 2->3.
const CUT: [[f64; 3]; 5] =
    [[0.8, 0.1, 0.1], [0.6, 0.1, 0.3], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2], [0.8, 0.15, 0.05]];

fn decode(rule: TopK, rows: [[f64; 3]; 5]) -> Decoded {
    rule.decode(&space(&OPS), &table(rows, None)).unwrap()
}

#[test]
fn strongest_edges_first_with_their_best_operation() {
    let decoded = decode(TopK::darts(), PLAIN);
    assert_eq!(genes(&decoded), ["max_ 1->2", "skip 0->2", "max_ 2->3", "skip 0->3"]);
    assert!(has(&decoded, "toy 1->3: dropped at 3.000e-1"));
    assert!(has(&decoded, "toy node 3: kept edges lead by 3.000e-1"));
    assert!(has(&decoded, "toy 2->3: max_pool_3x3 leads by 7.000e-1"));
    assert!(has(&decoded, "toy 0->2: none is excluded at 7.000e-1, chosen at 2.000e-1"));
    assert!(!decoded.notes.iter().any(|n| matches!(n, Note::OpTie { .. } | Note::EdgeTie { .. })));
}

#[test]
fn a_node_keeps_as_many_edges_as_it_has() {
    let decoded = decode(TopK { edges: 9, ..TopK::darts() }, PLAIN);
    assert_eq!(decoded.genotype.cells()[0].genes.len(), 5);
    let decoded = decode(TopK { edges: 1, ..TopK::darts() }, PLAIN);
    assert_eq!(genes(&decoded), ["max_ 1->2", "max_ 2->3"]);
}

#[test]
fn no_edges_at_all_is_an_error() {
    let rule = TopK { edges: 0, ..TopK::darts() };
    let found = rule.decode(&space(&OPS), &table(PLAIN, None));
    assert_eq!(found, Err(DecodeError::NoEdges { found: 0 }));
}

#[test]
fn lowest_index_breaks_ties_as_the_released_code() {
    let decoded = decode(TopK::darts(), EQUAL);
    assert_eq!(genes(&decoded), ["max_ 0->2", "max_ 1->2", "max_ 0->3", "max_ 1->3"]);
    let tie = "toy node 3: edges from [0, 1, 2] are equal, the first 2 kept (LowestIndex)";
    assert!(has(&decoded, tie));
    let tie = "toy 0->2: max_pool_3x3, skip_connect are equal, taken in this order (LowestIndex)";
    assert!(has(&decoded, tie));
    assert!(has(&decoded, "toy node 3: kept edges lead by 0.000e0"));
}

#[test]
fn highest_index_takes_the_last_of_equals() {
    let decoded = decode(TopK { ties: TieBreak::HighestIndex, ..TopK::darts() }, EQUAL);
    assert_eq!(genes(&decoded), ["skip 1->2", "skip 0->2", "skip 2->3", "skip 1->3"]);
}

#[test]
fn seeded_ties_repeat_and_reach_every_candidate() {
    let seeded = |seed| decode(TopK { ties: TieBreak::Seeded(seed), ..TopK::darts() }, EQUAL);
    assert_eq!(seeded(3), seeded(3));
    let all: Vec<String> = (0..64).flat_map(|seed| genes(&seeded(seed))).collect();
    for gene in ["max_ 0->2", "skip 0->2", "max_ 0->3", "skip 1->3", "max_ 2->3", "skip 2->3"] {
        assert!(all.iter().any(|found| found == gene), "{gene} never came");
    }
}

#[test]
fn seeded_ties_are_independent_of_each_other() {
    let rule = TopK { ties: TieBreak::Seeded(3), ..TopK::darts() };
    let mut rows = EQUAL;
    rows[0] = [0.0, 0.9, 0.1];
    rows[1] = [0.0, 0.8, 0.1];
    let of_node_3 = |rows| genes(&decode(rule, rows))[2..].to_vec();
    assert_eq!(of_node_3(EQUAL), of_node_3(rows));
}

#[test]
fn seeds_do_not_matter_without_ties() {
    let rule = TopK { ties: TieBreak::Seeded(3), ..TopK::darts() };
    assert_eq!(decode(rule, PLAIN), decode(TopK::darts(), PLAIN));
}

#[test]
fn none_included_ranks_and_cuts() {
    // By "none" the edge 1->3 outranks none of the others; 0->2 is cut.
    let rule = TopK { none: NonePolicy::Include, ..TopK::darts() };
    let decoded = decode(rule, PLAIN);
    assert_eq!(genes(&decoded), ["max_ 1->2", "max_ 2->3", "skip 0->3"]);
    assert!(has(&decoded, "toy 0->2: cut by none"));
    // A heavy "none" takes the place of an edge that would have stayed.
    let mut rows = PLAIN;
    rows[3] = [0.9, 0.05, 0.05];
    assert_eq!(genes(&decode(rule, rows)), ["max_ 1->2", "max_ 2->3"]);
}

#[test]
fn none_excluded_from_the_rank_still_cuts() {
    let rule = TopK { none: NonePolicy::ExcludeFromRank, ..TopK::darts() };
    let mut rows = PLAIN;
    rows[3] = [0.9, 0.05, 0.05];
    let decoded = decode(rule, rows);
    assert_eq!(genes(&decoded), ["max_ 1->2", "max_ 2->3", "skip 0->3"]);
    assert!(has(&decoded, "toy 0->2: cut by none"));
}

#[test]
fn empty_nodes_are_an_error_when_asked() {
    let rule = TopK { none: NonePolicy::Include, ..TopK::darts() };
    let found = rule.decode(&space(&OPS), &table(CUT, None));
    assert_eq!(found, Err(DecodeError::EmptyNode { cell: "toy".to_owned(), node: 2 }));
}

#[test]
fn empty_nodes_keep_their_best_edge_when_asked() {
    let empty = EmptyPolicy::KeepBest;
    let rule = TopK { none: NonePolicy::ExcludeFromRank, empty, ..TopK::darts() };
    let decoded = decode(rule, CUT);
    assert_eq!(genes(&decoded), ["skip 1->2", "skip 0->3"]);
    assert!(has(&decoded, "toy 1->2: kept with skip_connect, all others are cut"));
}

#[test]
fn empty_nodes_drop_out_when_asked() {
    let empty = EmptyPolicy::Skip;
    let rule = TopK { edges: 3, none: NonePolicy::Include, empty, ..TopK::darts() };
    let decoded = decode(rule, CUT);
    assert_eq!(genes(&decoded), ["skip 0->3"]);
    assert!(has(&decoded, "toy node 2: dropped out"));
    // An edge that would stay, but starts at node 2, goes with it.
    let mut rows = CUT;
    rows[4] = [0.0, 0.9, 0.1];
    let decoded = decode(rule, rows);
    assert_eq!(genes(&decoded), ["skip 0->3"]);
    assert!(has(&decoded, "toy 2->3: dead, its source dropped out"));
}

#[test]
fn a_cell_of_nothing_is_an_error() {
    let rule = TopK { none: NonePolicy::Include, empty: EmptyPolicy::Skip, ..TopK::darts() };
    let found = rule.decode(&space(&OPS), &table([[0.9, 0.05, 0.05]; 5], None));
    assert_eq!(found, Err(DecodeError::EmptyCell { cell: "toy".to_owned() }));
}

#[test]
fn a_set_that_only_cuts_is_an_error() {
    let space = space(&["none", "cut"]);
    let cell = dartloom_space::CellTable {
        name: "toy".to_owned(),
        edges: vec![vec![0.5, 0.5]; 5],
        edge_weights: None,
    };
    let ops = ["none", "cut"].map(str::to_owned).to_vec();
    let table = dartloom_space::WeightTable::new(ops, vec![cell]).unwrap();
    let found = TopK::darts().decode(&space, &table);
    assert_eq!(found, Err(DecodeError::NoOperation { set: "toy".to_owned() }));
}

#[test]
fn edge_weights_multiply_rows() {
    // 0.3 * 0.9 on 1->3 outranks 0.6 * 0.1 on 0->3.
    let weights = table(PLAIN, Some([0.5, 0.5, 0.1, 0.9, 0.9]));
    let decoded = TopK::darts().decode(&space(&OPS), &weights).unwrap();
    assert_eq!(genes(&decoded), ["max_ 1->2", "skip 0->2", "max_ 2->3", "max_ 1->3"]);
}

#[test]
fn an_edge_weight_of_zero_makes_its_operations_equal() {
    let weights = table(PLAIN, Some([0.0, 0.5, 0.1, 0.9, 0.9]));
    let decoded = TopK::darts().decode(&space(&OPS), &weights).unwrap();
    assert_eq!(genes(&decoded)[..2], ["max_ 1->2", "max_ 0->2"]);
}

#[test]
fn negative_edge_weights_are_refused() {
    let weights = table(PLAIN, Some([0.5, 0.5, -0.1, 0.9, 0.9]));
    let found = TopK::darts().decode(&space(&OPS), &weights);
    let expected = DecodeError::EdgeWeight { cell: "toy".to_owned(), row: 2, found: -0.1 };
    assert_eq!(found, Err(expected));
}

#[test]
fn minus_zero_equals_zero() {
    let mut rows = EQUAL;
    rows[0] = [0.0, -0.0, 0.0];
    rows[1] = [0.0, 0.0, 0.0];
    assert_eq!(genes(&decode(TopK::darts(), rows))[..2], ["max_ 0->2", "max_ 1->2"]);
}

#[test]
fn reads_and_writes_itself() {
    let rule: TopK = ron::from_str("(edges: 3, ties: Seeded(4), none: Include)").unwrap();
    let expected = TopK {
        edges: 3,
        ties: TieBreak::Seeded(4),
        none: NonePolicy::Include,
        empty: EmptyPolicy::Error,
    };
    assert_eq!(rule, expected);
    assert_eq!(ron::from_str::<TopK>(&ron::to_string(&rule).unwrap()).unwrap(), rule);
    assert_eq!(ron::from_str::<TopK>("()").unwrap(), TopK::darts());
    assert!(ron::from_str::<TopK>("(edge: 3)").unwrap_err().to_string().contains("edge"));
}

#[test]
fn results_survive_json() {
    let decoded = decode(TopK::darts(), EQUAL);
    let text = serde_json::to_string(&decoded).unwrap();
    assert_eq!(serde_json::from_str::<Decoded>(&text).unwrap(), decoded);
}
