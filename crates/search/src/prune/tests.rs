use dartloom_relax::Constraint;
use dartloom_space::testkit::{chain, ops};
use dartloom_space::{CellTable, Space, WeightTable};

use super::{CandidateId, Kept, PruneConfig, Pruning};

const OPS: [&str; 3] = ["none", "skip_connect", "sep_conv_3x3"];

/// Two cells of two nodes: rows 0 and 1 lead to the first, 2 to 4 to the second.
fn space() -> Space {
    chain(ops("three", &OPS), 2)
}

/// The same rows in both cells.
fn table(rows: [[f64; 3]; 5]) -> WeightTable {
    let cell = |name: &str| CellTable {
        name: name.to_owned(),
        edges: rows.iter().map(|row| row.to_vec()).collect(),
        edge_weights: None,
    };
    let ops = OPS.iter().map(|op| (*op).to_owned()).collect();
    WeightTable::new(ops, vec![cell("normal"), cell("reduce")]).unwrap()
}

const CONFIG: PruneConfig =
    PruneConfig { threshold: 0.1, patience: 2, edges: 2, finish_at: usize::MAX };

fn left(pruning: &Pruning) -> Vec<[bool; 3]> {
    let cells = pruning.kept.cells();
    assert_eq!(cells[0], cells[1]);
    cells[0].iter().map(|row| [row[0], row[1], row[2]]).collect()
}

#[test]
fn a_candidate_goes_after_as_many_low_epochs_in_a_row() {
    let space = space();
    let mut pruning = Pruning::new(&space);
    let mut rows = [[0.3, 0.3, 0.4]; 5];
    let mut epoch = |rows, epochs, config: &PruneConfig| {
        pruning.after(epochs, (&space, &table(rows)), config);
        left(&pruning)
    };
    rows[0][1] = 0.1;
    assert_eq!(epoch(rows, 1, &CONFIG), [[true; 3]; 5]);
    rows[0][1] = 0.11;
    assert_eq!(epoch(rows, 2, &CONFIG), [[true; 3]; 5], "not in a row");
    rows[0][1] = 0.05;
    rows[4][0] = 0.0;
    assert_eq!(epoch(rows, 3, &CONFIG), [[true; 3]; 5]);
    let mut expected = [[true; 3]; 5];
    expected[0][1] = false;
    expected[4][0] = false;
    assert_eq!(epoch(rows, 4, &CONFIG), expected);
    rows[0][1] = 0.9;
    assert_eq!(epoch(rows, 5, &CONFIG), expected, "what is gone stays gone");
}

#[test]
fn nodes_keep_their_edges() {
    let space = space();
    let mut pruning = Pruning::new(&space);
    let config = PruneConfig { patience: 1, ..CONFIG };
    // Nothing but "none" weighs anything; the second node's first edge is the lightest.
    let mut rows = [[0.9, 0.06, 0.04]; 5];
    rows[2] = [0.97, 0.02, 0.01];
    pruning.after(1, (&space, &table(rows)), &config);
    let expected = [
        // Two edges lead to the first node, which keeps both, with what is heaviest.
        [true, true, false],
        [true, true, false],
        // An edge without operations has no "none" either.
        [false; 3],
        [true, true, false],
        [true, true, false],
    ];
    assert_eq!(left(&pruning), expected);
    assert_eq!(pruning.kept.count(0), 8);
    let config = PruneConfig { edges: 1, ..config };
    pruning.after(2, (&space, &table(rows)), &config);
    let first = [[false; 3], [true, true, false], [false; 3], [false; 3], [true, true, false]];
    assert_eq!(left(&pruning), first, "the first of equals goes first");
}

#[test]
fn the_end_keeps_the_heaviest_operation_of_the_heaviest_edges() {
    let space = space();
    let mut pruning = Pruning::new(&space);
    let config = PruneConfig { finish_at: 3, ..CONFIG };
    let mut rows = [[0.8, 0.1, 0.1]; 5];
    rows[1] = [0.5, 0.2, 0.3];
    rows[2] = [0.1, 0.7, 0.2];
    rows[4] = [0.1, 0.3, 0.6];
    let config = PruneConfig { threshold: 0.0, ..config };
    pruning.after(2, (&space, &table(rows)), &config);
    assert!(!pruning.kept.is_decided());
    pruning.after(3, (&space, &table(rows)), &config);
    assert!(pruning.kept.is_decided());
    let skip = [false, true, false];
    let conv = [false, false, true];
    // Of two equal operations the first.
    assert_eq!(left(&pruning), [skip, conv, skip, [false; 3], conv]);
    let genotype = pruning.kept.genotype(&space).unwrap();
    let genes: Vec<_> =
        genotype.cells()[0].genes.iter().map(|g| (g.op.as_str(), g.from, g.to)).collect();
    let expected = [
        ("skip_connect", 0, 2),
        ("sep_conv_3x3", 1, 2),
        ("skip_connect", 0, 3),
        ("sep_conv_3x3", 2, 3),
    ];
    assert_eq!(genes, expected);
    let before = pruning.clone();
    pruning.after(4, (&space, &table([[0.3, 0.4, 0.3]; 5])), &config);
    assert_eq!(pruning, before, "a decision stands");
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    let config = PruneConfig { finish_at: 4, ..CONFIG };
    config.check(4, 3).unwrap();
    let cases = [
        (PruneConfig { threshold: 1.0, ..config }, "threshold"),
        (PruneConfig { threshold: f64::NAN, ..config }, "threshold"),
        (PruneConfig { patience: 0, ..config }, "patience"),
        (PruneConfig { edges: 0, ..config }, "edges"),
        (PruneConfig { finish_at: 3, ..config }, "finish_at"),
        (PruneConfig { finish_at: 5, ..config }, "finish_at"),
    ];
    for (config, field) in cases {
        let error = config.check(4, 3).unwrap_err().to_string();
        assert!(error.starts_with(field), "{error}");
    }
}

#[test]
fn weights_on_the_simplex_are_shared_among_what_is_left() {
    let mut kept = Kept::all(&space());
    kept.remove(&space(), CandidateId { cell: 0, row: 0, op: 1 });
    kept.cut(0, 3);
    let rows = [[0.2f64, 0.5, 0.3]; 5];
    let theta = candle_core::Tensor::new(&rows, &candle_core::Device::Cpu).unwrap();
    let found = kept.weights(0, (&theta, Constraint::Simplex), |theta| Ok(theta.clone())).unwrap();
    let found = found.to_vec2::<f64>().unwrap();
    approx::assert_relative_eq!(found[0][..], [0.4, 0.0, 0.6], max_relative = 1e-15);
    approx::assert_relative_eq!(found[1][..], [0.2, 0.5, 0.3], max_relative = 1e-15);
    assert_eq!(found[3], [0.0; 3]);
}
