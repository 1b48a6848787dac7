use proptest::prelude::*;

use super::*;
use crate::testkit::check_dataset;
use crate::{
    Augment, BatchOrder, ClassShares, ConfiguredTransform, InMemory, Loader, Subset, Targets,
};

const SHAPE: ImageShape = ImageShape::new(2, 12, 16);
const PLANE: usize = 12 * 16;

/// Images whose first channel tells the row and whose second the column. In image 0 every label is 0
/// but a pixel of class 1 and a strip of class 2; in image 1 nothing is foreground; the others are
/// of class 3 on the right.
fn images() -> InMemory {
    let mut pixels = Vec::new();
    let mut labels = Vec::new();
    for image in 0..4_u32 {
        pixels.extend((0..PLANE).map(|at| (at / 16) as u8));
        pixels.extend((0..PLANE).map(|at| (at % 16) as u8));
        labels.extend((0..PLANE).map(|at| match image {
            0 if at == 5 * 16 + 11 => 1,
            0 if at / 16 == 8 => 2,
            1 if at % 16 == 0 => 255,
            2 | 3 if at % 16 > 12 => 3,
            _ => 0,
        }));
    }
    let targets = TargetSpec::Mask { classes: 4, ignore: Some(255) };
    let normalization = Normalization::scaled(1.0, 2).unwrap();
    let labels = Targets::Indices(labels);
    InMemory::with_targets(SHAPE, targets, pixels, labels, normalization).unwrap()
}

fn crops(foreground: f64) -> Crops<InMemory> {
    let config = CropConfig { foreground: Some(foreground), ..CropConfig::new(5, 6) };
    Crops::new(images(), config).unwrap()
}

/// The upper left pixel, read from the pixels; refuses what is no crop of an image.
fn corner(pixels: &[f32]) -> (usize, usize) {
    let top = pixels[0] as usize;
    let left = pixels[30] as usize;
    for at in 0..30 {
        assert_eq!(pixels[at] as usize, top + at / 6);
        assert_eq!(pixels[30 + at] as usize, left + at % 6);
    }
    (top, left)
}

fn drawn(data: &impl Dataset, index: usize, position: u64, seed: u64) -> OwnedSample {
    let mut sample = OwnedSample::unwritten(data.shape(), data.targets()).unwrap();
    let random = &mut crate::random::for_crop(seed, 0, position);
    data.draw(index, &mut Draw { position, random }, &mut sample.room()).unwrap();
    sample
}

fn labels(sample: &OwnedSample) -> &[u32] {
    let Targets::Indices(labels) = &sample.targets else { panic!("masks") };
    labels
}

#[test]
fn crops_are_a_data_set() {
    for foreground in [0.0, 1.0 / 3.0, 1.0] {
        check_dataset(&crops(foreground)).unwrap();
    }
    let data = crops(0.5);
    assert_eq!(data.shape(), ImageShape::new(2, 5, 6));
    assert_eq!(data.len(), 4);
    let centre = OwnedSample::read(&data, 2).unwrap();
    assert_eq!(corner(&centre.pixels), (3, 5));
}

proptest! {
    #[test]
    fn image_and_mask_are_cut_at_one_place(index in 0_usize..4, position in 0_u64..50, seed: u64) {
        let sample = drawn(&crops(0.5), index, position, seed);
        let (top, left) = corner(&sample.pixels);
        prop_assert!(top <= 7 && left <= 10);
        let whole = OwnedSample::read(&images(), index).unwrap();
        for (at, label) in labels(&sample).iter().enumerate() {
            prop_assert_eq!(*label, labels(&whole)[(top + at / 6) * 16 + left + at % 6]);
        }
    }

    #[test]
    fn a_centred_crop_has_its_pixel_in_the_middle(seed: u64) {
        // Class 1 is one pixel, far enough from the border; class 2 a line of 16.
        let sample = drawn(&crops(1.0), 0, 0, seed);
        let (top, left) = corner(&sample.pixels);
        let middle = labels(&sample)[2 * 6 + 3];
        prop_assert!(if middle == 1 { (top, left) == (3, 8) } else { top == 6 }, "{middle}");
    }

    #[test]
    fn the_share_of_centred_positions_is_exact(foreground in 0.0..=1.0_f64, count in 1_u64..400) {
        let crops = crops(foreground);
        let centred = (0..count).filter(|&position| crops.is_centred(position)).count();
        prop_assert!((centred as f64 - count as f64 * foreground).abs() <= 1.0);
    }
}

#[test]
fn a_third_of_the_crops_of_masks_is_centred_by_default() {
    let crops = Crops::new(images(), CropConfig::new(5, 6)).unwrap();
    for batch in 0..30_u64 {
        let centred = (0..12).filter(|row| crops.is_centred(batch * 12 + row)).count();
        assert_eq!(centred, 4, "batch {batch}");
    }
}

#[test]
fn classes_that_are_there_are_equally_likely() {
    let crops = crops(1.0);
    let single = (0..1000).filter(|&seed| {
        let sample = drawn(&crops, 0, 0, seed);
        labels(&sample)[15] == 1
    });
    // Two classes, of 1 and 16 pixels: Binomial(1000, 1/2), a standard deviation of 16.
    let single = single.count();
    assert!((430..570).contains(&single), "{single}");
    // Class 3 is on the right border, where the crop cannot be centred: it ends there.
    for seed in 0..50 {
        assert!(labels(&drawn(&crops, 3, 0, seed)).contains(&3));
    }
}

#[test]
fn without_foreground_crops_come_from_everywhere() {
    let crops = crops(1.0);
    let mut corners = std::collections::BTreeSet::new();
    for seed in 0..2000 {
        corners.insert(corner(&drawn(&crops, 1, 0, seed).pixels));
    }
    assert_eq!(corners.len(), 8 * 11, "all places");
}

/// A batch is a function of seed, epoch and step, and rows are rows of the whole batch.
#[test]
fn batches_of_crops_are_addressed_by_two_integers() {
    let crops = crops(1.0 / 3.0);
    let part = Subset::new(&crops, vec![0, 1, 2, 3, 0, 2]).unwrap();
    let loader = |seed| {
        let loader = Loader::new(&part, 3).unwrap().order(BatchOrder::Shuffled).seed(seed);
        loader.augment(ConfiguredTransform::Flip)
    };
    let numbers = |batch: crate::Batch| {
        let pixels = batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        (pixels, batch.targets.flatten_all().unwrap().to_vec1::<u32>().unwrap())
    };
    let used = loader(4);
    let mut seen = std::collections::BTreeSet::new();
    for epoch in 0..6 {
        let found = numbers(used.batch(epoch, 1).unwrap());
        assert_eq!(found, numbers(loader(4).batch(epoch, 1).unwrap()));
        let rows = numbers(used.batch_rows(epoch, 1, 1..3).unwrap());
        assert_eq!(rows.0, found.0[60..]);
        assert_eq!(rows.1, found.1[30..]);
        seen.insert(found.1);
    }
    assert!(seen.len() > 1);
    assert_ne!(numbers(used.batch(0, 0).unwrap()), numbers(loader(5).batch(0, 0).unwrap()));
    // Without a change the loader judges: centres.
    let plain = Loader::new(&crops, 2).unwrap();
    let batch = numbers(plain.batch(0, 0).unwrap());
    assert_eq!(corner(&batch.0[..60]), (3, 5));
}

#[test]
fn centring_raises_the_share_of_crops_with_rare_classes() {
    let share = |foreground| {
        let crops = crops(foreground);
        let loader = Loader::new(&crops, 4).unwrap().augment(Augment::default());
        let mut shares = ClassShares::new(4);
        (0..100).for_each(|epoch| shares.add(&loader.batch(epoch, 0).unwrap()).unwrap());
        assert_eq!(shares.masks(), 400);
        shares.of_masks()
    };
    let plain = share(0.0);
    let centred = share(1.0);
    // A quarter of the images has class 1: of those 30 in 88 crops from anywhere show it, and half of
    // the centred ones.
    assert!((centred[1] - 0.125).abs() < 0.05, "{centred:?}");
    assert!((plain[1] - 0.25 * 30.0 / 88.0).abs() < 0.045, "{plain:?}");
    // Class 3 is in half of the images, and in all centred crops of those.
    assert_eq!(centred[3], 0.5);
    assert!(plain[3] < 0.25, "{plain:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |config: CropConfig| Crops::new(images(), config).unwrap_err().to_string();
    let plain = CropConfig::new(5, 6);
    for (config, expected) in [
        (CropConfig { height: 13, ..plain }, "crops.height: expected 1 to 12, found 13 on images"),
        (CropConfig { width: 0, ..plain }, "crops.width: expected 1 to 16, found 0 on images"),
        (CropConfig { foreground: Some(1.1), ..plain }, "crops.foreground: expected a share, 0 to"),
        (CropConfig { foreground: Some(f64::NAN), ..plain }, "crops.foreground: expected a share"),
        (
            CropConfig { background: Some(4), ..plain },
            "crops.background: expected one of 4 classes",
        ),
    ] {
        let found = refused(config);
        assert!(found.starts_with(expected), "{found}");
    }
    let digits = crate::digits().train;
    let config = CropConfig { foreground: Some(0.5), ..CropConfig::new(6, 6) };
    let found = Crops::new(&digits, config).unwrap_err().to_string();
    assert!(
        found.starts_with("crops.foreground: expected 0 where targets are no masks"),
        "{found}"
    );
    let classes = Crops::new(&digits, CropConfig::new(6, 6)).unwrap();
    assert!(!classes.is_centred(2));
    let sample = drawn(&classes, 3, 2, 1);
    assert_eq!(sample.class(), Some(digits.labels()[3]));
}

#[test]
fn other_crops_have_another_digest() {
    let digest = |config| Crops::new(images(), config).unwrap().digest().unwrap();
    let plain = CropConfig::new(5, 6);
    assert_eq!(digest(plain), digest(CropConfig { foreground: Some(1.0 / 3.0), ..plain }));
    let all = [
        plain,
        CropConfig { width: 7, ..plain },
        CropConfig { foreground: Some(0.5), ..plain },
        CropConfig { background: None, ..plain },
    ];
    let digests: std::collections::BTreeSet<String> = all.into_iter().map(digest).collect();
    assert_eq!(digests.len(), 4);
}
