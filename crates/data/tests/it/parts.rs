//! Parts of the training images.

use dartloom_data::testkit::first_digits;
use dartloom_data::{DataError, Split};

#[test]
fn halves_are_disjoint_and_complete() {
    for count in [2, 3, 50, 101] {
        let data = first_digits(count);
        let parts = Split::Halves.parts(&data, 7).unwrap();
        let train = parts.train.indices();
        let valid = parts.valid.indices();
        assert!(train.len().abs_diff(valid.len()) <= 1);
        let mut all = [train, valid].concat();
        all.sort_unstable();
        assert_eq!(all, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn halves_are_drawn_from_the_seed() {
    let data = first_digits(50);
    let half = |seed| Split::Halves.parts(&data, seed).unwrap().train.indices().to_vec();
    assert_eq!(half(1), half(1));
    assert_ne!(half(1), half(2));
}

#[test]
fn full_gives_everything_to_both() {
    let data = first_digits(9);
    let parts = Split::Full.parts(&data, 1).unwrap();
    let all: Vec<_> = (0..9).collect();
    assert_eq!((parts.train.indices(), parts.valid.indices()), (&all[..], &all[..]));
}

#[test]
fn too_few_images_are_refused() {
    for (split, count) in [(Split::Halves, 0), (Split::Halves, 1), (Split::Full, 0)] {
        let data = first_digits(count);
        let error = split.parts(&data, 1).unwrap_err();
        assert!(matches!(error, DataError::TooFewToSplit { found } if found == count), "{error}");
    }
}
