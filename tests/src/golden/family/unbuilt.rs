//! Families whose capability the workspace does not have yet, known by what their files hold.

use serde_json::Value;

use crate::golden::Outcome;
use crate::golden::bundle::Bundle;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;

/// A family of tensors.
struct Tensors {
    /// Names that every group has.
    every: &'static [&'static str],
    /// `true` if a group has no other.
    no_other: bool,
    missing: &'static str,
}

/// Families of tensors, the more particular first.
const TENSORS: [Tensors; 2] = [
    Tensors {
        every: &["x", "weight", "y", "gy", "gx", "gweight"],
        no_other: false,
        missing: "a convolution that enlarges planes (transposed convolution)",
    },
    Tensors {
        every: &["x", "y", "gy", "gx"],
        no_other: true,
        missing: "bilinear planes, and nearest ones of any size (resize)",
    },
];

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

/// The verdict on a file of tensors all of whose groups belong to such a family.
pub(crate) fn tensors(case: &Case<'_>, bundle: &Bundle) -> Option<Outcome> {
    let groups = bundle.groups();
    if groups.is_empty() || bundle.root().below("").iter().any(|key| !key.contains('/')) {
        return None;
    }
    let family = TENSORS.iter().find(|family| {
        let of_family = |group: &String| {
            let view = bundle.group(group);
            let whole = family.every.iter().all(|name| view.has(name));
            whole && (!family.no_other || view.below("").len() == family.every.len())
        };
        groups.iter().all(of_family)
    })?;
    Some(Outcome::pending(&case.name, family.missing))
}

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
