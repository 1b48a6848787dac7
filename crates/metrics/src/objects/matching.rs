//! Predicted objects matched with true ones, one to one.

mod hungarian;

use serde::{Deserialize, Serialize};

use self::hungarian::assignment;

/// The rule that chooses among the pairs of objects that overlap enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]

pub enum Matching {
    /// Pairs in the order of falling IoU, each object once; of equal ones the first.
    Greedy,
    /// The most pairs, and of all such choices the one with the largest sum of IoU (Kuhn 1955, the
    /// Hungarian method).
    #[default]
    Optimal,
}

/// A predicted object and a true one that share pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// Index of the predicted object.
    pub said: usize,
    /// Index of the true object.
    pub there: usize,
    /// Their intersection over union, above 0.
    pub iou: f64,
}

impl Matching {
    /// The other rule.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Greedy => Self::Optimal,
            Self::Optimal => Self::Greedy,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Greedy => "greedy",
            Self::Optimal => "optimal",
        }
    }

    /// The pairs that match at a threshold, `iou >= threshold`, each object in one at most; in the
    /// order of predicted objects.
    #[must_use]
    pub fn pairs(self, overlaps: &[Overlap], threshold: f64) -> Vec<Overlap> {
        let enough = overlaps.iter().filter(|overlap| overlap.iou >= threshold);
        let mut enough: Vec<Overlap> = enough.copied().collect();
        let mut pairs = match self {
            Self::Greedy => {
                enough.sort_by(|a, b| b.iou.total_cmp(&a.iou));
                greedy(&enough)
            }
            Self::Optimal => groups(&enough).iter().flat_map(|group| assignment(group)).collect(),
        };
        pairs.sort_by_key(|pair| pair.said);
        pairs
    }
}

fn greedy(falling: &[Overlap]) -> Vec<Overlap> {
    let mut pairs: Vec<Overlap> = Vec::new();
    let mut taken = [Vec::new(), Vec::new()];
    for overlap in falling {
        let own = [overlap.said, overlap.there];
        if taken.iter().zip(own).any(|(taken, own)| taken.contains(&own)) {
            continue;
        }
        pairs.push(*overlap);
        taken.iter_mut().zip(own).for_each(|(taken, own)| taken.push(own));
    }
    pairs
}

/// Overlaps that have no object in common with those of another group.
fn groups(overlaps: &[Overlap]) -> Vec<Vec<Overlap>> {
    let mut groups: Vec<Vec<Overlap>> = Vec::new();
    for overlap in overlaps {
        let touches = |group: &Vec<Overlap>| {
            group.iter().any(|one| one.said == overlap.said || one.there == overlap.there)
        };
        let mut own = vec![*overlap];
        let mut apart = Vec::with_capacity(groups.len());
        for group in groups {
            if touches(&group) { own.extend(group) } else { apart.push(group) }
        }
        apart.push(own);
        groups = apart;
    }
    groups
}

#[cfg(test)]
mod tests;
