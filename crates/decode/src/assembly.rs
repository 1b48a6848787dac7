//! From genes chosen node by node to an architecture.

use dartloom_space::{CellGenotype, Gene, Genotype, Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::{DecodeError, Decoded, EdgeIn, EmptyPolicy, Note, TieBreak};

/// The fate of genes that start at a node without genes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeadGenes {
    /// They are dropped.
    #[default]
    Drop,
    /// They stay in the list, as in the released FairDARTS and D-DARTS code, and never run.
    Keep,
}

/// The treatment of nodes once a rule has chosen their genes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assembly {
    pub(crate) ties: TieBreak,
    pub(crate) empty: EmptyPolicy,
    pub(crate) dead: DeadGenes,
}

impl Assembly {
    /// The architecture whose genes into each node are those that `choose` gives for it.
    pub(crate) fn decode(
        self,
        space: &Space,
        table: &WeightTable,
        choose: impl Fn(&Cell<'_>, usize, &mut Vec<Note>) -> Vec<Gene>,
    ) -> Result<Decoded, DecodeError> {
        let cells = weighed(space, table)?;
        let mut notes = Vec::new();
        let cells = cells
            .iter()
            .map(|cell| self.cell(cell, &choose, &mut notes))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Decoded { genotype: genotype(space, cells)?, notes })
    }

    fn cell(
        self,
        cell: &Cell<'_>,
        choose: &impl Fn(&Cell<'_>, usize, &mut Vec<Note>) -> Vec<Gene>,
        notes: &mut Vec<Note>,
    ) -> Result<CellGenotype, DecodeError> {
        let graph = &cell.spec.graph;
        let mut skipped: Vec<usize> = Vec::new();
        let mut genes: Vec<Gene> = Vec::new();
        for node in graph.own_nodes() {
            let mut own = choose(cell, node, notes);
            own.retain(|gene| {
                let dead = skipped.contains(&gene.from);
                if dead {
                    let from = gene.from;
                    let to = gene.to;
                    let edge = EdgeIn { cell: cell.spec.name.clone(), from, to };
                    notes.push(Note::Dead { edge });
                }
                !dead || self.dead == DeadGenes::Keep
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

    /// The gene that an empty node gets instead, if any.
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

/// The cells of a space with the weights of a table that fits it.
pub(crate) fn weighed<'a>(
    space: &'a Space,
    table: &WeightTable,
) -> Result<Vec<Cell<'a>>, DecodeError> {
    table.check(space).map_err(DecodeError::Table)?;
    if space.op_set().ops().iter().all(|op| op.is_zero()) {
        return Err(DecodeError::NoOperation { set: space.op_set().name().to_owned() });
    }
    (0..space.cells().len()).map(|index| Cell::new(index, space, table)).collect()
}

/// Decoded cells as an architecture of their space.
pub(crate) fn genotype(space: &Space, cells: Vec<CellGenotype>) -> Result<Genotype, DecodeError> {
    space.genotype(cells).map_err(DecodeError::Genotype)
}
