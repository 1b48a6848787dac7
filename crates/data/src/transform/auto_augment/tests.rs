use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::operation::Operation::{self, *};
use super::*;
use crate::transform::levels::Levels;
use crate::{ImageShape, Normalization, TargetSpec};

/// Operations of Pillow on small images; see the fixtures' README.
const PILLOW: &str = include_str!("../../../tests/fixtures/pillow.txt");

const ALL: [(Operation, &str); 14] = [
    (ShearX, "ShearX"),
    (ShearY, "ShearY"),
    (TranslateX, "TranslateX"),
    (TranslateY, "TranslateY"),
    (Rotate, "Rotate"),
    (AutoContrast, "AutoContrast"),
    (Invert, "Invert"),
    (Equalize, "Equalize"),
    (Solarize, "Solarize"),
    (Posterize, "Posterize"),
    (Contrast, "Contrast"),
    (Color, "Color"),
    (Brightness, "Brightness"),
    (Sharpness, "Sharpness"),
];

fn normalization(channels: usize) -> Normalization {
    let mean = [0.49, 0.48, 0.45];
    let deviation = [0.25, 0.2, 0.3];
    Normalization::new(255.0, &mean[..channels], &deviation[..channels]).unwrap()
}

/// The image that the fixtures start from.
fn plain(shape: ImageShape) -> Vec<u8> {
    let plane = shape.height * shape.width;
    let level = |band: usize, at: usize| (at * at * 37 + at * 101 + band * 59) % 1009 * 255 / 1008;
    (0..shape.channels).flat_map(|band| (0..plane).map(move |at| level(band, at) as u8)).collect()
}

/// The levels of an image after a change of its normalised values.
fn changed(
    shape: ImageShape,
    bytes: &[u8],
    change: impl FnOnce(&mut Picture<'_>, &Normalization),
) -> Vec<u8> {
    let rule = normalization(shape.channels);
    let mut pixels = rule.apply(shape, bytes).unwrap();
    let mut picture = Picture::new(shape, &mut pixels).unwrap().with_normalization(&rule).unwrap();
    change(&mut picture, &rule);
    let known = rule.apply(ImageShape::new(shape.channels, 16, 16), &{
        let every: Vec<u8> = (0..=u8::MAX).collect();
        every.repeat(shape.channels)
    });
    let known = known.unwrap();
    // Every value is one that a byte gives, bit for bit.
    let level = |(at, value): (usize, &f32)| {
        let channel = at / (shape.height * shape.width);
        let levels = &known[channel * 256..][..256];
        levels.iter().position(|known| known.to_bits() == value.to_bits()).unwrap() as u8
    };
    pixels.iter().enumerate().map(level).collect()
}

#[test]
fn operations_are_pillows_byte_for_byte() {
    let mut seen = BTreeMap::new();
    for line in PILLOW.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, strength, mode, width, height, expected] = words[..] else { panic!("{line}") };
        let shape = ImageShape::new(mode.len(), height.parse().unwrap(), width.parse().unwrap());
        let operation = ALL.iter().find(|row| row.1 == name).unwrap().0;
        let strength: f64 = strength.parse().unwrap();
        let found = changed(shape, &plain(shape), |picture, rule| {
            operation.apply(picture, strength, rule, 128).unwrap();
        });
        let found: String = found.iter().map(|level| format!("{level:02x}")).collect();
        assert_eq!(found, expected, "{name} {strength} {mode}");
        *seen.entry(name).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), ALL.len(), "{seen:?}");
}

/// One line of levels after an operation, in one channel.
fn line(operation: Operation, strength: f64, levels: &[u8]) -> Vec<u8> {
    let mut found = Levels { width: levels.len(), planes: vec![levels.to_vec()] };
    operation.change(&mut found, strength);
    found.planes.remove(0)
}

#[test]
fn levels_change_as_computed_by_hand() {
    assert_eq!(line(Invert, 0.0, &[0, 1, 254, 255]), [255, 254, 1, 0]);
    assert_eq!(line(Solarize, 200.0, &[0, 199, 200, 255]), [0, 199, 55, 0]);
    assert_eq!(line(Posterize, 4.0, &[15, 16, 170, 255]), [0, 16, 160, 240]);
    // 60..110 becomes 0..255: five levels and a tenth for each.
    assert_eq!(line(AutoContrast, 0.0, &[60, 70, 110, 61]), [0, 51, 255, 5]);
    assert_eq!(line(AutoContrast, 0.0, &[7, 7]), [7, 7]);
    assert_eq!(line(Brightness, 0.5, &[0, 10, 101, 200]), [0, 15, 151, 255]);
    // The mean is 50: distances from it are halved.
    assert_eq!(line(Contrast, -0.5, &[0, 100, 40, 60]), [25, 75, 45, 55]);
    assert_eq!(line(Color, -0.9, &[9, 80]), [9, 80], "a grey image is grey already");
    // Step 1 of 255 pixels below the highest level: a level becomes the number of pixels below it.
    let many: Vec<u8> = std::iter::repeat_n(3, 200).chain([5; 55]).chain([9; 20]).collect();
    let found = line(Equalize, 0.0, &many);
    assert_eq!([found[0], found[200], found[255]], [0, 200, 255]);
    let mut colours = Levels { width: 1, planes: vec![vec![200], vec![100], vec![0]] };
    // Grey is (200 19595 + 100 38470 + 32768) / 65536 = 118.98, cut.
    Color.change(&mut colours, -1.0);
    assert_eq!(colours.planes, [[118], [118], [118]]);
    let mut spot = Levels { width: 3, planes: vec![vec![0, 0, 0, 0, 130, 0, 0, 0, 13]] };
    // The smooth middle is (5 130 + 13) / 13 = 51, and the border stays.
    Sharpness.change(&mut spot, -1.0);
    assert_eq!(spot.planes[0], [0, 0, 0, 0, 51, 0, 0, 0, 13]);
}

#[test]
fn pixels_move_as_computed_by_hand() {
    let shape = ImageShape::new(1, 3, 3);
    let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    let moved = |operation: Operation, strength: f64| {
        changed(shape, &bytes, |picture, rule| {
            operation.apply(picture, strength, rule, 0).unwrap();
        })
    };
    assert_eq!(moved(TranslateX, 1.0), [0, 1, 2, 0, 4, 5, 0, 7, 8]);
    assert_eq!(moved(TranslateY, -1.0), [4, 5, 6, 7, 8, 9, 0, 0, 0]);
    // Rows 0, 1, 2 have centres 0.5, 1.5, 2.5 from the top, which is where nothing moves.
    assert_eq!(moved(ShearX, 0.5), [1, 2, 3, 5, 6, 0, 8, 9, 0]);
    // Columns have theirs at 0.5, 1.5, 2.5: 0.25, 0.75 and 1.25 pixels from above.
    assert_eq!(moved(ShearY, 0.5), [1, 5, 6, 4, 8, 9, 7, 0, 0]);
    assert_eq!(moved(Rotate, 90.0), [3, 6, 9, 2, 5, 8, 1, 4, 7]);
}

#[test]
fn magnitudes_are_those_of_the_table() {
    let shape = ImageShape::new(3, 331, 662);
    let strength =
        |operation: Operation| [0, 3, 9].map(|magnitude| operation.strength(magnitude, shape));
    for (operation, expected) in [
        (ShearX, [0.0, 0.1, 0.3]),
        (ShearY, [0.0, 0.1, 0.3]),
        (TranslateX, [0.0, 100.0, 300.0]),
        (TranslateY, [0.0, 50.0, 150.0]),
        (Rotate, [0.0, 10.0, 30.0]),
        (Color, [0.0, 0.3, 0.9]),
        (Posterize, [8.0, 7.0, 4.0]),
        (Solarize, [255.0, 170.0, 0.0]),
        (Equalize, [0.0, 0.0, 0.0]),
    ] {
        for (found, expected) in strength(operation).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{operation:?}: {found} {expected}");
        }
    }
    let bits: Vec<f64> = (0..10).map(|m| Posterize.strength(m, shape)).collect();
    assert_eq!(bits, [8.0, 8.0, 7.0, 7.0, 6.0, 6.0, 5.0, 5.0, 4.0, 4.0]);
}

/// Nothing is lost at magnitude 0: `changed` compares bits.
#[test]
fn magnitude_zero_changes_nothing() {
    let shape = ImageShape::new(3, 5, 4);
    for (operation, name) in ALL {
        if matches!(operation, AutoContrast | Invert | Equalize) {
            continue;
        }
        let strength = operation.strength(0, shape);
        let found = changed(shape, &plain(shape), |picture, rule| {
            operation.apply(picture, strength, rule, 128).unwrap();
        });
        // A threshold of 255 inverts white, as in Pillow.
        let kept = |&level: &u8| if operation == Solarize && level == 255 { 0 } else { level };
        assert_eq!(found, plain(shape).iter().map(kept).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn policies_have_their_sub_policies() {
    let named = |policy: Policy, at: usize| {
        policy.steps()[at].map(|step| (step.operation, step.tenths, step.magnitude))
    };
    assert_eq!(named(Policy::Cifar10, 1), [(Rotate, 7, 2), (TranslateX, 3, 9)]);
    assert_eq!(named(Policy::Cifar10, 24), [(TranslateY, 7, 9), (AutoContrast, 9, 0)]);
    assert_eq!(named(Policy::ImageNet, 0), [(Posterize, 4, 8), (Rotate, 6, 9)]);
    assert_eq!(named(Policy::ImageNet, 18), [(ShearX, 6, 5), (Equalize, 10, 0)]);
    for policy in [Policy::Cifar10, Policy::ImageNet] {
        let mut steps = policy.steps().iter().flatten();
        assert!(steps.all(|step| step.tenths <= 10 && step.magnitude <= 9));
    }
    // Sums of the published tables: tenths of all probabilities.
    let sum = |policy: Policy| -> u32 {
        policy.steps().iter().flatten().map(|step| u32::from(step.tenths)).sum()
    };
    assert_eq!([sum(Policy::Cifar10), sum(Policy::ImageNet)], [TENTHS[0], TENTHS[1]]);
}

/// Sums over torchvision's tables.
const TENTHS: [u32; 2] = [265, 310];

#[test]
fn every_image_is_given_a_sub_policy_of_its_own_seed() {
    let shape = ImageShape::new(3, 16, 16);
    let bytes = plain(shape);
    let run = |seed: u64| {
        changed(shape, &bytes, |picture, _| {
            let random = &mut ChaCha8Rng::seed_from_u64(seed);
            AutoAugment::new(Policy::Cifar10).apply(picture, random).unwrap();
        })
    };
    assert_eq!(run(3), run(3));
    let results: std::collections::BTreeSet<Vec<u8>> = (0..200).map(run).collect();
    assert!(results.len() > 40, "{}", results.len());
    let same = (0..200).filter(|&seed| run(seed) == bytes).count();
    // Neither step of a sub-policy happens in 22 % of the cases; magnitude 0 changes nothing either.
    assert!((10..80).contains(&same), "{same}");
}

#[test]
fn a_mask_moves_with_its_image() {
    let shape = ImageShape::new(1, 8, 8);
    let rule = normalization(1);
    let bytes: Vec<u8> = (0..64).map(|at| at * 3).collect();
    let mut empty = 0;
    for strength in [-30.0, 0.0, 12.0, 30.0] {
        let mut pixels = rule.apply(shape, &bytes).unwrap();
        let mut labels: Vec<u32> = (0..64).map(|at| at * 3).collect();
        let picture = Picture::new(shape, &mut pixels).unwrap();
        let mut picture = picture.with_mask(&mut labels, Some(200)).unwrap();
        Rotate.apply(&mut picture, strength, &rule, 200).unwrap();
        for (value, label) in pixels.iter().zip(&labels) {
            let level = ((value * 0.25 + 0.49) * 255.0).round() as u32;
            assert_eq!(level, *label);
            empty += usize::from(*label == 200);
        }
    }
    assert!(empty > 0);
}

#[test]
fn images_that_it_cannot_change_are_refused() {
    let rule = normalization(3);
    let targets = TargetSpec::Class { classes: 2 };
    let shape = ImageShape::new(3, 8, 8);
    let images = PictureSpec { shape, targets, normalization: Some(&rule) };
    let check = |images: PictureSpec<'_>| {
        let checked = AutoAugment::default().check(&images);
        checked.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(check(images), "");
    let unknown = check(PictureSpec { normalization: None, ..images });
    assert!(unknown.contains("that states its normalisation"), "{unknown}");
    let raw = Normalization::scaled(1.0, 3).unwrap();
    let raw = check(PictureSpec { normalization: Some(&raw), ..images });
    assert!(raw.contains("such as 255, found scale 1"), "{raw}");
    let bands = check(PictureSpec { shape: ImageShape::new(4, 8, 8), ..images });
    assert!(bands.contains("1 or 3 channels, found 4"), "{bands}");
    let targets = TargetSpec::Mask { classes: 2, ignore: None };
    let mask = check(PictureSpec { targets, ..images });
    assert!(mask.contains("masks with an ignored label"), "{mask}");
    let mut pixels = vec![0.0; 192];
    let mut picture = Picture::new(shape, &mut pixels).unwrap();
    let random = &mut ChaCha8Rng::seed_from_u64(0);
    let error = AutoAugment::default().apply(&mut picture, random).unwrap_err();
    assert!(error.to_string().starts_with("AutoAugment: expected"), "{error}");
}
