//! The timeline of a run, and what its parts have cost.

use maud::{Markup, PreEscaped, html};

use super::axis::Axis;
use super::{absent, seconds};
use crate::page::{Page, count};

const WIDTH: f64 = 700.0;
const ROW: f64 = 30.0;

/// The timeline and the table of costs.
pub(super) fn costs(page: &Page) -> Markup {
    html! {
        (timeline(page))
        @if let Some(results) = &page.results {
            div.wide tabindex="0" {
                table {
                    caption { "Costs, means over seeds." }
                    thead {
                        tr {
                            th scope="col" { "network" }
                            th scope="col" { "search" }
                            th scope="col" { "multiply-adds of the search" }
                            th scope="col" { "final training" }
                            th scope="col" { "both" }
                        }
                    }
                    tbody {
                        @for row in &results.rows {
                            @let both = [row.search_seconds, row.train_seconds];
                            tr {
                                th scope="row" { (row.name) }
                                td { (seconds(row.search_seconds)) }
                                td { (row.search_macs.map_or_else(|| "-".to_owned(), count)) }
                                td { (seconds(row.train_seconds)) }
                                td { (seconds(row.train_seconds.map(|_| both.iter().flatten().sum()))) }
                            }
                        }
                    }
                }
            }
        }
        @if !page.notes.is_empty() {
            h3 { "Notes of the run" }
            ul.notes { @for note in &page.notes { li { (note) } } }
        }
    }
}

/// A bar for each part, under its name.
fn timeline(page: &Page) -> Markup {
    let Some(end) = page.timeline.iter().map(|span| span.end).reduce(f64::max) else {
        return absent("The events have no times.");
    };
    let hours = end > 7200.0;
    let unit = if hours { 3600.0 } else { 60.0 };
    let x = Axis::between(0.0, (end / unit).max(1e-3), 6);
    let height = ROW * page.timeline.len() as f64 + 30.0;
    let at = |seconds: f64| 4.0 + x.share(seconds / unit) * (WIDTH - 30.0);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" class=\"chart\" \
         style=\"min-width:600px;max-width:{WIDTH}px\"><title>Timeline</title><desc>A bar for each part of the \
         run, from its beginning to its end.</desc>"
    );
    let bottom = height - 26.0;
    for tick in &x.ticks {
        let place = at(tick * unit);
        svg.push_str(&format!(
            "<path class=\"grid\" d=\"M{place:.1},0V{bottom}\"/><text class=\"tick\" \
             x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 15.0,
            x.text(*tick)
        ));
    }
    for (index, span) in page.timeline.iter().enumerate() {
        let y = ROW * index as f64;
        let left = at(span.begin);
        let width = (at(span.end) - left).max(1.5);
        let part = if span.complete { "" } else { " part" };
        let open = if span.complete { "" } else { " (not complete)" };
        let length = crate::duration(span.end - span.begin);
        // What begins late has its name on the left of its end.
        let late = span.begin > 0.55 * end;
        let place = if late { at(span.end) } else { left };
        let anchor = if late { "end" } else { "start" };
        svg.push_str(&format!(
            "<rect class=\"bar{part}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.1}\" \
             height=\"9\"/><text class=\"halo\" x=\"{place:.1}\" y=\"{:.1}\" font-size=\"12\" \
             text-anchor=\"{anchor}\">{}{open}, {length}</text>",
            y + 18.0,
            y + 13.0,
            crate::svg::escaped(&span.what)
        ));
    }
    svg.push_str("</svg>");
    let unit = if hours { "hours" } else { "minutes" };
    html! {
        figure {
            figcaption { "Timeline, " (unit) " from the beginning" }
            div.wide tabindex="0" { (PreEscaped(svg)) }
        }
    }
}
