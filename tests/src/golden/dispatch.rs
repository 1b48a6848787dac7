//! The family of each case.

use std::ffi::OsStr;

use serde_json::Value;

use super::bundle::Bundle;
use super::family;
use super::fields::Fields;
use super::manifest::Case;
use super::{GoldenError, Outcome};

/// Runs the cases of a file.
pub(crate) fn run(case: &Case<'_>) -> Result<Vec<Outcome>, GoldenError> {
    match case.path.extension().and_then(OsStr::to_str) {
        Some("safetensors") => tensors(case, &case.bundle()?),
        Some("json") => json(case, &case.json()?),
        _ => Err(GoldenError::not_understood("a file that is neither safetensors nor JSON")),
    }
}

fn tensors(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let root = bundle.root();
    let groups = bundle.groups();
    let any = |names: &[&str]| {
        groups.iter().any(|group| names.iter().all(|name| bundle.group(group).has(name)))
    };
    let searched = root.has("alpha") || groups.iter().any(|group| group == "alpha");
    let every = |names: &[&str]| {
        let has = |group: &String| names.iter().all(|name| bundle.group(group).has(name));
        !groups.is_empty() && groups.iter().all(has)
    };
    if every(&["x0", "gx0", "sum0", "sum_squares0", "sum_gy0", "running_mean_before"]) {
        return family::shared_norm::run(case, bundle);
    }
    if every(&["logits0", "target0", "glogits0", "loss"]) {
        return family::sharded_losses::run(case, bundle);
    }
    if every(&["logits", "target", "glogits", "loss"]) {
        return family::losses::run(case, bundle);
    }
    if case.entry.extra.field("cases").is_some() {
        return family::ops::run(case, bundle);
    }
    if root.has("mask") {
        return Ok(vec![family::drop_path::run(case, bundle)]);
    }
    if root.has("logits") && !searched {
        return Ok(vec![family::derived::run(case, bundle)]);
    }
    if any(&["x", "gy", "g_norms"]) {
        return family::aux_heads::run(case, bundle);
    }
    let d_darts = case.entry.repository() == Some("aheuillet/D-DARTS");
    if d_darts && root.has("train_x") {
        return Ok(family::d_darts::run_trajectory(case, bundle));
    }
    if d_darts && root.has("logits") {
        return Ok(vec![family::d_darts::run_supernet(case, bundle)]);
    }
    if root.has("train_x") {
        return Ok(family::trajectory::run(case, bundle));
    }
    if root.has("logits") {
        return Ok(vec![family::supernet::run(case, bundle)]);
    }
    if any(&["s0", "s1"]) {
        return family::cells::run(case, bundle);
    }
    if any(&["x", "alpha", "gy"]) {
        return family::mixed::run(case, bundle);
    }
    if any(&["x", "weight", "gy", "gweight"]) {
        return Ok(family::planes::run_transposed(case, bundle));
    }
    if family::planes::has_only(bundle, &["x", "y", "gy", "gx"]) {
        return Ok(family::planes::run_resized(case, bundle));
    }
    Err(GoldenError::not_understood("which family these tensors belong to"))
}

fn json(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let every = |field: &str| {
        let entries = value.as_object().filter(|entries| !entries.is_empty());
        entries.is_some_and(|entries| entries.values().all(|entry| entry.field(field).is_some()))
    };
    if every("kind") {
        return family::genotypes::run(case, value);
    }
    if every("measured") {
        return family::counts::run(case, value);
    }
    if value.field("pairs_So").is_some() {
        return family::distance::run(case, value);
    }
    if ["thresholds", "components", "objects", "matching"]
        .iter()
        .all(|name| value.field(name).is_some())
    {
        return family::mask_scores::run(case, value);
    }
    let Some(cases) = value.field("cases") else {
        return family::schedules::run(case, value);
    };
    let first = cases.get(0).ok_or_else(|| value.wrong("cases", "at least one case"))?;
    let has = |fields: &[&str]| fields.iter().all(|field| first.field(field).is_some());
    if has(&["target", "prediction", "r2", "rmse", "mae"]) {
        family::vector_scores::run_regression(case, value)
    } else if has(&["logits", "target", "roc_auc", "average_precision", "f1"]) {
        family::vector_scores::run_multi_label(case, value)
    } else if has(&["K", "N", "cells"]) {
        family::sizes::run(case, value)
    } else if has(&["cells", "layers", "official"]) {
        family::derivation::run(case, value)
    } else if has(&["alphas_normal", "alphas_reduce", "genotypes"]) {
        family::genotype_thresholds::run_fair_darts(case, value)
    } else if has(&["alphas", "space", "genotypes"]) {
        family::genotype_thresholds::run_d_darts(case, value)
    } else if has(&["alphas", "edges", "genotype"]) {
        family::genotype_gaea::run(case, value)
    } else if has(&["alphas_normal", "alphas_reduce", "genotype"]) {
        family::genotype_darts::run(case, value)
    } else if has(&["genotype", "shape", "nonzero"]) {
        family::encoding::run(case, value)
    } else if has(&["spec", "cells", "official_init"]) {
        family::simplex_steps::run(case, value)
    } else if has(&["logits", "alpha", "l1", "l2"]) {
        family::zero_one::run(case, value)
    } else if has(&["marginal_contributions", "ablation_loss_eq8"]) {
        family::d_darts::run_ablation(case, value)
    } else if has(&["layer_of_node", "edges", "logits", "paths", "K"]) {
        family::several_paths::run(case, value)
    } else if has(&["betas", "port", "paper"]) {
        family::levels::run(case, value)
    } else {
        Err(GoldenError::not_understood("which family these values belong to"))
    }
}
