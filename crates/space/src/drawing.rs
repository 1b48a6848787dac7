//! Drawings of genotypes, spaces and networks as values, and in the DOT language of Graphviz.

use std::fmt::Write as _;

use crate::graph::{CellEdge, CellNode, CellPaths, NetworkPaths, Reading, Station};
use crate::{Genotype, Head, Network, NodeOrder, Source, Space, SpaceError};

/// A drawing without positions: graphs beside each other.
///
/// Equal values give equal drawings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Name of the drawn value.
    pub name: String,
    /// One graph for each cell, one for a network.
    pub parts: Vec<DrawnPart>,
}

/// One graph of a drawing; its edges lead from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnPart {
    /// Name, unique in the drawing.
    pub id: String,
    /// Title: the name of a cell, or `network`.
    pub title: String,
    /// Boxes; edges go by their positions.
    pub nodes: Vec<DrawnNode>,
    /// Arrows between them.
    pub edges: Vec<DrawnEdge>,
}

/// A box of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnNode {
    /// Name, unique in the drawing.
    pub id: String,
    /// Text of the box, in one line or several.
    pub label: String,
}

/// An arrow of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnEdge {
    /// Position of the source among the nodes.
    pub from: usize,
    /// Position of the target among the nodes.
    pub to: usize,
    /// Its operation, or the port it enters.
    pub label: Option<EdgeLabel>,
    /// The style of its line.
    pub line: Line,
}

/// The label of an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EdgeLabel {
    /// The operation on the edge.
    Op(String),
    /// The port of the cell that the arrow enters.
    Port(usize),
}

/// The style of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// An edge that computes something.
    Solid,
    /// A node that becomes a part of the output.
    Dashed,
    /// A link that is one of several to choose from.
    Dotted,
}

impl Drawing {
    /// The drawing as a DOT graph, one cluster per part.
    pub fn to_dot(&self) -> String {
        let mut text = digraph(&self.name);
        for part in &self.parts {
            line(
                &mut text,
                format_args!("  subgraph {} {{", quoted(&format!("cluster_{}", part.id))),
            );
            part.write(&mut text);
            line(&mut text, format_args!("  }}"));
        }
        line(&mut text, format_args!("}}"));
        text
    }
}

impl DrawnPart {
    /// The part as a DOT graph of its own.
    pub fn to_dot(&self) -> String {
        let mut text = digraph(&self.title);
        self.write(&mut text);
        line(&mut text, format_args!("}}"));
        text
    }

    fn write(&self, text: &mut String) {
        line(text, format_args!("    label={};", quoted(&self.title)));
        for node in &self.nodes {
            line(text, format_args!("    {} [label={}];", quoted(&node.id), quoted(&node.label)));
        }
        for edge in &self.edges {
            let label = edge.label.as_ref().map(|label| match label {
                EdgeLabel::Op(op) => format!("label={}", quoted(op)),
                EdgeLabel::Port(port) => format!("label=\"{port}\""),
            });
            let style = match edge.line {
                Line::Solid => None,
                Line::Dashed => Some("style=dashed".to_owned()),
                Line::Dotted => Some("style=dotted".to_owned()),
            };
            let attributes: Vec<String> = label.into_iter().chain(style).collect();
            let attributes = match &attributes[..] {
                [] => String::new(),
                some => format!(" [{}]", some.join(", ")),
            };
            let [from, to] = [edge.from, edge.to].map(|node| quoted(&self.nodes[node].id));
            line(text, format_args!("    {from} -> {to}{attributes};"));
        }
    }
}

fn digraph(name: &str) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("digraph {} {{", quoted(name)));
    line(&mut text, format_args!("  rankdir=LR;"));
    line(&mut text, format_args!("  node [shape=box];"));
    text
}

/// Writing to a string cannot fail, which this keeps in one place.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(line);
    text.push('\n');
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

fn cell_part(index: usize, name: &str, cell: &CellPaths<'_>) -> DrawnPart {
    let node = |node: CellNode| {
        let (id, label) = match node {
            CellNode::Input(input) => (format!("c{index}_{input}"), format!("in {input}")),
            CellNode::Own(node) => (format!("c{index}_{node}"), node.to_string()),
            CellNode::Output => (format!("c{index}_out"), "out".to_owned()),
        };
        DrawnNode { id, label }
    };
    let edge = |(from, to, edge): (usize, usize, CellEdge<'_>)| {
        let (label, line) = match edge {
            CellEdge::Searched => (None, Line::Solid),
            CellEdge::Gene { op, .. } => (Some(EdgeLabel::Op(op.to_owned())), Line::Solid),
            CellEdge::Concat => (None, Line::Dashed),
        };
        DrawnEdge { from, to, label, line }
    };
    DrawnPart {
        id: format!("cell_{index}"),
        title: name.to_owned(),
        nodes: cell.nodes().map(node).collect(),
        edges: cell.edges().map(edge).collect(),
    }
}

fn network_part(network: &Network, cell_name: impl Fn(usize) -> String) -> DrawnPart {
    let paths = NetworkPaths::of(network);
    let nodes = paths.stations().map(|station| DrawnNode {
        id: station_id(station),
        label: station_label(network, station, &cell_name),
    });
    let edges = paths.readings().map(|(from, to, reading)| {
        let (label, line) = match reading {
            Reading::Whole => (None, Line::Solid),
            Reading::Port { port, choice } => {
                (Some(EdgeLabel::Port(port)), if choice { Line::Dotted } else { Line::Solid })
            }
        };
        DrawnEdge { from, to, label, line }
    });
    DrawnPart {
        id: "network".to_owned(),
        title: "network".to_owned(),
        nodes: nodes.collect(),
        edges: edges.collect(),
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
            let name = placement.cell.map_or_else(|| "sum".to_owned(), cell_name);
            let level = placement.level;
            let width = placement.width;
            format!("{index}: {name}\nlevel {level}, width {width}{kind}")
        }
        Station::Head => match network.head() {
            Head::Pooled { hidden, .. } if hidden.is_empty() => "classifier".to_owned(),
            Head::Pooled { hidden, .. } => format!("classifier\nhidden {hidden}"),
            Head::PerPixel { rates, .. } if rates.is_empty() => "per pixel".to_owned(),
            Head::PerPixel { rates, .. } => format!("per pixel\npyramids {rates:?}"),
        },
        Station::Aux => "auxiliary".to_owned(),
    }
}

impl Genotype {
    /// The cells as a drawing: a labelled edge per gene, dashed edges to the output, of a residual
    /// cell from its first input, too.
    pub fn drawing(&self) -> Drawing {
        let cells = self.cells().iter().enumerate();
        let part = |(index, cell): (usize, &crate::CellGenotype)| {
            cell_part(index, &cell.name, &CellPaths::of_genotype(cell, NodeOrder::Listed))
        };
        let name = self.name().unwrap_or("genotype").to_owned();
        Drawing { name, parts: cells.map(part).collect() }
    }

    /// The network of `space` with the links that the genotype keeps, behind the cells that stand
    /// in it: those that no kept link needs are left out.
    ///
    /// # Errors
    /// As [`Genotype::network_in`].
    pub fn drawing_in(&self, space: &Space) -> Result<Drawing, SpaceError> {
        let network = self.network_in(space)?;
        let name = |cell: usize| {
            let known = self.cells().get(cell).map(|cell| cell.name.clone());
            known.unwrap_or_else(|| format!("cell {cell}"))
        };
        let Drawing { name: title, parts } = self.drawing();
        let stands = |cell: usize| network.placements().iter().any(|own| own.cell == Some(cell));
        let cells = (0..).zip(parts).filter(|(cell, _)| stands(*cell)).map(|(_, part)| part);
        let parts = cells.chain([network_part(&network, name)]).collect();
        Ok(Drawing { name: title, parts })
    }

    /// The cells as a DOT graph: one cluster per cell, a labelled edge per gene, dashed edges to
    /// the output. Equal genotypes give equal text.
    pub fn to_dot(&self) -> String {
        self.drawing().to_dot()
    }
}

impl Network {
    /// The placed cells as a DOT graph, with levels, widths and links; links that are chosen among
    /// are dotted. Cells go by their index.
    pub fn to_dot(&self) -> String {
        let part = network_part(self, |cell| format!("cell {cell}"));
        Drawing { name: "network".to_owned(), parts: vec![part] }.to_dot()
    }
}

impl Space {
    /// The space as a drawing: one part per searchable cell, and one for the network.
    pub fn drawing(&self) -> Drawing {
        let cells = self.cells().iter().enumerate();
        let cells = cells
            .map(|(index, spec)| cell_part(index, &spec.name, &CellPaths::of_cell(&spec.graph)));
        let network = network_part(self.network(), |cell| self.cells()[cell].name.clone());
        Drawing { name: self.name().to_owned(), parts: cells.chain([network]).collect() }
    }

    /// The space as a DOT graph: one cluster per searchable cell, and one for the network
    /// ([`Network::to_dot`]). Equal spaces give equal text.
    pub fn to_dot(&self) -> String {
        self.drawing().to_dot()
    }
}
