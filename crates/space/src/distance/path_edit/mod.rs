//! The comparison of two cells as graphs that the released code of D-DARTS has besides its
//! distance.

mod alignment;
mod drawing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::alignment::{Alignment, Costs, Pair};
use self::drawing::{BEGIN, Drawing, END, Part};
use super::OpScores;
use crate::{CellGenotype, SpaceError};

/// The share of two cells' paths that has no counterpart in the other, as `graph_distance.py` of
/// the released code of D-DARTS computes it. It serves comparisons with the figures of that code
/// and is not a distance.
///
/// A cell is drawn as a graph of its nodes, with one line for all operations between two nodes, a
/// beginning `00` and an end `11`. With `s` the scores (`scores`), a line as heavy as its
/// operations' scores together and every other part of a path of weight 1:
///
/// 1. Every path of one cell is aligned with every path of the other at the least cost: a part
///    alone costs its weight, equal parts cost nothing, different ones half of both weights.
///    Weights are divided by the length of their path, and costs by that of the shorter one, when
///    `relative`.
/// 2. The costliest pair of paths is left out where there are several, then the rarest pairs of
///    lines and of vertices in the alignments.
/// 3. Each line and vertex of the first cell is merged with the first of its partners that are
///    left; what has none stays alone. With `m(p)` the share of merged parts of a path `p` in that
///    graph, the result is `1 - mean m(p)` over its paths.
///
/// # Differences from the paper
/// The paper does not speak of it. A cell need not be at 0 from itself, since step 2 leaves out a
/// pair of paths that are the same, and the result depends on the order of the genes. Merging can
/// close a circle, or leave no path at all: there is no result then, where the released code ends
/// in an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathEdit {
    /// The weights of operations.
    pub scores: OpScores,
    /// `true` if costs are relative to the lengths of paths (`use_min`).
    pub relative: bool,
}

impl PathEdit {
    /// The share of two cells' paths that has no counterpart, 0 to 1; `None` where the merged
    /// graph has no paths that could be counted.
    ///
    /// # Errors
    /// [`SpaceError::NoScore`] for an operation without a score, [`SpaceError::Gene`] for a gene
    /// that does not lead to a higher node, [`SpaceError::Range`] for a cell of more than 256
    /// paths.
    pub fn cells(&self, a: &CellGenotype, b: &CellGenotype) -> Result<Option<f64>, SpaceError> {
        let first = Drawing::of(a, &self.scores)?;
        let second = Drawing::of(b, &self.scores)?;
        let paths = first.paths()?;
        let others = second.paths()?;
        let mut alignments: Vec<Aligned> = Vec::with_capacity(paths.len() * others.len());
        for (i, path) in paths.iter().enumerate() {
            for (j, other) in others.iter().enumerate() {
                let alignment = self.align([&first, &second], path, other);
                alignments.push(Aligned { ends: (i, j), alignment });
            }
        }
        alignments.sort_by(|x, y| {
            let by_cost = x.alignment.cost.total_cmp(&y.alignment.cost);
            by_cost.then(x.ends.cmp(&y.ends))
        });
        if crosses(alignments.iter().map(|one| one.ends)) {
            alignments.pop();
        }
        let pairs: Vec<Pair> =
            alignments.iter().flat_map(|one| &one.alignment.pairs).copied().collect();
        let vertices = Partners::of(&pairs, &|x, y| match (x, y) {
            (Part::Vertex(x), Part::Vertex(y)) => {
                Some((first.vertices[x].clone(), second.vertices[y].clone()))
            }
            _ => None,
        });
        let lines = Partners::of(&pairs, &|x, y| match (x, y) {
            (Part::Line(x), Part::Line(y)) => Some((ends(&first, x), ends(&second, y))),
            _ => None,
        });
        Ok(Merged::new([&first, &second], &vertices, &lines).and_then(|graph| graph.unmatched()))
    }

    fn align(&self, drawings: [&Drawing; 2], path: &[Part], other: &[Part]) -> Alignment {
        let lengths = [path.len() as f64, other.len() as f64];
        let scales = if self.relative { lengths.map(|length| 1.0 / length) } else { [1.0; 2] };
        let mut alignment = Costs { drawings, scales }.align(path, other);
        if self.relative {
            alignment.cost /= lengths[0].min(lengths[1]);
        }
        alignment
    }
}

/// A path of one cell beside one of the other.
struct Aligned {
    ends: (usize, usize),
    alignment: Alignment,
}

/// Names of a line's two vertices.
type Ends = (String, String);

fn ends(drawing: &Drawing, line: usize) -> Ends {
    let line = &drawing.lines[line];
    (drawing.vertices[line.from].clone(), drawing.vertices[line.to].clone())
}

/// `true` if anything is paired with more than one partner.
fn crosses<K: Ord>(pairs: impl Iterator<Item = (K, K)>) -> bool {
    let mut left = BTreeMap::new();
    let mut right = BTreeMap::new();
    for (x, y) in pairs {
        *left.entry(x).or_insert(0) += 1;
        *right.entry(y).or_insert(0) += 1;
    }
    left.values().chain(right.values()).any(|&partners| partners > 1)
}

/// Pairs of a part of one cell and the part of the other beside which it stands, the most frequent
/// pair first.
struct Partners<K>(Vec<(K, K)>);

impl<K: Ord + Clone> Partners<K> {
    /// Counts the pairs that `name` has names for, and leaves the rarest one out where anything
    /// has more than one partner.
    fn of(pairs: &[Pair], name: &dyn Fn(Part, Part) -> Option<(K, K)>) -> Self {
        let mut counts: BTreeMap<(K, K), usize> = BTreeMap::new();
        for pair in pairs.iter().filter_map(|&(x, y)| name(x?, y?)) {
            *counts.entry(pair).or_insert(0) += 1;
        }
        let mut counted: Vec<(usize, (K, K))> =
            counts.into_iter().map(|(pair, count)| (count, pair)).collect();
        counted.sort_by(|a, b| b.cmp(a));
        if crosses(counted.iter().map(|(_, (x, y))| (x, y))) {
            counted.pop();
        }
        Self(counted.into_iter().map(|(_, pair)| pair).collect())
    }

    /// The partner of a part of the first cell.
    fn of_first(&self, part: &K) -> Option<&K> {
        self.0.iter().find(|(x, _)| x == part).map(|(_, y)| y)
    }

    /// The partner of a part of the second cell.
    fn of_second(&self, part: &K) -> Option<&K> {
        self.0.iter().find(|(_, y)| y == part).map(|(x, _)| x)
    }
}

/// Both cells as one graph: lines and vertices by name, and whether both cells have them.
struct Merged {
    lines: BTreeMap<Ends, bool>,
    vertices: BTreeMap<String, bool>,
    /// Vertices where paths end: those called so, and not merged with another.
    ends: Vec<String>,
}

impl Merged {
    /// `None` where a line would lead from the beginning or the end to itself.
    fn new(
        [first, second]: [&Drawing; 2],
        vertices: &Partners<String>,
        lines: &Partners<Ends>,
    ) -> Option<Self> {
        let mut merged =
            Self { lines: BTreeMap::new(), vertices: BTreeMap::new(), ends: Vec::new() };
        for vertex in &first.vertices {
            let partner = vertices.of_first(vertex);
            merged.vertices.insert(vertex.clone(), partner.is_some());
            if vertex == END && partner.is_none_or(|partner| partner == END) {
                merged.ends.push(vertex.clone());
            }
        }
        // Only the first partner is taken; what was merged has no vertex of its own.
        let taken =
            |vertex: &String| first.vertices.iter().any(|v| vertices.of_first(v) == Some(vertex));
        let own = |vertex: &String| format!("2a.{vertex}");
        for vertex in second.vertices.iter().filter(|vertex| !taken(vertex)) {
            merged.vertices.insert(own(vertex), false);
            if vertex == END {
                merged.ends.push(own(vertex));
            }
        }
        let mut kept = Vec::new();
        for line in 0..first.lines.len() {
            let line = ends(first, line);
            let partner = lines.of_first(&line);
            kept.extend(partner.cloned());
            merged.lines.insert(line, partner.is_some());
        }
        for line in (0..second.lines.len()).map(|line| ends(second, line)) {
            if kept.contains(&line) {
                continue;
            }
            let place = |vertex: &String| {
                vertices.of_second(vertex).cloned().unwrap_or_else(|| own(vertex))
            };
            let from = place(&line.0);
            let to = place(&line.1);
            if from == to && (from == BEGIN || from == END) {
                return None;
            }
            merged.lines.insert((from, to), false);
        }
        Some(merged)
    }

    /// One less the mean share of merged parts over all paths.
    fn unmatched(&self) -> Option<f64> {
        let mut shares = Vec::new();
        self.walk(&mut vec![BEGIN], usize::from(self.vertices[BEGIN]), &mut shares)?;
        let count = shares.len() as f64;
        (!shares.is_empty()).then(|| 1.0 - shares.iter().sum::<f64>() / count)
    }

    /// Goes on from the last vertex of `path`, on which `merged` parts are; `None` in a circle.
    fn walk<'a>(
        &'a self,
        path: &mut Vec<&'a str>,
        merged: usize,
        shares: &mut Vec<f64>,
    ) -> Option<()> {
        let at = path.last().copied()?;
        for ((_, to), &line) in self.lines.iter().filter(|((from, to), _)| from == at && to != at) {
            if path.contains(&to.as_str()) {
                return None;
            }
            let merged = merged + usize::from(line) + usize::from(*self.vertices.get(to)?);
            path.push(to);
            if self.ends.contains(to) {
                // A path of n vertices has n - 1 lines.
                shares.push(merged as f64 / (2 * path.len() - 1) as f64);
            } else {
                self.walk(path, merged, shares)?;
            }
            path.pop();
        }
        Some(())
    }
}
