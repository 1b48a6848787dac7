//! The part that `TopK` and `Argmax` share: edges of a node, then an operation per edge.

use dartloom_space::{Gene, Space, WeightTable};

use crate::assembly::{Assembly, DeadGenes};
use crate::cell::Cell;
use crate::rank::Ranking;
use crate::{DecodeError, Decoded, EmptyPolicy, NonePolicy, Note, TieBreak};

/// `keep` is the number of edges per node; `None` keeps all, in row order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) keep: Option<usize>,
    pub(crate) ties: TieBreak,
    pub(crate) none: NonePolicy,
    pub(crate) empty: EmptyPolicy,
}

impl Rule {
    pub(crate) fn decode(self, space: &Space, table: &WeightTable) -> Result<Decoded, DecodeError> {
        let ties = self.ties;
        let empty = self.empty;
        let dead = DeadGenes::Drop;
        Assembly { ties, empty, dead }
            .decode(space, table, |cell, node, notes| self.node(cell, node, notes))
    }

    /// Genes into a node, before the empty policy.
    fn node(self, cell: &Cell<'_>, node: usize, notes: &mut Vec<Note>) -> Vec<Gene> {
        let kept = self.kept(cell, node, notes);
        kept.into_iter().filter_map(|row| self.choose(cell, row, notes)).collect()
    }

    /// Rows of the edges into a node that stay.
    pub(crate) fn kept(self, cell: &Cell<'_>, node: usize, notes: &mut Vec<Note>) -> Vec<usize> {
        let Some(keep) = self.keep else { return cell.spec.graph.rows_into(node).collect() };
        let ranked = cell.edges_of(node, self.none == NonePolicy::Include, self.ties);
        self.tell_edges(cell, node, &ranked, keep, notes);
        ranked.order().iter().take(keep).map(|&(row, _)| row).collect()
    }

    fn tell_edges(
        self,
        cell: &Cell<'_>,
        node: usize,
        ranked: &Ranking,
        keep: usize,
        notes: &mut Vec<Note>,
    ) {
        let name = || cell.spec.name.clone();
        let mut first = 0;
        for group in ranked.groups() {
            if group.len() > 1 && first < keep {
                notes.push(Note::EdgeTie {
                    cell: name(),
                    node,
                    tied: group.iter().map(|&(row, _)| cell.edge(row).from).collect(),
                    kept: group.len().min(keep - first),
                    by: self.ties,
                });
            }
            first += group.len();
        }
        if let Some(margin) = ranked.margin(keep) {
            notes.push(Note::NodeMargin { cell: name(), node, margin });
        }
        let dropped = ranked.order().iter().skip(keep);
        notes.extend(dropped.map(|&(row, weight)| Note::Dropped { edge: cell.edge(row), weight }));
    }

    /// The gene of a kept edge; `None` when it is cut.
    pub(crate) fn choose(self, cell: &Cell<'_>, row: usize, notes: &mut Vec<Note>) -> Option<Gene> {
        let edge = || cell.edge(row);
        let ranked = cell.ops_of(row, self.none != NonePolicy::Exclude, self.ties);
        let (op, chosen) = ranked.best()?;
        if let Some(group) = ranked.groups().next().filter(|group| group.len() > 1) {
            let tied = group.iter().map(|&(op, _)| cell.op(op)).collect();
            notes.push(Note::OpTie { edge: edge(), tied, by: self.ties });
        }
        if let Some(margin) = ranked.margin(1) {
            notes.push(Note::OpMargin { edge: edge(), op: cell.op(op), margin });
        }
        if self.none == NonePolicy::Exclude {
            let zeros = (0..cell.ops.len()).filter(|&op| cell.cuts(op));
            let heavy = zeros.map(|op| (op, cell.rows[row][op])).filter(|z| z.1 >= chosen);
            notes.extend(heavy.map(|(zero, weight)| Note::NoneExcluded {
                edge: edge(),
                op: cell.op(zero),
                weight,
                chosen,
            }));
        }
        if cell.cuts(op) {
            notes.push(Note::Cut { edge: edge(), op: cell.op(op) });
            return None;
        }
        Some(cell.gene(row, op))
    }
}
