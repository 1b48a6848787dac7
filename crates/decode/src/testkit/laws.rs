//! One function per law; an error says what happened instead.

use dartloom_space::{
    CellGenotype, CellSpec, CellTable, Edge, Genotype, NodeOrder, OpSet, SpaceError, WeightTable,
};

use super::{Case, Law};
use crate::{DecodeError, Decoder};

pub(super) fn check(decoder: &dyn Decoder, law: Law, case: &Case) -> Result<(), String> {
    match law {
        Law::Deterministic => deterministic(decoder, case),
        Law::Fits => fits(decoder, case),
        Law::Scale => scale(decoder, case),
        Law::Mismatch => mismatch(decoder, case),
    }
}

fn deterministic(decoder: &dyn Decoder, case: &Case) -> Result<(), String> {
    let decode = || decoder.decode(&case.space, &case.weights);
    let first = decode();
    let second = decode();
    if first == second { Ok(()) } else { Err(format!("{first:?} and then {second:?}")) }
}

fn fits(decoder: &dyn Decoder, case: &Case) -> Result<(), String> {
    let space = &case.space;
    let genotype = match decoder.decode(space, &case.weights) {
        Ok(decoded) => decoded.genotype,
        Err(error @ (DecodeError::Table(_) | DecodeError::Genotype(_))) => {
            return Err(format!("a table that fits is refused: {error}"));
        }
        Err(_) => return Ok(()),
    };
    if *genotype.layout() != space.layout() {
        return Err(format!("layout {:?} instead of {:?}", genotype.layout(), space.layout()));
    }
    if genotype.cells().len() != space.cells().len() {
        return Err(format!("{} cells, not {}", genotype.cells().len(), space.cells().len()));
    }
    space
        .cells()
        .iter()
        .zip(genotype.cells())
        .try_for_each(|(spec, cell)| fits_cell(spec, cell, space.op_set()))
}

fn fits_cell(spec: &CellSpec, cell: &CellGenotype, ops: &OpSet) -> Result<(), String> {
    let name = &spec.name;
    let frame = spec.genotype(cell.genes.clone());
    if frame != *cell {
        return Err(format!("cell `{name}`: name, inputs or output list differ in {cell:?}"));
    }
    for (index, gene) in cell.genes.iter().enumerate() {
        let what = format!("cell `{name}`: gene {index}, {} {}->{}", gene.op, gene.from, gene.to);
        if spec.graph.row(Edge { from: gene.from, to: gene.to }).is_none() {
            return Err(format!("{what} stands on no edge"));
        }
        if ops.position(&gene.op).is_none() {
            return Err(format!("{what} is no operation of the space"));
        }
        if cell.genes[..index].contains(gene) {
            return Err(format!("{what} stands twice"));
        }
    }
    match cell.live_genes(NodeOrder::Listed).iter().position(|live| !live) {
        Some(dead) => Err(format!("cell `{name}`: gene {dead} starts at a node without genes")),
        None => Ok(()),
    }
}

/// Powers of two, so that scaling rounds nothing and makes no ties.
const SCALES: [f64; 3] = [0.125, 2.0, 64.0];

fn scale(decoder: &dyn Decoder, case: &Case) -> Result<(), String> {
    let decode = |weights: &WeightTable| -> Result<Genotype, DecodeError> {
        decoder.decode(&case.space, weights).map(|decoded| decoded.genotype)
    };
    let expected = decode(&case.weights);
    for scale in SCALES {
        let cells = changed(case, |cell| {
            cell.edges.iter_mut().flatten().for_each(|weight| *weight *= scale);
        });
        let found = decode(&table(case.weights.ops(), cells)?);
        if found.is_ok() != expected.is_ok() || found.ok() != expected.as_ref().ok().cloned() {
            return Err(format!("another architecture when scaled by {scale}"));
        }
    }
    Ok(())
}

fn mismatch(decoder: &dyn Decoder, case: &Case) -> Result<(), String> {
    let ops = case.weights.ops();
    let mut others: Vec<(&str, WeightTable)> = Vec::new();
    let mut renamed = ops.to_vec();
    renamed[0] = format!("not_{}", renamed[0]);
    others.push(("another operation", table(&renamed, case.weights.cells().to_vec())?));
    let narrow = changed(case, |cell| cell.edges.iter_mut().for_each(|row| row.truncate(1)));
    if ops.len() > 1 {
        others.push(("only one operation", table(&ops[..1], narrow)?));
    }
    let short = changed(case, |cell| {
        cell.edges.pop();
        cell.edge_weights.iter_mut().for_each(|weights| {
            weights.pop();
        });
    });
    others.push(("an edge too few", table(ops, short)?));
    others.push(("a cell too few", table(ops, case.weights.cells()[1..].to_vec())?));
    let stranger = changed(case, |cell| cell.name.push('?'));
    others.push(("another cell", table(ops, stranger)?));
    match others.iter().find(|(_, weights)| decoder.decode(&case.space, weights).is_ok()) {
        Some((what, _)) => Err(format!("a table with {what} decodes")),
        None => Ok(()),
    }
}

fn changed(case: &Case, change: impl Fn(&mut CellTable)) -> Vec<CellTable> {
    let mut cells = case.weights.cells().to_vec();
    cells.iter_mut().for_each(change);
    cells
}

fn table(ops: &[String], cells: Vec<CellTable>) -> Result<WeightTable, String> {
    let refused = |error: SpaceError| format!("the case itself is refused: {error}");
    WeightTable::new(ops.to_vec(), cells).map_err(refused)
}
