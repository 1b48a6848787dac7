//! `score`, `correlate`.

use crate::program::Program;

const SMALL: [&str; 6] = ["--channels", "2", "--input", "3x8x8", "--batch", "4"];
const ARCHITECTURE: &str =
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_score_says_something_of_an_architecture() {
    let program = Program::new();
    for subject in [ARCHITECTURE, "12212012"] {
        let mut words = vec!["score", subject, "--seeds", "2", "--json"];
        words.extend(SMALL);
        let said = program.succeed(&words);
        let scores = json(&said.stdout);
        let scores = scores.as_array().unwrap();
        assert_eq!(scores.len(), 10);
        for score in scores {
            assert!(score["mean"].is_f64() && score["seeds"] == 2, "{subject}: {score}");
        }
        assert_eq!(program.succeed(&words).stdout, said.stdout);
    }
}

#[test]
fn supernets_and_published_genotypes_are_scored() {
    let program = Program::new();
    let chosen = ["--scores", "naswot,jacob_cov"];
    let mut words = vec!["score", "--space", "nasbench201"];
    words.extend(chosen);
    words.extend(SMALL);
    let said = program.succeed(&words).stdout;
    assert!(said.starts_with("score      better     mean  deviation  seeds"), "{said}");
    // The chain of the space ends in batch norms.
    assert!(said.contains("refused") && said.contains("the gradients of the images cancel"));

    let mut words = vec!["score", "DARTS_V2", "--layers", "3", "--scores", "synflow", "--json"];
    // Synaptic flow reads no batch.
    words.extend(&SMALL[..4]);
    assert_eq!(json(&program.succeed(&words).stdout)[0]["score"], "synflow");
}

#[test]
fn refusals_alone_are_no_result() {
    let program = Program::new();
    let none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    let mut words = vec!["score", none, "--scores", "snip"];
    words.extend(SMALL);
    let said = program.run(&words);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stdout.contains("snip: the output of the network does not depend on its input"));
    for (words, expected) in [
        (vec!["score", "0122110"], "no published genotype"),
        (vec!["score", "01221109"], "line 1, column 8: expected one of the digits 0, 1, 2"),
        (vec!["score", ARCHITECTURE, "--batch", "0"], "--batch: expected at least 1, found 0"),
        (vec!["score"], "required"),
    ] {
        let said = program.run(&words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(expected), "{words:?}: {}", said.stderr);
    }
}

/// More convolutions are better in this table, and one row has no number.
fn table() -> String {
    let mut text = "arch,made_up,same\n".to_owned();
    for (at, arch) in
        ["00000000", "01000000", "01100010", "11111111", "22222222"].iter().enumerate()
    {
        let value = if at == 1 { String::new() } else { at.to_string() };
        text += &format!("{arch},{value},1\n");
    }
    text
}

#[test]
fn scores_are_correlated_with_columns() {
    let program = Program::new();
    program.write("table.csv", &table());
    let mut words = vec!["correlate", "--table", "table.csv", "--space", "nasbench-macro"];
    words.extend(["--scores", "synflow", "--column", "made_up,same", "--json"]);
    words.extend(&SMALL[..4]);
    let answer = json(&program.succeed(&words).stdout);
    assert_eq!(answer["sampled"], 5);
    let [made_up, same] = answer["agreements"].as_array().unwrap().as_slice() else { panic!() };
    // Synaptic flow grows with every block.
    assert_eq!(
        (&made_up["rows"], &made_up["missing"], &made_up["refused"]),
        (&4.into(), &1.into(), &0.into())
    );
    assert_eq!((made_up["kendall"].as_f64(), made_up["spearman"].as_f64()), (Some(1.0), Some(1.0)));
    assert!(same["kendall"].is_null() && same["rows"] == 5);
    assert_eq!(same["none"], "`same` is 1.0000 in every row");

    words.extend(["--sample", "3", "--seed", "4"]);
    let answer = json(&program.succeed(&words).stdout);
    assert_eq!(answer["sampled"], 3);
    words.retain(|word| *word != "--json");
    let said = program.succeed(&words).stdout;
    assert!(said.starts_with("score     column  rows  missing  refused  Kendall tau"), "{said}");

    words[2] = "missing.csv";
    assert_eq!(program.run(&words).code, Some(2));
}
