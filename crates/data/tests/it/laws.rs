//! Laws of orders, splits and batches.

use std::collections::BTreeSet;

use dartloom_data::{
    Augment, Augmentation, Batch, BatchOrder, ConfiguredTransform, DataError, GaussianNoise,
    ImageShape, InMemory, Loader, Normalization, Shuffle, permutation, split,
};
use proptest::prelude::*;

/// `n` images whose pixels and label both tell their index.
fn numbered(n: usize) -> InMemory {
    let shape = ImageShape::new(2, 3, 4);
    let pixels = (0..n).flat_map(|index| vec![index as u8 + 1; 24]).collect();
    let labels = (0..n as u32).collect();
    let normalization = Normalization::scaled(1.0, 2).unwrap();
    InMemory::new(shape, n.max(1), pixels, labels, normalization).unwrap()
}

fn numbers(batch: &Batch) -> (Vec<f32>, Vec<u32>) {
    let images = batch.inputs.flatten_all().unwrap().to_vec1().unwrap();
    (images, batch.targets.to_vec1().unwrap())
}

const EVERYTHING: Augment = Augment { crop_padding: 2, flip: true, cutout: 2 };

proptest! {
    #[test]
    fn a_permutation_holds_every_index_once(n in 0_usize..300, seed: u64, epoch in 0_usize..1000) {
        let mut order = permutation(n, seed, epoch);
        prop_assert_eq!(&order, &Shuffle { seed }.permutation(n, epoch));
        order.sort_unstable();
        prop_assert!(order.into_iter().eq(0..n));
    }

    #[test]
    fn a_split_is_disjoint_and_complete(n in 0_usize..300, fraction in 0.0..=1.0, seed: u64) {
        let (first, second) = split(n, fraction, seed);
        prop_assert_eq!(first.len(), (n as f64 * fraction).round() as usize);
        prop_assert!(first.is_sorted() && second.is_sorted());
        prop_assert_eq!(first.len() + second.len(), n);
        let all: BTreeSet<usize> = first.into_iter().chain(second).collect();
        prop_assert!(all.into_iter().eq(0..n));
    }

    #[test]
    fn an_epoch_covers_each_sample_once(n in 1_usize..60, size in 1_usize..70, seed: u64,
                                        epoch in 0_usize..9, shuffled: bool, drop_last: bool) {
        let dataset = numbered(n);
        let order = if shuffled { BatchOrder::Shuffled } else { BatchOrder::Sequential };
        let loader =
            Loader::new(&dataset, size).unwrap().order(order).seed(seed).drop_last(drop_last);
        let steps = loader.batches_per_epoch();
        let mut seen = Vec::new();
        for step in 0..steps {
            let (images, labels) = numbers(&loader.batch(epoch, step).unwrap());
            prop_assert!(labels.len() == size || (step + 1 == steps && !drop_last));
            for (image, &label) in images.chunks_exact(24).zip(&labels) {
                prop_assert!(image.iter().all(|&value| value == label as f32 + 1.0));
            }
            seen.extend(labels);
        }
        prop_assert_eq!(seen.len(), if drop_last { n / size * size } else { n });
        if !shuffled {
            prop_assert!(seen.is_sorted());
        }
        let once: BTreeSet<u32> = seen.iter().copied().collect();
        prop_assert_eq!(once.len(), seen.len());
        let past = loader.batch(epoch, steps);
        let refused = matches!(past, Err(DataError::StepOutOfRange { step, .. }) if step == steps);
        prop_assert!(refused);
    }

    #[test]
    fn a_batch_depends_on_seed_epoch_and_step_alone(seed: u64, epoch in 0_usize..99,
                                                    step in 0_usize..4, replacement: bool) {
        let dataset = numbered(40);
        let order = if replacement { BatchOrder::Replacement } else { BatchOrder::Shuffled };
        let fresh = || {
            Loader::new(&dataset, 10).unwrap().order(order).seed(seed).augment(EVERYTHING)
        };
        let used = fresh();
        for other in [(epoch + 1, 0), (epoch, 3 - step), (0, 0)] {
            used.batch(other.0, other.1).unwrap();
        }
        let expected = numbers(&fresh().batch(epoch, step).unwrap());
        prop_assert_eq!(&numbers(&used.batch(epoch, step).unwrap()), &expected);

        let (images, labels) = numbers(&used.batch_rows(epoch, step, 3..7).unwrap());
        prop_assert_eq!(&images[..], &expected.0[3 * 24..7 * 24]);
        prop_assert_eq!(&labels[..], &expected.1[3..7]);

        let other = fresh().seed(seed ^ 1);
        prop_assert_ne!(&numbers(&other.batch(epoch, step).unwrap()), &expected);
        prop_assert_ne!(&numbers(&used.batch(epoch + 1, step).unwrap()), &expected);
        prop_assert_ne!(&numbers(&used.batch(epoch, step ^ 1).unwrap()), &expected);
    }
}

/// Noise draws a number for each value, more than the 64 words beside those of the neighbours.
#[test]
fn changes_that_draw_much_depend_on_seed_epoch_and_step_alone() {
    let noise = GaussianNoise { probability: 1.0, ..GaussianNoise::default() };
    let transforms = vec![ConfiguredTransform::GaussianNoise(noise), ConfiguredTransform::NnUnet];
    let changes = Augmentation { usual: EVERYTHING, transforms };
    let dataset = numbered(12);
    let fresh = || Loader::new(&dataset, 6).unwrap().seed(9).augment(changes.clone());
    let used = fresh();
    used.batch(3, 0).unwrap();
    let whole = numbers(&used.batch(5, 1).unwrap());
    assert_eq!(numbers(&fresh().batch(5, 1).unwrap()), whole);
    let rows = numbers(&fresh().batch_rows(5, 1, 2..5).unwrap());
    assert_eq!(rows.0, whole.0[2 * 24..5 * 24]);
    let all: BTreeSet<u32> = whole.0.iter().map(|value| value.to_bits()).collect();
    assert!(all.len() > 100, "no two samples share their noise");
}

#[test]
fn batches_with_replacement_are_full_at_any_step_and_cover_evenly() {
    let dataset = numbered(10);
    let loader = Loader::new(&dataset, 64).unwrap().order(BatchOrder::Replacement).seed(3);
    let mut counts = [0_u32; 10];
    for step in (0..200).chain([1 << 35]) {
        let indices = loader.indices(0, step).unwrap();
        assert_eq!(indices.len(), 64);
        indices.into_iter().for_each(|index| counts[index] += 1);
    }
    // 12,864 draws: 1,286 each, standard deviation 34.
    assert!(counts.iter().all(|count| count.abs_diff(1286) < 170), "{counts:?}");
}

#[test]
fn orders_of_two_epochs_and_of_split_and_shuffle_differ() {
    assert_ne!(permutation(50, 7, 0), permutation(50, 7, 1));
    let (first, _) = split(50, 0.5, 7);
    let mut half = permutation(50, 7, 0)[..25].to_vec();
    half.sort_unstable();
    assert_ne!(first, half);
}

#[test]
fn fractions_outside_the_unit_interval_are_clamped() {
    for (fraction, expected) in [(-1.0, 0), (f64::NAN, 0), (2.0, 5), (f64::INFINITY, 5)] {
        assert_eq!(split(5, fraction, 0).0.len(), expected, "{fraction}");
    }
}

#[test]
fn the_loader_serves_tensors_as_documented() {
    let dataset = numbered(5);
    let loader = Loader::new(&dataset, 2).unwrap();
    let batch = loader.batch(0, 2).unwrap();
    assert_eq!(batch.inputs.dims(), [1, 2, 3, 4]);
    assert_eq!(batch.targets.dims(), [1]);
    assert_eq!(batch.inputs.dtype(), candle_core::DType::F32);
    assert_eq!(batch.targets.dtype(), candle_core::DType::U32);
    for rows in [0..0, 1..2, 0..9] {
        let result = loader.batch_rows(0, 2, rows);
        assert!(matches!(result, Err(DataError::RowsOutOfRange { len: 1, .. })));
    }
}
