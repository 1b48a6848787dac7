use approx::assert_relative_eq;

use super::*;

/// One seed whose three contenders end with these accuracies.
fn seed(accuracies: [f64; 3]) -> SeedResults {
    let leg = |index: usize| LegResult {
        seconds: 10.0 * (index + 1) as f64,
        accuracy: Some(accuracies[index]),
        parameters: Some(100 * (index as u64 + 1)),
        macs: Some(1000),
        ..LegResult::default()
    };
    let search = LegResult { seconds: 60.0, training_macs: 5000, ..LegResult::default() };
    let random =
        LegResult { seconds: 50.0, training_macs: 4000, tried: Some(7), ..LegResult::default() };
    SeedResults { search, random, trained: [leg(0), leg(1), leg(2)] }
}

fn report(seeds: &[[f64; 3]]) -> Report {
    let seeds: Vec<_> = seeds.iter().copied().map(seed).collect();
    Report::new(&ComparisonConfig::default(), &seeds).unwrap()
}

#[test]
fn rows_hold_means_and_standard_deviations() {
    let report = report(&[[0.90, 0.85, 0.80], [0.92, 0.86, 0.80], [0.94, 0.87, 0.83]]);
    let [method, random, baseline] = &report.contenders[..] else { panic!("three rows") };
    assert_eq!(
        [&*method.name, &*random.name, &*baseline.name],
        ["DARTS", "random search", "tiny ResNet"]
    );
    assert_relative_eq!(method.accuracy, 0.92, max_relative = 1e-12);
    assert_relative_eq!(method.accuracy_sd.unwrap(), 0.02, max_relative = 1e-9);
    assert_relative_eq!(random.accuracy_sd.unwrap(), 0.01, max_relative = 1e-9);
    // (0.80 + 0.80 + 0.83) / 3 = 0.81, deviations -0.01, -0.01, 0.02: sd = sqrt(0.0006 / 2).
    assert_relative_eq!(baseline.accuracy, 0.81, max_relative = 1e-12);
    assert_relative_eq!(baseline.accuracy_sd.unwrap(), 0.0003f64.sqrt(), max_relative = 1e-9);
    assert_relative_eq!(method.search_seconds, 60.0);
    assert_relative_eq!(random.search_seconds, 50.0);
    assert_relative_eq!(baseline.search_seconds, 0.0);
    assert_relative_eq!(random.train_seconds, 20.0);
    assert_relative_eq!(method.search_macs, 5000.0);
    assert_relative_eq!(random.parameters, 200.0);
    assert_eq!(report.random_tried, [7, 7, 7]);
    assert_relative_eq!(report.metrics()["accuracy random search"], 0.86, max_relative = 1e-12);
}

#[test]
fn a_clear_lead_is_worth_it() {
    // Against random search: 0.05, 0.06, 0.07: mean 0.06, sd 0.01, standard error 0.01 / sqrt(3),
    // and the t quantile for two degrees of freedom is 4.302653.
    let report = report(&[[0.90, 0.85, 0.80], [0.92, 0.86, 0.80], [0.94, 0.87, 0.83]]);
    let pair = &report.paired[0];
    assert_eq!((&*pair.against, pair.seeds), ("random search", 3));
    assert_relative_eq!(pair.difference, 0.06, max_relative = 1e-9);
    let half = 4.302_652_73 * 0.01 / 3f64.sqrt();
    let (lower, upper) = pair.interval.unwrap();
    assert_relative_eq!(lower, 0.06 - half, max_relative = 1e-6);
    assert_relative_eq!(upper, 0.06 + half, max_relative = 1e-6);
    // Two-sided p of t = 6 sqrt(3) with two degrees of freedom: 1 - t / sqrt(2 + t^2).
    let t = 6.0 * 3f64.sqrt();
    assert_relative_eq!(pair.p_value.unwrap(), 1.0 - t / (2.0 + t * t).sqrt(), max_relative = 1e-6);
    assert!(report.worth_it);
    assert!(
        report.sentence.starts_with("Searching with DARTS is worth it here, over 3 paired seeds")
    );
    assert!(report.sentence.contains("+6.00 points [+3.52, +8.48]"), "{}", report.sentence);
}

#[test]
fn a_lead_within_chance_is_not_shown() {
    // 0.01, 0.02, 0.01 against random search: the interval reaches below zero.
    let report = report(&[[0.90, 0.89, 0.5], [0.92, 0.90, 0.51], [0.94, 0.93, 0.52]]);
    let (lower, _) = report.paired[0].interval.unwrap();
    let half = 4.302_652_73 * (1e-4f64 / 3.0).sqrt() / 3f64.sqrt();
    assert_relative_eq!(lower, 0.04 / 3.0 - half, max_relative = 1e-6);
    assert!(lower < 0.0 && !report.worth_it);
    assert!(report.sentence.contains("is not shown to be worth it"), "{}", report.sentence);
}

#[test]
fn beating_one_of_two_is_not_enough() {
    let report = report(&[[0.90, 0.80, 0.95], [0.91, 0.82, 0.97], [0.92, 0.81, 0.96]]);
    assert!(report.paired[0].interval.unwrap().0 > 0.0);
    assert!(report.paired[1].interval.unwrap().1 < 0.0);
    assert!(!report.worth_it);
}

#[test]
fn one_seed_cannot_tell() {
    let report = report(&[[0.9, 0.5, 0.4]]);
    assert!(!report.worth_it);
    assert!(report.paired.iter().all(|pair| pair.interval.is_none() && pair.p_value.is_none()));
    assert!(report.contenders.iter().all(|row| row.accuracy_sd.is_none()));
    assert!(report.sentence.starts_with("One seed cannot tell"), "{}", report.sentence);
    assert!(report.sentence.contains("+40.00 points against random search"), "{}", report.sentence);
}

#[test]
fn equal_differences_of_two_seeds_prove_nothing() {
    let report = report(&[[0.75, 0.5, 0.25], [0.75, 0.5, 0.25]]);
    assert_eq!(report.paired[0].interval, Some((0.25, 0.25)));
    assert_eq!(report.paired[0].p_value, None);
    assert!(!report.worth_it);
}

#[test]
fn reports_survive_json() {
    let report = report(&[[0.9, 0.8, 0.7], [0.91, 0.79, 0.7]]);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}
