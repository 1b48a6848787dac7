use proptest::prelude::*;

use super::{Border, LevelShares};
use crate::{DecodeError, TieBreak};

fn zeros(layers: usize, levels: usize) -> Vec<Vec<[f64; 3]>> {
    vec![vec![[0.0; 3]; levels]; layers]
}

/// By hand: two layers of two levels. Layer 0 reads level 0 alone.
#[test]
fn shares_are_those_of_the_transitions_that_exist() {
    let third = (2.0_f64 / 3.0) / 2.0;
    for (border, share) in [(Border::Shared, 0.5), (Border::TwoThirds, third)] {
        let found = LevelShares::from_logits(&zeros(2, 3), border).unwrap();
        assert_eq!(found.shares()[0], [[0.0, share, share], [0.0; 3], [0.0; 3]]);
        let inner = [1.0 / 3.0; 3];
        assert_eq!(found.shares()[1], [[0.0, share, share], inner, [0.0; 3]]);
    }
    let mut betas = zeros(1, 2);
    betas[0][0] = [9.0, 3.0_f64.ln(), 0.0];
    let found = LevelShares::from_logits(&betas, Border::Shared).unwrap();
    assert!((found.shares()[0][0][1] - 0.75).abs() < 1e-15);
}

/// Layer 0 reads one level, so that 12 layers of 4 levels have 75,025 paths.
#[test]
fn the_published_lattice_has_its_paths() {
    let found = LevelShares::from_logits(&zeros(12, 4), Border::Shared).unwrap();
    assert_eq!(found.dag().unwrap().count(), 75_025);
    assert_eq!(found.best(TieBreak::LowestIndex).unwrap().levels.len(), 12);
}

#[test]
fn ties_prefer_the_coarser_source_and_the_finest_end() {
    let found = LevelShares::from_logits(&zeros(5, 3), Border::TwoThirds).unwrap();
    let first = found.best(TieBreak::LowestIndex).unwrap();
    assert_eq!(first.levels, [1, 2, 2, 1, 0]);
    let last = found.best(TieBreak::HighestIndex).unwrap();
    assert_eq!(last.levels, [0, 0, 0, 1, 2]);
    assert!((first.log_likelihood - 5.0 * (1.0_f64 / 3.0).ln()).abs() < 1e-12);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let levels = |result: Result<LevelShares, DecodeError>| match result {
        Err(DecodeError::Levels { layer, .. }) => Some(layer),
        _ => None,
    };
    assert_eq!(levels(LevelShares::from_logits(&[], Border::Shared)), Some(0));
    assert_eq!(levels(LevelShares::new(vec![Vec::new()])), Some(0));
    let mut ragged = zeros(3, 2);
    ragged[2].pop();
    assert_eq!(levels(LevelShares::new(ragged)), Some(2));
    let mut odd = zeros(3, 2);
    odd[1][0][1] = f64::NAN;
    assert_eq!(levels(LevelShares::from_logits(&odd, Border::Shared)), Some(1));
    assert_eq!(levels(LevelShares::new(odd)), Some(1));
    // Nothing leads to a finer level than the finest, so that logit does not matter.
    let mut unused = zeros(3, 2);
    unused[0][0][0] = f64::NAN;
    assert!(LevelShares::from_logits(&unused, Border::Shared).is_ok());
    let none = LevelShares::new(zeros(2, 2)).unwrap();
    assert_eq!(none.best(TieBreak::LowestIndex), Err(DecodeError::NoPath));
}

proptest! {
    #[test]
    fn the_best_path_is_that_of_the_largest_product(
        logits in prop::collection::vec(-3.0_f64..3.0, 6 * 4 * 3),
        layers in 1_usize..6,
        levels in 1_usize..4,
    ) {
        let mut logits = logits.into_iter();
        let mut betas = zeros(layers, levels);
        for logit in betas.iter_mut().flatten().flatten() {
            *logit = logits.next().unwrap();
        }
        let shares = LevelShares::from_logits(&betas, Border::TwoThirds).unwrap();
        let mut best = (0.0, Vec::new());
        let mut open = vec![(1.0, Vec::new(), 0)];
        while let Some((product, path, at)) = open.pop() {
            if path.len() == layers {
                if product > best.0 {
                    best = (product, path);
                }
                continue;
            }
            for direction in 0..3 {
                let share = shares.shares()[path.len()][at][direction];
                if share > 0.0 {
                    let to = at + direction - 1;
                    open.push((product * share, [&path[..], &[to]].concat(), to));
                }
            }
        }
        let found = shares.best(TieBreak::LowestIndex).unwrap();
        prop_assert_eq!(found.levels, best.1);
        prop_assert!((found.log_likelihood.exp() - best.0).abs() < 1e-12);
    }
}
