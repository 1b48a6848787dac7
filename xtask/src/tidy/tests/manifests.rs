//! Arrows, tensor libraries, outer shape.

use super::{breaks, found, manifest};

#[test]
fn an_arrow_up_is_refused() {
    let up = manifest("space", "[dependencies]\ndartloom-relax.workspace = true");
    breaks(
        &[("crates/space/Cargo.toml", &up)],
        "crates/space/Cargo.toml",
        "level 0 depends on dartloom-relax of level 1",
    );
}

#[test]
fn an_arrow_sideways_is_refused_for_development_too() {
    for kind in ["dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
        let sideways =
            manifest("relax", &format!("[{kind}]\ndartloom-decode = {{ path = \"x\" }}"));
        breaks(
            &[("crates/relax/Cargo.toml", &sideways)],
            "crates/relax/Cargo.toml",
            "level 1 depends on dartloom-decode of level 1",
        );
    }
}

#[test]
fn a_crate_may_switch_on_its_own_features() {
    let own = manifest("space", "[dev-dependencies]\ndartloom-space = { path = \".\" }");
    assert_eq!(found(&[("crates/space/Cargo.toml", &own)]), Vec::<String>::new());
}

#[test]
fn a_renamed_arrow_is_still_an_arrow() {
    let line = "[dependencies]\nother = { package = \"dartloom-cli\", path = \"x\" }";
    breaks(
        &[("crates/relax/Cargo.toml", &manifest("relax", line))],
        "crates/relax/Cargo.toml",
        "dartloom-cli of level 9",
    );
}

#[test]
fn a_crate_without_a_level_is_refused() {
    breaks(
        &[
            ("crates/extra/Cargo.toml", &manifest("extra", "")),
            ("crates/extra/README.md", "# extra"),
            ("crates/extra/src/lib.rs", "#![doc = include_str!(\"../README.md\")]"),
        ],
        "crates/extra/Cargo.toml",
        "has no level",
    );
}

#[test]
fn examples_depend_on_the_facade_alone() {
    let on = |name: &str| format!("[dependencies]\n{name}.workspace = true");
    assert!(found(&[("examples/Cargo.toml", &on("dartloom"))]).is_empty());
    breaks(
        &[("examples/Cargo.toml", &on("dartloom-space"))],
        "examples/Cargo.toml",
        "not on dartloom-space",
    );
}

#[test]
fn a_declared_tensor_library_is_refused() {
    let direct = manifest("decode", "[dev-dependencies]\ncandle-core = \"0.11\"");
    breaks(
        &[("crates/decode/Cargo.toml", &direct)],
        "crates/decode/Cargo.toml",
        "candle-core is in the dependency tree",
    );
}

#[test]
fn a_tensor_library_behind_a_workspace_crate_is_refused() {
    let space = manifest("space", "[dependencies]\ncandle-nn.workspace = true");
    let found = found(&[("crates/space/Cargo.toml", &space)]);
    let both =
        ["fail crates/space/Cargo.toml: candle-nn", "fail crates/decode/Cargo.toml: candle-nn"];
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        both.iter().all(|start| found.iter().any(|line| line.starts_with(start))),
        "{found:#?}"
    );
}

#[test]
fn a_tensor_library_in_the_lock_file_is_refused() {
    let lock = r#"
        [[package]]
        name = "dartloom-space"
        version = "0.1.0"
        dependencies = ["innocent 2.0.0"]
        [[package]]
        name = "innocent"
        version = "2.0.0"
        dependencies = ["ndarray"]
        [[package]]
        name = "ndarray"
        version = "0.16.0"
    "#;
    breaks(&[("Cargo.lock", lock)], "crates/space/Cargo.toml", "ndarray is in the dependency tree");
}

#[test]
fn a_crate_without_a_readme_is_refused() {
    breaks(&[("crates/space/README.md", "\n")], "crates/space/README.md", "has a README");
}

#[test]
fn the_readme_is_the_front_page() {
    let library = "//! A crate.\n";
    breaks(&[("crates/space/src/lib.rs", library)], "crates/space/src/lib.rs", "include_str!");
}

#[test]
fn the_program_needs_no_library_page() {
    let changes = [
        ("crates/cli/Cargo.toml", &*manifest("cli", "")),
        ("crates/cli/README.md", "# dartloom-cli"),
        ("crates/cli/src/main.rs", "fn main() {\n    println!(\"{:?}\", std::env::args());\n}\n"),
    ];
    assert_eq!(found(&changes), Vec::<String>::new());
}

#[test]
fn manifests_have_name_description_licence_and_lints() {
    let whole = manifest("relax", "");
    let cases = [
        ("name = \"dartloom-relax\"", "name = \"relax\"", "package name"),
        ("description = \"A crate.\"", "", "no description"),
        ("license.workspace = true", "", "no licence"),
        ("[lints]\nworkspace = true", "", "[lints] workspace = true"),
        ("[lints]\nworkspace = true", "[lints]\nworkspace = false", "[lints] workspace = true"),
    ];
    for (old, new, message) in cases {
        let path = "crates/relax/Cargo.toml";
        breaks(&[(path, &whole.replace(old, new))], path, message);
    }
}

#[test]
fn a_broken_manifest_is_reported_not_skipped() {
    let found = found(&[("crates/relax/Cargo.toml", "[package")]);
    assert!(!found.is_empty());
    assert!(found.iter().all(|line| line.contains("is not TOML")), "{found:#?}");
}
