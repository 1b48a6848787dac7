//! Ends of candidates and contenders: failures, repetitions, weights, labels.

use crate::images::Images;
use crate::program::Program;

const DIGITS: &str = r#"(
    data: DATA, scale: Small, layers: 3, nodes: 1, channels: 2, OPS search: (epochs: 1, batch: 16),
    random: (fit: (epochs: 1, batch: 16)),
    retrain: (channels: 2, layers: 3, fit: (epochs: 1, batch: 16)), seeds: [0],
)"#;

fn experiment(data: &str, ops: &str) -> String {
    DIGITS.replace("DATA", data).replace("OPS", ops)
}

/// Ten classes, ten images each to learn from.
fn ten_classes(program: &Program) {
    let labels = |count: u8| (0..count).map(|index| index % 10).collect::<Vec<u8>>();
    Images { height: 8, width: 8, train: &labels(96), test: &labels(40) }.write(program, "images");
    program.write("ten.ron", &experiment("Idx(\"images\")", ""));
}

fn report(program: &Program, out: &str) -> serde_json::Value {
    serde_json::from_str(&program.read(&format!("{out}/report.json"))).unwrap()
}

/// H7: every candidate of random search diverges.
#[test]
fn when_every_candidate_diverges_the_error_says_how_many() {
    let program = Program::new();
    ten_classes(&program);
    let words = ["run", "ten.ron", "--set", "random.fit.rate=Constant(1e30)", "--out", "out"];
    let first = program.run(&words);
    assert_eq!(first.code, Some(1), "{}", first.stderr);
    assert!(first.stderr.contains("the candidate counts as failed"), "{}", first.stderr);
    let error = |text: &str| text.lines().last().unwrap().to_owned();
    let expected = "error: random search: none of ";
    assert!(error(&first.stderr).starts_with(expected), "{}", first.stderr);
    assert!(error(&first.stderr).contains("is not finite"), "{}", first.stderr);
    // Nothing is tried again, and the answer is the same.
    let again = program.run(&words);
    assert_eq!((again.code, error(&again.stderr)), (Some(1), error(&first.stderr)));
    assert!(!again.stderr.contains("counts as failed"), "{}", again.stderr);
}

/// H7: some candidates diverge; that of a rate with which the last evaluation is what shows it.
#[test]
fn a_candidate_that_diverges_counts_as_failed_and_the_leg_goes_on() {
    let program = Program::new();
    ten_classes(&program);
    let rates = ["--set", "random.fit.rate=Constant(1e5)", "--set", "search.epochs=3"];
    let said = program.succeed(&[&["run", "ten.ron", "--out", "out"], &rates[..]].concat());
    let random = &report(&program, "out")["random"][0];
    let failed = random["failures"][0]["candidates"].as_u64();
    assert!(Some(0) < failed && failed < random["architectures"].as_u64(), "{random}");
    assert!(said.stdout.contains(" no measurement: "), "{}", said.stdout);
    assert!(said.stdout.contains("is not finite"), "{}", said.stdout);
}

/// H7: a contender that diverges.
#[test]
fn a_contender_that_diverges_has_no_accuracy_and_the_others_have() {
    let program = Program::new();
    ten_classes(&program);
    let rate = "search.bilevel.rate=Constant(1e30)";
    let said = program.succeed(&["run", "ten.ron", "--set", rate, "--out", "out"]);
    assert!(said.stdout.contains("Searching with DARTS has no result here."), "{}", said.stdout);
    assert!(
        said.stdout
            .contains("DARTS has no accuracy with 1 of 1 seeds: seed 0 search/darts, epoch 0")
    );
    let report = report(&program, "out");
    let rows = report["contenders"].as_array().unwrap();
    assert_eq!(rows[0]["scores"], serde_json::json!([null]));
    assert!(rows[1]["score"].is_f64() && rows[2]["score"].is_f64(), "{report}");
    assert_eq!(report["methods"][0]["worth_it"], false);
    // A stored failure is a result, too.
    let again = program.succeed(&["run", "ten.ron", "--set", rate, "--out", "out"]);
    assert_eq!(again.stdout, said.stdout);
}

/// H7: all contenders diverge.
#[test]
fn when_every_contender_diverges_the_error_says_how_many() {
    let program = Program::new();
    ten_classes(&program);
    let rate = "retrain.fit.rate=Constant(1e30)";
    let said = program.run(&["run", "ten.ron", "--set", rate, "--out", "out"]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    let expected =
        "error: none of 3 networks could be trained, at last: seed 0 retrain/baseline, epoch 0";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
}

/// H25: one class alone.
#[test]
fn labels_that_teach_nothing_are_told() {
    let program = Program::new();
    Images { height: 8, width: 8, train: &[0; 96], test: &[0; 40] }.write(&program, "one");
    program.write("one.ron", &experiment("Idx(\"one\")", ""));
    let said = program.succeed(&["run", "one.ron", "--out", "out"]);
    for part in ["every label of the training images is 0", "there is nothing to learn"] {
        assert!(said.stderr.contains(part), "{}", said.stderr);
        assert!(said.stdout.contains(part), "{}", said.stdout);
    }
    let row = said.stdout.lines().find(|line| line.starts_with("always class 0")).unwrap();
    assert!(row.contains("100.00"), "{row}");
}

/// H25: the most frequent class stands beside the contenders.
#[test]
fn the_most_frequent_class_has_a_row() {
    let program = Program::new();
    // Class 3 has half of the training images and a quarter of the test images.
    let labels = |count: u8, every: u8| {
        (0..count).map(|index| if index % every == 0 { 3 } else { index % 10 }).collect::<Vec<u8>>()
    };
    let train = labels(96, 2);
    let test = labels(40, 4);
    let share = test.iter().filter(|&&label| label == 3).count() as f64 / test.len() as f64;
    Images { height: 8, width: 8, train: &train, test: &test }.write(&program, "three");
    program.write("three.ron", &experiment("Idx(\"three\")", ""));
    let said = program.succeed(&["run", "three.ron", "--out", "out"]);
    let row = said.stdout.lines().find(|line| line.starts_with("always class 3")).unwrap();
    assert!(row.contains(&format!("{:.2}", 100.0 * share)), "{row}");
    assert_eq!(report(&program, "out")["constant"]["scores"]["accuracy"], share);
}

/// H26: 26 letters, numbered from 1.
#[test]
fn idx_files_may_have_other_classes_than_ten() {
    let program = Program::new();
    let letters = |count: u8| (0..count).map(|index| index % 26 + 1).collect::<Vec<u8>>();
    let train = letters(104);
    let test = letters(52);
    Images { height: 8, width: 8, train: &train, test: &test }.write(&program, "letters");
    program.write("letters.ron", &experiment("Idx(\"letters\")", ""));
    let said = program.run(&["run", "letters.ron", "--out", "out"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("expected a label below 10, found 10"), "{}", said.stderr);
    assert!(said.stderr.contains("classes: N)"), "{}", said.stderr);
    let told = experiment("Idx(directory: \"letters\", classes: 27)", "");
    program.write("letters.ron", &told);
    let said = program.succeed(&["run", "letters.ron", "--out", "out"]);
    assert!(said.stdout.contains("tiny ResNet"), "{}", said.stdout);
    // The stored experiment is one to go on with, and the command line can say it, too.
    program.succeed(&["run", "out/experiment.ron", "--out", "out"]);
    let set = "data=Idx(directory: \"letters\", classes: 27)";
    program.write("digits.ron", &experiment("Digits", "name: \"letters\","));
    program.succeed(&["run", "digits.ron", "--set", set, "--out", "out"]);
    for classes in ["1", "257"] {
        program.write("bad.ron", &told.replace("27", classes));
        let said = program.run(&["run", "bad.ron"]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(said.stderr.contains("data.classes: expected 2 to 256"), "{}", said.stderr);
    }
}

/// H27: losers' weights.
#[test]
fn only_the_best_candidate_keeps_its_weights() {
    let program = Program::new();
    ten_classes(&program);
    let rules = "explorers: [(explorer: Random, rules: (candidates: 3))],";
    program.write("explored.ron", &experiment("Idx(\"images\")", rules));
    program.succeed(&["run", "explored.ron", "--out", "out"]);
    for folder in ["candidates.dir", "random"] {
        let entries = std::fs::read_dir(program.path(&format!("out/seed-0/{folder}"))).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let weights: Vec<String> = names.filter(|name| name.contains("safetensors")).collect();
        assert_eq!(weights.len(), 1, "{folder}: {weights:?}");
    }
}

/// H30: a space of few architectures.
#[test]
fn an_architecture_is_tried_once_and_a_small_space_is_said_to_be_small() {
    let program = Program::new();
    ten_classes(&program);
    // One node that keeps one of two in-edges, one of two operations, in two cells: 16
    // architectures.
    let ops = r#"ops: ["skip_connect", "max_pool_3x3"],"#;
    program.write("small.ron", &experiment("Idx(\"images\")", ops));
    let sets = ["--set", "random.top=1", "--set", "search.epochs=40"];
    let words = [&["run", "small.ron", "--out", "out"], &sets[..]].concat();
    let said = program.succeed(&words);
    let expected = "random search tried 16 architectures, all that the space has\n";
    assert!(said.stdout.contains(expected), "{}", said.stdout);
    assert!(said.stderr.contains("16 architectures tried"), "{}", said.stderr);
    let stored: serde_json::Value =
        serde_json::from_str(&program.read("out/seed-0/random/candidates.json")).unwrap();
    let candidates = stored["value"].as_array().unwrap();
    let different: std::collections::BTreeSet<String> =
        candidates.iter().map(|candidate| candidate["genotype"].to_string()).collect();
    assert_eq!((candidates.len(), different.len()), (16, 16));
}

/// A head in the middle where the experiment asks for one.
#[test]
fn an_auxiliary_head_is_trained_where_it_has_a_weight() {
    let program = Program::new();
    let labels = |count: u8| (0..count).map(|index| index % 10).collect::<Vec<u8>>();
    let images = Images { height: 32, width: 32, train: &labels(40), test: &labels(10) };
    images.write(&program, "large");
    program.write("large.ron", &experiment("Idx(\"large\")", ""));
    let accuracies = |out: &str, more: &[&str]| {
        program.succeed(&[&["run", "large.ron", "--out", out], more].concat());
        let bytes = program.read_bytes(&format!("{out}/seed-0/retrain-searched.safetensors"));
        String::from_utf8_lossy(&bytes).contains("auxiliary.")
    };
    assert!(!accuracies("without", &[]));
    assert!(accuracies("with", &["--set", "retrain.fit.auxiliary=0.4"]));
}
