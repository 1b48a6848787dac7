//! Tests that need no Python: statistics, parsing, judging.

use serde_json::{Value, json};

use super::figures::Figures;
use super::machine::{Ticks, cpu_model};
use super::parity::{differences, judge};
use super::programs::{candidate_words, reference_words};
use super::ratio::Spread;
use super::{Suite, cases, kernels, steps};
use crate::error::Error;

fn figures(value: Value) -> Figures {
    Figures::new("program".to_owned(), value)
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() < 1e-9
}

#[test]
fn a_spread_is_median_and_ends() {
    let odd = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
    assert!(near(odd.median, 2.0) && near(odd.least, 1.0) && near(odd.most, 3.0));
    assert!(near(Spread::of(&[4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5));
    assert!(Spread::of(&[]).is_none());
    assert_eq!(odd.to_string(), "2.00 (1.00..3.00)");
}

#[test]
fn a_repetition_compares_with_the_faster_layout() {
    let run = |seconds: f64, mib: f64| figures(json!({ "step_seconds": seconds, "rss_mib": mib }));
    let references = [run(6.0, 300.0), run(4.0, 360.0)];
    let repetition = steps::judge(&references, &run(2.0, 90.0)).unwrap();
    assert!(near(repetition.ratio(), 2.0), "{}", repetition.ratio());
    assert!(near(repetition.memory_ratio(), 4.0), "{}", repetition.memory_ratio());
    assert!(matches!(steps::judge(&[], &run(1.0, 1.0)), Err(Error::Figures { .. })));
    let cut = figures(json!({ "step_seconds": 1.0 }));
    assert!(matches!(steps::judge(&references, &cut), Err(Error::Figures { .. })));
}

#[test]
fn the_ratio_is_the_median_of_ratios_not_the_ratio_of_medians() {
    let run = |seconds: f64| figures(json!({ "step_seconds": seconds, "rss_mib": 1.0 }));
    // The machine was ten times slower in the second repetition.
    let pairs = [(2.0, 1.0), (30.0, 10.0), (4.0, 1.0)];
    let repetitions =
        pairs.iter().map(|&(them, us)| steps::judge(&[run(them)], &run(us)).unwrap()).collect();
    let outcome = steps::Outcome { repetitions, threads: 2 };
    let line = outcome.json("case");
    assert_eq!(line["ratio"], json!({ "median": 3.0, "min": 2.0, "max": 4.0 }));
    assert_eq!(line["reference_seconds"]["median"], 4.0);
    assert_eq!(line["threads"], 2);
}

fn step(losses: &[f64], norm: f64, gradients: &[f64]) -> Figures {
    figures(json!({
        "losses": losses, "gradient_norm": norm, "gradients": { "normal": [gradients] },
    }))
}

#[test]
fn equal_steps_are_equal_and_others_are_refused() {
    let reference = step(&[2.0, 4.0], 1.0, &[0.5, -1.0, 0.0]);
    let same = differences(&reference, &reference).unwrap();
    assert!(same.iter().all(|(_, difference)| *difference == 0.0), "{same:?}");
    judge("case", &same, &[]).unwrap();

    let rows = [
        (step(&[2.0, 4.01], 1.0, &[0.5, -1.0, 0.0]), "losses"),
        (step(&[2.0], 1.0, &[0.5, -1.0, 0.0]), "losses"),
        (step(&[2.0, 4.0], 1.1, &[0.5, -1.0, 0.0]), "norm of the weights' gradient"),
        (step(&[2.0, 4.0], 1.0, &[0.5, -1.0, 0.01]), "normal"),
        (step(&[2.0, 4.0], 1.0, &[0.5, -1.0]), "normal"),
    ];
    for (candidate, expected) in rows {
        let error = judge("case", &differences(&reference, &candidate).unwrap(), &[]).unwrap_err();
        assert!(matches!(&error, Error::Unequal { what, .. } if what == expected), "{error}");
    }
    let zero = step(&[2.0, 4.0], 1.0, &[0.0, 0.0, 0.0]);
    // No further away than PyTorch in single precision is from itself in double precision.
    let far = [("normal".to_owned(), 1.5e-3)];
    judge("case", &far, &[("normal".to_owned(), 2.5e-3)]).unwrap();
    assert!(judge("case", &far, &[("normal".to_owned(), 1.2e-3)]).is_err());
    assert!(
        judge("case", &differences(&zero, &zero).unwrap(), &[]).is_err(),
        "nothing was compared"
    );
}

#[test]
fn figures_that_are_absent_or_not_finite_are_refused() {
    let reference = step(&[2.0], 1.0, &[0.5]);
    let rows = [
        json!({}),
        json!({ "losses": [], "gradient_norm": null, "gradients": {} }),
        json!({ "losses": ["x"], "gradient_norm": 1.0, "gradients": { "normal": [[1.0]] } }),
        json!({ "losses": [2.0], "gradient_norm": 1.0, "gradients": { "other": [[0.5]] } }),
        json!({ "losses": [2.0], "gradient_norm": 1.0, "gradients": { "normal": [[null]] } }),
    ];
    for row in rows {
        let error = differences(&reference, &figures(row.clone())).unwrap_err();
        assert!(matches!(error, Error::Figures { .. }), "{row}");
    }
}

#[test]
fn stolen_and_busy_time_is_a_share_of_all() {
    let parse = |line: &str| Ticks::parse(line).unwrap();
    let before = parse("cpu  100 0 0 800 0 0 0 100 0 0\ncpu0 1 2 3\n");
    let after = parse("cpu  150 0 0 820 0 0 0 130 7 7\n");
    assert!(near(after.steal_percent(before), 30.0));
    assert!(near(after.busy_percent(before), 80.0));
    assert!(near(before.busy_percent(before), 0.0));
    assert!(Ticks::parse("").is_none());
    assert!(Ticks::parse("cpu  1 2 3\n").is_none());
    assert!(Ticks::parse("cpu  1 2 3 4 5 6 7 x\n").is_none());
    assert_eq!(cpu_model("processor\t: 0\nmodel name\t: Some CPU\n"), Some("Some CPU"));
    assert_eq!(cpu_model(""), None);
}

#[test]
fn every_suite_has_its_cases() {
    assert_eq!(cases::of(Suite::Search, 2).len(), 1);
    assert!(cases::of(Suite::Kernels, 2).is_empty());
    let threads: Vec<u32> = cases::of(Suite::Threads, 2).iter().map(|case| case.threads).collect();
    assert_eq!(threads, [1, 2]);
    assert_eq!(cases::of(Suite::All, 2).len(), 9);
}

#[test]
fn a_search_for_pixels_is_a_search() {
    let cases = cases::of(Suite::UnetSearch, 2);
    let [case] = &cases[..] else { panic!("{cases:?}") };
    assert!(case.is_search(), "{case:?}");
    let ours = candidate_words(case, 3);
    assert!(ours.starts_with("bench search-step --method darts-unet "), "{ours}");
    let theirs = reference_words(case, 3, "contiguous", false);
    assert!(theirs.starts_with("--method darts-unet --channels 16 --layers 6 "), "{theirs}");
}

#[test]
fn both_command_lines_say_the_same() {
    for case in cases::of(Suite::All, 2) {
        let ours = candidate_words(&case, 3);
        let theirs = reference_words(&case, 3, "channels_last", true);
        assert!(ours.starts_with("bench ") && ours.ends_with("--json"), "{ours}");
        for words in [&ours, &theirs] {
            assert!(words.contains(&format!("{}{}", case.shared, case.timed)), "{words}");
            assert!(words.contains("--steps 3 --warm-up 1"), "{words}");
            assert!(words.contains(&format!("--threads {}", case.threads)), "{words}");
        }
        assert_eq!(theirs.contains("--lean"), case.is_search(), "{theirs}");
    }
}

#[test]
fn kernels_are_paired_by_name_batch_and_shape() {
    let row = |kernel: &str, forward: f64, both: f64| {
        json!({
            "kernel": kernel, "batch": 16, "shape": "16x32", "forward_ms": forward, "both_ms": both
        })
    };
    let run = |rows: Vec<Value>| figures(json!({ "kernels": rows }));
    let references = [
        run(vec![row("bn", 1.0, 9.0), row("relu", 1.0, 1.0)]),
        run(vec![row("bn", 2.0, 6.0), row("relu", 1.0, 1.0)]),
    ];
    let candidate = run(vec![row("bn", 0.5, 3.0), row("own", 1.0, 1.0)]);
    let pairs = kernels::pairs(&references, &candidate).unwrap();
    let expected = ("bn".to_owned(), 16, "16x32".to_owned());
    assert_eq!(pairs.keys().collect::<Vec<_>>(), [&expected]);
    assert_eq!(format!("{:?}", pairs[&expected]), "[[1.0, 6.0], [0.5, 3.0]]");
    assert!(kernels::pairs(&references, &run(vec![])).is_err());
    assert!(kernels::pairs(&[figures(json!({}))], &candidate).is_err());
}
