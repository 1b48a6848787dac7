//! Stored results: their owner, and their being as they were written.
#![cfg(unix)]

use std::process::Command;

use crate::program::{Program, Said, said, wait_for};

/// Seconds, not minutes.
const TINY: &str = r#"(
    data: DATA, scale: Small, ops: ["skip_connect", "max_pool_3x3", "sep_conv_3x3"],
    layers: 3, nodes: 1, channels: 2, seeds: [0], stem: Cifar(1),
    search: (epochs: 1, batch: 16),
    random: (fit: (epochs: 1, batch: 16)),
    retrain: (channels: 2, fit: (epochs: 1, batch: 16)),
)"#;

/// Images of 8x8 in two files, as MNIST has them; pixels are a function of `salt`.
fn write_images(program: &Program, folder: &str, salt: usize) {
    for (part, count) in [("train", 48), ("t10k", 16)] {
        let number = |value: usize| (value as u32).to_be_bytes();
        let mut images = [2051, count, 8, 8].map(number).concat();
        images.extend((0..count * 64).map(|at| (at * (salt + 7) % 251) as u8));
        let mut labels = [2049, count].map(number).concat();
        labels.extend((0..count).map(|at| (at % 10) as u8));
        let path = program.path(folder);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join(format!("{part}-images-idx3-ubyte")), images).unwrap();
        std::fs::write(path.join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
}

fn with(data: &str) -> Program {
    let program = Program::new();
    program.write("tiny.ron", &TINY.replace("DATA", data));
    program
}

/// Runs to the end, which must be this exit code.
#[track_caller]
fn ends(program: &Program, arguments: &[&str], code: i32) -> Said {
    let said = program.run(arguments);
    assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.stderr);
    said
}

const RUN: [&str; 4] = ["run", "tiny.ron", "--out", "out"];

/// H2: images are their pixels and labels, and not the folder they lie in.
#[test]
fn other_images_under_the_same_path_are_refused_and_the_same_under_another_are_not() {
    let program = with("Idx(\"work/images\")");
    write_images(&program, "work/images", 0);
    let long = [RUN.as_slice(), &["--set", "search.epochs=40"]].concat();
    let child = program.spawn(&long);
    wait_for(&program.path("out/events.jsonl"), "\"epoch_finished\"", 1);
    let stop = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(stop.success());
    let stopped = said(child.wait_with_output().unwrap());
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);

    let events = program.read("out/events.jsonl");
    write_images(&program, "work/images", 1);
    let refused = ends(&program, &long, 2);
    let expected = "the training images are not those that the run began with";
    assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    assert_eq!(program.read("out/events.jsonl"), events, "nothing was done");

    // The first images again, somewhere else.
    std::fs::remove_dir_all(program.path("work")).unwrap();
    write_images(&program, "moved/images", 0);
    program.write("tiny.ron", &TINY.replace("DATA", "Idx(\"moved/images\")"));
    let resumed = program.succeed(&long);
    assert!(resumed.stderr.contains("going on"), "{}", resumed.stderr);
    assert!(program.read("out/experiment.ron").contains("moved/images"));
}

/// H24: the number of seeds is no part of what a leg is.
#[test]
fn more_seeds_go_on_and_keep_the_legs_that_are_there() {
    let program = with("Digits");
    let first = program.succeed(&RUN);
    assert!(first.stdout.contains("One seed cannot tell"), "{}", first.stdout);
    let legs = ["search", "random", "retrain-searched", "retrain-random", "retrain-baseline"];
    let files = legs.map(|leg| format!("out/seed-0/{leg}.json"));
    let before = files.each_ref().map(|file| program.read(file));
    let more = [RUN.as_slice(), &["--seeds", "2"]].concat();
    let second = program.succeed(&more);
    assert!(second.stderr.contains("5 legs of seed 0 were there already"), "{}", second.stderr);
    assert!(second.stdout.contains("seeds 0, 1"), "{}", second.stdout);
    assert_eq!(files.each_ref().map(|file| program.read(file)), before);
    program.read("out/seed-1/search.json");
    assert_eq!(program.succeed(&more).stdout, second.stdout);

    let fewer = ends(&program, &RUN, 2);
    let expected = "holds a run of seeds 0, 1, and this one asks for 0";
    assert!(fewer.stderr.contains(expected), "{}", fewer.stderr);
    assert_eq!(program.read("out/verdict.txt"), second.stdout);
}

/// The file with its last digit changed.
fn damage(program: &Program, file: &str) {
    let mut bytes = program.read_bytes(file);
    let digit = bytes.iter().rposition(u8::is_ascii_digit).unwrap();
    bytes[digit] = if bytes[digit] == b'1' { b'2' } else { b'1' };
    std::fs::write(program.path(file), bytes).unwrap();
}

#[test]
fn damage_in_a_finished_run_is_mended_and_said() {
    let program = with("Digits");
    let first = program.succeed(&RUN);
    let sentence = |text: &str| text.lines().find(|l| l.starts_with("One seed")).map(str::to_owned);
    let files = [
        "verdict.txt",
        "report.json",
        "finished.json",
        "run.json",
        "seed-0/search.json",
        "seed-0/genotype.json",
        "seed-0/weights.json",
        "seed-0/best-epoch.json",
        "seed-0/random.json",
        "seed-0/random/candidates.json",
        "seed-0/retrain-searched.json",
        "seed-0/retrain-random.json",
        "seed-0/retrain-baseline.json",
    ];
    let mut over = 0;
    for file in files {
        let path = format!("out/{file}");
        damage(&program, &path);
        let damaged = program.read(&path);
        let said = program.succeed(&RUN);
        assert!(said.stderr.contains("again"), "{file}: {}", said.stderr);
        assert!(said.stderr.contains(file), "{file}: {}", said.stderr);
        // What was trained to its end is not gone on with beyond it.
        assert!(!said.stderr.contains("2/1"), "{file}: {}", said.stderr);
        assert_eq!(sentence(&said.stdout), sentence(&first.stdout), "{file}");
        assert_ne!(program.read(&path), damaged, "{file}");
        over += said.stderr.matches(": all of its 1 epochs were done").count();
        let next = program.succeed(&RUN);
        assert_eq!(next.stdout, said.stdout, "{file}");
        assert!(next.stderr.contains("is finished"), "{file}: {}", next.stderr);
    }
    assert!(over > 0, "searches and trainings were over, and only their results made again");
}

#[test]
fn damage_that_only_training_would_mend_is_an_error_with_the_file() {
    let program = with("Digits");
    program.succeed(&RUN);
    for file in ["search.safetensors", "retrain-searched.safetensors"] {
        let path = program.path(&format!("out/seed-0/{file}"));
        let good = std::fs::read(&path).unwrap();
        let mut bytes = good.clone();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let said = ends(&program, &RUN, 1);
        assert!(said.stderr.contains(file) && said.stderr.contains("checksum"), "{}", said.stderr);
        std::fs::write(&path, good).unwrap();
    }
    program.succeed(&RUN);
}

#[test]
fn a_damaged_experiment_file_is_written_again_for_the_same_experiment() {
    let program = with("Digits");
    let first = program.succeed(&RUN);
    let good = program.read("out/experiment.ron");
    for bad in [good.replacen("layers: 3", "layers: 4", 1), good[..good.len() / 2].to_owned()] {
        assert_ne!(bad, good);
        program.write("out/experiment.ron", &bad);
        let said = program.succeed(&RUN);
        assert!(said.stderr.contains("experiment.ron: damaged"), "{}", said.stderr);
        assert_eq!(said.stdout, first.stdout);
        assert_eq!(program.read("out/experiment.ron"), good);
    }
}

#[test]
fn runs_of_versions_without_checksums_are_refused() {
    let program = with("Digits");
    program.succeed(&RUN);
    let old = r#"{"version": 1, "digest": "0", "program": "dartloom 0.1.0", "command": [], "threads": 1, "system": "linux"}"#;
    program.write("out/run.json", old);
    let said = ends(&program, &RUN, 2);
    assert!(said.stderr.contains("older version of dartloom"), "{}", said.stderr);
    assert_eq!(program.read("out/run.json"), old);
}
