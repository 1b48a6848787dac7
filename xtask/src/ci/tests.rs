use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::steps::example_names;
use super::{Plan, STEPS, Step, run, select};
use crate::error::Error;
use crate::invocation::Invocation;

fn names(steps: &[&Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.name).collect()
}

#[test]
fn step_names_are_unique() {
    let unique: BTreeSet<_> = STEPS.iter().map(|step| step.name).collect();
    assert_eq!(unique.len(), STEPS.len());
}

#[test]
fn selection_begins_at_a_step_and_leaves_steps_out() {
    assert_eq!(select(None, &[]).unwrap().len(), STEPS.len());
    let late = select(Some("golden"), &["examples".to_owned()]).unwrap();
    assert_eq!(names(&late), ["golden", "onnx", "run"]);
}

#[test]
fn an_unknown_step_is_refused_with_the_known_names() {
    let from = select(Some("tests"), &[]).unwrap_err();
    assert!(from.to_string().contains("fmt, tidy"), "{from}");
    assert!(matches!(select(None, &["tests".to_owned()]), Err(Error::UnknownStep { .. })));
}

#[test]
fn the_first_failure_stops_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let touch = Step {
        name: "touch",
        about: "",
        plan: |_| Ok(Plan::Commands(vec![Invocation::new("touch", "first")])),
    };
    let fail = Step {
        name: "fail",
        about: "",
        plan: |_| {
            Ok(Plan::Commands(vec![
                Invocation::new("false", ""),
                Invocation::new("touch", "second"),
            ]))
        },
    };
    let late = Step {
        name: "late",
        about: "",
        plan: |_| Ok(Plan::Commands(vec![Invocation::new("touch", "third")])),
    };
    let error = run(folder.path(), &[&touch, &fail, &late]).unwrap_err();
    assert!(matches!(error, Error::Step { step: "fail", .. }), "{error}");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["first"]);
}

#[test]
fn examples_are_found_in_folders_and_manifest() {
    let package = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = package.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[[example]]\nname = \"declared\"\npath = \"elsewhere.rs\"\n");
    write("examples/01_first.rs", "");
    write("examples/notes.md", "");
    write("src/bin/tool.rs", "");
    let found = example_names(package.path()).unwrap();
    let expected = [("--bin", "tool"), ("--example", "01_first"), ("--example", "declared")];
    assert_eq!(found, expected.map(|(flag, name)| (flag, name.to_owned())).into());
}

#[test]
fn a_package_without_manifest_is_an_error() {
    assert!(matches!(example_names(Path::new("absent")), Err(Error::Access { .. })));
}
