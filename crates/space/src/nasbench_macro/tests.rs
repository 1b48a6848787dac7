use std::collections::{BTreeMap, BTreeSet};

use super::{architectures, blueprint, parse, print, space};
use crate::{Blueprint, Build, CellGenotype, Genotype, Layout, Shape, SpaceError};

/// Rows of the benchmark's table: the smallest architecture, all with one block, and some others.
const TABLE: &str = include_str!("../../tests/it/fixtures/nasbench_macro.csv");

fn build() -> Build {
    Build::new(32, 10, Shape::new(3, 32, 32))
}

fn cost(text: &str) -> (u64, u64) {
    let cost = blueprint(&parse(text).unwrap(), build()).unwrap().cost().unwrap();
    assert_eq!(cost.unused_parameters, 0);
    (cost.parameters, cost.macs)
}

#[test]
fn every_architecture_costs_what_the_table_says() {
    let mut table = BTreeMap::new();
    for line in TABLE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let numbers = (fields[5].parse().unwrap(), fields[6].parse().unwrap());
        assert_eq!(cost(fields[0]), numbers, "{line}");
        table.insert(fields[0].to_owned(), numbers);
    }
    assert_eq!(table.len(), 22);
    // In the whole table, each layer adds to the smallest architecture what it adds alone.
    let (parameters, macs) = table["00000000"];
    let added = |layer: usize, digit: &str| {
        let mut alone = "0".repeat(8);
        alone.replace_range(layer..=layer, digit);
        (table[&alone].0 - parameters, table[&alone].1 - macs)
    };
    let mut counted = 0;
    for genotype in architectures() {
        let text = print(&genotype).unwrap();
        let mut sum = (parameters, macs);
        for layer in 0..8 {
            let own = added(layer, &text[layer..=layer]);
            sum = (sum.0 + own.0, sum.1 + own.1);
        }
        assert_eq!(cost(&text), sum, "{text}");
        counted += 1;
    }
    assert_eq!(counted, 6561);
}

#[test]
fn strings_are_read_and_written() {
    let mut texts = BTreeSet::new();
    for genotype in architectures() {
        let text = print(&genotype).unwrap();
        assert_eq!(parse(&text).unwrap(), genotype);
        texts.insert(text);
    }
    assert_eq!(texts.len(), 6561);
    assert_eq!(texts.first().unwrap(), "00000000");
    let genotype = parse("01200000").unwrap();
    let ops: Vec<&str> = genotype.cells().iter().map(|cell| &*cell.genes[0].op).collect();
    assert_eq!(ops[..4], ["skip_connect", "mb3_3x3", "mb6_5x5", "skip_connect"]);
}

#[test]
fn damaged_strings_are_refused_where_they_are_wrong() {
    let at = |text: &str| match parse(text).unwrap_err() {
        SpaceError::Text { line: 1, column, expected, found } => (column, expected, found),
        other => panic!("{other}"),
    };
    let digits = "one of the digits 0, 1, 2".to_owned();
    assert_eq!(at(""), (1, digits.clone(), "the end".to_owned()));
    assert_eq!(at("0123"), (4, digits.clone(), "'3'".to_owned()));
    assert_eq!(at("012ä"), (4, digits.clone(), "'ä'".to_owned()));
    assert_eq!(at("0122100"), (8, digits, "the end".to_owned()));
    assert_eq!(at("012210001"), (9, "the end".to_owned(), "'1'".to_owned()));
}

#[test]
fn what_is_no_architecture_of_the_benchmark_has_no_string() {
    let good = parse("01221000").unwrap();
    type Change<'a> = &'a dyn Fn(&mut Vec<CellGenotype>);
    let bad: [Change<'_>; 4] = [
        &|cells| drop(cells.pop()),
        &|cells| cells[0].name = "layer_2".to_owned(),
        &|cells| cells[3].genes[0].op = "sep_conv_3x3".to_owned(),
        &|cells| cells[3].genes.clear(),
    ];
    for change in bad {
        let mut cells = good.cells().to_vec();
        change(&mut cells);
        let refused = Genotype::new(Layout::Space, cells).and_then(|genotype| print(&genotype));
        assert!(refused.is_err(), "{refused:?}");
    }
    let other = Genotype::published("DARTS_V2").unwrap();
    assert!(matches!(print(&other), Err(SpaceError::NoTextForm { .. })));
    assert!(matches!(blueprint(&other, build()), Err(SpaceError::Mismatch { .. })));
}

#[test]
fn the_space_holds_the_architectures() {
    let space = space().unwrap();
    assert_eq!((space.cells().len(), space.op_set().len()), (8, 3));
    for genotype in architectures().step_by(97) {
        assert_eq!(space.genotype(genotype.cells().to_vec()).unwrap(), genotype);
        let network = genotype.network_in(&space).unwrap();
        Blueprint::derived(&genotype, &network, space.op_set(), build()).unwrap();
    }
    Blueprint::supernet(&space, build()).unwrap();
}

#[test]
fn the_network_is_the_published_skeleton() {
    let plan = blueprint(&parse("01221000").unwrap(), build()).unwrap();
    let shapes: Vec<String> = plan.cells.iter().map(|cell| cell.output.to_string()).collect();
    let stage = |shape: &str, layers| vec![shape.to_owned(); layers];
    let expected = [stage("64x16x16", 2), stage("128x8x8", 3), stage("256x4x4", 3)].concat();
    assert_eq!(shapes, expected);
    // Residuals stand beside blocks that keep shapes.
    let edges: Vec<usize> = plan.cells.iter().map(|cell| cell.edges.len()).collect();
    assert_eq!(edges, [1, 2, 1, 2, 2, 1, 1, 1]);
}
