//! `bench memory` and `estimate`: predictions of memory, and processes measured against them.

use serde_json::Value;

use crate::bench::json;
use crate::program::Program;

/// Predictions are better than that by far (`docs/guides/memory.md`); machines differ.
#[cfg(target_os = "linux")]
const GATE: f64 = 0.4;

#[cfg(target_os = "linux")]
#[test]
fn peaks_of_processes_are_as_predicted() {
    let program = Program::new();
    let bench = ["bench", "memory", "--json", "--threads", "1", "--steps", "1", "--warm-up", "1"];
    let candidates = ["--space", "nasbench201", "--space", "darts-S", "--candidates", "3"];
    let candidates = [&bench[..], &candidates, &["--batch", "16"]].concat();
    let presets = ["--preset", "darts", "--preset", "pc_darts", "--channels", "8", "--batch", "8"];
    let presets = [&bench[..], &presets].concat();
    let mut seen = 0;
    for words in [candidates, presets] {
        let report = json(&program, &words);
        for row in report["rows"].as_array().unwrap() {
            assert!(row["error"].as_f64().unwrap().abs() <= GATE, "{row}");
            assert!(row["measured_mib"].as_f64().unwrap() > 50.0, "{row}");
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

const EXPERIMENT: &str =
    r#"(name: "small", data: Digits, scale: Small, method: ["darts", "pc_darts"])"#;

fn estimate(more: &[&str]) -> Value {
    let program = Program::new();
    program.write("small.ron", EXPERIMENT);
    let path = program.path("small.ron").display().to_string();
    let words = [&["estimate", &path, "--json", "--threads", "1"], more].concat();
    json(&program, &words)
}

#[test]
fn an_estimate_has_every_part_and_its_sum() {
    let estimate = estimate(&[]);
    assert_eq!(estimate["experiment"], "small");
    let methods = estimate["methods"].as_array().unwrap();
    assert_eq!(methods.len(), 2);
    for method in methods {
        let search = &method["search"];
        let parts = search["memory"].as_object().unwrap();
        assert_eq!(parts.len(), 7);
        let sum: u64 = parts.values().map(|part| part.as_u64().unwrap()).sum();
        assert_eq!(search["total"], sum);
        for space in ["candidates", "retraining"] {
            for what in ["parameters", "macs", "memory"] {
                let range = &method[space][what];
                let [least, mean, most] = ["least", "mean", "most"].map(|of| range[of].as_f64());
                assert!(least < mean && mean < most, "{space} {what} {range}");
            }
        }
    }
}

#[test]
fn a_limit_admits_or_says_what_would_fit() {
    let first = |limit| estimate(&["--memory", limit])["methods"][0]["search"].clone();
    assert_eq!(first("64GiB")["admission"]["Run"]["slot"], 0);
    let search = first("45MiB");
    let reject = &search["admission"]["Reject"];
    assert_eq!(reject["limit"], 45 << 20);
    assert_eq!(reject["needed"], search["total"]);
    let batch = reject["largest_batch"].as_u64().unwrap();
    assert!((1..64).contains(&batch), "{reject}");
}
