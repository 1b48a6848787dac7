//! Every crate has the same outer shape: manifest fields, inherited lints, README as front page.

use super::{Finding, Tree};

/// The line that makes a README the front page of the documentation.
const FRONT_PAGE: &str = "#![doc = include_str!(\"../README.md\")]";

/// Crates that are programs: a README, but no library page.
const PROGRAMS: [&str; 1] = ["cli"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates().into_iter().flat_map(|folder| check_crate(tree, folder)).collect()
}

fn check_crate(tree: &Tree, folder: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let readme = format!("crates/{folder}/README.md");
    if tree.text(&readme).is_none_or(|text| text.trim().is_empty()) {
        findings.push(Finding::file(&readme, "every crate has a README"));
    }
    let library = format!("crates/{folder}/src/lib.rs");
    let has_front_page = || tree.text(&library).is_some_and(|text| text.contains(FRONT_PAGE));
    if !PROGRAMS.contains(&folder) && !has_front_page() {
        findings.push(Finding::file(&library, format!("must contain `{FRONT_PAGE}`")));
    }
    findings.extend(check_manifest(tree, folder));
    findings
}

fn check_manifest(tree: &Tree, folder: &str) -> Vec<Finding> {
    let path = format!("crates/{folder}/Cargo.toml");
    let manifest = match tree.text(&path).map(toml::from_str::<toml::Table>) {
        Some(Ok(manifest)) => manifest,
        Some(Err(error)) => return vec![Finding::file(&path, format!("is not TOML: {error}"))],
        None => return vec![Finding::file(&path, "is missing")],
    };
    let package = manifest.get("package");
    let field = |name: &str| package.and_then(|package| package.get(name));
    let package_name =
        if folder == "dartloom" { folder.to_owned() } else { format!("dartloom-{folder}") };
    let says =
        |name| field(name).and_then(toml::Value::as_str).is_some_and(|text| !text.is_empty());
    let licensed = says("license")
        || field("license").and_then(|license| license.get("workspace"))
            == Some(&toml::Value::Boolean(true));
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    let rules = [
        (
            field("name").and_then(toml::Value::as_str) == Some(&package_name),
            "the package name is `dartloom-` and the folder",
        ),
        (says("description"), "has no description"),
        (licensed, "has no licence"),
        (lints == Some(&toml::Value::Boolean(true)), "must say `[lints] workspace = true`"),
    ];
    let broken = rules.into_iter().filter(|(kept, _)| !kept);
    broken.map(|(_, message)| Finding::file(&path, message)).collect()
}
