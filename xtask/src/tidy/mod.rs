//! `cargo xtask tidy`: the rules that lints cannot see.
//!
//! Each rule is a function from a [`Tree`] to [`Finding`]s, in a file of its own, tested on trees
//! that break it. A new rule is a new file and a new row in `RULES`.

mod architecture;
mod arrows;
mod budget;
mod compat;
mod golf;
mod lanes;
mod markers;
mod named;
mod places;
mod prose;
mod quiet;
mod rust;
mod seeds;
mod shape;
mod style;
mod tensors;
mod tree;

pub use tree::Tree;

use std::fmt;
use std::path::Path;

use crate::error::Error;
use crate::say::say;

/// The weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Breaks the build.
    Failure,
    /// Worth a look in review.
    Warning,
}

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Failure or warning.
    pub severity: Severity,
    /// File, from the root of the tree.
    pub path: String,
    /// Line, from 1; `None` for the file as a whole.
    pub line: Option<usize>,
    /// The thing that is wrong, and what is expected.
    pub message: String,
}

impl Finding {
    /// A failure of a whole file.
    fn file(path: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Failure,
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    /// A failure in a line, counted from 1.
    fn line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::file(path, message) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Failure => "fail",
            Severity::Warning => "warn",
        };
        match self.line {
            Some(line) => write!(f, "{severity} {}:{line}: {}", self.path, self.message),
            None => write!(f, "{severity} {}: {}", self.path, self.message),
        }
    }
}

/// A rule: what it finds in a tree.
type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule; a new one is a new row.
const RULES: &[Rule] = &[
    arrows::check,
    tensors::check,
    budget::check,
    shape::check,
    markers::check,
    places::check,
    architecture::check,
    compat::check,
    quiet::check,
    seeds::check,
    lanes::check,
    style::check,
];

/// Everything that all rules find in a tree.
pub fn check(tree: &Tree) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(tree)).collect()
}

/// Checks the work tree at `root` and prints what was found.
///
/// # Errors
/// [`Error::Untidy`] when there is a failure; warnings are only printed. Errors of reading the
/// tree.
pub fn run(root: &Path) -> Result<(), Error> {
    let tree = Tree::read(root)?;
    let findings = check(&tree);
    findings.iter().for_each(|finding| say!("{finding}"));
    let failures = findings.iter().filter(|f| f.severity == Severity::Failure).count();
    let warnings = findings.len() - failures;
    say!("tidy: {} files, {failures} failures, {warnings} warnings", tree.files().count());
    if failures == 0 { Ok(()) } else { Err(Error::Untidy { failures }) }
}

/// Prints every place that breaks a rule of style, in folders that are not yet held to it as well,
/// and a table of their numbers.
///
/// # Errors
/// Those of reading the tree.
pub fn run_counts(root: &Path) -> Result<(), Error> {
    let tree = Tree::read(root)?;
    style::open(&tree).iter().chain(&style::counts(&tree)).for_each(|line| say!("{line}"));
    Ok(())
}

#[cfg(test)]
mod tests;
