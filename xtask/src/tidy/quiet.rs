//! Library crates do not print, sleep, read the clock, the environment or the file system, and do
//! not draw numbers from a generator nobody seeded.

use std::collections::BTreeSet;

use super::rust::{Shipped, Token, paths};
use super::{Finding, Tree};

/// Crates that are programs.
const PROGRAMS: [&str; 1] = ["cli"];

/// Crates whose one job, in part, is to read or write files: readers and the run directory.
const FILES: [&str; 2] = ["data", "train"];

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", concat!("db", "g")];

/// Paths that name something outside, by their beginnings.
const OUTSIDE: [(&str, &str); 8] = [
    ("std::env", "reads the environment"),
    ("std::time::Instant", "reads the clock"),
    ("std::time::SystemTime", "reads the clock"),
    ("std::time::*", "may bring in the clock"),
    ("std::thread::sleep", "sleeps"),
    ("std::io::stdin", "reads the console"),
    ("std::io::stdout", "prints"),
    ("std::io::stderr", "prints"),
];

/// The same through a shorter import, by their ends.
const SHORTENED: [(&str, &str); 4] = [
    ("Instant::now", "reads the clock"),
    ("SystemTime::now", "reads the clock"),
    ("thread::sleep", "sleeps"),
    ("rand::rng", "draws from a generator nobody seeded"),
];

/// Words that only unseeded generators have.
const UNSEEDED: [&str; 5] = ["thread_rng", "ThreadRng", "OsRng", "from_os_rng", "from_entropy"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let folders = tree.crates().into_iter().filter(|folder| !PROGRAMS.contains(folder));
    folders.flat_map(|folder| check_crate(tree, folder)).collect()
}

fn check_crate(tree: &Tree, folder: &str) -> Vec<Finding> {
    let prefix = format!("crates/{folder}/src/");
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    let mut test_only = BTreeSet::new();
    for (path, text) in tree.sources().filter(|(path, _)| path.starts_with(&prefix)) {
        let Some(shipped) = Shipped::parse(text) else {
            findings.push(Finding::file(path, "is not Rust"));
            continue;
        };
        test_only.extend(shipped.test_modules.iter().map(|name| module_file(path, name)));
        sources.push((path, shipped.tokens));
    }
    let may_open_files = FILES.contains(&folder);
    let library = sources.iter().filter(|(path, _)| !is_below(path, &test_only));
    findings.extend(library.flat_map(|(path, tokens)| check_source(path, tokens, may_open_files)));
    findings
}

/// The path, without its end, of the file of a module declared in `path`.
fn module_file(path: &str, module: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file {
        "lib.rs" | "main.rs" | "mod.rs" => format!("{folder}/{module}"),
        _ => format!("{}/{module}", path.trim_end_matches(".rs")),
    }
}

fn is_below(path: &str, modules: &BTreeSet<String>) -> bool {
    modules.iter().any(|module| {
        path.strip_prefix(module.as_str())
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

fn check_source(path: &str, tokens: &[Token], may_open_files: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pair in tokens.windows(2) {
        let (word, next) = (pair[0].text.as_str(), pair[1].text.as_str());
        if next == "!" && PRINTING.contains(&word) {
            findings.push(Finding::line(
                path,
                pair[0].line,
                format!("`{word}!`: a library prints"),
            ));
        }
        if UNSEEDED.contains(&word) {
            let message = format!("`{word}`: a library draws from a generator nobody seeded");
            findings.push(Finding::line(path, pair[0].line, message));
        }
    }
    for (name, line) in paths(tokens) {
        if let Some(what) = breach(&name, may_open_files) {
            findings.push(Finding::line(path, line, format!("`{name}`: a library {what}")));
        }
    }
    findings
}

fn breach(path: &str, may_open_files: bool) -> Option<&'static str> {
    let begins = |start: &str| {
        path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let ends = |end: &str| path == end || path.ends_with(&format!("::{end}"));
    if !may_open_files && begins("std::fs") {
        return Some("opens files");
    }
    let outside = OUTSIDE.iter().find(|(start, _)| begins(start));
    let shortened = || SHORTENED.iter().find(|(end, _)| ends(end));
    outside.or_else(shortened).map(|&(_, what)| what)
}
