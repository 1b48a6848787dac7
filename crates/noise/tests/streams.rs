//! Streams of noise.

use std::collections::BTreeSet;

use dartloom_noise::Noise;
use rand::RngCore;

fn draw(noise: Noise, purpose: &str, counter: u64) -> u64 {
    noise.stream(purpose, counter).next_u64()
}

#[test]
fn a_stream_is_a_function_of_its_address() {
    let noise = Noise::new(3);
    let mut long = noise.stream("a", 5);
    let first: Vec<u64> = (0..100).map(|_| long.next_u64()).collect();
    draw(noise, "b", 5);
    let mut again = noise.stream("a", 5);
    assert!(first.iter().all(|&value| value == again.next_u64()));
}

#[test]
fn purposes_counters_seeds_and_children_do_not_share_numbers() {
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for seed in [0, 1, 2, 1 << 40, u64::MAX] {
        let noise = Noise::new(seed);
        for noise in
            [noise, noise.child("search"), noise.child("random"), noise.child("a").child("b")]
        {
            for purpose in ["", "a", "b", "ab", "ba", "weights", "drop-path"] {
                for counter in [0, 1, 2, u64::MAX] {
                    seen.insert(draw(noise, purpose, counter));
                    count += 1;
                }
            }
        }
    }
    assert_eq!(seen.len(), count);
}

#[test]
fn children_are_named() {
    let noise = Noise::new(9);
    assert_eq!(noise.child("x"), Noise::new(9).child("x"));
    assert_ne!(noise.child("x"), noise.child("y"));
    assert_ne!(noise.child("x").child("y"), noise.child("y").child("x"));
    assert_ne!(noise.child("x").seed(), noise.seed());
}
