//! kill -9 of the process that searches.

use std::time::Duration;

use dartloom_noise::Noise;
use rand::Rng as _;

use super::check;
use super::process::{processes, searching};

#[test]
fn workers_do_not_change_what_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let [one, three] = [1, 3].map(|workers| {
        let path = dir.path().join(workers.to_string());
        let trials = processes(&path, workers);
        check(&path, &trials);
        trials
    });
    assert!(one == three, "workers change what is found");
}

#[test]
fn killed_at_twenty_moments_and_the_same_search_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut moments = Noise::new(9).stream("moments", 0);
    let mut killed = 0;
    while killed < 20 {
        let mut process = searching(&path).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moments.random_range(10..250)));
        if let Some(status) = process.try_wait().unwrap() {
            assert!(status.success());
            // It was done before: the rest of the moments are spent on new searches.
            check(&path, &processes(&path, 1));
            std::fs::remove_file(&path).unwrap();
            continue;
        }
        process.kill().unwrap();
        process.wait().unwrap();
        killed += 1;
    }
    assert!(searching(&path).status().unwrap().success());
    let found = processes(&path, 2);
    check(&path, &found);
    assert!(found == processes(&dir.path().join("whole"), 2));
}
