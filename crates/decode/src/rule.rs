//! What `TopK` and `Argmax` share: edges of a node, then an operation per edge.

use dartloom_space::{CellGenotype, CellSpec, Gene, OpSet, Space, WeightTable};

use crate::policy::Place;
use crate::rank::Ranking;
use crate::{DecodeError, Decoded, EdgeIn, EmptyPolicy, NonePolicy, Note, TieBreak};

/// `keep` is the number of edges per node; `None` keeps all, in row order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) keep: Option<usize>,
    pub(crate) ties: TieBreak,
    pub(crate) none: NonePolicy,
    pub(crate) empty: EmptyPolicy,
}

/// One cell with the weights decided on.
struct Cell<'a> {
    index: usize,
    spec: &'a CellSpec,
    ops: &'a OpSet,
    /// Rows times their edge weights.
    rows: Vec<Vec<f64>>,
}

impl<'a> Cell<'a> {
    fn new(index: usize, space: &'a Space, table: &WeightTable) -> Result<Self, DecodeError> {
        let (spec, weights) = (&space.cells()[index], &table.cells()[index]);
        let mut rows = weights.edges.clone();
        for (row, &found) in weights.edge_weights.iter().flatten().enumerate() {
            if found < 0.0 {
                return Err(DecodeError::EdgeWeight { cell: spec.name.clone(), row, found });
            }
            rows[row].iter_mut().for_each(|weight| *weight *= found);
        }
        Ok(Self { index, spec, ops: space.op_set(), rows })
    }

    fn edge(&self, row: usize) -> EdgeIn {
        let edge = self.spec.graph.edges()[row];
        EdgeIn { cell: self.spec.name.clone(), from: edge.from, to: edge.to }
    }

    fn op(&self, op: usize) -> String {
        self.ops.ops()[op].name.clone()
    }

    fn cuts(&self, op: usize) -> bool {
        self.ops.ops()[op].is_zero()
    }

    fn gene(&self, row: usize, op: usize) -> Gene {
        let edge = self.spec.graph.edges()[row];
        Gene { op: self.op(op), from: edge.from, to: edge.to }
    }

    /// Operations of a row, ranked; without those that cut unless `cutting`.
    fn ops_of(&self, row: usize, cutting: bool, ties: TieBreak) -> Ranking {
        let weights = self.rows[row].iter().copied().enumerate();
        let candidates: Vec<(usize, f64)> =
            weights.filter(|&(op, _)| cutting || !self.cuts(op)).collect();
        Ranking::new(&candidates, ties, Place::Row { cell: self.index, row })
    }

    /// Edges of a node, ranked by their best operation.
    fn edges_of(&self, node: usize, cutting: bool, ties: TieBreak) -> Ranking {
        let best = |row| self.ops_of(row, cutting, ties).best().map(|(_, weight)| (row, weight));
        let candidates: Vec<(usize, f64)> =
            self.spec.graph.rows_into(node).filter_map(best).collect();
        Ranking::new(&candidates, ties, Place::Node { cell: self.index, node })
    }
}

impl Rule {
    pub(crate) fn decode(self, space: &Space, table: &WeightTable) -> Result<Decoded, DecodeError> {
        table.check(space).map_err(DecodeError::Table)?;
        if space.op_set().ops().iter().all(|op| op.is_zero()) {
            return Err(DecodeError::NoOperation { set: space.op_set().name().to_owned() });
        }
        let mut notes = Vec::new();
        let cells = (0..space.cells().len())
            .map(|index| self.cell(&Cell::new(index, space, table)?, &mut notes))
            .collect::<Result<Vec<_>, _>>()?;
        let genotype = space.genotype(cells).map_err(DecodeError::Genotype)?;
        Ok(Decoded { genotype, notes })
    }

    fn cell(self, cell: &Cell<'_>, notes: &mut Vec<Note>) -> Result<CellGenotype, DecodeError> {
        let graph = &cell.spec.graph;
        let mut skipped: Vec<usize> = Vec::new();
        let mut genes: Vec<Gene> = Vec::new();
        for node in graph.own_nodes() {
            let mut own = self.node(cell, node, notes);
            own.retain(|gene| {
                let dead = skipped.contains(&gene.from);
                if dead {
                    let (from, to) = (gene.from, gene.to);
                    let edge = EdgeIn { cell: cell.spec.name.clone(), from, to };
                    notes.push(Note::Dead { edge });
                }
                !dead
            });
            if own.is_empty() {
                match self.fill(cell, node, notes)? {
                    Some(gene) => own.push(gene),
                    None => skipped.push(node),
                }
            }
            genes.append(&mut own);
        }
        if graph.concat().iter().all(|node| skipped.contains(node)) {
            return Err(DecodeError::EmptyCell { cell: cell.spec.name.clone() });
        }
        Ok(cell.spec.genotype(genes))
    }

    /// Genes into a node, before the empty policy.
    fn node(self, cell: &Cell<'_>, node: usize, notes: &mut Vec<Note>) -> Vec<Gene> {
        let kept: Vec<usize> = match self.keep {
            None => cell.spec.graph.rows_into(node).collect(),
            Some(keep) => {
                let ranked = cell.edges_of(node, self.none == NonePolicy::Include, self.ties);
                self.tell_edges(cell, node, &ranked, keep, notes);
                ranked.order().iter().take(keep).map(|&(row, _)| row).collect()
            }
        };
        kept.into_iter().filter_map(|row| self.choose(cell, row, notes)).collect()
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
    fn choose(self, cell: &Cell<'_>, row: usize, notes: &mut Vec<Note>) -> Option<Gene> {
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

    /// What stands in for the genes of an empty node.
    fn fill(
        self,
        cell: &Cell<'_>,
        node: usize,
        notes: &mut Vec<Note>,
    ) -> Result<Option<Gene>, DecodeError> {
        let name = || cell.spec.name.clone();
        match self.empty {
            EmptyPolicy::Error => Err(DecodeError::EmptyNode { cell: name(), node }),
            EmptyPolicy::Skip => {
                notes.push(Note::Skipped { cell: name(), node });
                Ok(None)
            }
            EmptyPolicy::KeepBest => {
                let row = cell.edges_of(node, false, self.ties).best();
                let best = row.and_then(|(row, _)| {
                    cell.ops_of(row, false, self.ties).best().map(|(op, _)| (row, op))
                });
                let (row, op) =
                    best.ok_or_else(|| DecodeError::EmptyNode { cell: name(), node })?;
                notes.push(Note::KeptBest { edge: cell.edge(row), op: cell.op(op) });
                Ok(Some(cell.gene(row, op)))
            }
        }
    }
}
