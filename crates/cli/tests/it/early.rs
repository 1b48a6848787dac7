//! Runs that cannot be are refused before anything is done: exit code 2, and no directory.

use crate::images::Images;
use crate::program::{Program, Said};

/// The experiment of cases of options.
const DIGITS: &str = r#"(
    data: Digits, scale: Small, layers: 3, nodes: 1, channels: 2, search: (epochs: 1, batch: 16),
    random: (fit: (epochs: 1, batch: 16)),
    retrain: (channels: 2, layers: 3, fit: (epochs: 1, batch: 16)), seeds: [0],
)"#;

/// Labels 0 to 9 again and again.
fn labels(count: u8) -> Vec<u8> {
    (0..count).map(|index| index % 10).collect()
}

fn refused(program: &Program, words: &[&str]) -> Said {
    let said = program.run(&[&["run"], words, &["--out", "out"]].concat());
    assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
    assert_eq!(said.stdout, "", "{words:?}");
    assert!(!program.path("out").exists(), "{words:?}");
    said
}

fn refused_with(words: &[&str], parts: &[&str]) {
    let program = Program::new();
    program.write("digits.ron", DIGITS);
    let said = refused(&program, &[&["digits.ron"], words].concat());
    for part in parts {
        assert!(said.stderr.contains(part), "{words:?}: no `{part}` in {}", said.stderr);
    }
}

/// H8: an explorer is built before the method beside it has searched.
#[test]
fn an_explorer_that_cannot_be_built_is_refused_with_its_place() {
    let program = Program::new();
    let late = r#"(data: Digits, scale: Small, layers: 3, nodes: 1, channels: 2, method: "darts", search: (epochs: 2),
        explorers: [(explorer: EXPLORER)], random: (fit: (epochs: 1, batch: 64)),
        retrain: (channels: 2, layers: 3, fit: (epochs: 1, batch: 64)), seeds: [0])"#;
    for (explorer, expected) in [
        (
            "Evolution(population: 0, sample: 2)",
            "explorer.population: expected at least 1, found 0",
        ),
        ("Pareto(population: 1)", "explorer.population: expected at least 2, found 1"),
        ("Genetic(parents: 0)", "explorer."),
        ("Halving(factor: 1)", "explorer."),
        ("LocalSearch, rules: (candidates: 0)", "rules.candidates: expected at least 1, found 0"),
        ("LocalSearch, rules: (patience: 0)", "rules.patience: expected at least 1, found 0"),
        ("LocalSearch, rules: (pace: SteadyState(0))", "rules.pace: expected"),
        ("LocalSearch, channels: 0", "channels: expected at least 1, found 0"),
    ] {
        program.write("late.ron", &late.replace("EXPLORER", explorer));
        let said = refused(&program, &["late.ron"]);
        let expected = format!("late.ron: explorers.0.{expected}");
        assert!(said.stderr.contains(&expected), "{explorer}: {}", said.stderr);
    }
}

/// H10: augmentation against the size of images.
#[test]
fn augmentation_larger_than_the_images_is_refused() {
    let cutout = ["--set", "retrain.fit.cutout=16", "--set", "retrain.fit.epochs=3"];
    let parts = ["digits.ron: retrain.fit.cutout", "less than 8", "found 16", "1x8x8"];
    refused_with(&cutout, &parts);
    refused_with(&["--set", "random.fit.cutout=8"], &["random.fit.cutout", "less than 8"]);
    refused_with(&["--set", "search.crop_padding=8"], &["search.crop_padding", "less than 8"]);
    refused_with(&["--set", "random.fit.crop_padding=9"], &["random.fit.crop_padding", "found 9"]);
}

/// H23: what is wrong with the images, and which would do.
#[test]
fn images_that_cannot_be_halved_are_refused_with_sizes_that_can() {
    let program = Program::new();
    let images = Images { height: 7, width: 9, train: &labels(96), test: &labels(40) };
    images.write(&program, "odd");
    program.write("odd.ron", &DIGITS.replace("Digits", "Idx(\"odd\")"));
    let said = refused(&program, &["odd.ron"]);
    let expected = "odd.ron: images of 7x9 cannot be halved twice; sides that are multiples of 4 can, such as 8x12";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    // Explorers alone have no supernet that would show it.
    let explorer = r#"Idx("odd"), explorers: [(explorer: Random)]"#;
    program.write("odd.ron", &DIGITS.replace("Digits", explorer));
    let said = refused(&program, &["odd.ron"]);
    assert!(said.stderr.contains("cannot be halved twice"), "{}", said.stderr);
}

/// H23: the whole path of a field.
#[test]
fn fields_are_named_with_their_path() {
    for (set, expected) in [
        ("random.fit.epochs=0", "digits.ron: random.fit.epochs: expected at least 1, found 0"),
        ("random.fit.sgd.momentum=2", "random.fit.sgd.momentum: expected"),
        ("random.top=0", "random.top: expected at least 1, found 0"),
        ("retrain.fit.batch=1", "retrain.fit.batch: expected at least 2, found 1"),
        ("retrain.channels=0", "retrain.channels: expected at least 1, found 0"),
        ("search.epochs=0", "digits.ron: search.epochs: expected at least 1, found 0"),
        ("search.bilevel.clip=0", "search.bilevel.clip: expected"),
        ("random.fit.auxiliary=0.4", "random.fit.auxiliary: expected 0"),
        ("retrain.fit.auxiliary=0.4", "retrain.fit.auxiliary: expected 0"),
    ] {
        refused_with(&["--set", set], &[expected]);
    }
}

/// Numbers of images against batches and halves.
#[test]
fn batches_larger_than_the_images_are_refused() {
    let program = Program::new();
    Images { height: 8, width: 8, train: &labels(20), test: &labels(4) }.write(&program, "few");
    program.write("few.ron", &DIGITS.replace("Digits", "Idx(\"few\")"));
    let said = refused(&program, &["few.ron"]);
    let expected =
        "search.batch: expected no more than the images that move weights, found 16 of 10 images";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    let said = refused(&program, &["few.ron", "--set", "search.batch=8"]);
    assert!(said.stderr.contains("random.fit.batch: expected no more than"), "{}", said.stderr);
    let sets = ["--set", "search.batch=8", "--set", "random.fit.batch=8"];
    let more = ["--set", "retrain.fit.batch=21"];
    let said = refused(&program, &[&["few.ron"], &sets[..], &more].concat());
    let expected =
        "retrain.fit.batch: expected no more than the images to learn from, found 21 of 20";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    // The last batch of one image has no statistics where planes are single values.
    Images { height: 4, width: 4, train: &labels(18), test: &labels(4) }.write(&program, "tiny");
    program.write("tiny.ron", &DIGITS.replace("Digits", "Idx(\"tiny\")"));
    let sets = ["--set", "search.batch=4", "--set", "random.fit.batch=4"];
    let sets = [&sets[..], &["--set", "search.crop_padding=0"]].concat();
    let said = refused(&program, &[&["tiny.ron"], &sets[..]].concat());
    assert!(said.stderr.contains("search.batch"), "{}", said.stderr);
    assert!(said.stderr.contains("planes of 1x1"), "{}", said.stderr);
}

#[test]
fn options_that_make_no_sense_or_have_no_effect_are_refused() {
    refused_with(&["--seeds", "0"], &["--seeds", "1..=10000"]);
    refused_with(&["--seeds", "10001"], &["--seeds", "1..=10000"]);
    refused_with(&["--seeds", "2", "--set", "seeds=[7]"], &["--set", "--seeds", "seeds=[7]"]);
    for option in [["--workers", "2"], ["--worker-memory", "1GiB"], ["--worker-stall", "9"]] {
        refused_with(&option, &[option[0], "discrete searches"]);
    }
    let explorer = ["--method", "evolution"];
    refused_with(&[&explorer[..], &["--workers", "0"]].concat(), &["--workers", "found 0"]);
    refused_with(&[&explorer[..], &["--workers", "9999"]].concat(), &["--workers", "found 9999"]);
}

#[test]
fn a_run_that_needs_more_memory_than_there_is_is_refused_with_both_numbers() {
    refused_with(&["--memory", "30MiB"], &["predicted to need", "--memory gives 30.0 MiB"]);
    let many = ["--method", "evolution", "--workers", "100", "--memory", "1GiB"];
    refused_with(&many, &["regularised evolution, 100 times at once", "--memory gives 1.0 GiB"]);
}

/// Limits of this process count, too.
#[cfg(target_os = "linux")]
#[test]
fn limits_of_the_process_are_asked() {
    let program = Program::new();
    program.write("digits.ron", DIGITS);
    let large = "random.fit.batch=500";
    let command = format!(
        "ulimit -v 2000000; exec {} run digits.ron --out out --set {large} --set channels=256",
        env!("CARGO_BIN_EXE_dartloom")
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &command]).current_dir(program.path(""));
    let said = crate::program::said(shell.output().unwrap());
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("max address space"), "{}", said.stderr);
    assert!(said.stderr.contains("1.9 GiB"), "{}", said.stderr);
}
