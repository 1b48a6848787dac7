use super::front::{crowding, ranks};
use super::{Point, front, hypervolume};

fn points(all: &[(f64, u64)]) -> Vec<Point> {
    all.iter().map(|&(quality, cost)| Point { quality, cost }).collect()
}

/// A front of three, one point below it, and one below that.
fn five() -> Vec<Point> {
    points(&[(5.0, 10), (3.0, 4), (4.0, 11), (1.0, 1), (2.0, 12)])
}

#[test]
fn fronts_and_ranks_by_hand() {
    assert_eq!(front(&five()), [3, 1, 0]);
    assert_eq!(ranks(&five()), [0, 0, 1, 0, 2]);
    // Equal points dominate neither each other.
    assert_eq!(front(&points(&[(1.0, 1), (1.0, 1), (1.0, 2)])), [0, 1]);
    assert!(front(&[]).is_empty());
}

#[test]
fn crowding_by_hand() {
    let ranks = ranks(&five());
    let distances = crowding(&five(), &ranks);
    // The middle one of the front: its neighbours are the front's ends in both objectives.
    assert!((distances[1] - 2.0).abs() < 1e-12);
    assert!([0, 2, 3, 4].iter().all(|&end| distances[end].is_infinite()));
    let line = points(&[(0.0, 0), (1.0, 1), (4.0, 4), (10.0, 10)]);
    let distances = crowding(&line, &[0; 4]);
    assert!((distances[1] - 0.8).abs() < 1e-12 && (distances[2] - 1.8).abs() < 1e-12);
}

#[test]
fn hypervolumes_by_hand() {
    let reference = Point { quality: 0.0, cost: 12 };
    // 1 x 3 for costs 1 to 4, 3 x 6 for 4 to 10, 5 x 2 for 10 to 12.
    assert!((hypervolume(&five(), reference) - 31.0).abs() < 1e-12);
    assert!((hypervolume(&points(&[(2.0, 2)]), reference) - 20.0).abs() < 1e-12);
    for outside in [&[(0.0, 1)][..], &[(1.0, 12)], &[]] {
        assert!(hypervolume(&points(outside), reference).abs() < 1e-12);
    }
}

#[test]
fn a_point_adds_volume_exactly_when_nothing_dominates_it() {
    let reference = Point { quality: 0.0, cost: 20 };
    let before = hypervolume(&five(), reference);
    for (quality, cost) in (1..8_u32).flat_map(|q| (1..20).map(move |c| (q, c))) {
        let point = Point { quality: f64::from(quality), cost };
        let known = five();
        let covered = known.iter().any(|other| other.dominates(&point) || *other == point);
        let after = hypervolume(&[known, vec![point]].concat(), reference);
        assert_eq!(after > before + 1e-9, !covered, "{point:?}");
    }
}
