//! A toy space for unit tests.

use dartloom_space::{
    CellGraph, CellSpec, CellTable, Head, Network, Placement, Port, Source, Space, Stem,
    WeightTable,
};

use crate::{Decoded, Note};

/// One cell of two nodes (edges 0->2, 1->2, 0->3, 1->3, 2->3) with the given operations.
pub(crate) fn space(ops: &[&str]) -> Space {
    let ops = dartloom_space::testkit::ops("toy", ops);
    let cell = CellSpec { name: "toy".to_owned(), graph: CellGraph::darts(2).unwrap() };
    let ports = vec![Port::one(Source::Stem(0)), Port::one(Source::Stem(0))];
    let placement = Placement { cell: Some(0), width: 1, level: 0, reduction: false, ports };
    let head = Head::pooled(Source::Cell(0));
    let network = Network::new(Stem::cifar(1), vec![placement], head, None).unwrap();
    Space::new("toy", ops, vec![cell], network).unwrap()
}

/// "none", a pool and a skip connection.
pub(crate) const OPS: [&str; 3] = ["none", "max_pool_3x3", "skip_connect"];

pub(crate) fn table(rows: [[f64; 3]; 5], edge_weights: Option<[f64; 5]>) -> WeightTable {
    let cell = CellTable {
        name: "toy".to_owned(),
        edges: rows.iter().map(|row| row.to_vec()).collect(),
        edge_weights: edge_weights.map(|weights| weights.to_vec()),
    };
    WeightTable::new(OPS.map(str::to_owned).to_vec(), vec![cell]).unwrap()
}

/// Genes as "op from->to", with operations cut to four letters.
pub(crate) fn genes(decoded: &Decoded) -> Vec<String> {
    let genes = &decoded.genotype.cells()[0].genes;
    genes.iter().map(|gene| format!("{} {}->{}", &gene.op[..4], gene.from, gene.to)).collect()
}

/// `true` if one of the notes reads `text`.
pub(crate) fn has(decoded: &Decoded, text: &str) -> bool {
    decoded.notes.iter().map(Note::to_string).any(|note| note == text)
}
