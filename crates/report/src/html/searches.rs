//! The story of each search: what it chose, and when.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::absent;
use super::cells::{cells, network};
use super::plot::{KINDS, Line, Numbers, Plot, sample};
use crate::page::{EdgeStory, Page, Search, short};

/// Edges of a search whose weights are drawn.
const EDGES: usize = 60;

/// Architectures of a search that are drawn: the first, the last, and some between.
const DRAWN: usize = 4;

/// All searches by gradients.
pub(super) fn searches(page: &Page) -> Markup {
    if page.searches.is_empty() {
        return absent("No search by gradients has begun.");
    }
    html! {
        (gaps(page))
        @for search in &page.searches { (one(search)) }
    }
}

/// The discretisation gaps of all searches.
fn gaps(page: &Page) -> Markup {
    let known: Vec<&Search> = page.searches.iter().filter(|one| one.gap.is_some()).collect();
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short);
    html! {
        @if known.is_empty() {
            (absent("The discretisation gap is known when a search is done."))
        } @else {
            div.wide tabindex="0" {
                table {
                    caption {
                        "Discretisation gap: loss on validation data before and after the weights \
                         became one architecture."
                    }
                    thead {
                        tr {
                            th scope="col" { "search" }
                            th scope="col" { "relaxed" }
                            th scope="col" { "discrete" }
                            th scope="col" { "gap" }
                        }
                    }
                    tbody {
                        @for search in known {
                            @if let Some(gap) = &search.gap {
                                tr {
                                    th scope="row" { (search.title) }
                                    td { (number(gap.relaxed)) }
                                    td { (number(gap.hard)) }
                                    td { (format!("{:+.4}", gap.difference.0)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn one(search: &Search) -> Markup {
    html! {
        h3 { (search.title) }
        @for rule in &search.rules {
            p {
                "After epoch " (rule.epoch) ", " (rule.rule) ": " (rule.seen)
                @if rule.stops { "; the search ended." } @else { "." }
            }
        }
        (formation(search))
        (entropy(search))
        (weights(search))
    }
}

fn entropy(search: &Search) -> Markup {
    if search.entropies.is_empty() {
        return html! {};
    }
    let lines = search.entropies.iter().enumerate().map(|(kind, cell)| Line {
        name: cell.cell.clone(),
        kind,
        points: cell
            .epochs
            .iter()
            .zip(&cell.means)
            .map(|(epoch, mean)| [*epoch as f64, mean.0])
            .collect(),
        band: Vec::new(),
        joined: true,
    });
    let plot = Plot {
        title: "Entropy of the weights",
        x: "epoch",
        y: "1 undecided, 0 decided",
        range: Some([-0.03, 1.03]),
        numbers: Numbers::Whole,
        lines: lines.collect(),
    };
    html! {
        div.figures {
            (plot.figure())
            div {
                h4 { "Entropy of each edge after the last epoch" }
                @for cell in &search.entropies {
                    p {
                        (cell.cell) ": "
                        @for (index, entropy) in cell.last.iter().enumerate() {
                            @if index > 0 { ", " } (format!("{:.2}", entropy.0))
                        }
                        @if !cell.nodes.is_empty() { "; choice of edges: " }
                        @for (index, entropy) in cell.nodes.iter().enumerate() {
                            @if index > 0 { ", " } (format!("{:.2}", entropy.0))
                        }
                    }
                }
            }
        }
    }
}

/// Weights of every edge over epochs.
fn weights(search: &Search) -> Markup {
    let Some(first) = search.edges.first() else { return html! {} };
    let mut cells: BTreeMap<&str, Vec<&EdgeStory>> = BTreeMap::new();
    for edge in search.edges.iter().take(EDGES) {
        cells.entry(&edge.cell).or_default().push(edge);
    }
    html! {
        details {
            summary { "Weights of each edge over epochs (" (search.edges.len()) " edges)" }
            p.soft { "Epochs from left to right, weights upwards." }
            ul.legend {
                @for (kind, operation) in first.operations.iter().enumerate() {
                    li { (sample(kind, true)) " " (operation.name) }
                }
            }
            @if search.edges.len() > EDGES {
                p.soft { "The first " (EDGES) "; the numbers of all are in the JSON file beside this page." }
            }
            @for (cell, edges) in cells {
                h4 { "Cell " (cell) }
                div.figures.small { @for edge in edges { (edge_figure(edge)) } }
            }
        }
    }
}

fn edge_figure(edge: &EdgeStory) -> Markup {
    let lines = edge.operations.iter().enumerate().map(|(kind, operation)| Line {
        name: operation.name.clone(),
        kind: kind % KINDS,
        points: edge
            .epochs
            .iter()
            .zip(&operation.weights)
            .map(|(epoch, weight)| [*epoch as f64, weight.0])
            .collect(),
        band: Vec::new(),
        joined: true,
    });
    let last = edge
        .operations
        .iter()
        .filter_map(|operation| Some((operation.weights.last()?.0, operation.name.as_str())));
    let best = last.max_by(|a, b| a.0.total_cmp(&b.0));
    let title = format!("{} {}", edge.cell, edge.edge);
    let plot = Plot {
        title: &title,
        x: "epoch",
        y: "weight",
        range: None,
        numbers: Numbers::Whole,
        lines: lines.collect(),
    };
    html! {
        figure {
            figcaption {
                (edge.edge)
                @if let Some((weight, name)) = best { ": " (name) " " (format!("{weight:.2}")) }
            }
            (plot.picture())
        }
    }
}

/// The architectures that a search went through.
fn formation(search: &Search) -> Markup {
    let count = search.architectures.len();
    let Some(last) = search.architectures.last() else {
        return absent("No architecture has been decoded yet.");
    };
    let between = count.saturating_sub(1);
    let drawn: Vec<usize> =
        (0..DRAWN.min(count)).map(|step| step * between / (DRAWN.min(count) - 1).max(1)).collect();
    let earlier: Vec<usize> = drawn.into_iter().filter(|index| *index < between).collect();
    html! {
        p {
            @if count == 1 { "It came to one architecture after epoch " (last.epoch) "." }
            @else {
                "It went through " (count) " architectures, the last after epoch " (last.epoch) "."
            }
        }
        (cells(search, last, false))
        (network(search, last))
        @if !earlier.is_empty() {
            details {
                summary { "The cells as they formed" }
                @for index in earlier {
                    @let formed = &search.architectures[index];
                    h4 { "After epoch " (formed.epoch) }
                    (cells(search, formed, true))
                }
            }
        }
    }
}
