//! Genotypes that released code decodes; see `fixtures/README.md`.

use dartloom_decode::{Decoder, TieBreak, TopK, builtin};
use dartloom_space::{CellGenotype, CellTable, Genotype, OpSet, Space, Stem, WeightTable};
use serde::Deserialize;

#[derive(Deserialize)]
struct Darts {
    ops: Vec<String>,
    cases: Vec<DartsCase>,
}

#[derive(Deserialize)]
struct DartsCase {
    alphas_normal: Vec<Vec<f64>>,
    alphas_reduce: Vec<Vec<f64>>,
    genotype: Expected,
}

#[derive(Deserialize)]
struct Gaea {
    cases: Vec<GaeaCase>,
}

#[derive(Deserialize)]
struct GaeaCase {
    ops: Vec<String>,
    alphas: PerCell<Vec<Vec<f64>>>,
    edges: PerCell<Vec<f64>>,
    genotype: Expected,
}

#[derive(Deserialize)]
struct PerCell<T> {
    normal: T,
    reduce: T,
}

#[derive(Deserialize)]
struct Expected {
    normal: Vec<(String, usize)>,
    normal_concat: Vec<usize>,
    reduce: Vec<(String, usize)>,
    reduce_concat: Vec<usize>,
}

fn darts() -> Darts {
    serde_json::from_str(include_str!("../fixtures/pure_genotype_darts.json")).unwrap()
}

fn gaea() -> Gaea {
    serde_json::from_str(include_str!("../fixtures/pure_genotype_gaea.json")).unwrap()
}

fn softmax_f64(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = row.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// As a search in single precision makes them.
fn softmax_f32(row: &[f64]) -> Vec<f64> {
    let row: Vec<f32> = row.iter().map(|&logit| logit as f32).collect();
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = row.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| f64::from(power / sum)).collect()
}

/// Genes as the files have them: the node follows from the position, two per node.
fn pairs(cell: &CellGenotype) -> Vec<(String, usize)> {
    for (index, gene) in cell.genes.iter().enumerate() {
        assert_eq!(gene.to, 2 + index / 2);
    }
    cell.genes.iter().map(|gene| (gene.op.clone(), gene.from)).collect()
}

/// The space of DARTS with cells of so many edges.
fn space(ops: &[String], edges: usize) -> Space {
    let set = if ops.len() == 8 { "O_base" } else { "S" };
    let set = OpSet::builtin(set).unwrap();
    assert!(set.names().eq(ops.iter().map(String::as_str)));
    let nodes = (1..).find(|nodes| (2..2 + nodes).sum::<usize>() == edges).unwrap();
    Space::darts(set, 8, nodes, Stem::cifar(3)).unwrap()
}

fn cell(name: &str, edges: Vec<Vec<f64>>, edge_weights: Option<&Vec<f64>>) -> CellTable {
    CellTable { name: name.to_owned(), edges, edge_weights: edge_weights.cloned() }
}

fn decode(decoder: &dyn Decoder, ops: &[String], cells: Vec<CellTable>) -> Genotype {
    let space = space(ops, cells[0].edges.len());
    let weights = WeightTable::new(ops.to_vec(), cells).unwrap();
    decoder.decode(&space, &weights).unwrap().genotype
}

fn compare(found: &Genotype, expected: &Expected, index: usize) {
    let [normal, reduce] = found.cells() else { panic!("two cells expected") };
    assert_eq!(pairs(normal), expected.normal, "case {index}, normal");
    assert_eq!(pairs(reduce), expected.reduce, "case {index}, reduce");
    assert_eq!(normal.concat, expected.normal_concat, "case {index}");
    assert_eq!(reduce.concat, expected.reduce_concat, "case {index}");
}

fn check_darts(softmax: impl Fn(&[f64]) -> Vec<f64>, decoder: &dyn Decoder) {
    let file = darts();
    assert_eq!(file.cases.len(), 24);
    for (index, case) in file.cases.iter().enumerate() {
        let relax = |alphas: &[Vec<f64>]| alphas.iter().map(|row| softmax(row)).collect();
        let normal = cell("normal", relax(&case.alphas_normal), None);
        let reduce = cell("reduce", relax(&case.alphas_reduce), None);
        compare(&decode(decoder, &file.ops, vec![normal, reduce]), &case.genotype, index);
    }
}

fn check_gaea(decoder: &dyn Decoder) {
    let file = gaea();
    assert_eq!(file.cases.len(), 20);
    for (index, case) in file.cases.iter().enumerate() {
        let normal = cell("normal", case.alphas.normal.clone(), Some(&case.edges.normal));
        let reduce = cell("reduce", case.alphas.reduce.clone(), Some(&case.edges.reduce));
        compare(&decode(decoder, &case.ops, vec![normal, reduce]), &case.genotype, index);
    }
}

#[test]
fn equals_the_released_code_of_darts_in_double_and_single_precision() {
    check_darts(softmax_f64, &TopK::darts());
    check_darts(softmax_f32, &TopK::darts());
    check_darts(softmax_f64, &builtin("darts").unwrap());
}

#[test]
fn equals_the_released_code_of_gaea_with_edge_weights() {
    check_gaea(&TopK::darts());
}

/// The files can tell: other rules do not reproduce them.
#[test]
#[should_panic(expected = "case 0, normal")]
fn another_tie_rule_differs() {
    check_gaea(&TopK { ties: TieBreak::HighestIndex, ..TopK::darts() });
}

#[test]
#[should_panic(expected = "left == right")]
fn ranking_by_none_differs() {
    let none = dartloom_decode::NonePolicy::Include;
    let empty = dartloom_decode::EmptyPolicy::KeepBest;
    check_darts(softmax_f64, &TopK { edges: 2, none, empty, ..TopK::darts() });
}
