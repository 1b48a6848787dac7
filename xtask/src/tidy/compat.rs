//! docs/compat.md names a test in every row of its tables, and the tests exist.

use super::named::{test, tests};
use super::{Finding, Tree};

const PATH: &str = "docs/compat.md";
/// What the last column says where there is no behaviour to test.
const WITHOUT: &str = "none:";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(PATH) else { return Vec::new() };
    let known = tests(tree);
    let rows = text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, last(line)?)));
    let findings = rows.flat_map(|(line, cell)| {
        let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        let nothing = named.is_empty() && !cell.starts_with(WITHOUT);
        let nothing = nothing.then(|| {
            let message = format!("the row names no test and does not say `{WITHOUT}` and why");
            Finding::line(PATH, line, message)
        });
        let absent = named.into_iter().filter(|name| !known.contains(&test(name)));
        let absent =
            absent.map(|name| Finding::line(PATH, line, format!("there is no test `{name}`")));
        nothing.into_iter().chain(absent).collect::<Vec<_>>()
    });
    findings.collect()
}

/// The last cell of a row below a table's head.
fn last(line: &str) -> Option<&str> {
    let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let cell = row.rsplit(" | ").next()?.trim();
    (cell != HEAD && !cell.starts_with("---")).then_some(cell)
}

/// The head of the last column.
const HEAD: &str = "shown by";
