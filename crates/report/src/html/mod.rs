//! A page of a run as one HTML file that needs nothing else: no script, no network.

mod axis;
mod cells;
mod costs;
mod curves;
mod evaluation;
mod plot;
mod results;
mod searches;
mod settings;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::page::{Page, State};

/// The colours, and how things flow.
const STYLE: &str = include_str!("style.css");

/// A part of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

/// The page as HTML.
pub(crate) fn html(page: &Page) -> String {
    let sections = [
        Section { id: "results", title: "Results", body: results::results(page) },
        Section { id: "curves", title: "Curves", body: curves::curves(page) },
        Section { id: "searches", title: "Searches", body: searches::searches(page) },
        Section { id: "tradeoff", title: "Score against size", body: results::tradeoff(page) },
        Section { id: "evaluation", title: "Evaluation", body: evaluation::evaluations(page) },
        Section { id: "time", title: "Time and costs", body: costs::costs(page) },
        Section { id: "settings", title: "Settings", body: settings::settings(page) },
        Section { id: "log", title: "Log", body: settings::log(page) },
    ];
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Without it browsers ask for one.
                link rel="icon" href="data:,";
                title { (page.name) ": " (page.status.state.word()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (page.name) }
                    (state(page))
                    (results::verdict(page))
                    nav aria-label="Parts of this page" {
                        ul {
                            @for section in &sections {
                                li { a href={ "#" (section.id) } { (section.title) } }
                            }
                        }
                    }
                }
                main {
                    @for section in &sections {
                        section aria-labelledby=(section.id) {
                            h2 id=(section.id) { (section.title) }
                            (section.body)
                        }
                    }
                }
            }
        }
    };
    document.into_string()
}

fn state(page: &Page) -> Markup {
    let status = &page.status;
    let parts = status.parts.map(|parts| format!(" of {parts}")).unwrap_or_default();
    let left = status.seconds_left.filter(|_| status.state == State::Running);
    html! {
        p {
            span.state { (status.state.word()) }
            " " (status.done) (parts) @if status.done == 1 && parts.is_empty() { " part done" } @else { " parts done" }
            @if let Some(share) = status.share.filter(|share| *share < 1.0) {
                ", " (format!("{:.0}", 100.0 * share)) " %"
            }
            @if let Some(left) = left { ", about " (crate::duration(left)) " left" }
            @if let Some(seconds) = status.seconds {
                ", " (crate::duration(seconds))
                @if status.state == State::Finished { " in all" } @else { " so far" }
            }
            "."
        }
        @if let Some(now) = &status.now {
            p.soft {
                @if status.state == State::Running { "Now: " } @else { "Last: " }
                (now.what) ", " (now.epoch) " of " (now.epochs) " done."
            }
        }
        @if status.state == State::Running {
            p.soft { "This page is written again while the run goes on: load it anew to see more." }
        }
        @for missing in &page.missing { p.soft { (missing) } }
    }
}

/// A sentence in place of what is not there.
fn absent(text: &str) -> Markup {
    html! { p.soft { (text) } }
}

/// The same number in all places that it is shown at.
fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), crate::duration)
}
