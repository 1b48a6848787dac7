//! Every rule on a tree that keeps it and on trees that break it.

mod code;
mod documents;
mod manifests;
mod style;

use super::{Finding, Severity, Tree, check};

const ARCHITECTURE: &str = "# House\n\n## Invariants\n1. **Values are pure.**\n   They hold no tensors. Test: `space::it::values_are_pure`\n";

const CLIPPY: &str = r#"disallowed-methods = [
  { path = "candle_core::Tensor::rand", reason = "unseeded" },
  { path = "candle_core::Tensor::randn", reason = "unseeded" },
  { path = "candle_core::Tensor::rand_like", reason = "unseeded" },
  { path = "candle_core::Tensor::randn_like", reason = "unseeded" },
  { path = "candle_core::Var::rand", reason = "unseeded" },
  "candle_core::Var::randn",
  { path = "candle_nn::ops::dropout", reason = "unseeded" },
  { path = "candle_nn::Dropout::new", reason = "unseeded" },
]
"#;

/// The manifest of a crate in `folder`, with lines for its dependencies at the end.
fn manifest(folder: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"dartloom-{folder}\"\ndescription = \"A crate.\"\n\
         license.workspace = true\n\n[lints]\nworkspace = true\n\n{dependencies}\n"
    )
}

/// A small tree that keeps every rule.
fn good() -> Vec<(String, String)> {
    let mut files = vec![
        ("ARCHITECTURE.md".to_owned(), ARCHITECTURE.to_owned()),
        ("clippy.toml".to_owned(), CLIPPY.to_owned()),
        (
            "crates/space/tests/it/main.rs".to_owned(),
            "#[test]\nfn values_are_pure() {}\n".to_owned(),
        ),
    ];
    let on_space = "[dependencies]\ndartloom-space.workspace = true";
    for (folder, dependencies) in [("space", ""), ("decode", on_space), ("relax", on_space)] {
        let path = |file: &str| format!("crates/{folder}/{file}");
        files.push((path("Cargo.toml"), manifest(folder, dependencies)));
        files.push((path("README.md"), format!("# dartloom-{folder}\n")));
        let library = "#![doc = include_str!(\"../README.md\")]\n";
        files.push((path("src/lib.rs"), library.to_owned()));
    }
    files
}

/// The good tree with files added or replaced.
fn changed(changes: &[(&str, &str)]) -> Tree {
    let changes = changes.iter().map(|&(path, text)| (path.to_owned(), text.to_owned()));
    good().into_iter().chain(changes).collect()
}

/// The findings in the good tree after changes, as lines.
fn found(changes: &[(&str, &str)]) -> Vec<String> {
    check(&changed(changes)).iter().map(Finding::to_string).collect()
}

/// Asserts that the changes break one rule in one place, and that the finding says so.
#[track_caller]
fn breaks(changes: &[(&str, &str)], place: &str, message: &str) {
    let found = found(changes);
    assert_eq!(found.len(), 1, "one finding expected: {found:#?}");
    let expected = format!("fail {place}: ");
    assert!(found[0].starts_with(&expected), "{} does not start with {expected}", found[0]);
    assert!(found[0].contains(message), "{} does not say {message}", found[0]);
}

#[test]
fn the_good_tree_is_tidy() {
    assert_eq!(found(&[]), Vec::<String>::new());
}

#[test]
fn this_tree_is_tidy() {
    let tree = Tree::read(&crate::root()).unwrap();
    let findings = check(&tree);
    let failures: Vec<_> = findings.iter().filter(|f| f.severity == Severity::Failure).collect();
    let lines: Vec<_> = failures.iter().map(|failure| failure.to_string()).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn a_tree_is_read_without_what_git_ignores() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write(".gitignore", b"/target\n");
    write(".ci/run", b"text");
    write(".git/config", b"text");
    write("target/out.rs", b"text");
    write("a/b.rs", b"text");
    write("a/image.png", &[0xff, 0xfe]);
    let tree = Tree::read(folder.path()).unwrap();
    let paths: Vec<_> = tree.files().map(|(path, _)| path).collect();
    assert_eq!(paths, [".ci/run", ".gitignore", "a/b.rs"]);
}
