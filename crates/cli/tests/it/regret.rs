//! `dartloom regret`.

use dartloom::space::nasbench_macro;
use serde_json::{Value, json};

use crate::program::Program;

/// Architectures with one operation on all edges or another, and their accuracies; no measurement
/// is meant to be seen.
const ROWS: [(&str, f64, f64); 3] =
    [("nor_conv_3x3", 90.0, 91.0), ("skip_connect", 80.0, 79.0), ("avg_pool_3x3", 70.0, 72.0)];

/// Three of 15,625 architectures.
fn with_part() -> Program {
    let program = Program::new();
    let mut text = "arch,params,flops,valid,test\n".to_owned();
    for (op, valid, test) in ROWS {
        let arch = format!("|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|");
        text += &format!("{arch},10,20,{valid},{test}\n");
    }
    program.write("table.csv", &text);
    program
}

/// All architectures of NAS-Bench-Macro, better the more blocks they have.
fn with_whole() -> Program {
    let program = Program::new();
    let mut text = "arch,params,flops,valid,test\n".to_owned();
    for genotype in nasbench_macro::architectures() {
        let arch = nasbench_macro::print(&genotype).unwrap();
        let blocks: u32 = arch.chars().filter_map(|digit| digit.to_digit(10)).sum();
        text += &format!("{arch},10,20,{},{blocks}\n", f64::from(blocks) + 0.5);
    }
    program.write("table.csv", &text);
    program
}

fn words(space: &'static str, more: &[&'static str]) -> Vec<&'static str> {
    let words = ["regret", "--table", "table.csv", "--quality", "valid", "--reported", "test"];
    [&words[..], &["--space", space], more].concat()
}

fn regrets(program: &Program, space: &'static str, more: &[&'static str]) -> Value {
    let said = program.run(&[&words(space, more)[..], &["--json"]].concat());
    serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {}", said.stderr))
}

#[test]
fn curves_are_printed_drawn_and_written() {
    let program = with_whole();
    let more = ["--seeds", "3", "--budget", "40"];
    let drawn = [&more[..], &["--svg", "regret.svg"]].concat();
    let found = program.succeed(&words("nasbench-macro", &drawn));
    for part in ["regret after", "random_genotypes", "evolution", "40", " ± "] {
        assert!(found.stdout.contains(part), "no `{part}` in {}", found.stdout);
    }
    assert_eq!(found.stdout.lines().count(), 4, "nothing is missing: {}", found.stdout);
    let drawn = program.read("regret.svg");
    assert!(drawn.contains("<svg") && drawn.contains("mean regret of test over 3 seeds"));
    let found = regrets(&program, "nasbench-macro", &more);
    assert_eq!(found[0]["mean"].as_array().unwrap().len(), 40);
    assert!(found[0]["mean"][0].is_f64() && found[0]["deviation"][0].is_f64());
    assert_eq!((&found[0]["proposals"], &found[0]["missing"]), (&json!(120), &json!(0)));
}

/// Case H12: no proposal was in the table, and the regret was that of the worst row.
#[test]
fn a_table_without_the_space_is_refused_or_told() {
    let program = with_part();
    let more = ["--seeds", "3", "--budget", "10"];
    let said = program.run(&words("nasbench201", &more));
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{}", said.stderr);
    let expected = "table.csv: expected all 15625 architectures of the benchmark, found 3";
    assert!(said.stderr.contains(expected) && said.stderr.contains("--partial"), "{}", said.stderr);

    // Nothing of what is proposed is there: no number, and no success.
    let more = [&more[..], &["--partial"]].concat();
    let said = program.run(&words("nasbench201", &more));
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    for part in [
        "random_genotypes  none  none  none\n",
        "the table has 3 of the 15625 architectures of the benchmark\n",
        "random_genotypes: 30 of 30 proposals are not in the table\n",
        "evolution: 30 of 30 proposals are not in the table\n",
    ] {
        assert!(said.stdout.contains(part), "no `{part}` in {}", said.stdout);
    }
    let found = regrets(&program, "nasbench201", &more);
    assert!(found[0]["mean"].as_array().unwrap().iter().all(Value::is_null), "{found}");
    assert_eq!(found[0]["missing"], 30);
}

/// Case H13: the spread of one seed is none, and not 0.
#[test]
fn one_seed_has_no_spread() {
    let program = with_whole();
    let more = ["--seeds", "1", "--budget", "30"];
    let said = program.succeed(&words("nasbench-macro", &more));
    assert!(!said.stdout.contains('±'), "{}", said.stdout);
    let found = regrets(&program, "nasbench-macro", &more);
    let all = |field: &str| found[0][field].as_array().unwrap().clone();
    assert!(all("deviation").iter().all(Value::is_null), "{found}");
    assert!(all("mean").iter().all(Value::is_f64), "{found}");
}

#[test]
fn columns_and_numbers_that_make_no_sense_are_refused() {
    let program = with_whole();
    let rows: [(&[&str], &str); 7] = [
        (
            &["--quality", "validity"],
            "no column `validity`; columns are arch, params, flops, valid",
        ),
        (&["--seeds", "0"], "--seeds: expected at least 1, found 0"),
        (&["--budget", "0"], "--budget: expected from 1 to 6561, found 0"),
        (&["--budget", "6562"], "--budget: expected from 1 to 6561, found 6562"),
        (&["--budget", "18446744073709551615"], "--budget: expected from 1 to 6561"),
        (&["--explorers", "evolution,evolution"], "--explorers: `evolution` twice"),
        (&["--explorers", "halving"], "random_genotypes"),
    ];
    for (more, expected) in rows {
        let mut words = words("nasbench-macro", &[]);
        words.retain(|word| more[0] != "--quality" || !["--quality", "valid"].contains(word));
        let said = program.run(&[&words[..], more].concat());
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{more:?}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{more:?}: {}", said.stderr);
    }
    let text = program.read("table.csv");
    program.write("table.csv", &text.replacen(",0.5,", ",0.5%,", 1));
    let said = program.run(&words("nasbench-macro", &[]));
    let expected = "table, line 2, column 4 (`valid`): expected a finite number, found `0.5%`";
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains(expected), "{}", said.stderr);
}
