use super::*;

const LEGS: [&str; 5] = ["search/d", "random", "retrain/d", "retrain/random", "retrain/baseline"];

fn at(seed: u64, leg: &str) -> Where {
    Where::of_seed(seed, leg.into())
}

fn pace(seeds: &[u64]) -> Pace {
    Pace::new(seeds, &LEGS.map(Leg::from))
}

#[test]
fn nothing_is_known_at_the_start() {
    let pace = pace(&[0, 1]);
    assert_eq!(pace.left(0.0), None);
    assert!(pace.share(0.0).abs() < 1e-9);
}

#[test]
fn the_first_search_tells_the_rest_by_guess() {
    let mut pace = pace(&[5]);
    pace.at(&at(5, "search/d"), 0.0, 10.0);
    pace.at(&at(5, "search/d"), 0.5, 20.0);
    // A whole search takes 20 s, the run 2.7 times that.
    assert!((pace.left(20.0).unwrap() - (2.7 * 20.0 - 10.0)).abs() < 1e-9);
    assert!((pace.share(20.0) - 10.0 / 54.0).abs() < 1e-9);
}

#[test]
fn measured_parts_replace_guesses() {
    let mut pace = pace(&[0, 1]);
    let mut now = 0.0;
    for (leg, seconds) in LEGS.iter().zip([10.0, 20.0, 3.0, 4.0, 1.0]) {
        let phase = at(0, leg);
        pace.at(&phase, 0.0, now);
        now += seconds;
        pace.finished(&phase, now);
    }
    assert!((pace.left(now).unwrap() - 38.0).abs() < 1e-6);
    assert!((pace.share(now) - 0.5).abs() < 1e-6);
    // An open-ended part goes by time.
    pace.at(&at(1, "search/d"), 0.0, now);
    now += 10.0;
    pace.finished(&at(1, "search/d"), now);
    pace.at(&at(1, "random").with_candidate(0), 0.0, now);
    pace.at(&at(1, "random").with_candidate(0), 1.0, now + 5.0);
    assert!((pace.left(now + 5.0).unwrap() - 23.0).abs() < 1e-6);
}

#[test]
fn a_resumed_part_counts_from_where_it_was() {
    let mut pace = pace(&[0]);
    pace.at(&at(0, "search/d"), 0.5, 0.0);
    pace.at(&at(0, "search/d"), 0.75, 10.0);
    // The other quarter takes 10 s more; a whole search 40 s.
    assert!((pace.left(10.0).unwrap() - (10.0 + 1.7 * 40.0)).abs() < 1e-9);
}

#[test]
fn every_method_has_its_own_length() {
    let legs = ["search/a", "search/b", "random"].map(Leg::from);
    let mut pace = Pace::new(&[0, 1], &legs);
    for (phase, begin, end) in [("search/a", 0.0, 10.0), ("search/b", 10.0, 40.0)] {
        pace.at(&at(0, phase), 0.0, begin);
        pace.finished(&at(0, phase), end);
    }
    pace.at(&at(0, "random").with_candidate(0), 0.0, 40.0);
    pace.finished(&at(0, "random"), 70.0);
    assert!((pace.left(70.0).unwrap() - 70.0).abs() < 1e-6);
    pace.at(&at(1, "search/a"), 0.0, 70.0);
    pace.finished(&at(1, "search/a"), 80.0);
    assert!((pace.left(80.0).unwrap() - 60.0).abs() < 1e-6);
}

#[test]
fn other_phases_are_ignored() {
    let mut pace = pace(&[0]);
    pace.at(&"something else".into(), 0.5, 1.0);
    pace.at(&at(7, "search/d"), 0.5, 1.0);
    assert_eq!(pace.left(2.0), None);
}

#[test]
fn durations_are_round() {
    assert_eq!(duration(42.4), "42 s");
    assert_eq!(duration(300.0), "5 min");
    assert_eq!(duration(7_500.0), "2 h 05 min");
}
