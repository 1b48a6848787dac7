//! Domination, ranks, crowding and hypervolume for quality against cost.

use serde::{Deserialize, Serialize};

/// A candidate as two objectives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// More is better; finite.
    pub quality: f64,
    /// Less is better.
    pub cost: u64,
}

impl Point {
    /// `true` if this point is at least as good in both objectives and better in one.
    pub fn dominates(&self, other: &Self) -> bool {
        self.quality >= other.quality
            && self.cost <= other.cost
            && (self.quality > other.quality || self.cost < other.cost)
    }
}

/// Positions of the points that no other dominates, cheapest first; equal points are all included.
pub fn front(points: &[Point]) -> Vec<usize> {
    let free = |index: &usize| points.iter().all(|other| !other.dominates(&points[*index]));
    let mut front: Vec<usize> = (0..points.len()).filter(free).collect();
    front.sort_by_key(|&index| (points[index].cost, index));
    front
}

/// The area that the points dominate, up to a reference point: with the front sorted by cost,
/// `sum_i (quality_i - reference.quality) (cost_(i+1) - cost_i)`, where the last `cost_(i+1)` is
/// `reference.cost`.
///
/// Points that do not dominate the reference add nothing. The unit is that of quality times that
/// of cost. E. Zitzler and L. Thiele, *Multiobjective Evolutionary Algorithms*, IEEE TEC 1999.
pub fn hypervolume(points: &[Point], reference: Point) -> f64 {
    let inside: Vec<Point> = points
        .iter()
        .copied()
        .filter(|point| point.quality > reference.quality && point.cost < reference.cost)
        .collect();
    let front = front(&inside);
    let ends = front.iter().skip(1).map(|&next| inside[next].cost).chain([reference.cost]);
    let strips = front.iter().zip(ends).map(|(&index, end)| {
        let Point { quality, cost } = inside[index];
        (quality - reference.quality) * (end - cost) as f64
    });
    strips.sum()
}

/// The front of each point: 0 for points that nothing dominates, 1 for points that only those of
/// front 0 dominate, and so on (Deb et al. 2002, section III-A).
pub(super) fn ranks(points: &[Point]) -> Vec<usize> {
    let mut ranks = vec![usize::MAX; points.len()];
    let mut left: Vec<usize> = (0..points.len()).collect();
    for rank in 0..points.len() {
        let (free, rest): (Vec<usize>, Vec<usize>) = left.iter().partition(|&&index| {
            left.iter().all(|&other| !points[other].dominates(&points[index]))
        });
        for index in free {
            ranks[index] = rank;
        }
        left = rest;
    }
    ranks
}

/// The crowding distance of each point: the distance of its two neighbours in its own front, summed
/// over both objectives, each as a share of the front's range; infinite at the ends (Deb et al.
/// 2002, section III-B).
pub(super) fn crowding(points: &[Point], ranks: &[usize]) -> Vec<f64> {
    let mut distances = vec![0.0; points.len()];
    for rank in 0..points.len() {
        let mut members: Vec<usize> = (0..points.len()).filter(|&i| ranks[i] == rank).collect();
        let objectives: [fn(&Point) -> f64; 2] = [|point| point.quality, |point| point.cost as f64];
        for objective in objectives {
            let value = |index: usize| objective(&points[index]);
            members.sort_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
            let (Some(&first), Some(&last)) = (members.first(), members.last()) else { break };
            let range = value(last) - value(first);
            distances[first] = f64::INFINITY;
            distances[last] = f64::INFINITY;
            for window in members.windows(3).filter(|_| range > 0.0) {
                distances[window[1]] += (value(window[2]) - value(window[0])) / range;
            }
        }
    }
    distances
}
