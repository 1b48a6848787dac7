//! Files of weights for the DARTS spaces.

/// The operations of the space `darts`; those of `darts-S` are all but the first.
pub(crate) const OPS: [&str; 8] = [
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
];

/// Two cells with the same rows, one row for each of 14 edges.
pub(crate) fn table(ops: &[&str], edges: &[Vec<f64>]) -> String {
    let cell = |name: &str| serde_json::json!({ "name": name, "edges": edges });
    let cells = [cell("normal"), cell("reduce")];
    serde_json::json!({ "version": 1, "ops": ops, "cells": cells }).to_string()
}
