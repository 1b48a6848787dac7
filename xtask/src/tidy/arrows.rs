//! A crate depends only on crates of lower levels, development dependencies included.

use super::{Finding, Tree};

/// Level of every crate, by folder. Some do not exist yet.
const LEVELS: &[(&str, u8)] = &[
    ("space", 0),
    ("kernels", 0),
    ("noise", 0),
    ("record", 0),
    ("data", 0),
    ("dist", 0),
    ("metrics", 1),
    ("ops", 1),
    ("relax", 1),
    ("decode", 1),
    ("onnx", 1),
    ("dist-mpi", 1),
    ("dist-nccl", 1),
    ("task", 2),
    ("net", 2),
    ("train", 3),
    ("explore", 1),
    ("report", 2),
    ("search", 4),
    ("score", 4),
    ("verdict", 5),
    ("dartloom", 6),
    ("engine", 7),
    ("bench", 8),
    ("cli", 9),
];

/// Programs on the facade: the one crate they may depend on is the one users depend on.
const ON_THE_FACADE: &str = "examples/Cargo.toml";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let crates = tree.crates().into_iter().flat_map(|folder| check_crate(tree, folder));
    crates.chain(check_examples(tree)).collect()
}

fn check_crate(tree: &Tree, folder: &str) -> Vec<Finding> {
    let path = format!("crates/{folder}/Cargo.toml");
    let Some(level) = level(folder) else {
        return vec![Finding::file(
            &path,
            "the crate has no level; give it one in the arrows rule",
        )];
    };
    let targets = match dependencies(tree, &path) {
        Ok(names) => names,
        Err(finding) => return vec![*finding],
    };
    // A crate that names itself only switches on its own features for its tests.
    let others = targets.iter().filter(|name| self::folder(name) != Some(folder));
    others.filter_map(|name| refuse(&path, level, name)).collect()
}

fn refuse(path: &str, level: u8, dependency: &str) -> Option<Finding> {
    let folder = folder(dependency)?;
    match self::level(folder) {
        Some(target) if target < level => None,
        Some(target) => Some(Finding::file(
            path,
            format!("level {level} depends on {dependency} of level {target}; arrows go down only"),
        )),
        None => Some(Finding::file(path, format!("{dependency} has no level"))),
    }
}

fn check_examples(tree: &Tree) -> Vec<Finding> {
    if tree.text(ON_THE_FACADE).is_none() {
        return Vec::new();
    }
    let names = match dependencies(tree, ON_THE_FACADE) {
        Ok(names) => names,
        Err(finding) => return vec![*finding],
    };
    let inner = names.iter().filter(|name| *name != "dartloom" && folder(name).is_some());
    let message = |name| format!("examples are written on the facade, not on {name}");
    inner.map(|name| Finding::file(ON_THE_FACADE, message(name))).collect()
}

fn level(folder: &str) -> Option<u8> {
    LEVELS.iter().find(|(name, _)| *name == folder).map(|&(_, level)| level)
}

/// The folder of a package of this workspace; `None` for any other package.
pub(super) fn folder(package: &str) -> Option<&str> {
    if package == "dartloom" { Some(package) } else { package.strip_prefix("dartloom-") }
}

/// Package names that a manifest depends on, of all three kinds and for all targets.
pub(super) fn dependencies(tree: &Tree, path: &str) -> Result<Vec<String>, Box<Finding>> {
    let text = tree.text(path).ok_or_else(|| Box::new(Finding::file(path, "is missing")))?;
    let manifest: toml::Table = toml::from_str(text)
        .map_err(|error| Box::new(Finding::file(path, format!("is not TOML: {error}"))))?;
    let per_target = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    let tables = per_target.filter_map(|(_, table)| table.as_table()).chain([&manifest]);
    let mut names = Vec::new();
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = table.get(kind).and_then(toml::Value::as_table).into_iter().flatten();
            names.extend(entries.map(|(key, entry)| {
                let renamed = entry.get("package").and_then(toml::Value::as_str);
                renamed.unwrap_or(key).to_owned()
            }));
        }
    }
    Ok(names)
}
