//! Files stay small enough to be read at one sitting.

use super::{Finding, Severity, Tree};

/// Lines above which a source is refused.
const LIMIT: usize = 800;
/// Lines above which a source is listed.
const FLAG: usize = 500;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.sources().filter_map(|(path, text)| judge(path, text.lines().count())).collect()
}

fn judge(path: &str, lines: usize) -> Option<Finding> {
    if lines <= FLAG {
        return None;
    }
    let severity = if lines > LIMIT { Severity::Failure } else { Severity::Warning };
    let message = format!("{lines} lines; {FLAG} is a review flag, {LIMIT} the limit");
    Some(Finding { severity, ..Finding::file(path, message) })
}
