//! Library crates do not print, sleep, read the clock, the environment or the file system, and do
//! not draw numbers from a generator nobody seeded. One source may read the environment: which
//! vector instructions kernels use is a property of the machine, and a variable narrows it.

use std::collections::BTreeSet;

use super::rust::{Shipped, Token, paths};
use super::{Finding, Tree, lanes};

/// Crates that are programs.
const PROGRAMS: [&str; 1] = ["cli"];

/// Crates whose one job, in part, is to read or write files: readers, the run directory, the
/// journal, stored results, experiment files, figures of a process.
const FILES: [&str; 6] = ["bench", "data", "dist", "engine", "record", "train"];

/// Crates that keep others to deadlines, or measure how long they take: they read the clock and
/// wait.
const CLOCKS: [&str; 2] = ["bench", "dist"];

const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", concat!("db", "g")];

const READS_CLOCK: &str = "reads the clock";
const READS_ENVIRONMENT: &str = "reads the environment";
const SLEEPS: &str = "sleeps";

/// Paths that name something outside, by their beginnings.
const OUTSIDE: [(&str, &str); 8] = [
    ("std::env", READS_ENVIRONMENT),
    ("std::time::Instant", READS_CLOCK),
    ("std::time::SystemTime", READS_CLOCK),
    ("std::time::*", "may bring in the clock"),
    ("std::thread::sleep", SLEEPS),
    ("std::io::stdin", "reads the console"),
    ("std::io::stdout", "prints"),
    ("std::io::stderr", "prints"),
];

/// The same through a shorter import, by their ends.
const SHORTENED: [(&str, &str); 4] = [
    ("Instant::now", READS_CLOCK),
    ("SystemTime::now", READS_CLOCK),
    ("thread::sleep", SLEEPS),
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
    let leave = |path: &str| Leave {
        files: FILES.contains(&folder),
        clock: CLOCKS.contains(&folder),
        environment: path == lanes::CHOICE,
    };
    let library = sources.iter().filter(|(path, _)| !is_below(path, &test_only));
    findings.extend(library.flat_map(|(path, tokens)| check_source(path, tokens, leave(path))));
    findings
}

/// Things that a source may do and others may not.
#[derive(Clone, Copy)]
struct Leave {
    files: bool,
    clock: bool,
    environment: bool,
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

fn check_source(path: &str, tokens: &[Token], leave: Leave) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pair in tokens.windows(2) {
        let word = pair[0].text.as_str();
        let next = pair[1].text.as_str();
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
        if let Some(what) = breach(&name, leave) {
            findings.push(Finding::line(path, line, format!("`{name}`: a library {what}")));
        }
    }
    findings
}

fn breach(path: &str, leave: Leave) -> Option<&'static str> {
    let begins = |start: &str| {
        path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let ends = |end: &str| path == end || path.ends_with(&format!("::{end}"));
    if !leave.files && begins("std::fs") {
        return Some("opens files");
    }
    let outside = OUTSIDE.iter().find(|(start, _)| begins(start));
    let shortened = || SHORTENED.iter().find(|(end, _)| ends(end));
    let allowed = |what: &&str| match *what {
        READS_CLOCK | SLEEPS => leave.clock,
        READS_ENVIRONMENT => leave.environment,
        _ => false,
    };
    outside.or_else(shortened).map(|&(_, what)| what).filter(|what| !allowed(what))
}
