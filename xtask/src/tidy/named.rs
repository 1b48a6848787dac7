//! Tests that documents name as `package::module::function`.

use std::collections::BTreeSet;

use super::Tree;

/// A test: its package and its function.
pub(super) type Test<'a> = (&'a str, &'a str);

/// Every test of the tree.
pub(super) fn tests(tree: &Tree) -> BTreeSet<Test<'_>> {
    let tests = tree.sources().flat_map(|(path, source)| {
        test_names(source).into_iter().map(move |function| (package(path), function))
    });
    tests.collect()
}

/// The first and the last part of `package::module::function`.
pub(super) fn test(name: &str) -> Test<'_> {
    let package = name.split("::").next().unwrap_or_default();
    (package, name.rsplit("::").next().unwrap_or_default())
}

/// The name that tests give the package of a source: its folder.
fn package(path: &str) -> &str {
    path.strip_prefix("crates/").unwrap_or(path).split('/').next().unwrap_or_default()
}

/// Functions that carry a `#[test]` attribute.
fn test_names(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") {
            marked = true;
        } else if let Some(rest) = line.strip_prefix("fn ") {
            if marked {
                names.extend(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
            }
            marked = false;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            marked = false;
        }
    }
    names
}
