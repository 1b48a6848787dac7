//! The environment variable that forces a register width.

use serde_json::Value;

use crate::bench::SMALL;
use crate::program::{Program, Said, said};

const VARIABLE: &str = "DARTLOOM_LANES";

fn with(lanes: &str, words: &[&str]) -> Said {
    let program = Program::new();
    said(program.command(words).env(VARIABLE, lanes).output().unwrap())
}

#[test]
fn every_command_refuses_a_width_that_there_is_not() {
    let commands: [&[&str]; 4] = [
        &["count", "DARTS_V2", "--channels", "36"],
        &["bench", "peak"],
        &["run"],
        &["bench", "search-step"],
    ];
    for words in commands {
        for lanes in ["2", "", "sixteen", "08"] {
            let said = with(lanes, words);
            assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
            for part in [VARIABLE, "expected one of [1", &format!("found `{lanes}`")] {
                assert!(said.stderr.contains(part), "{words:?}: no `{part}` in {}", said.stderr);
            }
            assert_eq!(said.stdout, "", "{words:?}");
        }
    }
}

/// The widths of this machine, as a refusal lists them.
fn widths() -> Vec<String> {
    let refusal = with("0", &["count", "DARTS_V2", "--channels", "36"]).stderr;
    let list = refusal.split_once('[').unwrap().1.split_once(']').unwrap().0;
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn a_step_says_its_width_and_computes_the_same_but_for_rounding() {
    let words = [&["bench", "search-step", "--json", "--steps", "1"], &SMALL[..]].concat();
    let mut losses = Vec::new();
    for lanes in widths() {
        let said = with(&lanes, &words);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let step: Value = serde_json::from_str(&said.stdout).unwrap();
        let set = step["instruction_set"].as_str().unwrap();
        assert!(set.contains(&format!("{lanes} lane")), "{lanes}: {set}");
        losses.push(step["loss"].as_f64().unwrap());
        let kernel = ["bench", "kernels", "--kernel", "relu", "--batch", "1", "--seconds", "0"];
        let table = with(&lanes, &kernel).stdout;
        assert!(table.contains(set), "{table}");
    }
    let first = losses[0];
    assert!(losses.iter().all(|loss| (loss - first).abs() <= 1e-5 * first), "{losses:?}");
    #[cfg(target_arch = "x86_64")]
    assert!(losses.len() == 4 || !std::arch::is_x86_feature_detected!("avx2"), "{losses:?}");
}

/// A system that makes a hundred thousand threads does nothing else.
#[test]
fn threads_that_no_machine_has_are_refused() {
    let program = Program::new();
    let mut command = program.command(&["count", "DARTS_V2", "--channels", "16"]);
    let refused = said(command.env("RAYON_NUM_THREADS", "100000").output().unwrap());
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("RAYON_NUM_THREADS: expected from 0 to 1024, found 100000"));
    let mut command = program.command(&["count", "DARTS_V2", "--channels", "16"]);
    assert_eq!(said(command.env("RAYON_NUM_THREADS", "many").output().unwrap()).code, Some(0));
}
