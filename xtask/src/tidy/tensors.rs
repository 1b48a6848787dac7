//! `space`, `decode` and their like are values: no tensor library in their dependency trees.

use std::collections::BTreeSet;

use super::arrows::{dependencies, folder};
use super::{Finding, Tree};

/// Folders of the crates that compile without tensors.
const PURE: [&str; 8] = ["dist", "space", "decode", "noise", "record", "explore", "report", "onnx"];

/// Beginnings of the names of tensor libraries and of what is made only for them.
const TENSOR_LIBRARIES: [&str; 9] = [
    "candle-",
    "burn",
    "tch",
    "dfdx",
    "ndarray",
    "gemm",
    "cudarc",
    "safetensors",
    "dartloom-kernels",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    PURE.iter().flat_map(|folder| check_crate(tree, folder)).collect()
}

fn check_crate(tree: &Tree, folder: &str) -> Vec<Finding> {
    let path = format!("crates/{folder}/Cargo.toml");
    if tree.text(&path).is_none() {
        return Vec::new();
    }
    let mut all = BTreeSet::new();
    declared(tree, &path, &mut all);
    locked(tree, &format!("dartloom-{folder}"), &mut all);
    let heavy = all.iter().filter(|name| TENSOR_LIBRARIES.iter().any(|l| name.starts_with(l)));
    let message = |name| format!("{name} is in the dependency tree of a crate without tensors");
    heavy.map(|name| Finding::file(&path, message(name))).collect()
}

/// Follows the manifests of this workspace. A manifest that cannot be read is the business of the
/// arrows rule.
fn declared(tree: &Tree, path: &str, seen: &mut BTreeSet<String>) {
    for name in dependencies(tree, path).unwrap_or_default() {
        if seen.insert(name.clone())
            && let Some(folder) = folder(&name)
        {
            declared(tree, &format!("crates/{folder}/Cargo.toml"), seen);
        }
    }
}

/// Follows the lock file, where packages from elsewhere show what they bring along.
fn locked(tree: &Tree, package: &str, seen: &mut BTreeSet<String>) {
    let lock = tree.text("Cargo.lock").and_then(|text| toml::from_str::<toml::Table>(text).ok());
    let packages = lock.as_ref().and_then(|lock| lock.get("package")?.as_array());
    let mut open = vec![package.to_owned()];
    let mut visited = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !visited.insert(name.clone()) {
            continue;
        }
        let same_name = packages
            .into_iter()
            .flatten()
            .filter(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(name.as_str()));
        let targets = same_name.filter_map(|entry| entry.get("dependencies")?.as_array()).flatten();
        // An entry reads `name`, or `name version` when several versions are locked.
        let names = targets.filter_map(|target| target.as_str()?.split(' ').next());
        open.extend(names.map(str::to_owned));
    }
    visited.remove(package);
    seen.append(&mut visited);
}
