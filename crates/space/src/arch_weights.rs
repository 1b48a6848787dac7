//! Logits and weights of operations, edges and links, each under its own address.

use std::fmt;

/// The index of a searchable cell in its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId(pub usize);

/// A port of a placed cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId {
    /// The placement in its network, in order of execution.
    pub placement: usize,
    /// The port of the placement.
    pub port: usize,
}

/// The address of one tensor of logits, of the weights made of them, or of their gradient.
///
/// In order: the operations of all cells, then the edges of all cells, then links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogitId {
    /// The operations of a cell's edges: `[edges, operations]`.
    Ops(CellId),
    /// The edges of a cell: `[edges]`.
    Edges(CellId),
    /// The links of the network that have weights: `[links]`, choice after choice.
    Links,
}

impl LogitId {
    /// The searchable cell that the logits belong to; links lie between cells and belong to none.
    pub fn cell(self) -> Option<CellId> {
        match self {
            Self::Ops(cell) | Self::Edges(cell) => Some(cell),
            Self::Links => None,
        }
    }
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {}", self.0)
    }
}

impl fmt::Display for PortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "placement {}, port {}", self.placement, self.port)
    }
}

impl fmt::Display for LogitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops(cell) => write!(f, "operations of {cell}"),
            Self::Edges(cell) => write!(f, "edges of {cell}"),
            Self::Links => f.write_str("links between cells"),
        }
    }
}

/// The weights of an architecture: one entry per searchable cell, one per port that chooses.
///
/// `T` is the type that holds numbers, such as a tensor. [`WeightTable`](crate::WeightTable) is the
/// form on the host that decoders read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArchWeights<T> {
    /// By cell, in the space's order.
    pub cells: Vec<CellWeights<T>>,
    /// By port that chooses among several links, in the order of
    /// [`Network::choices`](crate::Network::choices): `[links]` each. Empty where none does.
    pub links: Vec<T>,
}

/// The weights of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellWeights<T> {
    /// `[edges, operations]`.
    pub ops: T,
    /// `[edges]`, where edges are weighed too (PC-DARTS).
    pub edges: Option<T>,
}

impl<T> ArchWeights<T> {
    /// Weights of operations alone, by cell.
    pub fn of_ops(cells: impl IntoIterator<Item = T>) -> Self {
        let cells = cells.into_iter().map(|ops| CellWeights { ops, edges: None });
        Self { cells: cells.collect(), links: Vec::new() }
    }

    /// The same weights in another form.
    pub fn map<U>(&self, mut form: impl FnMut(&T) -> U) -> ArchWeights<U> {
        let cells = self.cells.iter().map(|cell| cell.map(&mut form)).collect();
        ArchWeights { cells, links: self.links.iter().map(form).collect() }
    }
}

impl<T> CellWeights<T> {
    /// The same weights in another form.
    pub fn map<U>(&self, mut form: impl FnMut(&T) -> U) -> CellWeights<U> {
        CellWeights { ops: form(&self.ops), edges: self.edges.as_ref().map(form) }
    }
}

#[cfg(test)]
mod tests {
    use super::{ArchWeights, CellId, CellWeights, LogitId};

    #[test]
    fn addresses_stand_in_order_and_know_their_cell() {
        let mut all = [
            LogitId::Links,
            LogitId::Edges(CellId(0)),
            LogitId::Ops(CellId(10)),
            LogitId::Ops(CellId(2)),
        ];
        all.sort_unstable();
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        let expected = [
            "operations of cell 2",
            "operations of cell 10",
            "edges of cell 0",
            "links between cells",
        ];
        assert_eq!(told, expected);
        assert_eq!(all[2].cell(), Some(CellId(0)));
        assert_eq!(all[3].cell(), None);
    }

    #[test]
    fn a_form_changes_every_part() {
        let weighed = CellWeights { ops: 2, edges: Some(3) };
        let plain = CellWeights { ops: 5, edges: None };
        let weights = ArchWeights { cells: vec![weighed, plain], links: vec![7] };
        let twice = weights.map(|number| (2 * number).to_string());
        assert_eq!(
            twice.cells[0],
            CellWeights { ops: "4".to_owned(), edges: Some("6".to_owned()) }
        );
        assert_eq!(twice.cells[1].edges, None);
        assert_eq!(twice.links, ["14"]);
        assert_eq!(ArchWeights::of_ops([1]).cells[0], CellWeights { ops: 1, edges: None });
    }
}
