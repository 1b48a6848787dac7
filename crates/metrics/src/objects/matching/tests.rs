use super::*;

fn overlaps(rows: &[&[f64]]) -> Vec<Overlap> {
    let each = rows.iter().enumerate().flat_map(|(said, row)| {
        row.iter().enumerate().map(move |(there, &iou)| Overlap { said, there, iou })
    });
    each.filter(|overlap| overlap.iou > 0.0).collect()
}

fn found(matching: Matching, rows: &[&[f64]], threshold: f64) -> Vec<[usize; 2]> {
    let pairs = matching.pairs(&overlaps(rows), threshold);
    pairs.iter().map(|pair| [pair.said, pair.there]).collect()
}

#[test]
fn the_largest_overlap_may_block_two_pairs() {
    let rows: [&[f64]; 2] = [&[0.62, 0.5], &[0.55, 0.0]];
    assert_eq!(found(Matching::Greedy, &rows, 0.5), [[0, 0]]);
    assert_eq!(found(Matching::Optimal, &rows, 0.5), [[0, 1], [1, 0]]);
    assert_eq!(found(Matching::Optimal, &rows, 0.6), [[0, 0]]);
    assert_eq!(found(Matching::Optimal, &rows, 0.7), [[0_usize; 2]; 0]);
}

/// Every choice of pairs.
fn best(overlaps: &[Overlap]) -> (usize, f64) {
    let Some((first, rest)) = overlaps.split_first() else { return (0, 0.0) };
    let without = best(rest);
    let apart = |other: &&Overlap| other.said != first.said && other.there != first.there;
    let others: Vec<Overlap> = rest.iter().filter(apart).copied().collect();
    let with = best(&others);
    let with = (with.0 + 1, with.1 + first.iou);
    if with > without { with } else { without }
}

#[test]
fn the_optimum_is_that_of_all_choices() {
    let mut word = 7_u64;
    let mut drawn = || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (word >> 40) as f64 / (1 << 24) as f64
    };
    for round in 0..60 {
        let sides = [1 + round % 5, 1 + round / 5 % 6];
        let mut all = Vec::new();
        for said in 0..sides[0] {
            for there in 0..sides[1] {
                if drawn() < 0.5 {
                    all.push(Overlap { said, there, iou: drawn() });
                }
            }
        }
        let pairs = Matching::Optimal.pairs(&all, 0.0);
        let sum: f64 = pairs.iter().map(|pair| pair.iou).sum();
        let wanted = best(&all);
        assert_eq!(pairs.len(), wanted.0);
        assert!((sum - wanted.1).abs() < 1e-9, "{sum} {}", wanted.1);
    }
}
