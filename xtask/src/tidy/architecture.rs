//! ARCHITECTURE.md is short, and each numbered invariant in it names a test that exists.
//!
//! An invariant in force begins with a bold sentence and names its tests as
//! `package::module::function`. One that is only intended begins with a sentence in italics and is
//! listed as a warning, so that the list shows what is promised and what is kept.

use std::collections::BTreeSet;

use super::named::{Test, test, tests};
use super::{Finding, Severity, Tree};

const PATH: &str = "ARCHITECTURE.md";
/// The heading above the invariants.
const SECTION: &str = "## Invariants";
/// Lines above which nobody reads it.
const LIMIT: usize = 300;

/// A numbered item: where it starts, its number, and its text on one line.
struct Item {
    line: usize,
    number: usize,
    text: String,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(PATH) else {
        return vec![Finding::file(PATH, "is missing")];
    };
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > LIMIT {
        findings.push(Finding::file(PATH, format!("{lines} lines; the limit is {LIMIT}")));
    }
    let invariants = invariants(text);
    if invariants.is_empty() {
        findings.push(Finding::file(PATH, "has no numbered invariants (`1. **...** Test: ...`)"));
    }
    let tests = tests(tree);
    for (index, item) in invariants.iter().enumerate() {
        findings.extend(check_item(item, index + 1, &tests));
    }
    findings
}

fn check_item(item: &Item, expected: usize, tests: &BTreeSet<Test<'_>>) -> Vec<Finding> {
    let failure = |message: String| Finding::line(PATH, item.line, message);
    let mut findings = Vec::new();
    if item.number != expected {
        findings.push(failure(format!("invariant {} should be number {expected}", item.number)));
    }
    let named = named_tests(&item.text);
    if !item.text.starts_with("**") {
        let message = format!("invariant {} is intended, without a test so far", item.number);
        findings.push(Finding { severity: Severity::Warning, ..failure(message) });
    } else if named.is_empty() {
        findings.push(failure(format!("invariant {} names no test", item.number)));
    }
    let absent = named.into_iter().filter(|name| !tests.contains(&test(name)));
    findings.extend(absent.map(|name| failure(format!("there is no test `{name}`"))));
    findings
}

/// The items of the section that begin with a number and emphasis, each with the lines that
/// continue it.
fn invariants(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut open = false;
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("## ") {
            inside = line == SECTION;
        }
        if !inside {
            continue;
        }
        if let Some((number, rest)) = numbered(line) {
            items.push(Item { line: index + 1, number, text: rest.to_owned() });
            open = true;
        } else if open && line.starts_with(' ') && !line.trim().is_empty() {
            if let Some(item) = items.last_mut() {
                item.text.push(' ');
                item.text.push_str(line.trim());
            }
        } else {
            open = false;
        }
    }
    items
}

fn numbered(line: &str) -> Option<(usize, &str)> {
    let (number, rest) = line.split_once(". ")?;
    rest.starts_with('*').then_some((number.parse().ok()?, rest))
}

/// The names in back quotes after `Test:` or `Tests:`.
fn named_tests(text: &str) -> Vec<&str> {
    let marks = ["Test: ", "Tests: "];
    let tail = marks.iter().filter_map(|mark| text.split_once(mark)).map(|(_, tail)| tail).next();
    tail.unwrap_or_default().split('`').skip(1).step_by(2).collect()
}
