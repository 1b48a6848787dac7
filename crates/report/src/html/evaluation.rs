//! Confusions and other tables of evaluations.

use maud::{Markup, html};
use serde_json::Value;

use crate::page::{Evaluation, Page, Table, text};

/// Rows of a table that are shown.
const MOST: usize = 60;

/// All evaluations of the run's directory, and the last scores of each network.
pub(super) fn evaluations(page: &Page) -> Markup {
    html! {
        (scores(page))
        @if page.evaluations.is_empty() {
            p.soft {
                "There are no confusions of classes or other tables here: "
                code { "dartloom evaluate MODEL DATA --out DIR" }
                " with a folder of this run as DIR writes them, and the next report shows them."
            }
        }
        @for evaluation in &page.evaluations { (one(evaluation)) }
    }
}

/// All scores of every network on test data.
fn scores(page: &Page) -> Markup {
    let Some(results) = &page.results else { return html! {} };
    let scored: Vec<_> = results.rows.iter().filter(|row| !row.scores.is_empty()).collect();
    let Some(first) = scored.first().and_then(|row| row.scores.first()) else { return html! {} };
    let names: Vec<&str> = first.all.iter().map(|(name, _)| name).collect();
    html! {
        details {
            summary { "All scores on test data (" (names.len()) ")" }
            div.wide tabindex="0" {
                table {
                    caption { "Means over seeds." }
                    thead {
                        tr {
                            th scope="col" { "score" }
                            @for row in &scored { th scope="col" { (row.name) } }
                        }
                    }
                    tbody {
                        @for name in names {
                            tr {
                                th scope="row" { (name.replace('_', " ")) }
                                @for row in &scored {
                                    @let values: Vec<f64> =
                                        row.scores.iter().filter_map(|s| s.all.get(name)).collect();
                                    td {
                                        (dartloom_record::statistics::mean(&values)
                                            .map_or_else(|| "-".to_owned(), crate::page::short))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn one(evaluation: &Evaluation) -> Markup {
    let title = match evaluation.folder.as_str() {
        "" => "Evaluation".to_owned(),
        folder => format!("Evaluation in {folder}"),
    };
    html! {
        h3 { (title) }
        @if let Some(images) = evaluation.images { p { (images) " images." } }
        @for table in &evaluation.tables { (drawn(table)) }
    }
}

fn drawn(table: &Table) -> Markup {
    let is_confusion = table.name.contains("confusion");
    html! {
        div.wide tabindex="0" {
            table {
                caption { (table.name.replace('_', " ")) }
                thead { tr { @for head in &table.columns { th scope="col" { (head.replace('_', " ")) } } } }
                tbody {
                    @for row in table.rows.iter().take(MOST) {
                        tr {
                            @for (index, cell) in row.iter().enumerate() {
                                @if index == 0 { th scope="row" { (text(cell)) } }
                                @else if is_confusion { td style=[shade(row, cell)] { (text(cell)) } }
                                @else { td { (text(cell)) } }
                            }
                        }
                    }
                }
            }
        }
        @if table.rows.len() > MOST { p.soft { "The first " (MOST) " of " (table.rows.len()) " rows." } }
    }
}

/// A mark by the share of a count in its row: a bar along the bottom of the cell, so that the
/// number keeps its contrast.
fn shade(row: &[Value], cell: &Value) -> Option<String> {
    let all: f64 = row.iter().skip(1).filter_map(Value::as_f64).sum();
    let share = cell.as_f64()? / all;
    let percent = (100.0 * share).clamp(0.0, 100.0);
    (share > 0.0).then(|| {
        format!(
            "background:linear-gradient(90deg,var(--c0) {percent:.1}%,transparent 0) 0 100%/100% \
             4px no-repeat"
        )
    })
}
