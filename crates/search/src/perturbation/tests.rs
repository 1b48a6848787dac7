use dartloom_noise::Noise;
use dartloom_space::Space;
use dartloom_space::testkit::{chain, four_ops};

use super::{PerturbationConfig, Probe, Removed, select};
use crate::{CandidateId, Kept, SearchError};

fn space() -> Space {
    chain(four_ops(), 2)
}

/// A supernet in which operation `best(cell, row)` of an edge adds `row + 1`, and the others 0.25.
struct MadeUp {
    decisions: Vec<Kept>,
    scores: usize,
}

fn best(cell: usize, row: usize) -> usize {
    1 + (cell + row) % 3
}

impl Probe for MadeUp {
    fn score(&mut self, kept: &Kept, removed: Option<Removed>) -> Result<f64, SearchError> {
        self.scores += 1;
        let mut score = 0.0;
        for (cell, rows) in kept.cells().iter().enumerate() {
            for (row, ops) in rows.iter().enumerate() {
                for op in (1..ops.len()).filter(|op| ops[*op]) {
                    let candidate = Removed::Candidate(CandidateId { cell, row, op });
                    let gone = [candidate, Removed::Edge { cell, row }];
                    if removed.is_none_or(|removed| !gone.contains(&removed)) {
                        score += if op == best(cell, row) { row as f64 + 1.0 } else { 0.25 };
                    }
                }
            }
        }
        Ok(score)
    }

    fn tune(&mut self, kept: &Kept) -> Result<(), SearchError> {
        self.decisions.push(kept.clone());
        Ok(())
    }
}

#[test]
fn the_operations_and_edges_that_matter_are_found() {
    let space = space();
    let config = PerturbationConfig::default();
    let mut probe = MadeUp { decisions: Vec::new(), scores: 0 };
    let (kept, drops) =
        select(&space, &config, Kept::all(&space), Noise::new(1), &mut probe).unwrap();
    assert!(kept.is_decided());
    for cell in 0..2 {
        for row in 0..5 {
            let choices = kept.choices(&space, (cell, row));
            // The second node has three in-edges, of which the first matters least.
            let expected = if row == 2 { vec![] } else { vec![best(cell, row)] };
            assert_eq!(choices, expected, "cell {cell}, row {row}");
        }
    }
    // Ten edges, two nodes of more than two in-edges; every decision is followed by training.
    assert_eq!(probe.decisions.len(), 12);
    assert_eq!(probe.scores, 10 * 4 + 2 * 4);
    assert_eq!(drops.len(), 10 * 3 + 2 * 3);
    let drop = |op: Option<&str>| {
        let found = drops.iter().find(|drop| {
            (drop.cell.as_str(), drop.from, drop.to, drop.op.as_deref()) == ("normal", 2, 3, op)
        });
        found.unwrap().drop
    };
    // Row 4 of the first cell: 1 + 4 % 3 is the pooling.
    approx::assert_relative_eq!(drop(Some("max_pool_3x3")), 5.0);
    approx::assert_relative_eq!(drop(Some("skip_connect")), 0.25);
    approx::assert_relative_eq!(drop(None), 5.0);
    assert!(drops.iter().all(|drop| drop.op.as_deref() != Some("none")));
}

#[test]
fn the_seed_draws_the_order_alone() {
    let space = space();
    let config = PerturbationConfig::default();
    let run = |seed| {
        let mut probe = MadeUp { decisions: Vec::new(), scores: 0 };
        let (kept, drops) =
            select(&space, &config, Kept::all(&space), Noise::new(seed), &mut probe).unwrap();
        (kept, drops)
    };
    let one = run(1);
    let again = run(1);
    let other = run(2);
    assert_eq!(one, again);
    assert_eq!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[test]
fn what_is_gone_is_no_candidate_and_single_candidates_are_not_tried() {
    let space = space();
    let config = PerturbationConfig { edges: 1, ..Default::default() };
    let mut start = Kept::all(&space);
    start.remove(&space, CandidateId { cell: 0, row: 1, op: best(0, 1) });
    start.cut(0, 4);
    start.choose(CandidateId { cell: 0, row: 3, op: 3 });
    let mut probe = MadeUp { decisions: Vec::new(), scores: 0 };
    let (kept, drops) = select(&space, &config, start, Noise::new(1), &mut probe).unwrap();
    assert!(kept.cells()[0][4].iter().all(|kept| !kept));
    let tried = |from: usize, to: usize| {
        let of = |drop: &&super::PerturbationDrop| {
            drop.cell == "normal" && (drop.from, drop.to) == (from, to) && drop.op.is_some()
        };
        drops.iter().filter(of).count()
    };
    assert_eq!((tried(1, 2), tried(1, 3), tried(2, 3)), (2, 0, 0));
    for node in [2, 3] {
        assert_eq!(kept.live(&space, (0, node)).len(), 1);
    }
}
