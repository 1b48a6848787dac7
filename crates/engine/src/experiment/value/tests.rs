use serde_json::json;

use super::*;

#[test]
fn values_are_json_or_as_in_files() {
    let rows = [
        ("3", json!(3)),
        ("true", json!(true)),
        ("[1, 2]", json!([1, 2])),
        ("\"a b\"", json!("a b")),
        ("Full", json!("Full")),
        ("plain words", json!("plain words")),
        ("PC-DARTS (K = 2)", json!("PC-DARTS (K = 2)")),
        ("Constant(0.1)", json!({ "Constant": 0.1 })),
        ("Idx(\"a,b:c\")", json!({ "Idx": "a,b:c" })),
        ("Cosine(from: 0.1, to: 0,)", json!({ "Cosine": { "from": 0.1, "to": 0 } })),
        (
            "TopK(edges: 1, ties: Seeded(3))",
            json!({ "TopK": { "edges": 1, "ties": { "Seeded": 3 } } }),
        ),
        ("TopK()", json!({ "TopK": {} })),
        // What a splitting at commas and quotes would cut in two.
        (r#"Idx("a\"b")"#, json!({ "Idx": "a\"b" })),
        (r#"Idx("a\",b")"#, json!({ "Idx": "a\",b" })),
        (r#"Idx("C:\\a)(b")"#, json!({ "Idx": "C:\\a)(b" })),
        (r##"Idx(r#"a"b"#)"##, json!({ "Idx": "a\"b" })),
        (r#"Idx("\u{e9}")"#, json!({ "Idx": "\u{e9}" })),
        (r#"Idx("\u00e9")"#, json!({ "Idx": "\u{e9}" })),
        ("Some(None)", json!(null)),
        ("(threshold: 0.1, patience: 1)", json!({ "threshold": 0.1, "patience": 1 })),
        (
            "[Stop(SkipCount(skips: 3)), Warn(Collapse())]",
            json!([{ "Stop": { "SkipCount": { "skips": 3 } } }, { "Warn": { "Collapse": {} } }]),
        ),
        (
            "{\"cell_0\": (rate: Constant(1e-3))}",
            json!({ "cell_0": { "rate": { "Constant": 0.001 } } }),
        ),
        ("Conv((1, 7), [])", json!({ "Conv": [[1, 7], []] })),
        ("Constant(-1_000)", json!({ "Constant": -1000 })),
        ("18446744073709551615", json!(u64::MAX)),
        ("0x10", json!(16)),
    ];
    for (text, expected) in rows {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

/// Read as words, these would become a directory, a title or a set of operations.
#[test]
fn broken_values_are_placed() {
    let rows = [
        ("Constant(0.1", "column 13: expected `,` or `)`, found the end"),
        ("Idx(\"images)", "column 5: expected a string in quotes, found `\"`"),
        ("[Full,", "column 7: expected a value, found the end"),
        ("Cosine(from: 0.1 to: 0)", "column 18: expected `,` or `)`, found `t`"),
        ("Cosine(from: 0.1, 0)", "column 21: expected names for all fields or for none"),
        ("Cosine(to: 1, to: 2)", "column 21: expected each field once"),
        ("{rate: 1}", "column 2: expected a string in quotes, found `r`"),
        ("Constant(inf)", "column 13: expected a finite number before"),
        ("Constant(1e999)", "column 10: expected a finite number, found `1`"),
        ("Constant(1.2.3)", "column 10: expected a finite number, found `1`"),
        ("Full(1) 2", "column 9: expected the end, found `2`"),
        (r#"Idx("\q")"#, "column 5: expected a string whose escapes are known"),
    ];
    for (text, expected) in rows {
        let error = value(text).unwrap_err();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(value(&deep).unwrap_err().contains("fewer values"));
    assert!(value(&format!("{}1", "Some(".repeat(100_000))).unwrap_err().contains("fewer values"));
}
