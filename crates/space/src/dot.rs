//! Drawings in the DOT language of Graphviz.

use std::fmt::Write as _;

use crate::{Genotype, Head, Network, Source, Space};

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

fn labelled(label: &str) -> String {
    format!(" [label={}]", quoted(label))
}

/// What is drawn of a cell.
struct CellDrawing<'a> {
    index: usize,
    name: &'a str,
    inputs: usize,
    nodes: Vec<usize>,
    edges: Vec<(usize, usize, &'a str)>,
    concat: Vec<usize>,
}

impl Drawing {
    fn cell(&mut self, cell: &CellDrawing<'_>) {
        let id = |node: usize| format!("c{}_{node}", cell.index);
        let out = format!("c{}_out", cell.index);
        self.cluster(&format!("cell_{}", cell.index), cell.name);
        for input in 0..cell.inputs {
            self.node(&id(input), &format!("in {input}"));
        }
        for &node in &cell.nodes {
            self.node(&id(node), &node.to_string());
        }
        self.node(&out, "out");
        for &(from, to, label) in &cell.edges {
            let attributes = if label.is_empty() { String::new() } else { labelled(label) };
            self.edge(&id(from), &id(to), &attributes);
        }
        for &node in &cell.concat {
            self.edge(&id(node), &out, " [style=dashed]");
        }
        self.close();
    }

    fn network(&mut self, network: &Network, cell_name: impl Fn(usize) -> String) {
        self.cluster("network", "network");
        for part in 0..network.stem().parts().len() {
            let level = network.stem().level(part);
            self.node(&stem(part), &format!("stem {part}\nlevel {level}"));
        }
        for (index, placement) in network.placements().iter().enumerate() {
            let kind = if placement.reduction { ", reduction" } else { "" };
            let name = cell_name(placement.cell);
            let (level, width) = (placement.level, placement.width);
            let label = format!("{index}: {name}\nlevel {level}, width {width}{kind}");
            self.node(&source(Source::Cell(index)), &label);
        }
        let head = match network.head() {
            Head::Classifier { .. } => "classifier",
            Head::PerPixel { .. } => "per pixel",
        };
        self.node("head", head);
        self.network_links(network);
        self.close();
    }

    fn network_links(&mut self, network: &Network) {
        for part in 1..network.stem().parts().len() {
            self.edge(&stem(part - 1), &stem(part), "");
        }
        for (index, placement) in network.placements().iter().enumerate() {
            let to = source(Source::Cell(index));
            for (port, links) in placement.ports.iter().map(|port| &port.links).enumerate() {
                let style = if links.len() > 1 { ", style=dotted" } else { "" };
                let attributes = format!(" [label=\"{port}\"{style}]");
                for link in links {
                    self.edge(&source(link.source), &to, &attributes);
                }
            }
        }
        for read in network.head_sources() {
            self.edge(&source(read), "head", "");
        }
        if let Some(aux) = network.aux() {
            self.node("aux", "auxiliary");
            self.edge(&source(Source::Cell(aux.after)), "aux", "");
        }
    }
}

fn stem(part: usize) -> String {
    format!("stem_{part}")
}

fn source(source: Source) -> String {
    match source {
        Source::Stem(part) => stem(part),
        Source::Cell(index) => format!("cell_{index}"),
    }
}

impl Genotype {
    /// The cells as a DOT graph: one cluster per cell, a labelled edge per gene, dashed edges to
    /// the output. Equal genotypes give equal text.
    pub fn to_dot(&self) -> String {
        let mut drawing = Drawing::digraph(self.name().unwrap_or("genotype"));
        for (index, cell) in self.cells().iter().enumerate() {
            let ends = cell.genes.iter().flat_map(|gene| [gene.from, gene.to]);
            let mut nodes: Vec<usize> = ends.filter(|&node| node >= cell.inputs).collect();
            nodes.sort_unstable();
            nodes.dedup();
            drawing.cell(&CellDrawing {
                index,
                name: &cell.name,
                inputs: cell.inputs,
                nodes,
                edges: cell.genes.iter().map(|gene| (gene.from, gene.to, &*gene.op)).collect(),
                concat: cell.output_nodes(crate::Compat::Paper),
            });
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
            drawing.cell(&CellDrawing {
                index,
                name: &spec.name,
                inputs: spec.graph.inputs(),
                nodes: spec.graph.own_nodes().collect(),
                edges: spec.graph.edges().iter().map(|edge| (edge.from, edge.to, "")).collect(),
                concat: spec.graph.concat().to_vec(),
            });
        }
        drawing.network(self.network(), |cell| self.cells()[cell].name.clone());
        drawing.finish()
    }
}
