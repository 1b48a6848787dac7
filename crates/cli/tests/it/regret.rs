//! `dartloom regret`.

use crate::program::Program;

/// Architectures with one operation on all edges or another, and their accuracies; no measurement is
/// meant to be seen.
const ROWS: [(&str, f64, f64); 3] =
    [("nor_conv_3x3", 90.0, 91.0), ("skip_connect", 80.0, 79.0), ("avg_pool_3x3", 70.0, 72.0)];

fn with_table() -> Program {
    let program = Program::new();
    let mut text = "arch,params,flops,valid,test\n".to_owned();
    for (op, valid, test) in ROWS {
        let arch = format!("|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|");
        text += &format!("{arch},10,20,{valid},{test}\n");
    }
    program.write("table.csv", &text);
    program
}

const WORDS: [&str; 13] = [
    "regret",
    "--table",
    "table.csv",
    "--space",
    "nasbench201",
    "--quality",
    "valid",
    "--reported",
    "test",
    "--seeds",
    "3",
    "--budget",
    "40",
];

#[test]
fn curves_are_printed_drawn_and_written() {
    let program = with_table();
    let found = program.succeed(&[&WORDS[..], &["--svg", "regret.svg"]].concat());
    for part in ["regret after", "random_genotypes", "evolution", "40"] {
        assert!(found.stdout.contains(part), "no `{part}` in {}", found.stdout);
    }
    let drawn = program.read("regret.svg");
    assert!(drawn.contains("<svg") && drawn.contains("mean regret of test over 3 seeds"));
    let json = program.succeed(&[&WORDS[..], &["--json"]].concat()).stdout;
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found[0]["mean"].as_array().unwrap().len(), 40);
    // What the table does not have fails, and before anything is measured the regret is the worst.
    assert_eq!(found[0]["mean"][0], 91.0 - 72.0);
}

#[test]
fn a_column_that_is_not_there_is_refused() {
    let program = with_table();
    let mut words = WORDS;
    words[6] = "validity";
    let said = program.run(&words);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("validity") && said.stderr.contains("valid"), "{}", said.stderr);
}
