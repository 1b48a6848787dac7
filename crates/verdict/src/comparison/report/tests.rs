use approx::assert_relative_eq;

use dartloom_record::Scores;

use super::*;

/// The networks that are retrained, in the order of the table.
const CONTENDERS: [&str; 3] = ["retrain/darts", "retrain/random", "retrain/baseline"];

fn of_key(key: &str) -> Leg {
    Leg::Search(key.to_owned())
}

fn scored(accuracy: f64) -> Scores {
    Scores::new().with("accuracy", accuracy)
}

/// One seed whose three contenders end with these accuracies.
fn seed(accuracies: [f64; 3]) -> SeedResults {
    let leg = |index: usize| LegResult {
        seconds: 10.0 * (index + 1) as f64,
        scores: scored(accuracies[index]),
        parameters: Some(100 * (index as u64 + 1)),
        macs: Some(1000),
        ..LegResult::default()
    };
    let search = LegResult { seconds: 60.0, training_macs: 5000, ..LegResult::default() };
    let tried = Some(Tried { architectures: 7, ..Tried::default() });
    let random = LegResult { seconds: 50.0, training_macs: 4000, tried, ..LegResult::default() };
    SeedResults::from([
        (of_key("darts"), search),
        (Leg::Random, random),
        (CONTENDERS[0].into(), leg(0)),
        (CONTENDERS[1].into(), leg(1)),
        (CONTENDERS[2].into(), leg(2)),
    ])
}

fn frame(objective: Objective) -> Frame<'static> {
    Frame { objective, constant: None, remarks: Vec::new(), seeds: &[] }
}

fn accuracy() -> Frame<'static> {
    frame(Objective::share("accuracy"))
}

fn report(seeds: &[[f64; 3]]) -> Report {
    let seeds: Vec<_> = seeds.iter().copied().map(seed).collect();
    Report::new(&[(of_key("darts"), "DARTS")], "tiny ResNet", &seeds, accuracy()).unwrap()
}

/// The verdict on the only method.
fn verdict(seeds: &[[f64; 3]]) -> MethodReport {
    let [verdict] = &report(seeds).methods[..] else { panic!("one method") };
    verdict.clone()
}

#[test]
fn rows_hold_means_and_standard_deviations() {
    let report = report(&[[0.90, 0.85, 0.80], [0.92, 0.86, 0.80], [0.94, 0.87, 0.83]]);
    let [method, random, baseline] = &report.contenders[..] else { panic!("three rows") };
    assert_eq!(
        [&*method.name, &*random.name, &*baseline.name],
        ["DARTS", "random search", "tiny ResNet"]
    );
    assert_relative_eq!(method.score.unwrap(), 0.92, max_relative = 1e-12);
    assert_relative_eq!(method.score_sd.unwrap(), 0.02, max_relative = 1e-9);
    assert_relative_eq!(random.score_sd.unwrap(), 0.01, max_relative = 1e-9);
    // (0.80 + 0.80 + 0.83) / 3 = 0.81, deviations -0.01, -0.01, 0.02: sd = sqrt(0.0006 / 2).
    assert_relative_eq!(baseline.score.unwrap(), 0.81, max_relative = 1e-12);
    assert_relative_eq!(baseline.score_sd.unwrap(), 0.0003f64.sqrt(), max_relative = 1e-9);
    assert_relative_eq!(method.search_seconds, 60.0);
    assert_relative_eq!(random.search_seconds, 50.0);
    assert_relative_eq!(baseline.search_seconds, 0.0);
    assert_relative_eq!(random.train_seconds, 20.0);
    assert_relative_eq!(method.search_macs, 5000.0);
    assert_relative_eq!(random.parameters.unwrap(), 200.0);
    assert_eq!(report.random.iter().map(|tried| tried.architectures).sum::<usize>(), 21);
    assert_relative_eq!(report.metrics()["accuracy random search"], 0.86, max_relative = 1e-12);
}

#[test]
fn a_clear_lead_is_worth_it() {
    // Against random search: 0.05, 0.06, 0.07: mean 0.06, sd 0.01, standard error 0.01 / sqrt(3),
    // and the t quantile for two degrees of freedom is 4.302653.
    let verdict = verdict(&[[0.90, 0.85, 0.80], [0.92, 0.86, 0.80], [0.94, 0.87, 0.83]]);
    let pair = &verdict.paired[0];
    assert_eq!((&*pair.against, pair.seeds), ("random search", 3));
    assert_relative_eq!(pair.difference.unwrap(), 0.06, max_relative = 1e-9);
    let half = 4.302_652_73 * 0.01 / 3f64.sqrt();
    let (lower, upper) = pair.interval.unwrap();
    assert_relative_eq!(lower, 0.06 - half, max_relative = 1e-6);
    assert_relative_eq!(upper, 0.06 + half, max_relative = 1e-6);
    // Two-sided p of t = 6 sqrt(3) with two degrees of freedom: 1 - t / sqrt(2 + t^2).
    let t = 6.0 * 3f64.sqrt();
    assert_relative_eq!(pair.p_value.unwrap(), 1.0 - t / (2.0 + t * t).sqrt(), max_relative = 1e-6);
    assert!(verdict.worth_it);
    assert!(
        verdict.sentence.starts_with("Searching with DARTS is worth it here, over 3 paired seeds")
    );
    assert!(verdict.sentence.contains("+6.00 points [+3.52, +8.48]"), "{}", verdict.sentence);
}

#[test]
fn a_lead_within_chance_is_not_shown() {
    // 0.01, 0.02, 0.01 against random search: the interval reaches below zero.
    let verdict = verdict(&[[0.90, 0.89, 0.5], [0.92, 0.90, 0.51], [0.94, 0.93, 0.52]]);
    let (lower, _) = verdict.paired[0].interval.unwrap();
    let half = 4.302_652_73 * (1e-4f64 / 3.0).sqrt() / 3f64.sqrt();
    assert_relative_eq!(lower, 0.04 / 3.0 - half, max_relative = 1e-6);
    assert!(lower < 0.0 && !verdict.worth_it);
    // The mean is 2.31 standard deviations: 4.303 / sqrt(3) are more than that, 3.182 / 2 are not.
    let pair = &verdict.paired[0];
    assert_relative_eq!(pair.effect.unwrap(), 4.0 / 3.0f64.sqrt(), max_relative = 1e-6);
    assert_eq!(pair.seeds_needed, Some(4));
    let told = "Differences like these take about 4 seeds to tell random search apart.";
    assert!(verdict.sentence.contains(told), "{}", verdict.sentence);
    assert!(verdict.sentence.contains("is not shown to be worth it"), "{}", verdict.sentence);
}

#[test]
fn beating_one_of_two_is_not_enough() {
    let verdict = verdict(&[[0.90, 0.80, 0.95], [0.91, 0.82, 0.97], [0.92, 0.81, 0.96]]);
    assert!(verdict.paired[0].interval.unwrap().0 > 0.0);
    assert!(verdict.paired[1].interval.unwrap().1 < 0.0);
    assert!(!verdict.worth_it);
}

#[test]
fn one_seed_cannot_tell() {
    let verdict = verdict(&[[0.9, 0.5, 0.4]]);
    assert!(!verdict.worth_it);
    assert!(verdict.paired.iter().all(|pair| pair.interval.is_none() && pair.p_value.is_none()));
    let rows = report(&[[0.9, 0.5, 0.4]]).contenders;
    assert!(rows.iter().all(|row| row.score_sd.is_none()));
    assert!(verdict.sentence.starts_with("One seed cannot tell"), "{}", verdict.sentence);
    assert!(
        verdict.sentence.contains("+40.00 points against random search"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn equal_differences_of_two_seeds_prove_nothing() {
    let verdict = verdict(&[[0.75, 0.5, 0.25], [0.75, 0.5, 0.25]]);
    let pair = &verdict.paired[0];
    assert_eq!((pair.interval, pair.p_value, pair.seeds_needed), (None, None, None));
    assert!(!verdict.worth_it);
    let told = "The differences from random search are all equal, which is no certainty.";
    assert!(verdict.sentence.contains(told), "{}", verdict.sentence);
}

#[test]
fn every_method_is_judged_by_itself() {
    let seeds = [0.0, 0.01, 0.02].map(|more| {
        let base = seed([0.90 + more, 0.80 + 2.0 * more, 0.70]);
        let cheap = LegResult { seconds: 30.0, training_macs: 2500, ..LegResult::default() };
        let mut results = base.clone();
        results.insert(of_key("weak"), cheap);
        let strong = base[&CONTENDERS[0].into()].clone();
        let weak = LegResult { scores: scored(0.75 + more), ..strong };
        results.insert("retrain/weak".into(), weak);
        results
    });
    let searched = [(of_key("darts"), "strong"), (of_key("weak"), "weak")];
    let report = Report::new(&searched, "hand-made", &seeds, accuracy()).unwrap();
    let names: Vec<&str> = report.contenders.iter().map(|row| &*row.name).collect();
    assert_eq!(names, ["strong", "weak", "random search", "hand-made"]);
    let macs: Vec<f64> = report.contenders.iter().map(|row| row.search_macs).collect();
    assert_relative_eq!(macs[..], [5000.0, 2500.0, 4000.0, 0.0]);
    let [strong, weak] = &report.methods[..] else { panic!("two methods") };
    assert!(strong.worth_it && !weak.worth_it);
    let against = |method: &MethodReport| {
        method
            .paired
            .iter()
            .map(|pair| (pair.against.clone(), pair.difference.unwrap()))
            .collect::<Vec<_>>()
    };
    // Means: 0.91 and 0.76 against 0.82 and 0.70.
    let expected = [[0.09, 0.21], [-0.06, 0.06]];
    for (method, expected) in [strong, weak].into_iter().zip(expected) {
        let found = against(method);
        assert_eq!([&*found[0].0, &*found[1].0], ["random search", "hand-made"]);
        assert_relative_eq!([found[0].1, found[1].1][..], expected[..], max_relative = 1e-9);
    }
    assert!(weak.sentence.starts_with("Searching with weak is not shown"), "{}", weak.sentence);
    assert_eq!(report.metrics().len(), 4);
}

#[test]
fn reports_survive_json() {
    let report = report(&[[0.9, 0.8, 0.7], [0.91, 0.79, 0.7]]);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

/// The same seed with a contender that diverged.
fn diverged(mut results: SeedResults, slot: usize) -> SeedResults {
    let failure = Some("seed 1, epoch 0, step 2: the loss is not finite".to_owned());
    results.insert(CONTENDERS[slot].into(), LegResult { failure, ..LegResult::default() });
    results
}

fn of(seeds: &[SeedResults]) -> Result<Report, VerdictError> {
    Report::new(&[(of_key("darts"), "DARTS")], "tiny ResNet", seeds, accuracy())
}

#[test]
fn a_contender_that_diverged_has_no_accuracy_and_the_sentence_says_so() {
    let good = [[0.90, 0.85, 0.80], [0.92, 0.86, 0.80], [0.94, 0.87, 0.83]].map(seed);
    let [first, second, third] = good.clone();
    let report = of(&[diverged(first, 0), second, third]).unwrap();
    let row = &report.contenders[0];
    assert_eq!(row.scores, [None, Some(0.92), Some(0.94)]);
    assert_relative_eq!(row.score.unwrap(), 0.93, max_relative = 1e-12);
    let verdict = &report.methods[0];
    assert_eq!(verdict.paired[0].seeds, 2);
    assert_relative_eq!(verdict.paired[0].difference.unwrap(), 0.065, max_relative = 1e-9);
    // Better with the seeds that it has is not better.
    assert!(!verdict.worth_it);
    let expected =
        "DARTS has no accuracy with 1 of 3 seeds: seed 1, epoch 0, step 2: the loss is not finite.";
    assert!(verdict.sentence.ends_with(expected), "{}", verdict.sentence);
    assert!(verdict.sentence.contains("over 2 paired seeds"), "{}", verdict.sentence);

    // Nothing is left of the method.
    let report = of(&good.clone().map(|results| diverged(results, 0))).unwrap();
    let row = &report.contenders[0];
    assert_eq!((row.score, row.score_sd, row.parameters), (None, None, None));
    let verdict = &report.methods[0];
    assert_eq!(verdict.paired[0].difference, None);
    assert!(verdict.sentence.starts_with("Searching with DARTS has no result here."));
    assert!(!report.metrics().contains_key("accuracy DARTS"));

    // Nothing is left to compare with.
    let report = of(&good.clone().map(|results| diverged(results, 1))).unwrap();
    let sentence = &report.methods[0].sentence;
    assert!(sentence.contains("nothing to compare with random search"), "{sentence}");
    assert!(sentence.starts_with("So few paired seeds cannot tell"), "{sentence}");
}

#[test]
fn when_every_contender_diverged_there_is_no_report() {
    let all = [0, 1, 2].into_iter().fold(seed([0.9, 0.8, 0.7]), diverged);
    let error = of(&[all.clone(), all]).unwrap_err();
    assert!(matches!(error, VerdictError::NothingTrained { networks: 6, .. }), "{error}");
}

/// The same errors as accuracies before: the order of better and worse is turned round.
#[test]
fn less_is_better_where_the_task_says_so() {
    let seeds: Vec<_> =
        [[0.40, 0.45, 0.50], [0.38, 0.44, 0.50], [0.36, 0.43, 0.47]].map(seed).into();
    let judged = |objective| {
        let searched = [(of_key("darts"), "DARTS")];
        Report::new(&searched, "tiny ResNet", &seeds, frame(objective)).unwrap().methods.remove(0)
    };
    let verdict = judged(Objective::lower("accuracy").with_unit("mm"));
    // Against random search: -0.05, -0.06, -0.07, the mirror image of a clear lead.
    let pair = &verdict.paired[0];
    assert_relative_eq!(pair.difference.unwrap(), -0.06, max_relative = 1e-9);
    let half = 4.302_652_73 * 0.01 / 3f64.sqrt();
    let (lower, upper) = pair.interval.unwrap();
    assert_relative_eq!(lower, -0.06 - half, max_relative = 1e-6);
    assert_relative_eq!(upper, -0.06 + half, max_relative = 1e-6);
    assert!(verdict.worth_it);
    let told = "-0.06000 mm [-0.08484, -0.03516], p = 0.009 against random search";
    assert!(verdict.sentence.contains(told), "{}", verdict.sentence);
    let way = "(difference in test accuracy, of which less is better, 95 % confidence";
    assert!(verdict.sentence.contains(way), "{}", verdict.sentence);
    assert!(!judged(Objective::higher("accuracy")).worth_it);
}

#[test]
fn several_methods_are_judged_together() {
    let scores = [[0.90, 0.85, 0.80], [0.92, 0.86, 0.80], [0.94, 0.87, 0.83]];
    let seeds: Vec<_> = scores.map(seed).into();
    let key = || (of_key("darts"), "DARTS");
    let judged = |methods: usize| {
        let searched = vec![key(); methods];
        let frame = frame(Objective::higher("accuracy"));
        Report::new(&searched, "tiny ResNet", &seeds, frame).unwrap().methods.remove(0)
    };
    let alone = judged(1).paired.remove(0);
    assert_eq!(alone.adjusted_p_value, alone.p_value);
    // Ten equal tests: each counts tenfold.
    let many = judged(10);
    let pair = &many.paired[0];
    assert_relative_eq!(pair.adjusted_p_value.unwrap(), 10.0 * alone.p_value.unwrap());
    assert!(pair.interval.unwrap().0 > 0.0 && !many.worth_it && judged(1).worth_it);
    assert!(many.sentence.contains("among all methods"), "{}", many.sentence);
}
