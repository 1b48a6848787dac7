//! Places, ARCHITECTURE.md, clippy.toml.

use super::{ARCHITECTURE, CLIPPY, breaks, changed, found};
use crate::tidy::{Tree, check};

#[test]
fn places_of_one_machine_are_refused_in_every_text() {
    let places = ["work", "root", "home", "Users"].map(|folder| format!("/{folder}/a"));
    for place in &places {
        for text in
            [place.clone(), format!("cd {place}"), format!("\"{place}\""), format!("[a]({place})")]
        {
            for path in [".ci/run", "README.md", "crates/relax/src/a.json"] {
                breaks(
                    &[(path, &format!("\n{text}\n"))],
                    &format!("{path}:2"),
                    "place on one machine",
                );
            }
        }
    }
    let outside = concat!("see ../", "shared/notes.md");
    breaks(&[("README.md", outside)], "README.md:1", "place on one machine");
}

#[test]
fn relative_paths_and_addresses_are_allowed() {
    let text =
        ["a/work/b", "./root/b", "https://example.org/home", "/workspace", "and/or", "/homely"];
    assert_eq!(found(&[("README.md", &text.join("\n"))]), Vec::<String>::new());
}

#[test]
fn the_architecture_is_required_and_short() {
    let without: Tree = super::good().into_iter().filter(|(p, _)| p != "ARCHITECTURE.md").collect();
    assert_eq!(check(&without)[0].to_string(), "fail ARCHITECTURE.md: is missing");
    let long = format!("{ARCHITECTURE}{}", "\n".repeat(296));
    breaks(&[("ARCHITECTURE.md", &long)], "ARCHITECTURE.md", "301 lines");
}

#[test]
fn an_invariant_names_a_test_that_exists() {
    let path = "ARCHITECTURE.md";
    let section = |text: &str| format!("## Invariants\n{text}");
    let without = section("1. **Pure.** Nothing.\n");
    breaks(&[(path, &without)], "ARCHITECTURE.md:2", "invariant 1 names no test");
    let absent = section("1. **Pure.** Tests: `space::values_are_pure`, `space::it::no_such`\n");
    breaks(&[(path, &absent)], "ARCHITECTURE.md:2", "no test `space::it::no_such`");
    let elsewhere = section("1. **Pure.** Test: `decode::it::values_are_pure`\n");
    breaks(&[(path, &elsewhere)], "ARCHITECTURE.md:2", "no test `decode::it::values_are_pure`");
    let numbers = ARCHITECTURE.replace("1. ", "2. ");
    breaks(&[(path, &numbers)], "ARCHITECTURE.md:4", "invariant 2 should be number 1");
    let elsewhere = "## Steps\n\n1. **Pure.** Test: `space::values_are_pure`\n";
    breaks(&[(path, elsewhere)], path, "has no numbered invariants");
}

#[test]
fn an_intended_invariant_is_shown_as_a_warning() {
    let text = format!("{ARCHITECTURE}2. *Files are written whole.* Later.\n");
    let found = found(&[("ARCHITECTURE.md", &text)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("warn ARCHITECTURE.md:6: invariant 2 is intended"), "{found:#?}");
}

#[test]
fn a_function_that_is_no_test_does_not_count() {
    let source = ("crates/space/tests/it/main.rs", "fn values_are_pure() {}\n");
    breaks(&[source], "ARCHITECTURE.md:4", "no test `space::it::values_are_pure`");
}

#[test]
fn a_property_counts_as_a_test() {
    let source = "proptest! {\n    #[test]\n    fn values_are_pure(x in 0..3) {}\n}\n";
    assert_eq!(found(&[("crates/space/tests/it/main.rs", source)]), Vec::<String>::new());
}

#[test]
fn rows_of_the_compatibility_page_name_tests_that_exist() {
    let path = "docs/compat.md";
    let page = |cell: &str| {
        format!("# Compat\n\n| row | shown by |\n| --- | --- |\n| `Compat::Paper` | {cell} |\n")
    };
    for good in ["`space::it::values_are_pure`", "none: nothing is computed"] {
        assert_eq!(found(&[(path, &page(good))]), Vec::<String>::new());
    }
    breaks(&[(path, &page("see elsewhere"))], "docs/compat.md:5", "names no test");
    let absent = "`space::it::values_are_pure`, `space::it::no_such`";
    breaks(&[(path, &page(absent))], "docs/compat.md:5", "no test `space::it::no_such`");
}

#[test]
fn clippy_refuses_generators_nobody_can_seed() {
    let weaker = CLIPPY.replace("candle_nn::Dropout::new", "other::function");
    breaks(&[("clippy.toml", &weaker)], "clippy.toml", "candle_nn::Dropout::new");
    let without = changed(&[("clippy.toml", "")]);
    assert_eq!(check(&without).len(), 8);
}
