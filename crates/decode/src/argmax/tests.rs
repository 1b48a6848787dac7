use crate::testing::{OPS, genes, has, space, table};
use crate::{Argmax, DecodeError, Decoded, Decoder, EmptyPolicy, NonePolicy, TieBreak};

const ROWS: [[f64; 3]; 5] =
    [[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1]];
/// "none" wins every edge into node 2.
const CUT: [[f64; 3]; 5] =
    [[0.8, 0.1, 0.1], [0.6, 0.1, 0.3], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1]];

fn decode(rule: Argmax, rows: [[f64; 3]; 5]) -> Decoded {
    rule.decode(&space(&OPS), &table(rows, None)).unwrap()
}

#[test]
fn none_can_win_and_cuts() {
    let decoded = decode(Argmax::nasbench201(), ROWS);
    assert_eq!(genes(&decoded), ["max_ 1->2", "skip 0->3", "max_ 2->3"]);
    assert!(has(&decoded, "toy 0->2: cut by none"));
    assert!(has(&decoded, "toy 1->3: cut by none"));
}

#[test]
fn every_edge_stays_in_row_order_without_none() {
    let rule = Argmax { none: NonePolicy::Exclude, ..Argmax::nasbench201() };
    let expected = ["skip 0->2", "max_ 1->2", "skip 0->3", "max_ 1->3", "max_ 2->3"];
    assert_eq!(genes(&decode(rule, ROWS)), expected);
}

#[test]
fn without_ranks_the_two_including_policies_agree() {
    for rows in [ROWS, CUT] {
        let rule = Argmax { none: NonePolicy::ExcludeFromRank, ..Argmax::nasbench201() };
        assert_eq!(decode(rule, rows), decode(Argmax::nasbench201(), rows));
    }
}

#[test]
fn ties_go_to_the_lowest_the_highest_or_a_drawn_operation() {
    let rows = [[0.5; 3], [0.0, 0.5, 0.5], [0.0, 0.1, 0.5], [0.0, 0.5, 0.1], [0.5, 0.5, 0.1]];
    let with = |ties| genes(&decode(Argmax { ties, ..Argmax::nasbench201() }, rows));
    assert_eq!(with(TieBreak::LowestIndex), ["max_ 1->2", "skip 0->3", "max_ 1->3"]);
    let highest = ["skip 0->2", "skip 1->2", "skip 0->3", "max_ 1->3", "max_ 2->3"];
    assert_eq!(with(TieBreak::HighestIndex), highest);
    let drawn: Vec<String> = (0..64).flat_map(|seed| with(TieBreak::Seeded(seed))).collect();
    for gene in ["max_ 0->2", "skip 0->2", "max_ 1->2", "skip 1->2", "max_ 2->3"] {
        assert!(drawn.iter().any(|found| found == gene), "{gene} never came");
    }
}

#[test]
fn empty_nodes_follow_their_policy() {
    let with = |empty| Argmax { empty, ..Argmax::nasbench201() };
    assert_eq!(genes(&decode(with(EmptyPolicy::Skip), CUT)), ["skip 0->3"]);
    let kept = ["skip 1->2", "skip 0->3", "max_ 2->3"];
    assert_eq!(genes(&decode(with(EmptyPolicy::KeepBest), CUT)), kept);
    let found = with(EmptyPolicy::Error).decode(&space(&OPS), &table(CUT, None));
    assert_eq!(found, Err(DecodeError::EmptyNode { cell: "toy".to_owned(), node: 2 }));
}

#[test]
fn edge_weights_above_zero_do_not_change_which_operation_wins() {
    let weights = table(ROWS, Some([0.9, 0.1, 0.5, 0.2, 0.01]));
    let decoded = Argmax::nasbench201().decode(&space(&OPS), &weights).unwrap();
    assert_eq!(genes(&decoded), genes(&decode(Argmax::nasbench201(), ROWS)));
}

#[test]
fn reads_itself() {
    let rule: Argmax = ron::from_str("(none: Exclude, empty: KeepBest)").unwrap();
    let none = NonePolicy::Exclude;
    let empty = EmptyPolicy::KeepBest;
    assert_eq!(rule, Argmax { ties: TieBreak::LowestIndex, none, empty });
    assert!(ron::from_str::<Argmax>("(edges: 2)").is_err());
}
