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
    missing: &'static str,
}

/// Families of tensors, the more particular first.
const TENSORS: [Tensors; 3] = [
    Tensors {
        every: &["x0", "gx0", "sum0", "sum_squares0", "sum_gy0", "running_mean_before"],
        missing: "statistics and gradients over the union of shards (batch norm over shards)",
    },
    Tensors {
        every: &["logits0", "target0", "glogits0", "loss"],
        missing: "partial sums of losses and their gradients (losses over shards)",
    },
    Tensors {
        every: &["logits", "target", "glogits", "loss"],
        missing: "cross-entropy with an ignore value, Dice, masked and focal losses \
                  (segmentation losses)",
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

const VALUES: [Values; 5] = [
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
    Values {
        file: &["thresholds", "components", "objects", "matching"],
        case: &["target", "prediction", "confusion", "iou"],
        missing: "confusion matrices, components and matched objects (segmentation metrics)",
    },
    Values {
        file: &[],
        case: &["target", "prediction", "r2", "rmse", "mae"],
        missing: "R2, RMSE and MAE (regression metrics)",
    },
    Values {
        file: &[],
        case: &["logits", "target", "roc_auc", "average_precision", "f1"],
        missing: "ROC-AUC, average precision and F1 of several labels (multi-label metrics)",
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
            family.every.iter().all(|name| view.has(name))
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
