//! Drawings of architectures: cells with their weights, and the network with the links it keeps.

use std::collections::{BTreeMap, BTreeSet};

use dartloom_space::{DrawnEdge, DrawnPart, EdgeLabel, Genotype};
use maud::{Markup, PreEscaped, html};

use super::absent;
use crate::page::{Formed, Search};
use crate::svg::kind::{KINDS, Operations};
use crate::svg::{self, Weighed};

/// Cells of an architecture that are drawn.
const MOST: usize = 12;

/// The cells of an architecture; what the signs mean is `said` once.
pub(super) fn cells(search: &Search, formed: &Formed, said: bool) -> Markup {
    let Ok(genotype) = serde_json::from_value::<Genotype>(formed.genotype.clone()) else {
        return absent("This architecture is in a form that is not known here.");
    };
    let known = known(search, formed.epoch);
    let parts = genotype.drawing().parts;
    html! {
        @if !said { (legend(&genotype)) }
        @if !said && !known.is_empty() {
            p.soft {
                "Under each operation: its weight, and by how much it leads the next operation on \
                 its edge. Wider lines have more weight."
            }
        }
        @for part in parts.iter().take(MOST) {
            @let title = format!("Cell {} after epoch {}", part.title, formed.epoch);
            (drawn(part, &title, &format!("Cell {}", part.title),
                &|_, edge| weighed(&known, &part.title, edge)))
        }
        @if parts.len() > MOST {
            p.soft {
                "The first " (MOST) " of " (parts.len()) " cells; "
                code { "dartloom draw" } " draws a genotype with all of them."
            }
        }
        @if !formed.notes.is_empty() {
            details {
                summary { "Remarks of the decoder (" (formed.notes.len()) ")" }
                ul.notes { @for note in &formed.notes { li { (note) } } }
            }
        }
    }
}

/// The network that the cells stand in, with the links that an architecture keeps.
pub(super) fn network(search: &Search, formed: &Formed) -> Markup {
    let Some(space) = &search.space else { return html! {} };
    let Some(part) = space.drawing().parts.pop() else { return html! {} };
    let genotype = serde_json::from_value::<Genotype>(formed.genotype.clone()).ok();
    let kept = genotype.map(|genotype| kept(&genotype, &part)).unwrap_or_default();
    let all = part.edges.iter().filter(|edge| edge.line == dartloom_space::Line::Dotted).count();
    html! {
        details {
            summary { "The network of its cells" }
            @if all > 0 {
                p {
                    "Of " (all) " links that it may choose, it keeps " (kept.len())
                    ": wide and without gaps. The others are dotted."
                }
            }
            (drawn(&part, "The network of its cells", "Network",
                &|index, _| kept.contains(&index).then_some(
                    Weighed { weight: 0.6, margin: None, kept: true })))
        }
    }
}

/// Positions of the edges whose links an architecture keeps: links of a port are in order.
fn kept(genotype: &Genotype, part: &DrawnPart) -> BTreeSet<usize> {
    let mut seen: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    let mut kept = BTreeSet::new();
    for (index, edge) in part.edges.iter().enumerate() {
        let Some(EdgeLabel::Port(port)) = edge.label else { continue };
        let id = part.nodes[edge.to].id.as_str();
        let link = seen.entry((id, port)).or_default();
        let own = genotype.links().ports.iter();
        let mut own = own.filter(|own| id == format!("cell_{}", own.placement) && own.port == port);
        if own.any(|own| own.kept.contains(link)) {
            kept.insert(index);
        }
        *link += 1;
    }
    kept
}

fn drawn(part: &DrawnPart, title: &str, caption: &str, weights: svg::Weights<'_>) -> Markup {
    html! {
        figure {
            figcaption { (caption) }
            div.drawing tabindex="0" { (PreEscaped(svg::inline(part, title, weights))) }
        }
    }
}

/// The kinds of operations that an architecture has.
fn legend(genotype: &Genotype) -> Markup {
    let operations = Operations::new();
    let genes = genotype.cells().iter().flat_map(|cell| &cell.genes);
    let used: Vec<_> = genes.map(|gene| operations.kind(&gene.op)).collect();
    html! {
        ul.legend {
            @for kind in KINDS.iter().filter(|kind| used.contains(kind)) {
                @let look = kind.look();
                li {
                    (PreEscaped(format!(
                        "<svg class=\"sample\" width=\"28\" height=\"14\" aria-hidden=\"true\">\
                         <rect x=\"1\" y=\"1\" width=\"26\" height=\"12\" rx=\"{}\" \
                         class=\"dl {}\" stroke-dasharray=\"{}\"/></svg>",
                        look.corner.min(6.0), look.class, look.dashes
                    )))
                    " " (look.name)
                }
            }
        }
    }
}

/// Weights of operations by cell and edge after an epoch.
type Known<'a> = BTreeMap<(&'a str, String), Vec<(&'a str, f64)>>;

fn known(search: &Search, epoch: usize) -> Known<'_> {
    let edges = search.edges.iter().filter_map(|edge| {
        let at = edge.epochs.iter().position(|own| *own == epoch)?;
        let weights = edge
            .operations
            .iter()
            .filter_map(|operation| Some((operation.name.as_str(), operation.weights.get(at)?.0)));
        Some(((edge.cell.as_str(), edge.edge.clone()), weights.collect()))
    });
    edges.collect()
}

/// The weight of a gene: nodes of a cell stand in order, so that positions are their numbers.
fn weighed(known: &Known<'_>, cell: &str, edge: &DrawnEdge) -> Option<Weighed> {
    let Some(EdgeLabel::Op(op)) = &edge.label else { return None };
    let weights = known.get(&(cell, format!("{} → {}", edge.from, edge.to)))?;
    let weight = weights.iter().find(|(name, _)| name == op)?.1;
    let others = weights.iter().filter(|(name, _)| name != op).map(|(_, weight)| *weight);
    let margin = others.reduce(f64::max).map(|next| weight - next);
    Some(Weighed { weight, margin, kept: false })
}
