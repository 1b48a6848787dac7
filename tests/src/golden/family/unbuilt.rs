//! Families whose capability the workspace does not have yet, known by what their files hold.

use serde_json::Value;

use crate::golden::Outcome;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;

/// A family of values.
struct Values {
    /// Fields of the file.
    file: &'static [&'static str],
    /// Fields of every one of its cases.
    case: &'static [&'static str],
    missing: &'static str,
}

const VALUES: [Values; 2] = [
    Values {
        file: &["levels", "transitions", "cells"],
        case: &["betas", "port", "paper"],
        missing: "shares of the ways out of a cell, the mass of every level and its gradient \
                  (network-level relaxation)",
    },
    Values {
        file: &[],
        case: &["layer_of_node", "edges", "logits", "paths", "K"],
        missing: "scores over all edges of every path, with their mean and bounds \
                  (several paths)",
    },
];

/// The verdict on a file of values all of whose cases belong to such a family.
pub(crate) fn values(case: &Case<'_>, value: &Value) -> Option<Outcome> {
    let cases = value.list("cases").ok()?;
    let has = |value: &Value, fields: &[&str]| fields.iter().all(|name| value.get(name).is_some());
    let family = VALUES.iter().find(|family| {
        has(value, family.file)
            && !cases.is_empty()
            && cases.iter().all(|case| has(case, family.case))
    })?;
    Some(Outcome::pending(&case.name, family.missing))
}
