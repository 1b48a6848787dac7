//! Runs every golden case of a folder and says, one line each, how it ended.
//!
//! With `--staged` cells run one operation after the other, without it as one operation.
//! The folder is named by `DARTLOOM_GOLDEN_DIR`; without it the committed fixtures run. The exit
//! code is 0 when no case failed, 1 when one did, 2 when the folder has no readable
//! manifest, the command line is not understood or `DARTLOOM_LANES` names no register width.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program says what it found")]

use std::path::PathBuf;
use std::process::ExitCode;

use dartloom_kernels::InstructionSet;
use dartloom_ops::Execution;
use dartloom_tests::golden;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let execution = match &arguments[..] {
        [] => Execution::default(),
        [flag] if flag == "--staged" => Execution::Staged,
        found => {
            eprintln!("expected --staged or nothing, found {found:?}");
            return ExitCode::from(2);
        }
    };
    let set = match InstructionSet::in_use() {
        Ok(set) => set,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let named = std::env::var_os(golden::FOLDER_VARIABLE).map(PathBuf::from);
    let folder = named.unwrap_or_else(golden::fixtures);
    let outcomes = match golden::run(&folder, execution, &mut |outcome| println!("{outcome}")) {
        Ok(outcomes) => outcomes,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            return ExitCode::from(2);
        }
    };
    let tally = golden::Tally::of(&outcomes);
    eprintln!("{tally} ({set})");
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
