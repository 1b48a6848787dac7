//! DOT graphs as SVG.

use std::panic::catch_unwind;

use layout::backends::svg::SVGWriter;
use layout::gv::parser::ast::{ArrowKind, AttrStmtTarget, EdgeStmt, Graph, NodeId, NodeStmt, Stmt};
use layout::gv::{DotParser, GraphBuilder};

use crate::error::CliError;

/// One cluster of a graph: a cell, or the network.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The cluster's label.
    pub(crate) title: String,
    /// The cluster as a graph of its own.
    pub(crate) dot: String,
}

/// The clusters of a graph as this project's spaces and genotypes write it, in order.
///
/// The layout library would flatten them into one drawing, without their labels.
pub(crate) fn parts(dot: &str) -> Result<Vec<Part>, CliError> {
    let mut parts = Vec::new();
    let mut current: Option<Vec<&str>> = None;
    for line in dot.lines() {
        if line.starts_with("  subgraph ") {
            current = Some(Vec::new());
        } else if line == "  }" {
            if let Some(lines) = current.take() {
                parts.push(part(&lines)?);
            }
        } else if let Some(lines) = &mut current {
            lines.push(line);
        }
    }
    Ok(parts)
}

fn part(lines: &[&str]) -> Result<Part, CliError> {
    let body = lines.join("\n");
    let dot = format!("digraph {{\n  rankdir=LR;\n  node [shape=box];\n{body}\n}}\n");
    let title = title(&parse(&dot)?).unwrap_or_default();
    Ok(Part { title, dot })
}

/// The label of a graph.
fn title(graph: &Graph) -> Option<String> {
    graph.list.list.iter().find_map(|statement| match statement {
        Stmt::Attribute(attribute) if matches!(attribute.target, AttrStmtTarget::Graph) => {
            attribute.list.iter().find(|(name, _)| name == "label").map(|(_, label)| label.clone())
        }
        _ => None,
    })
}

fn parse(dot: &str) -> Result<Graph, CliError> {
    DotParser::new(dot).process().map_err(|reason| CliError::Layout { reason })
}

/// A drawing, its size and what it consists of.
struct Drawing {
    width: f64,
    height: f64,
    /// A whole `svg` element.
    element: String,
}

fn draw(part: &Part) -> Result<Drawing, CliError> {
    let mut graph = parse(&part.dot)?;
    labels_on_edges(&mut graph);
    // The layout library asserts where it could refuse; a picture must not end a run.
    let drawn = catch_unwind(|| {
        let mut builder = GraphBuilder::new();
        builder.visit_graph(&graph);
        let mut writer = SVGWriter::new();
        builder.get().do_it(false, false, false, &mut writer);
        writer.finalize()
    });
    let text = drawn.map_err(|_| CliError::Layout {
        reason: format!("the layout of `{}` failed", part.title),
    })?;
    let odd = || CliError::Layout { reason: "expected an svg element".to_owned() };
    let element = text.find("<svg ").map(|start| text[start..].to_owned()).ok_or_else(odd)?;
    let width = attribute(&element, "width").ok_or_else(odd)?;
    let height = attribute(&element, "height").ok_or_else(odd)?;
    Ok(Drawing { width, height, element })
}

/// Puts a node with the label into the middle of every edge labelled with a word: the layout library
/// sets labels of long edges beside other edges. Numbers (ports) stay where they are.
fn labels_on_edges(graph: &mut Graph) {
    let mut statements = Vec::new();
    for (index, statement) in std::mem::take(&mut graph.list.list).into_iter().enumerate() {
        let Stmt::Edge(edge) = &statement else {
            statements.push(statement);
            continue;
        };
        let label = edge.list.iter().find(|(name, _)| name == "label").map(|(_, label)| label);
        match (label, &edge.to[..]) {
            (Some(label), [(target, _)]) if label.parse::<usize>().is_err() => {
                let id = NodeId::new(&format!("edge_{index}"), &None);
                let mut node = NodeStmt::new(id.clone());
                for (name, value) in [("label", label.as_str()), ("shape", "box")] {
                    node.list.add_attr(name, value);
                }
                let mut first = EdgeStmt::new(edge.from.clone());
                first.insert(id.clone(), ArrowKind::Line);
                let mut second = EdgeStmt::new(id);
                second.insert(target.clone(), ArrowKind::Arrow);
                node.list.add_attr("color", "lightgray");
                statements.extend([Stmt::Node(node), Stmt::Edge(first), Stmt::Edge(second)]);
            }
            _ => statements.push(statement),
        }
    }
    graph.list.list = statements;
}

fn attribute(element: &str, name: &str) -> Option<f64> {
    let start = element.find(&format!("{name}=\""))? + name.len() + 2;
    element[start..].split('"').next()?.parse().ok()
}

/// Height of a title.
const TITLE: f64 = 28.0;
const MARGIN: f64 = 10.0;

/// The drawing of one cluster under its title.
pub(crate) fn one(part: &Part) -> Result<String, CliError> {
    all(std::slice::from_ref(part))
}

/// The drawings of clusters, each under its title, one below the other.
pub(crate) fn all(parts: &[Part]) -> Result<String, CliError> {
    let drawings = parts.iter().map(draw).collect::<Result<Vec<_>, _>>()?;
    let width = drawings.iter().map(|d| d.width).fold(0.0, f64::max) + 2.0 * MARGIN;
    let (mut body, mut y) = (String::new(), MARGIN);
    for (index, (part, drawing)) in parts.iter().zip(&drawings).enumerate() {
        let baseline = y + TITLE - 10.0;
        let title = escaped(&part.title);
        body.push_str(&format!(
            "<text x=\"{MARGIN}\" y=\"{baseline}\" font-family=\"sans-serif\" font-size=\"18\" \
             font-weight=\"bold\">{title}</text>\n"
        ));
        y += TITLE;
        let place = format!("<svg x=\"{MARGIN}\" y=\"{y}\" ");
        // Identifiers are unique in a file, so each drawing gets its own.
        let element = drawing.element.replacen("<svg ", &place, 1);
        let element = own_identifiers(&element, index);
        body.push_str(&element);
        body.push('\n');
        y += drawing.height + MARGIN;
    }
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
         width=\"{width}\" height=\"{y}\" viewBox=\"0 0 {width} {y}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    ))
}

fn own_identifiers(element: &str, index: usize) -> String {
    let names = ["startarrow\"", "endarrow\"", "startarrow)", "endarrow)"];
    let mut text = names.iter().fold(element.to_owned(), |text, name| {
        let (word, end) = name.split_at(name.len() - 1);
        text.replace(name, &format!("{word}_{index}{end}"))
    });
    text = text.replace("id=\"arrow", &format!("id=\"arrow_{index}_"));
    text.replace("href=\"#arrow", &format!("href=\"#arrow_{index}_"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
