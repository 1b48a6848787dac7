//! A journal on a full disk.

use std::path::Path;
use std::process::{Command, Output};

use dartloom_dist::journal::{Durability, Journal, read};
use serde_json::json;

/// Names the directory in the process that fills it.
const FULL: &str = "DIST_TEST_FULL";

/// Writes until it fails, and then as before.
fn fill(directory: &Path) {
    let path = directory.join("journal");
    let (mut journal, _) = Journal::open(&path, &json!("full")).unwrap();
    let text = "x".repeat(1000);
    let written = (0..10_000).position(|number| {
        let record = json!({ "number": number, "text": text });
        match journal.append(&record, Durability::Synced) {
            Ok(()) => false,
            Err(error) => {
                println!("\nrefused {error}");
                true
            }
        }
    });
    let written = written.unwrap();
    // What was written is intact, and nothing of what was refused is left.
    let contents = read(&path).unwrap();
    assert_eq!((contents.entries.len(), contents.torn), (written, 0));
    assert!(journal.append(&json!({ "text": text }), Durability::Synced).is_err());
    drop(journal);
    assert_eq!(read(&path).unwrap().entries.len(), written);
    println!("written {written}");
}

fn run(shell: &mut Command, directory: &Path) -> Output {
    shell.env(FULL, directory).env("PROGRAM", std::env::current_exe().unwrap()).output().unwrap()
}

const REST: &str =
    "exec \"$PROGRAM\" --exact journal::a_full_disk_is_told_and_loses_nothing --nocapture";

fn check(output: &Output, reason: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("cannot append to") && text.contains(reason), "{text}");
    let written = text.lines().find_map(|line| line.strip_prefix("written "));
    assert!(written.unwrap().parse::<usize>().unwrap() > 10, "{text}");
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    if let Some(directory) = std::env::var_os(FULL) {
        return fill(Path::new(&directory));
    }
    let directory = tempfile::tempdir().unwrap();
    // The largest file this process may write, in blocks of 512 bytes.
    let limited = format!("trap '' XFSZ; ulimit -f 64; {REST}");
    check(&run(Command::new("sh").args(["-c", &limited]), directory.path()), "File too large");
    // A real full disk, where a user may mount one.
    let mount = "mount -t tmpfs -o size=64k tmpfs \"$DIST_TEST_FULL\"";
    let mounts = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", script]);
        command
    };
    if run(&mut mounts(mount), directory.path()).status.success() {
        let script = format!("{mount} && {REST}");
        check(&run(&mut mounts(&script), directory.path()), "No space left");
    } else {
        println!("no user namespaces here: only the limited file was tried");
    }
}
