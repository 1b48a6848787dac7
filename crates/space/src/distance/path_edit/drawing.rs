//! A cell as a graph of named vertices and labelled lines, and its paths.

use std::collections::BTreeMap;

use super::super::OpScores;
use crate::{CellGenotype, SpaceError};

/// Name of the vertex where every path begins.
pub(super) const BEGIN: &str = "00";
/// Name of the vertex where every path ends.
pub(super) const END: &str = "11";

/// More paths than any published cell has, few enough to compare each with each.
const MOST_PATHS: usize = 256;

/// The connection of one vertex to another: all operations between two nodes as one line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label: String,
    pub(super) weight: f64,
}

/// A vertex or a line of a path, by its position in the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Vertex(usize),
    Line(usize),
}

/// A graph whose vertices and lines stand in the order in which the released code adds them.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) vertices: Vec<String>,
    pub(super) lines: Vec<Line>,
}

impl Drawing {
    /// Nodes with a gene, by name; a line for every pair of nodes, then lines from the beginning
    /// and to the end.
    pub(super) fn of(cell: &CellGenotype, scores: &OpScores) -> Result<Self, SpaceError> {
        let mut lines: Vec<Line> = Vec::new();
        for (index, gene) in cell.genes.iter().enumerate() {
            if gene.from >= gene.to {
                let gene = format!("{} {}->{}", gene.op, gene.from, gene.to);
                return Err(SpaceError::Gene { cell: cell.name.clone(), index, gene });
            }
            let weight = scores.get(&gene.op)?;
            let from = gene.from;
            let to = gene.to;
            match lines.iter_mut().find(|line| (line.from, line.to) == (from, to)) {
                Some(line) => {
                    line.label = format!("{};{}", line.label, gene.op);
                    line.weight += weight;
                }
                None => lines.push(Line { from, to, label: gene.op.clone(), weight }),
            }
        }
        let nodes: BTreeMap<String, usize> = lines
            .iter()
            .flat_map(|line| [line.from, line.to])
            .map(|node| (node.to_string(), node))
            .collect();
        for line in &mut lines {
            let position = |node| nodes.values().take_while(|&&known| known != node).count();
            (line.from, line.to) = (position(line.from), position(line.to));
        }
        Ok(Self { vertices: nodes.into_keys().collect(), lines }.closed())
    }

    /// Adds the beginning before every vertex that nothing leads to, and the end behind every
    /// vertex that leads nowhere.
    fn closed(mut self) -> Self {
        let mut met: Vec<usize> = Vec::new();
        for vertex in self.lines.iter().flat_map(|line| [line.from, line.to]) {
            if !met.contains(&vertex) {
                met.push(vertex);
            }
        }
        let first = |vertex: &usize| self.lines.iter().all(|line| line.to != *vertex);
        let last = |vertex: &usize| self.lines.iter().all(|line| line.from != *vertex);
        let roots: Vec<usize> = met.iter().copied().filter(first).collect();
        let leaves: Vec<usize> = met.iter().copied().filter(last).collect();
        let begin = self.vertices.len();
        let end = self.vertices.len() + 1;
        self.vertices.extend([BEGIN.to_owned(), END.to_owned()]);
        let plain = |from, to| Line { from, to, label: String::new(), weight: 1.0 };
        self.lines.extend(roots.into_iter().map(|root| plain(begin, root)));
        self.lines.extend(leaves.into_iter().map(|leaf| plain(leaf, end)));
        self
    }

    /// Lines that leave a vertex.
    pub(super) fn leaving(&self, vertex: usize) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().filter(move |(_, line)| line.from == vertex)
    }

    /// All paths from the beginning to the end, each of vertices and lines in turn.
    ///
    /// # Errors
    /// [`SpaceError::Range`] for more than 256, before they are walked.
    pub(super) fn paths(&self) -> Result<Vec<Vec<Part>>, SpaceError> {
        let begin = self.vertices.len() - 2;
        let end = self.vertices.len() - 1;
        let found = self.ways(begin, end);
        if found > MOST_PATHS {
            let what = "paths through a cell";
            return Err(SpaceError::Range { what, most: MOST_PATHS, found });
        }
        let mut open = vec![vec![Part::Vertex(begin)]];
        let mut paths = Vec::new();
        while let Some(path) = open.pop() {
            let Some(&Part::Vertex(at)) = path.last() else { continue };
            if at == end {
                paths.push(path);
                continue;
            }
            let longer: Vec<Vec<Part>> = self
                .leaving(at)
                .map(|(index, line)| {
                    let mut path = path.clone();
                    path.extend([Part::Line(index), Part::Vertex(line.to)]);
                    path
                })
                .collect();
            // The first line first: it must be on top.
            open.extend(longer.into_iter().rev());
        }
        Ok(paths)
    }

    /// Number of paths from one vertex to another; genes lead to higher nodes, so there is one.
    fn ways(&self, begin: usize, end: usize) -> usize {
        let mut ways = vec![0_usize; self.vertices.len()];
        ways[end] = 1;
        // As many rounds as a path can have lines.
        for _ in 0..self.vertices.len() {
            for vertex in (0..self.vertices.len()).filter(|&vertex| vertex != end) {
                let on = self.leaving(vertex).map(|(_, line)| ways[line.to]);
                ways[vertex] = on.fold(0, usize::saturating_add);
            }
        }
        ways[begin]
    }
}
