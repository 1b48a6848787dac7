//! `distance`.

use dartloom::space::{OpSet, Space, Stem};
use serde_json::Value;

use crate::program::Program;

fn json(program: &Program, words: &[&str]) -> Value {
    let said = program.succeed(&[&["distance"], words, &["--json"]].concat());
    assert_eq!(said.stdout.lines().count(), 1);
    serde_json::from_str(&said.stdout).unwrap()
}

fn near(value: &Value, expected: f64, within: f64) {
    let found = value.as_f64().unwrap();
    assert!((found - expected).abs() <= within, "expected {expected}, found {found}");
}

#[test]
fn published_networks_are_as_far_apart_as_published() {
    let program = Program::new();
    let means = json(&program, &["ResNet18", "ResNet50"]);
    near(&means["share"], 0.0836, 5e-5);
    near(&means["mean_score"], 6.91, 5e-3);
    assert_eq!(means["cells"].as_array().unwrap().len(), 4);
    near(&means["cells"][0]["share"], 0.0836, 5e-5);
    assert_eq!(means["left_out"], 0);
    let medians = json(&program, &["ResNet18", "ResNet50", "--weights", "medians"]);
    near(&medians["share"], 0.0835, 5e-5);
    // Four nodes against six.
    assert_eq!(means["by_position"], Value::Null);
    let why = means["not_by_position"].as_str().unwrap();
    assert!(why.contains("56 edges") && why.contains("108 edges") && why.contains("--space"));
}

#[test]
fn the_table_has_both_scales_and_says_what_is_left_out() {
    let program = Program::new();
    let said = program.succeed(&["distance", "ResNet18", "Xception"]);
    let words = ["forward", "backward", "share", "mean score", "M, the mean", "not comparable"];
    for word in words {
        assert!(said.stdout.contains(word), "{word}: {}", said.stdout);
    }
    assert!(said.stderr.contains("last 9 cells"), "{}", said.stderr);
}

#[test]
fn equal_layouts_are_compared_by_position_too() {
    let program = Program::new();
    let a = "ResNet50_cifar10_threshold_sparse_0.85";
    let b = "ResNet50_cifar100_threshold_sparse_0.85";
    let found = json(&program, &[a, b]);
    // Different cells that the paper's distance cannot tell apart.
    near(&found["cells"][0]["share"], 0.0, 1e-12);
    assert!(found["by_position"].as_f64().unwrap() > 0.0);
    assert!(found.get("not_by_position").is_none());
    near(&json(&program, &[a, a])["by_position"], 0.0, 1e-15);
    let said = program.succeed(&["distance", "DARTS_V1", "DARTS_V2"]);
    assert!(said.stdout.contains("by position: 0.0"), "{}", said.stdout);
}

#[test]
fn a_space_makes_genotypes_of_different_size_comparable() {
    let program = Program::new();
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::individual(ops, 1, 2, Stem::cifar(1)).unwrap();
    program.write("space.json", &space.to_json().unwrap());
    let cell = |node: usize| {
        let gene = serde_json::json!({ "op": "skip_connect", "from": 0, "to": node });
        let cell = serde_json::json!({ "name": "cell", "genes": [gene], "concat": [node] });
        let layout = serde_json::json!({ "PerCell": { "reductions": [0] } });
        serde_json::json!({ "version": 1, "layout": layout, "cells": [cell] }).to_string()
    };
    program.write("a.json", &cell(2));
    program.write("b.json", &cell(3));
    assert_eq!(json(&program, &["a.json", "b.json"])["by_position"], Value::Null);
    program.write("scores.json", r#"{"skip_connect": 1, "sep_conv_3x3": 3}"#);
    let words = ["a.json", "b.json", "--space", "space.json", "--weights", "scores.json"];
    // Two genes of weight 1 among 5 edges of weight 4.
    near(&json(&program, &words)["by_position"], 0.1, 1e-12);
}

#[test]
fn an_operation_without_a_published_score_is_told_where_to_get_one() {
    let program = Program::new();
    let gene = |op: &str| serde_json::json!({ "op": op, "from": 0, "to": 2 });
    let cell = |op: &str| {
        let cell = serde_json::json!({ "name": "cell", "genes": [gene(op)], "concat": [2] });
        let layout = serde_json::json!({ "PerCell": { "reductions": [] } });
        serde_json::json!({ "version": 1, "layout": layout, "cells": [cell] }).to_string()
    };
    program.write("a.json", &cell("none"));
    program.write("b.json", &cell("skip_connect"));
    let said = program.run(&["distance", "a.json", "b.json"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    for word in ["operation `none`", "`means`", "sep_conv_3x3", "--weights FILE.json"] {
        assert!(said.stderr.contains(word), "{word}: {}", said.stderr);
    }
    program.write("scores.json", r#"{"skip_connect": 3, "none": 1}"#);
    let found = json(&program, &["a.json", "b.json", "--weights", "scores.json"]);
    near(&found["share"], 1.0, 1e-12);
}

#[test]
fn bad_input_is_refused_with_what_is_known() {
    let program = Program::new();
    program.write("scores.json", r#"{"skip_connect": 1}"#);
    program.write("zero.json", r#"{"skip_connect": 0}"#);
    program.write("broken.json", "{\n1");
    let rows: [(&[&str], &str); 7] = [
        (&["ResNet18", "ResNet19"], "did you mean `ResNet18`?"),
        (&["ResNet18"], "GENOTYPE"),
        (&["ResNet18", "ResNet50", "--weights", "modes"], "medians"),
        (&["ResNet18", "ResNet50", "--weights", "scores.json"], "has no score"),
        (&["ResNet18", "ResNet50", "--weights", "zero.json"], "above 0"),
        (&["ResNet18", "ResNet50", "--weights", "broken.json"], "line 2"),
        (&["ResNet18", "ResNet50", "--space", "darts"], "layout of the genotype"),
    ];
    for (words, message) in rows {
        let said = program.run(&[&["distance"], words].concat());
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(message), "{words:?}: no `{message}` in {}", said.stderr);
        assert_eq!(said.stdout, "", "{words:?}");
    }
}
