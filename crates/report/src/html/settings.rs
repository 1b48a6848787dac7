//! Settings and log.

use maud::{Markup, html};

use super::absent;
use crate::page::Page;

/// The settings as a table, and the whole experiment as text.
pub(super) fn settings(page: &Page) -> Markup {
    let settings = &page.settings;
    html! {
        @if settings.summary.is_empty() {
            (absent("The run has not written its settings yet."))
        } @else {
            div.wide tabindex="0" {
                table {
                    caption { "The settings that are asked for first; all of them are below." }
                    thead { tr { th scope="col" { "setting" } th.words scope="col" { "value" } } }
                    tbody {
                        @for setting in &settings.summary {
                            tr { th scope="row" { (setting.name) } td.words { (setting.value) } }
                        }
                    }
                }
            }
        }
        @if let Some(experiment) = &settings.experiment {
            details {
                summary { "The experiment with every value filled in" }
                pre tabindex="0" { (experiment) }
            }
        }
    }
}

/// The last lines of the log.
pub(super) fn log(page: &Page) -> Markup {
    if page.log.is_empty() {
        return absent("There is no log.");
    }
    html! {
        details {
            summary { "The last " (page.log.len()) " lines" }
            pre tabindex="0" { (page.log.join("\n")) }
        }
    }
}
