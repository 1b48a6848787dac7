//! docs/compat.md and the guide to discrete search name a test in every row of a table whose last
//! column is `shown by`, and the tests exist.

use std::collections::BTreeSet;

use super::named::{Test, test, tests};
use super::{Finding, Tree};

const PATHS: [&str; 2] = ["docs/compat.md", "docs/guides/discrete-search.md"];
/// The beginning of the last column where there is no behaviour to test.
const WITHOUT: &str = "none:";
/// The head of the last column.
const HEAD: &str = "shown by";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let known = tests(tree);
    PATHS.into_iter().flat_map(|path| check_page(tree, path, &known)).collect()
}

fn check_page(tree: &Tree, path: &str, known: &BTreeSet<Test<'_>>) -> Vec<Finding> {
    let Some(text) = tree.text(path) else { return Vec::new() };
    let rows = rows(text);
    let findings = rows.into_iter().flat_map(|(line, cell)| {
        let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        let nothing = named.is_empty() && !cell.starts_with(WITHOUT);
        let nothing = nothing.then(|| {
            let message = format!("the row names no test and does not say `{WITHOUT}` and why");
            Finding::line(path, line, message)
        });
        let absent = named.into_iter().filter(|name| !known.contains(&test(name)));
        let absent =
            absent.map(|name| Finding::line(path, line, format!("there is no test `{name}`")));
        nothing.into_iter().chain(absent).collect::<Vec<_>>()
    });
    findings.collect()
}

/// Line and last cell of every row below a head whose last cell is [`HEAD`].
fn rows(text: &str) -> Vec<(usize, &str)> {
    let mut rows = Vec::new();
    let mut below = false;
    for (index, line) in text.lines().enumerate() {
        match last(line) {
            None => below = false,
            Some(HEAD) => below = true,
            Some(cell) if below && !cell.starts_with("---") => rows.push((index + 1, cell)),
            Some(_) => {}
        }
    }
    rows
}

/// The last cell of a row of a table.
fn last(line: &str) -> Option<&str> {
    let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
    Some(row.rsplit(" | ").next()?.trim())
}
