//! Files that are never half written.

use std::fs;
use std::io::Write;

use dartloom_record::{RecordError, RunDir, digest};

fn dir() -> (tempfile::TempDir, RunDir) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = RunDir::open(temporary.path().join("runs/one")).unwrap();
    (temporary, dir)
}

#[test]
fn files_are_written_whole_and_read_back() {
    let (_keep, dir) = dir();
    assert_eq!(dir.read("note.txt").unwrap(), None);
    let path = dir.write("note.txt", b"first").unwrap();
    assert_eq!(path, dir.file("note.txt"));
    dir.write("note.txt", b"second").unwrap();
    assert_eq!(dir.read("note.txt").unwrap().as_deref(), Some("second"));
    dir.write("a/b/deep.txt", b"x").unwrap();
    assert_eq!(dir.read("a/b/deep.txt").unwrap().as_deref(), Some("x"));
    let names: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{names:?}");
}

#[test]
fn a_failed_write_leaves_the_previous_file() {
    let (_keep, dir) = dir();
    dir.write("state", b"previous").unwrap();
    // The temporary name is taken by a directory, so the new bytes can never be written.
    fs::create_dir(dir.file("state.tmp")).unwrap();
    let error = dir.write("state", b"next").unwrap_err();
    assert!(matches!(error, RecordError::File { action: "write", .. }), "{error}");
    assert!(error.to_string().contains("state"), "{error}");
    assert_eq!(dir.read("state").unwrap().as_deref(), Some("previous"));
}

#[test]
fn a_stale_temporary_file_does_no_harm() {
    let (_keep, dir) = dir();
    fs::write(dir.file("state.tmp"), b"left by a killed process, and longer than the rest")
        .unwrap();
    dir.write("state", b"whole").unwrap();
    assert_eq!(dir.read("state").unwrap().as_deref(), Some("whole"));
}

#[test]
fn appending_repairs_a_cut_last_line() {
    let (_keep, dir) = dir();
    for (before, expected) in [
        ("", "new\n"),
        ("one\n", "one\nnew\n"),
        ("one\ntw", "one\nnew\n"),
        ("cut", "new\n"),
        ("one\n\n", "one\n\nnew\n"),
    ] {
        fs::write(dir.file("log"), before).unwrap();
        writeln!(dir.append("log").unwrap(), "new").unwrap();
        assert_eq!(dir.read("log").unwrap().as_deref(), Some(expected), "{before:?}");
    }
    writeln!(dir.append("fresh").unwrap(), "new").unwrap();
    assert_eq!(dir.read("fresh").unwrap().as_deref(), Some("new\n"));
}

#[test]
fn directories_that_cannot_be_are_errors_with_their_path() {
    let (_keep, dir) = dir();
    dir.write("file", b"").unwrap();
    for error in [
        RunDir::open(dir.file("file")).unwrap_err(),
        dir.inside("file").unwrap_err(),
        dir.write("file/inside", b"").unwrap_err(),
        dir.append("missing/log").unwrap_err(),
        dir.read("").unwrap_err(),
    ] {
        assert!(matches!(error, RecordError::File { .. }), "{error}");
        assert!(error.to_string().contains("one"), "{error}");
    }
}

#[test]
fn files_are_removed_and_nothing_else_is() {
    let (_keep, dir) = dir();
    dir.write("gone", b"x").unwrap();
    dir.write("kept/inside", b"x").unwrap();
    dir.remove("gone").unwrap();
    assert_eq!(dir.read("gone").unwrap(), None);
    dir.remove("gone").unwrap();
    let error = dir.remove("kept").unwrap_err();
    assert!(matches!(error, RecordError::File { action: "remove", .. }), "{error}");
    assert_eq!(dir.read("kept/inside").unwrap().as_deref(), Some("x"));
}

#[test]
fn digests_are_short_and_tell_values_apart() {
    let one = digest(&(1, "a")).unwrap();
    assert_eq!(one, digest(&(1, "a")).unwrap());
    assert_ne!(one, digest(&(2, "a")).unwrap());
    assert_eq!(one.len(), 16);
    // SHA-256 of the JSON text `null`, 74234e98afe7498f...
    assert_eq!(digest(&()).unwrap(), "74234e98afe7498f");
    let map = std::collections::HashMap::from([((1, 2), 3)]);
    assert!(matches!(digest(&map), Err(RecordError::Encode { .. })));
}
