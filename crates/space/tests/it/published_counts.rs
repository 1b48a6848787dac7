//! Parameters and multiply-adds of published networks, and the page that lists them.

use std::fmt::Write;

use dartloom_space::{
    AuxHead, Blueprint, Build, Cost, Genotype, NodeOrder, OpSet, Repeats, Shape, Stem, darts_size,
};

use crate::counts::slow_cost;

/// Sources and meaning of both: `fixtures/README.md`.
const COUNTS: &str = include_str!("fixtures/counts.txt");
const FIGURES: &str = include_str!("fixtures/figures.txt");
const PAGE: &str = include_str!("../../../../docs/published-counts.md");

/// A genotype and the network it stands in, from the first six fields of a row.
struct Configuration<'a> {
    name: &'a str,
    stem: &'a str,
    channels: usize,
    layers: usize,
    classes: usize,
    reductions: Option<Vec<usize>>,
}

impl<'a> Configuration<'a> {
    fn parse(fields: &[&'a str]) -> Self {
        let [name, stem, channels, layers, classes, reductions, ..] = *fields else {
            panic!("short row {fields:?}")
        };
        let number = |text: &str| -> usize { text.parse().unwrap() };
        let reductions = (reductions != "-").then(|| reductions.split(',').map(number).collect());
        let [channels, layers, classes] = [channels, layers, classes].map(number);
        Self { name, stem, channels, layers, classes, reductions }
    }

    fn blueprint(&self) -> Blueprint {
        let (stem, aux, side) = match self.stem {
            "cifar" => (Stem::cifar(3), AuxHead::Cifar, 32),
            "imagenet" => (Stem::imagenet(), AuxHead::ImageNet, 224),
            "quarter" => (Stem::imagenet_quarter(), AuxHead::ImageNetNormed, 224),
            other => panic!("unknown stem {other}"),
        };
        let genotype = Genotype::published(self.name).unwrap();
        let reductions = self.reductions.clone();
        let chain = genotype.chain(self.layers, stem, reductions, Repeats::MostlyFirst).unwrap();
        let network = chain.with_aux(aux).network().unwrap();
        let input = Shape::new(3, side, side);
        let build = Build {
            order: NodeOrder::FirstNamed,
            ..Build::new(self.channels, self.classes, input)
        };
        Blueprint::derived(&genotype, &network, &OpSet::builtin("all").unwrap(), build).unwrap()
    }

    fn cost(&self) -> Cost {
        self.blueprint().cost().unwrap()
    }

    /// As in the page's tables.
    fn written(&self) -> String {
        let Self { stem, channels, layers, classes, .. } = self;
        let mut text = format!("{stem}, {channels}, {layers}, {classes}");
        if let Some(reductions) = &self.reductions {
            write!(text, ", {reductions:?}").unwrap();
        }
        text
    }
}

/// Rows without remarks.
fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|row| !row.starts_with('#'))
}

/// `found` as `expected` is written: an integer, or millions with so many digits.
fn written_like(expected: &str, found: u64) -> String {
    match expected.split_once('.') {
        None => found.to_string(),
        Some((_, digits)) => millions(found, digits.len()),
    }
}

fn millions(count: u64, digits: usize) -> String {
    format!("{:.*}", digits, count as f64 / 1e6)
}

#[test]
fn published_networks_have_their_counts() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for row in rows(COUNTS) {
        let fields: Vec<&str> = row.split_whitespace().collect();
        let cost = Configuration::parse(&fields).cost();
        let found = [cost.parameters, cost.parameters + cost.auxiliary_parameters, cost.macs];
        for (expected, found) in fields[6..9].iter().zip(found).filter(|(e, _)| **e != "-") {
            compared += 1;
            let found = written_like(expected, found);
            if found != *expected {
                wrong.push(format!("{row}: expected {expected}, found {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 100, "only {compared} numbers compared");
}

/// The quantities that a figure may state, by their names in `figures.txt`.
fn quantities(at: &Configuration<'_>) -> [(&'static str, &'static str, u64); 5] {
    let blueprint = at.blueprint();
    let cost = blueprint.cost().unwrap();
    let slow = slow_cost(&blueprint);
    let with_aux = cost.parameters + cost.auxiliary_parameters;
    [
        ("params", "parameters", cost.parameters),
        ("with_aux", "parameters with auxiliary head", with_aux),
        ("macs", "multiply-adds", cost.macs),
        ("macs+pool", "multiply-adds, average pooling", cost.macs + 4 * slow.pooled),
        ("macs+norm", "multiply-adds, norms", cost.macs + 2 * slow.normed),
    ]
}

/// The manner in which `figure`, in millions, follows from `count`.
fn agreement(figure: &str, count: u64) -> Option<&'static str> {
    let digits = figure.split_once('.').map_or(0, |(_, digits)| digits.len());
    let unit = 10_u64.pow(6 - digits as u32);
    if millions(count, digits) == figure {
        return Some("rounded");
    }
    (millions(count / unit * unit, digits) == figure).then_some("cut off")
}

/// A row of `figures.txt`.
struct Figure<'a> {
    at: Configuration<'a>,
    /// As printed.
    figure: &'a str,
    quantity: &'a str,
    source: &'a str,
    remark: &'a str,
}

impl Figure<'static> {
    fn all() -> Vec<Self> {
        rows(FIGURES).map(Self::parse).collect()
    }

    fn parse(row: &'static str) -> Self {
        let fields: Vec<&str> = row.splitn(9, ' ').collect();
        let (source, remark) = fields[8].split_once("; ").unwrap_or((fields[8], ""));
        let at = Configuration::parse(&fields);
        Self { at, figure: fields[6], quantity: fields[7], source, remark }
    }

    fn reproduced(&self) -> bool {
        self.quantity != "none"
    }
}

#[test]
fn published_figures_are_the_quantities_they_are_said_to_be() {
    let figures = Figure::all();
    for row in figures.iter().filter(|row| row.reproduced()) {
        let all = quantities(&row.at);
        let &(_, _, count) = all.iter().find(|(key, ..)| *key == row.quantity).unwrap();
        let what = format!("{}, {}: {} {count}", row.at.name, row.figure, row.quantity);
        assert!(agreement(row.figure, count).is_some(), "{what}");
    }
    assert!(figures.iter().filter(|row| row.reproduced()).count() >= 50);
}

#[test]
fn figures_said_not_to_be_reproduced_are_none_of_the_quantities() {
    let figures = Figure::all();
    for row in figures.iter().filter(|row| !row.reproduced()) {
        for (key, _, count) in quantities(&row.at) {
            assert_eq!(agreement(row.figure, count), None, "{} is {key}", row.at.name);
        }
        assert!(!row.remark.is_empty(), "{}, {}: no reason", row.at.name, row.figure);
    }
}

/// Lines of a table in Markdown.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len()));
    for row in rows {
        writeln!(text, "| {} |", row.join(" | ")).unwrap();
    }
    text
}

fn counted() -> String {
    let head = ["genotype", "network", "parameters", "with auxiliary head", "multiply-adds"];
    let rows = rows(COUNTS).map(|row| {
        let at = Configuration::parse(&row.split_whitespace().collect::<Vec<_>>());
        let cost = at.cost();
        let counts = [cost.parameters, cost.parameters + cost.auxiliary_parameters, cost.macs];
        let first = [at.name.to_owned(), at.written()];
        first.into_iter().chain(counts.map(|count| count.to_string())).collect()
    });
    table(&head, rows)
}

fn reproduced() -> String {
    let head = ["published", "genotype", "network", "is", "which is", "by", "source"];
    let all = Figure::all();
    let rows = all.iter().filter(|row| row.reproduced()).map(|row| {
        let all = quantities(&row.at);
        let &(_, words, count) = all.iter().find(|(key, ..)| *key == row.quantity).unwrap();
        let how = agreement(row.figure, count).unwrap();
        let figure = format!("{}M", row.figure);
        let cells = [&figure, row.at.name, &row.at.written(), words, &count.to_string(), how];
        cells.into_iter().chain([row.source]).map(str::to_owned).collect()
    });
    table(&head, rows)
}

fn not_reproduced() -> String {
    let head = ["published", "genotype", "nearest network", "which has", "source", "reason"];
    let all = Figure::all();
    let rows = all.iter().filter(|row| !row.reproduced()).map(|row| {
        let figure: f64 = row.figure.parse().unwrap();
        let far = |count: u64| (count as f64 / 1e6 / figure).ln().abs();
        let all = quantities(&row.at);
        let nearest = all.iter().min_by(|a, b| far(a.2).total_cmp(&far(b.2))).unwrap();
        let has = format!("{}M {}", millions(nearest.2, 2), nearest.1);
        let figure = format!("{}M", row.figure);
        let written = row.at.written();
        [&figure, row.at.name, &written, &has, row.source, row.remark].map(str::to_owned).into()
    });
    table(&head, rows)
}

fn sizes() -> String {
    let head = ["space", "operations", "nodes", "cells", "architectures", "log10"];
    let spaces = [
        ("one cell", 7, 4, 1),
        ("one cell, `none` counted", 8, 4, 1),
        ("DARTS", 7, 4, 2),
        ("D-DARTS, 8 cells", 7, 4, 8),
        ("DARTOpti, one cell", 12, 4, 1),
        ("DARTOpti, 8 cells", 12, 4, 8),
    ];
    let rows = spaces.into_iter().map(|(name, ops, nodes, cells)| {
        let size = darts_size(ops, nodes, cells).unwrap();
        let numbers = [ops, nodes, cells].map(|number| number.to_string());
        let last = [size.exact.to_string(), format!("{:.3}", size.log10)];
        [name.to_owned()].into_iter().chain(numbers).chain(last).collect()
    });
    table(&head, rows)
}

#[test]
fn the_page_has_what_is_counted() {
    let missing: Vec<String> = [counted(), reproduced(), not_reproduced(), sizes()]
        .into_iter()
        .filter(|table| !PAGE.contains(&format!("\n\n{table}")))
        .collect();
    let what = "docs/published-counts.md has other tables than these:";
    assert!(missing.is_empty(), "{what}\n\n{}", missing.join("\n"));
}
