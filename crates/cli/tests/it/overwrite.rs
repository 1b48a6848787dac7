//! `--overwrite`: what is removed, what stays, and when.

use std::path::Path;
use std::process::Stdio;

use crate::program::{Program, Said, said};

/// A second, not minutes.
const TINY: &str = r#"(
    data: Digits, scale: Small, ops: ["skip_connect", "max_pool_3x3"], layers: 3, nodes: 1, channels: 2, seeds: [0],
    search: (epochs: 1, batch: 128), random: (fit: (epochs: 1, batch: 128)),
    retrain: (channels: 2, layers: 3, fit: (epochs: 1, batch: 128)),
)"#;

fn with_tiny() -> Program {
    let program = Program::new();
    program.write("tiny.ron", TINY);
    program
}

fn run_in(program: &Program, folder: &str, arguments: &[&str]) -> Said {
    let mut command = program.command(arguments);
    said(command.current_dir(program.path(folder)).stdin(Stdio::null()).output().unwrap())
}

/// Everything below a folder with its contents, but for the lock.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if !path.ends_with("lock") {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// H4: a run in the directory that the program stands in.
#[test]
fn a_run_in_the_current_directory_starts_anew() {
    let program = with_tiny();
    program.write("d/keep", "");
    std::fs::remove_file(program.path("d/keep")).unwrap();
    let first = run_in(&program, "d", &["run", "../tiny.ron", "--out", "."]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    // What is not the run's stays.
    program.write("d/notes.txt", "mine");
    program.write("d/seed-0/stale", "of the old run");
    let again = run_in(&program, "d", &["run", "../tiny.ron", "--out", ".", "--overwrite"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stderr.contains("running tiny in ."), "{}", again.stderr);
    assert!(again.stderr.contains("seed 0 search/darts: epoch 1/1"), "{}", again.stderr);
    assert_eq!(program.read("d/notes.txt"), "mine");
    assert!(!program.path("d/seed-0/stale").exists());
    assert!(!program.path("d/overwritten.tmp").exists());
    assert_eq!(program.read("d/verdict.txt"), again.stdout);
}

/// H4: nothing is deleted before what can fail has been tried.
#[test]
fn a_run_that_cannot_begin_leaves_the_stored_one_as_it_is() {
    let program = with_tiny();
    program.succeed(&["run", "tiny.ron", "--out", "out"]);
    let before = contents(&program.path("out"));
    program.write("nothing.ron", "(data: Idx(\"absent\"), scale: Small)");
    let refused: [&[&str]; 7] = [
        &["run", "tiny.ron", "--set", "retrain.fit.cutout=16"],
        &["run", "tiny.ron", "--set", "random.fit.epochs=0"],
        &["run", "nothing.ron"],
        &["run", "absent.ron"],
        &["run", "tiny.ron", "--memory", "1MiB"],
        &["run", "tiny.ron", "--workers", "2"],
        &["run", "tiny.ron", "--seeds", "0"],
    ];
    for words in refused {
        let said = program.run(&[words, &["--out", "out", "--overwrite"]].concat());
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert_eq!(contents(&program.path("out")), before, "{words:?}");
    }
}

#[test]
fn a_directory_with_a_damaged_run_may_be_overwritten() {
    let program = with_tiny();
    program.succeed(&["run", "tiny.ron", "--out", "out"]);
    for (file, text) in
        [("run.json", "{"), ("experiment.ron", "(data: "), ("experiment.ron", "\u{0}")]
    {
        program.write(&format!("out/{file}"), text);
        let said = program.succeed(&["run", "tiny.ron", "--out", "out", "--overwrite"]);
        assert!(said.stderr.contains("running tiny in out"), "{}", said.stderr);
    }
}

#[cfg(unix)]
#[test]
fn links_are_neither_followed_nor_replaced() {
    let program = with_tiny();
    program.succeed(&["run", "tiny.ron", "--out", "out"]);
    program.write("elsewhere/mine.txt", "years of work");
    std::fs::rename(program.path("out/seed-0"), program.path("elsewhere/seed-0")).unwrap();
    std::os::unix::fs::symlink(program.path("elsewhere"), program.path("out/seed-0")).unwrap();
    let before = contents(&program.path("out"));
    let said = program.run(&["run", "tiny.ron", "--out", "out", "--overwrite"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("out/seed-0") && said.stderr.contains("a link"),
        "{}",
        said.stderr
    );
    assert_eq!(contents(&program.path("out")), before);
    assert_eq!(program.read("elsewhere/mine.txt"), "years of work");

    // A directory that is itself a link stays one.
    std::fs::remove_file(program.path("out/seed-0")).unwrap();
    std::os::unix::fs::symlink(program.path("out"), program.path("link")).unwrap();
    program.succeed(&["run", "tiny.ron", "--out", "link", "--overwrite"]);
    assert!(program.path("link").is_symlink());
    assert!(program.path("out/verdict.txt").exists());
}
