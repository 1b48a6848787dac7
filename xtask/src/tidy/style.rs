//! Rules of style, each in force in the folders that keep it: a folder that is clean is added to
//! [`Style::clean`] and stays clean from then on.

use std::collections::BTreeMap;

use super::{Finding, Tree, golf, prose};

/// A line, counted from 1, and what is wrong in it.
pub(super) type Place = (usize, String);

/// A rule that looks at one file at a time.
pub(super) struct Style {
    /// Its name in the table of counts.
    name: &'static str,
    /// The ending of the files it reads.
    ending: &'static str,
    find: fn(&str) -> Vec<Place>,
    /// Beginnings of the paths where it is in force.
    clean: &'static [&'static str],
}

/// Folders that keep every rule.
const CLEAN: &[&str] = &["crates/", "examples/", "tests/", "xtask/"];

const STYLES: &[Style] = &[
    Style { name: "tuple parameters", ending: ".rs", find: golf::parameters, clean: CLEAN },
    Style { name: "lets of tuples", ending: ".rs", find: golf::lets, clean: CLEAN },
    Style { name: "questions", ending: ".rs", find: prose::questions, clean: CLEAN },
    Style { name: "wide comments", ending: ".rs", find: prose::comments, clean: CLEAN },
    Style { name: "wide Markdown", ending: ".md", find: prose::markdown, clean: CLEAN },
];

/// A file in which a rule found something.
struct Broken<'a> {
    style: &'static Style,
    path: &'a str,
    places: Vec<Place>,
}

fn broken(tree: &Tree) -> impl Iterator<Item = Broken<'_>> {
    STYLES.iter().flat_map(|style| {
        let files = tree.files().filter(|(path, _)| path.ends_with(style.ending));
        files.map(move |(path, text)| Broken { style, path, places: (style.find)(text) })
    })
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let held = |broken: &Broken<'_>| {
        broken.style.clean.iter().any(|folder| broken.path.starts_with(folder))
    };
    let held = broken(tree).filter(held);
    let findings = held.flat_map(|broken| {
        let places = broken.places.into_iter();
        places.map(move |(line, message)| Finding::line(broken.path, line, message))
    });
    findings.collect()
}

/// Places that break a rule in files that nothing holds to it yet, in the words of findings.
pub(super) fn open(tree: &Tree) -> Vec<String> {
    let findings = broken(tree).flat_map(|broken| {
        let name = broken.style.name;
        let places = broken.places.into_iter();
        places.map(move |(line, message)| format!("{name}: {}:{line}: {message}", broken.path))
    });
    findings.collect()
}

/// Rows of a table: how often each rule is broken in each folder.
pub(super) fn counts(tree: &Tree) -> Vec<String> {
    let mut folders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, style) in STYLES.iter().enumerate() {
        for broken in broken(tree).filter(|broken| std::ptr::eq(broken.style, style)) {
            let row = folders.entry(folder(broken.path)).or_insert_with(|| vec![0; STYLES.len()]);
            row[index] += broken.places.len();
        }
    }
    let names: Vec<_> = STYLES.iter().map(|style| style.name).collect();
    let head = format!("| folder | {} |", names.join(" | "));
    let rows = folders.into_iter().filter(|(_, row)| row.iter().any(|count| *count > 0));
    let rows = rows.map(|(folder, row)| {
        let cells: Vec<_> = row.iter().map(usize::to_string).collect();
        format!("| {folder} | {} |", cells.join(" | "))
    });
    std::iter::once(head).chain(rows).collect()
}

/// The crate, or the first folder of what is no crate.
fn folder(path: &str) -> String {
    let mut parts = path.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("crates"), Some(name), Some(_)) => format!("crates/{name}"),
        (Some(folder), Some(_), _) => folder.to_owned(),
        _ => "the root".to_owned(),
    }
}
