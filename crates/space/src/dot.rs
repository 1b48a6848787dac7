//! Drawings in the DOT language of Graphviz.

use std::fmt::Write as _;

use crate::graph::{CellEdge, CellNode, CellPaths, NetworkPaths, Reading, Station};
use crate::{Compat, Genotype, Head, Network, Source, Space};

/// Lines of a drawing; writing to a string cannot fail, which this keeps in one place.
#[derive(Default)]
struct Drawing {
    text: String,
}

impl Drawing {
    fn digraph(name: &str) -> Self {
        let mut drawing = Self::default();
        drawing.line(format_args!("digraph {} {{", quoted(name)));
        drawing.line(format_args!("  rankdir=LR;"));
        drawing.line(format_args!("  node [shape=box];"));
        drawing
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    fn node(&mut self, id: &str, label: &str) {
        self.line(format_args!("    {} [label={}];", quoted(id), quoted(label)));
    }

    fn edge(&mut self, from: &str, to: &str, attributes: &str) {
        self.line(format_args!("    {} -> {}{attributes};", quoted(from), quoted(to)));
    }

    fn cluster(&mut self, id: &str, label: &str) {
        self.line(format_args!("  subgraph {} {{", quoted(&format!("cluster_{id}"))));
        self.line(format_args!("    label={};", quoted(label)));
    }

    fn close(&mut self) {
        self.line(format_args!("  }}"));
    }

    fn finish(mut self) -> String {
        self.line(format_args!("}}"));
        self.text
    }
}

/// A string of the DOT language: quotes and backslashes are escaped, line breaks become `\n`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

impl Drawing {
    fn cell(&mut self, index: usize, name: &str, cell: &CellPaths<'_>) {
        let id = |node: CellNode| match node {
            CellNode::Input(node) | CellNode::Own(node) => format!("c{index}_{node}"),
            CellNode::Output => format!("c{index}_out"),
        };
        self.cluster(&format!("cell_{index}"), name);
        for node in cell.nodes() {
            let label = match node {
                CellNode::Input(input) => format!("in {input}"),
                CellNode::Own(node) => node.to_string(),
                CellNode::Output => "out".to_owned(),
            };
            self.node(&id(node), &label);
        }
        for (from, to, edge) in cell.edges() {
            let attributes = match edge {
                CellEdge::Searched => String::new(),
                CellEdge::Gene { op, .. } => format!(" [label={}]", quoted(op)),
                CellEdge::Concat => " [style=dashed]".to_owned(),
            };
            self.edge(&id(from), &id(to), &attributes);
        }
        self.close();
    }

    fn network(&mut self, network: &Network, cell_name: impl Fn(usize) -> String) {
        let paths = NetworkPaths::of(network);
        self.cluster("network", "network");
        for station in paths.stations() {
            self.node(&station_id(station), &station_label(network, station, &cell_name));
        }
        for (from, to, reading) in paths.readings() {
            let attributes = match reading {
                Reading::Whole => String::new(),
                Reading::Port { port, choice: false } => format!(" [label=\"{port}\"]"),
                Reading::Port { port, choice: true } => {
                    format!(" [label=\"{port}\", style=dotted]")
                }
            };
            self.edge(&station_id(from), &station_id(to), &attributes);
        }
        self.close();
    }
}

fn station_id(station: Station) -> String {
    match station {
        Station::Value(Source::Stem(part)) => format!("stem_{part}"),
        Station::Value(Source::Cell(index)) => format!("cell_{index}"),
        Station::Head => "head".to_owned(),
        Station::Aux => "aux".to_owned(),
    }
}

fn station_label(
    network: &Network,
    station: Station,
    cell_name: impl Fn(usize) -> String,
) -> String {
    match station {
        Station::Value(Source::Stem(part)) => {
            format!("stem {part}\nlevel {}", network.stem().level(part))
        }
        Station::Value(Source::Cell(index)) => {
            let placement = &network.placements()[index];
            let kind = if placement.reduction { ", reduction" } else { "" };
            let name = cell_name(placement.cell);
            let (level, width) = (placement.level, placement.width);
            format!("{index}: {name}\nlevel {level}, width {width}{kind}")
        }
        Station::Head => match network.head() {
            Head::Classifier { .. } => "classifier".to_owned(),
            Head::PerPixel { .. } => "per pixel".to_owned(),
        },
        Station::Aux => "auxiliary".to_owned(),
    }
}

impl Genotype {
    /// The cells as a DOT graph: one cluster per cell, a labelled edge per gene, dashed edges to
    /// the output. Equal genotypes give equal text.
    pub fn to_dot(&self) -> String {
        let mut drawing = Drawing::digraph(self.name().unwrap_or("genotype"));
        for (index, cell) in self.cells().iter().enumerate() {
            drawing.cell(index, &cell.name, &CellPaths::of_genotype(cell, Compat::Paper));
        }
        drawing.finish()
    }
}

impl Network {
    /// The placed cells as a DOT graph, with levels, widths and links; links that are chosen among
    /// are dotted. Cells go by their index.
    pub fn to_dot(&self) -> String {
        let mut drawing = Drawing::digraph("network");
        drawing.network(self, |cell| format!("cell {cell}"));
        drawing.finish()
    }
}

impl Space {
    /// The space as a DOT graph: one cluster per searchable cell, and one for the network
    /// ([`Network::to_dot`]). Equal spaces give equal text.
    pub fn to_dot(&self) -> String {
        let mut drawing = Drawing::digraph(self.name());
        for (index, spec) in self.cells().iter().enumerate() {
            drawing.cell(index, &spec.name, &CellPaths::of_cell(&spec.graph));
        }
        drawing.network(self.network(), |cell| self.cells()[cell].name.clone());
        drawing.finish()
    }
}
