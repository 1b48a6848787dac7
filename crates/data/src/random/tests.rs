use std::collections::BTreeSet;

use super::*;

#[test]
fn the_numbers_are_pinned() {
    // A change here means that old runs can no longer be repeated or resumed.
    assert_eq!(permutation(8, 0, 0), [2, 0, 6, 1, 3, 5, 7, 4]);
    assert_eq!(permutation(8, 2, 5), [0, 7, 5, 2, 3, 1, 4, 6]);
    assert_eq!(split(8, 0.5, 1).0, [1, 4, 5, 6]);
    assert_eq!(with_replacement(100, 5, 1, 2, 3), [7, 38, 36, 91, 12]);
    assert_eq!(for_sample(1, 2, 3).next_u32(), 1_601_268_955);
}

#[test]
fn the_permutation_is_the_shuffle_of_the_epochs_stream() {
    let mut generator = ChaCha8Rng::seed_from_u64(9);
    generator.set_stream(4);
    let mut expected: Vec<usize> = (0..20).collect();
    expected.shuffle(&mut generator);
    assert_eq!(permutation(20, 9, 4), expected);
}

#[test]
fn neighbouring_samples_share_no_words() {
    let words = 1 << WORDS_PER_SAMPLE_LOG2;
    let mut seen = BTreeSet::new();
    for position in 0..8 {
        let mut generator = for_sample(1, 0, position);
        seen.extend((0..words).map(|_| generator.next_u32()));
    }
    // 512 draws of 32 bits collide with a probability of 3e-5; the seed is fixed.
    assert_eq!(seen.len(), 8 * words);
}

#[test]
fn purposes_have_streams_of_their_own() {
    let first = |purpose| generator(5, purpose, 0).next_u64();
    let drawn: BTreeSet<u64> = [0, 1, 2, 3, 4, 5].map(|purpose| first(ALL[purpose])).into();
    assert_eq!(drawn.len(), 6);
}

/// All purposes.
const ALL: [Purpose; 6] = [
    Purpose::Shuffle,
    Purpose::Split,
    Purpose::Replacement,
    Purpose::Augment,
    Purpose::AugmentMore,
    Purpose::Crop,
];

/// The first 64 words, drawn in whatever sizes, are those of one ChaCha stream.
#[test]
fn a_sample_draws_what_its_stream_holds() {
    let mut plain = generator(3, Purpose::Augment, 4);
    plain.set_word_pos(7 << WORDS_PER_SAMPLE_LOG2);
    let mut sample = for_sample(3, 4, 7);
    for _ in 0..4 {
        assert_eq!(sample.next_u32(), plain.next_u32());
        assert_eq!(sample.next_u64(), plain.next_u64());
        let mut found = [0; 11];
        let mut expected = [0; 11];
        sample.fill_bytes(&mut found);
        plain.fill_bytes(&mut expected);
        assert_eq!(found, expected);
        assert_eq!(sample.random_range(-9..=9_i64), plain.random_range(-9..=9_i64));
        assert_eq!(sample.random_range(0..77_usize), plain.random_range(0..77_usize));
        assert_eq!(sample.random::<bool>(), plain.random::<bool>());
    }
}

#[test]
fn samples_that_draw_thousands_of_words_share_none() {
    let mut seen = BTreeSet::new();
    for position in 0..4 {
        let mut generator = for_sample(1, 0, position);
        seen.extend((0..4000).map(|_| generator.next_u64()));
    }
    assert_eq!(seen.len(), 16_000);
}
