//! Input that cannot be used: exit code 2, and a message that says where.

use crate::program::Program;

/// Experiment texts, and what the message must contain.
const TEXTS: [(&str, &[&str]); 50] = [
    ("(data: Digits, scale: Small, layrs: 3)", &["bad.ron:1:", "layrs", "layers"]),
    ("(\n  data: Digits,\n  layers: \"three\",\n)", &["bad.ron:3:"]),
    ("(data: Digits, scale: Small, layers: -1)", &["bad.ron:1:"]),
    ("(data: Digits, scale: Small, search: (epoch: 3))", &["bad.ron:1:", "epoch"]),
    ("(data: Digits, scale: Small, split: Thirds)", &["bad.ron:1:", "Thirds"]),
    ("(data: Digits", &["bad.ron:1:"]),
    ("", &["bad.ron:1:"]),
    ("(name: \"x\")", &["bad.ron", "data"]),
    ("(data: Pictures)", &["bad.ron: data", "`Pictures`", "Digits"]),
    ("(data: Idx(\"absent\"))", &["bad.ron", "absent"]),
    ("(data: Cifar(\"absent\"))", &["bad.ron", "absent"]),
    ("(data: Digits, scale: Small, ops: \"O_huge\")", &["bad.ron", "O_huge", "O_base"]),
    ("(data: Digits, scale: Small, ops: [\"skip_connect\", \"warp\"])", &["bad.ron", "warp"]),
    ("(data: Digits, scale: Small, ops: [])", &["bad.ron", "empty"]),
    ("(data: Digits, scale: Small, ops: 3)", &["bad.ron:1:"]),
    ("(data: Digits, scale: Small, seeds: [])", &["bad.ron", "seeds"]),
    ("(data: Digits, scale: Small, seeds: [1, 1])", &["bad.ron", "seeds"]),
    ("(data: Digits, scale: Small, search: (epochs: 0))", &["bad.ron", "epochs"]),
    ("(data: Digits, scale: Small, retrain: (fit: (drop_path: 1.5)))", &["bad.ron", "drop_path"]),
    ("(data: Digits, scale: Small, random: (top: 0))", &["bad.ron", "top"]),
    ("(data: Digits, scale: Small, channels: 0)", &["bad.ron", "channels"]),
    ("(data: Digits, scale: Small, nodes: 0)", &["bad.ron", "nodes"]),
    (
        "(data: Digits, scale: Small, operations: [(name: \"even\", recipe: [Relu, Conv(kernel: 2)])])",
        &["bad.ron", "even", "stage 1", "odd"],
    ),
    ("(data: Digits, scale: Small, name: \"../up\")", &["bad.ron", "name"]),
    (
        "(\n data: Digits, scale: Small, method: \"drats\")",
        &["bad.ron:2:", "`drats`", "pc_darts", "gaea_erm"],
    ),
    (
        "(data: Digits, scale: Small, method: [\"darts\", \"drats\"])",
        &["bad.ron:1:", "`drats`", "pc_darts"],
    ),
    (
        "(data: Digits, scale: Small, method: [(preset: \"drats\")])",
        &["bad.ron:1:", "`drats`", "pc_darts"],
    ),
    ("(data: Digits, scale: Small, method: [(layers: 3)])", &["bad.ron:1:", "layers", "preset"]),
    ("(data: Digits, scale: Small, method: 3)", &["bad.ron:1:", "name of a method"]),
    ("(data: Digits, scale: Small, method: [])", &["bad.ron", "methods"]),
    (
        "(data: Digits, scale: Small, method: [\"darts\", \"darts\"])",
        &["bad.ron", "methods", "DARTS"],
    ),
    ("(data: Digits, scale: Small, method: \"pc_darts\", channels: 6)", &["bad.ron", "4"]),
    ("(data: Digits, scale: Small, partial: 0)", &["bad.ron", "partial"]),
    (
        "(data: Digits, scale: Small, method: [\"darts\", (preset: \"pc_darts\", partial: 0)])",
        &["bad.ron: method `PC-DARTS`", "partial"],
    ),
    (
        "(data: Digits, scale: Small, decoder: EdgeWeighted())",
        &["bad.ron: decoder", "a weight for every edge"],
    ),
    (
        "(data: Digits, scale: Small, method: \"pc_darts\", edge_weights: false)",
        &["bad.ron: decoder", "edge"],
    ),
    ("(data: Digits, scale: Small, decoder: TopK(edges: 0))", &["bad.ron: decoder", "0"]),
    (
        "(data: Digits, scale: Small, relaxation: Simplex)",
        &["bad.ron", "logit_step", "ExponentiatedGradient"],
    ),
    (
        "(data: Digits, scale: Small, search: (bilevel: (logit_step: ExponentiatedGradient)))",
        &["bad.ron", "logit_step", "`Adam`"],
    ),
    (
        "(data: Digits, scale: Small, relaxation: Gumbel(to: 0.0))",
        &["bad.ron: relaxation", "temperature", "0"],
    ),
    ("(data: Digits, scale: Small, relaxation: Gumbel(until: 0.1))", &["bad.ron:1:", "until"]),
    (
        "(data: Digits, scale: Small, penalties: [(kind: Size, to: 1)])",
        &["bad.ron: penalties", "Size", "BetaDecay"],
    ),
    ("(data: Digits, scale: Small, penalties: [(kind: Entropy)])", &["bad.ron:1:", "to"]),
    (
        "(data: Digits, scale: Small, penalties: [(kind: Entropy, to: 1, end: 0)])",
        &["bad.ron", "end"],
    ),
    (
        "(data: Digits, scale: Small, penalties: [(kind: Entropy, to: inf)])",
        &["bad.ron: penalties: `to`", "finite"],
    ),
    (
        "(data: Digits, scale: Small, penalties: [(kind: ConcaveNorm(1), to: 1)])",
        &["bad.ron", "power"],
    ),
    (
        "(data: Digits, scale: Small, penalties: [(kind: ZeroOne, to: 1)])",
        &["bad.ron", "penalties", "Sigmoid"],
    ),
    (
        "(data: Digits, scale: Small, method: \"fair_darts\", penalties: [(kind: Entropy, to: 1)])",
        &["bad.ron", "penalties", "FairDARTS"],
    ),
    (
        "(data: Digits, scale: Small, method: \"gaea_erm\", penalties: [(kind: BetaDecay, to: 1)])",
        &["bad.ron", "penalties", "simplex"],
    ),
    (
        "(data: Digits, scale: Small, ops: [\"sep_conv_3x3\", \"max_pool_3x3\"], auxiliary_skip: true)",
        &["bad.ron", "auxiliary skip", "skip connection"],
    ),
];

#[test]
fn malformed_experiments_say_where() {
    let program = Program::new();
    for (text, parts) in TEXTS {
        program.write("bad.ron", text);
        let said = program.run(&["run", "bad.ron", "--out", "out"]);
        assert_eq!(said.code, Some(2), "{text}: {}", said.stderr);
        for part in parts {
            assert!(said.stderr.contains(part), "{text}: no `{part}` in {}", said.stderr);
        }
        assert_eq!(said.stdout, "", "{text}");
        assert!(!program.path("out").exists(), "{text}: nothing has begun");
    }
}

#[test]
fn bad_usage_says_what() {
    let program = Program::new();
    let rows: [(&[&str], &str); 13] = [
        (&["run", "absent.ron"], "absent.ron"),
        (&["run", "--set", "search.epoch=3"], "epochs"),
        (&["run", "--set", "search"], "key=value"),
        (&["run", "--set", "layers=many"], "layers=many"),
        (&["run", "--seeds", "0"], "seeds"),
        (&["run", "--speed"], "--speed"),
        (&["run", "--method", "darts,drats"], "pc_darts"),
        (&["run", "--method", "darts,darts"], "methods"),
        (&["search"], "search"),
        (&["count", "DARTS_V2"], "--channels"),
        (&["count", "DARTS_V9", "--channels", "4"], "DARTS_V2"),
        (&["count", "DARTS_V2", "--channels", "0"], "channels"),
        (&["count", "DARTS_V2", "--channels", "4", "--input", "32x32"], "3x32x32"),
    ];
    for (words, message) in rows {
        let said = program.run(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(message), "{words:?}: no `{message}` in {}", said.stderr);
        assert_eq!(said.stdout, "", "{words:?}");
    }
    assert!(!program.path("runs").exists());
}
