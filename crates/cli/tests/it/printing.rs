//! Streams that cannot be written, and names that are no text.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use crate::program::{Program, Said, said};

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
    let ops = [
        "none",
        "max_pool_3x3",
        "avg_pool_3x3",
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "dil_conv_3x3",
        "dil_conv_5x5",
    ];
    let cell = |name: &str| {
        let edges = vec![vec![0.125; ops.len()]; 14];
        serde_json::json!({ "name": name, "edges": edges })
    };
    let cells = [cell("normal"), cell("reduce")];
    serde_json::json!({ "version": 1, "ops": ops, "cells": cells }).to_string()
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
