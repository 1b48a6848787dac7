//! The candidates that remain.

use candle_core::Tensor;
use dartloom_relax::Constraint;
use dartloom_space::{Gene, Genotype, Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::SearchError;

/// A logit to which every relaxation gives weight 0: its exponential is 0 in every precision, also
/// at temperatures of 10.
const FAR: f64 = -1e4;

/// An operation on an edge of a cell, by their places in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CandidateId {
    /// The searchable cell.
    pub cell: usize,
    /// The edge of the cell.
    pub row: usize,
    /// The operation.
    pub op: usize,
}

/// By cell, edge and operation, in a space's order: `true` if a candidate remains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    cells: Vec<Vec<Vec<bool>>>,
    /// `true` if each remaining edge has one operation, at weight 1.
    decided: bool,
}

impl Kept {
    /// Everything.
    pub fn all(space: &Space) -> Self {
        let row = vec![true; space.op_set().len()];
        let cells = space.cells().iter().map(|cell| vec![row.clone(); cell.graph.edges().len()]);
        Self { cells: cells.collect(), decided: false }
    }

    /// By cell, edge and operation.
    pub fn cells(&self) -> &[Vec<Vec<bool>>] {
        &self.cells
    }

    /// `true` if a candidate remains.
    pub fn has(&self, CandidateId { cell, row, op }: CandidateId) -> bool {
        self.cells[cell][row][op]
    }

    /// Candidates of a cell.
    pub fn count(&self, cell: usize) -> usize {
        self.cells[cell].iter().flatten().filter(|kept| **kept).count()
    }

    /// `true` if the remaining candidates are a network: their weights are 1, and logits no longer
    /// count.
    pub fn is_decided(&self) -> bool {
        self.decided
    }

    /// The architecture of the remaining candidates, genes in the order of edges.
    ///
    /// # Errors
    /// [`dartloom_space::SpaceError`] when the remaining candidates are not a genotype of the
    /// space.
    pub fn genotype(&self, space: &Space) -> Result<Genotype, SearchError> {
        let names: Vec<&str> = space.op_set().names().collect();
        let cells = space.cells().iter().zip(&self.cells).map(|(spec, rows)| {
            let edges = spec.graph.edges().iter().zip(rows);
            let genes = edges.flat_map(|(edge, row)| {
                let ops = names.iter().zip(row).filter(|(_, kept)| **kept);
                ops.map(|(op, _)| Gene { op: (*op).to_owned(), from: edge.from, to: edge.to })
            });
            spec.genotype(genes.collect())
        });
        Ok(space.genotype(cells.collect())?)
    }

    /// The remaining operations of an edge other than "none".
    pub(crate) fn choices(&self, space: &Space, (cell, row): (usize, usize)) -> Vec<usize> {
        let ops = space.op_set().ops().iter().zip(&self.cells[cell][row]).enumerate();
        ops.filter(|(_, (op, kept))| **kept && !op.is_zero()).map(|(index, _)| index).collect()
    }

    /// In-edges of a node that are alive.
    pub(crate) fn live(&self, space: &Space, (cell, node): (usize, usize)) -> Vec<usize> {
        let rows = space.cells()[cell].graph.rows_into(node);
        rows.filter(|&row| !self.choices(space, (cell, row)).is_empty()).collect()
    }

    /// `true` if without the candidate the node keeps `edges` live edges, or all it has.
    pub(crate) fn may_lose(
        &self,
        space: &Space,
        CandidateId { cell, row, op }: CandidateId,
        edges: usize,
    ) -> bool {
        if self.choices(space, (cell, row)) != [op] {
            return true;
        }
        let node = space.cells()[cell].graph.edges()[row].to;
        self.live(space, (cell, node)).len() > edges
    }

    /// Removes a candidate; an edge that is no longer alive loses "none" too.
    pub(crate) fn remove(&mut self, space: &Space, candidate: CandidateId) {
        let CandidateId { cell, row, op } = candidate;
        self.cells[cell][row][op] = false;
        if self.choices(space, (cell, row)).is_empty() {
            self.cut(cell, row);
        }
    }

    /// Removes an edge.
    pub(crate) fn cut(&mut self, cell: usize, row: usize) {
        self.cells[cell][row].fill(false);
    }

    /// Leaves one operation on an edge.
    pub(crate) fn choose(&mut self, CandidateId { cell, row, op }: CandidateId) {
        self.cut(cell, row);
        self.cells[cell][row][op] = true;
    }

    /// Marks the remaining candidates as a network.
    pub(crate) fn decided(self) -> Self {
        Self { decided: true, ..self }
    }

    /// Leaves every node its `edges` heaviest in-edges with their heaviest operation.
    pub(crate) fn decide(&mut self, space: &Space, table: &WeightTable, edges: usize) {
        for (cell, spec) in space.cells().iter().enumerate() {
            let weights = &table.cells()[cell].edges;
            for node in spec.graph.own_nodes() {
                let best = |row: usize| {
                    let ops = self.choices(space, (cell, row)).into_iter();
                    // The first of equals.
                    ops.rev().max_by(|&a, &b| weights[row][a].total_cmp(&weights[row][b]))
                };
                let rows = spec.graph.rows_into(node);
                let mut ranked: Vec<(usize, Option<usize>)> =
                    rows.map(|row| (row, best(row))).collect();
                let weight = |&(row, op): &(usize, Option<usize>)| {
                    op.map_or(f64::NEG_INFINITY, |op| weights[row][op])
                };
                ranked.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
                for (rank, (row, op)) in ranked.into_iter().enumerate() {
                    match op.filter(|_| rank < edges) {
                        Some(op) => self.choose(CandidateId { cell, row, op }),
                        None => self.cut(cell, row),
                    }
                }
            }
        }
        self.decided = true;
    }

    /// Weights of a cell's candidates: `relax` computes those of the remaining ones; the others
    /// are 0.
    pub(crate) fn weights(
        &self,
        cell: usize,
        (logits, domain): (&Tensor, Constraint),
        relax: impl FnOnce(&Tensor) -> Result<Tensor, SearchError>,
    ) -> Result<Tensor, SearchError> {
        let mask = self.mask(cell, logits)?;
        if self.decided {
            return Ok(mask);
        }
        let kept = (relax(&self.logits(cell, (logits, domain))?)? * mask)?;
        if domain != Constraint::Simplex {
            return Ok(kept);
        }
        // Edges without a candidate stay at 0.
        let sums = kept.sum_keepdim(1)?;
        let empty = sums.eq(0.0)?.to_dtype(sums.dtype())?;
        Ok(kept.broadcast_div(&(sums + empty)?)?)
    }

    /// Logits that give a weight only to the remaining candidates. Logits of edges without any are
    /// unchanged, and so are those that are weights themselves.
    pub(crate) fn logits(
        &self,
        cell: usize,
        (logits, domain): (&Tensor, Constraint),
    ) -> Result<Tensor, SearchError> {
        if domain == Constraint::Simplex {
            return Ok(logits.clone());
        }
        let gone = |row: &Vec<bool>| -> Vec<u8> {
            let alive = row.contains(&true);
            row.iter().map(|kept| u8::from(alive && !kept)).collect()
        };
        let gone: Vec<u8> = self.cells[cell].iter().flat_map(gone).collect();
        let gone = Tensor::from_vec(gone, logits.shape(), logits.device())?;
        let far = Tensor::full(FAR, logits.shape(), logits.device())?.to_dtype(logits.dtype())?;
        Ok(gone.where_cond(&far, logits)?)
    }

    /// 1 for the remaining candidates, 0 for others.
    pub(crate) fn mask(&self, cell: usize, like: &Tensor) -> Result<Tensor, SearchError> {
        let flags = self.cells[cell].iter().flatten().map(|kept| u8::from(*kept)).collect();
        let mask = Tensor::from_vec::<_, u8>(flags, like.shape(), like.device())?;
        Ok(mask.to_dtype(like.dtype())?)
    }
}
