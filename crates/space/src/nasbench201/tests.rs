use std::collections::{BTreeMap, BTreeSet};

use super::{architectures, blueprint, parse, print, space};
use crate::{Blueprint, Build, CellGenotype, Genotype, Layout, Shape, Source, SpaceError};

/// One row of the benchmark's table for every number of 1x1 and 3x3 convolutions.
const TABLE: &str = include_str!("../../tests/it/fixtures/nasbench201.csv");

const FIRST: &str = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+\
                     |nor_conv_1x1~0|skip_connect~1|skip_connect~2|";

fn build() -> Build {
    Build::new(16, 10, Shape::new(3, 32, 32))
}

/// `params` and `flops` by the numbers of 1x1 and 3x3 convolutions.
fn published() -> BTreeMap<(usize, usize), (u64, u64)> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (convolutions(fields[1]), (fields[2].parse().unwrap(), fields[3].parse().unwrap()))
    };
    TABLE.lines().skip(1).map(row).collect()
}

fn convolutions(text: &str) -> (usize, usize) {
    (text.matches("nor_conv_1x1").count(), text.matches("nor_conv_3x3").count())
}

#[test]
fn every_architecture_costs_what_the_table_says() {
    let published = published();
    assert_eq!(published.len(), 28);
    let mut found = BTreeMap::new();
    let mut counted = 0;
    for genotype in architectures() {
        let kind = convolutions(&print(&genotype).unwrap());
        let cost = blueprint(&genotype, build()).unwrap().cost().unwrap();
        let found = *found.entry(kind).or_insert((cost.parameters, cost.macs + 10));
        assert_eq!(found, (cost.parameters, cost.macs + 10));
        assert_eq!(cost.unused_parameters, 0);
        counted += 1;
    }
    assert_eq!((counted, found), (15_625, published));
}

#[test]
fn strings_are_read_and_written() {
    let texts: BTreeSet<String> = architectures()
        .map(|genotype| {
            let text = print(&genotype).unwrap();
            assert_eq!(parse(&text).unwrap(), genotype);
            text
        })
        .collect();
    assert_eq!(texts.len(), 15_625);
    for line in TABLE.lines().skip(1) {
        let text = line.split(',').nth(1).unwrap();
        assert!(texts.contains(text), "{text}");
    }
    let first = parse(FIRST).unwrap();
    let ops: Vec<&str> = first.cells()[0].genes.iter().map(|gene| &*gene.op).collect();
    let conv = "simple_conv_1x1";
    assert_eq!(ops[..4], ["avg_pool_3x3", conv, "skip_connect", conv]);
    assert_eq!(first.layout(), &Layout::Space);
}

#[test]
fn damaged_strings_are_refused_where_they_are_wrong() {
    let at = |text: &str| match parse(text).unwrap_err() {
        SpaceError::Text { line: 1, column, expected, found } => (column, expected, found),
        other => panic!("{other}"),
    };
    assert_eq!(at(""), (1, "`|`".to_owned(), "the end".to_owned()));
    assert_eq!(at("avg_pool_3x3~0|").0, 1);
    let (column, expected, found) = at(&FIRST.replacen("avg", "äöü", 1));
    assert_eq!((column, found.as_str()), (2, "\"äöü_pool_3x3~0|+|nor_con\""));
    assert!(expected.ends_with("nor_conv_1x1, nor_conv_3x3, avg_pool_3x3"), "{expected}");
    assert_eq!(at(&FIRST.replacen("~0", "~1", 1)).0, 14);
    assert_eq!(
        at(&FIRST.replacen('+', "", 1)),
        (17, "`+`".into(), "\"|nor_conv_1x1~0|skip_con\"".into())
    );
    let end = FIRST.chars().count() + 1;
    assert_eq!(at(&format!("{FIRST}+")), (end, "the end".to_owned(), "\"+\"".to_owned()));
    for cut in 0..FIRST.len() {
        let (column, _, _) = at(&FIRST[..cut]);
        assert!(column <= cut + 1, "{cut}: {column}");
    }
}

#[test]
fn what_is_no_architecture_of_the_benchmark_has_no_string() {
    let good = parse(FIRST).unwrap();
    let changed = |change: &dyn Fn(&mut CellGenotype)| {
        let mut cells = good.cells().to_vec();
        change(&mut cells[0]);
        print(&Genotype::new(Layout::Space, cells).unwrap())
    };
    assert_eq!(changed(&|cell| cell.genes.reverse()).unwrap(), FIRST);
    type Change<'a> = &'a dyn Fn(&mut CellGenotype);
    let bad: [(Change<'_>, &str); 5] = [
        (&|cell| cell.name = "normal".to_owned(), "one cell `cell`"),
        (&|cell| cell.concat = vec![2, 3], "one cell `cell`"),
        (&|cell| drop(cell.genes.pop()), "one gene on each"),
        (&|cell| cell.genes[0] = cell.genes[1].clone(), "edge 0->1 has no gene"),
        (&|cell| cell.genes[0].op = "sep_conv_3x3".to_owned(), "`sep_conv_3x3` is no operation"),
    ];
    for (change, reason) in bad {
        let error = changed(change).unwrap_err();
        assert!(
            matches!(&error, SpaceError::NoTextForm { reason: r } if r.contains(reason)),
            "{error}"
        );
    }
}

#[test]
fn the_space_holds_the_architectures() {
    let space = space().unwrap();
    assert_eq!(space.cells()[0].graph.edges().len(), 6);
    assert_eq!(space.network().placements().len(), 15);
    for genotype in architectures().step_by(97) {
        assert_eq!(space.genotype(genotype.cells().to_vec()).unwrap(), genotype);
        // The chain of the space is another network, which can be built as well.
        let network = genotype.network_in(&space).unwrap();
        Blueprint::derived(&genotype, &network, space.op_set(), build()).unwrap();
    }
    Blueprint::supernet(&space, build()).unwrap();
}

#[test]
fn the_network_is_the_published_skeleton() {
    let plan = blueprint(&parse(FIRST).unwrap(), build()).unwrap();
    let shapes: Vec<String> = plan.cells.iter().map(|cell| cell.output.to_string()).collect();
    let stage = |shape: &str, cells| vec![shape.to_owned(); cells];
    let expected = [stage("16x32x32", 5), stage("32x16x16", 6), stage("64x8x8", 6)].concat();
    assert_eq!(shapes, expected);
    let sources: Vec<Source> = plan.cells.iter().map(|c| c.ports[0].links[0].source).collect();
    assert_eq!(sources[0], Source::Stem(0));
    assert!((1..17).all(|index| sources[index] == Source::Cell(index - 1)));
    assert_eq!(plan.head.branches[0].source, Source::Cell(16));

    let other = Genotype::published("DARTS_V2").unwrap();
    assert!(matches!(blueprint(&other, build()), Err(SpaceError::Mismatch { .. })));
}
