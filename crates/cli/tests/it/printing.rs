//! Streams that cannot be written, and names that are no text.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use crate::program::{Program, Said, said};
use crate::weights::{OPS, table};

/// Seconds, not minutes.
const TINY: &str = r#"(
    data: Digits, scale: Small, ops: ["skip_connect", "max_pool_3x3", "sep_conv_3x3"],
    layers: 3, nodes: 2, channels: 2, seeds: [1], stem: Cifar(1),
    search: (epochs: 1, batch: 128),
    random: (fit: (epochs: 1, batch: 128)),
    retrain: (channels: 2, fit: (epochs: 1, batch: 128)),
)"#;

/// A stream that never has room.
fn full() -> Stdio {
    File::create("/dev/full").unwrap().into()
}

/// Weights of a DARTS space that are all equal: the decoder says how it chose.
fn tied() -> String {
    table(&OPS, &vec![vec![0.125; OPS.len()]; 14])
}

/// H5: whoever has closed the stream of notes does not want them, and gets the genotype all the
/// same.
#[test]
fn a_genotype_is_written_although_notes_cannot_be() {
    let program = Program::new();
    program.write("weights.json", &tied());
    let arguments =
        ["decode", "--space", "darts", "--decoder", "darts", "--weights", "weights.json"];
    let told = program.succeed(&arguments);
    assert!(!told.stderr.is_empty(), "these weights are decoded without a note");
    let mut command = program.command(&arguments);
    let lost = said(command.stderr(full()).output().unwrap());
    assert_eq!((lost.code, lost.stdout), (Some(0), told.stdout));
}

/// H5: `2>&1 | head -2` ends neither the run nor, at its end, the program.
#[test]
fn a_run_goes_on_when_nobody_reads_its_progress_any_more() {
    let program = Program::new();
    program.write("tiny.ron", TINY);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = program.command(&["run", "tiny.ron"]);
    let mut child = command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
    drop(command);
    let mut lines = BufReader::new(reader).lines();
    for _ in 0..2 {
        lines.next().unwrap().unwrap();
    }
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(program.read("runs/tiny/verdict.txt").contains("tiny ResNet"));
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure_and_one_that_is_not_wanted_is_none() {
    let program = Program::new();
    let count = ["count", "DARTS_V2", "--channels", "16"];
    for arguments in [&count[..], &["--help"], &["--version"], &["run", "--help"]] {
        let lost = said(program.command(arguments).stdout(full()).output().unwrap());
        assert_eq!(lost.code, Some(1), "{arguments:?}: {}", lost.stderr);
        assert!(lost.stderr.contains("stdout: cannot write it: No space left"), "{}", lost.stderr);
        let mut silent = program.command(arguments);
        assert_eq!(silent.stdout(full()).stderr(full()).status().unwrap().code(), Some(1));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let unwanted = said(program.command(arguments).stdout(writer).output().unwrap());
        assert_eq!((unwanted.code, unwanted.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
    // Messages about mistakes are lost with the exit code they have.
    let wrong = program.command(&["count", "NO_SUCH"]).stderr(full()).status().unwrap();
    assert_eq!(wrong.code(), Some(2));
    let wrong = program.command(&["count"]).stderr(full()).status().unwrap();
    assert_eq!(wrong.code(), Some(2));
}

/// H6: any name that the system allows.
#[test]
fn an_experiment_whose_name_is_no_text_runs() {
    let program = Program::new();
    let name = OsStr::from_bytes(b"a\xfe.ron");
    std::fs::write(program.path("").join(name), TINY).unwrap();
    let run = |more: &[&str]| -> Said {
        let mut command = program.command(&["run"]);
        command.arg(name).args(more).arg("--out").arg(OsStr::from_bytes(b"out\xff"));
        said(command.output().unwrap())
    };
    let done = run(&[]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let mark = std::fs::read_to_string(
        program.path("").join(OsStr::from_bytes(b"out\xff")).join("run.json"),
    );
    assert!(mark.unwrap().contains("a\u{fffd}.ron"));
    assert_eq!(run(&[]).stdout, done.stdout);
    // Its own directory is named after it.
    let mut command = program.command(&["run"]);
    let named = said(command.arg(name).output().unwrap());
    assert_eq!(named.code, Some(0), "{}", named.stderr);
    assert!(program.path("runs/a\u{fffd}/verdict.txt").exists());
}

/// Every argument that may be a file is one of any name.
#[test]
fn genotypes_spaces_and_scores_are_files_whose_names_are_no_text() {
    let program = Program::new();
    let genotype = dartloom::space::Genotype::published("DARTS_V2").unwrap();
    let space = dartloom_engine::spaces::resolve("darts-S").unwrap();
    for (name, text) in [
        (&b"g\xfe.json"[..], genotype.to_json().unwrap()),
        (b"s\xfe.json", space.to_json().unwrap()),
        (b"w\xfe.json", dartloom::space::distance::OpScores::means().to_json().unwrap()),
    ] {
        std::fs::write(program.path("").join(OsStr::from_bytes(name)), text).unwrap();
    }
    let rows: [&[&[u8]]; 6] = [
        &[b"draw", b"g\xfe.json", b"--out", b"g\xff.svg"],
        &[b"draw", b"s\xfe.json", b"--out", b"s\xff.dot"],
        &[b"count", b"g\xfe.json", b"--channels", b"16"],
        &[b"count", b"DARTS_V2", b"--space", b"s\xfe.json", b"--channels", b"16"],
        &[b"distance", b"g\xfe.json", b"DARTS_V1", b"--weights", b"w\xfe.json"],
        &[b"score", b"g\xfe.json", b"--scores", b"naswot", b"--batch", b"2", b"--channels", b"2"],
    ];
    for row in rows {
        let mut command = program.command(&[]);
        let words = row.iter().map(|word| OsStr::from_bytes(word));
        let done = said(command.args(words).output().unwrap());
        assert_eq!(done.code, Some(0), "{row:?}: {}", done.stderr);
    }
    let missing =
        program.command(&["draw", "--out", "x.svg"]).arg(OsStr::from_bytes(b"n\xfe")).output();
    let missing = said(missing.unwrap());
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("`n\u{fffd}` is no published genotype"), "{}", missing.stderr);
}

/// The system's signal would end the program without a word.
#[test]
fn a_file_that_may_not_grow_is_named_and_the_run_goes_on_when_it_may() {
    let program = Program::new();
    program.write("tiny.ron", TINY);
    let whole = program.succeed(&["run", "tiny.ron", "--out", "whole"]);
    // The files that meet the limit first: the experiment, the events, a checkpoint.
    for (kibibytes, file) in [(1, "experiment.ron"), (4, "events.jsonl"), (30, ".safetensors")] {
        let script = format!("ulimit -f {kibibytes}; exec \"$0\" run tiny.ron --out out");
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_dartloom")]);
        let stopped = said(command.current_dir(program.path("")).output().unwrap());
        assert_eq!(stopped.code, Some(1), "{kibibytes}: {}", stopped.stderr);
        let last = stopped.stderr.lines().last().unwrap();
        assert!(last.contains("out/") && last.contains(file), "{kibibytes}: {last}");
        assert!(last.contains("File too large"), "{kibibytes}: {last}");
    }
    let resumed = program.succeed(&["run", "tiny.ron", "--out", "out"]);
    let sentence =
        |said: &Said| said.stdout.lines().find(|l| l.starts_with("One seed")).map(str::to_owned);
    assert!(sentence(&whole).is_some());
    assert_eq!(sentence(&resumed), sentence(&whole));
}
