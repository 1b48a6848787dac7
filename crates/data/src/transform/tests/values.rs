//! Changes of values.

use super::*;
use crate::Normalization;
use crate::transform::blur::kernel;
use crate::transform::jitter::{brighten, change_contrast, saturate, shift_hue};
use crate::transform::low_resolution::coarsen;
use crate::transform::tone::{contrast, gamma};

const SQUARE: ImageShape = ImageShape::new(3, 6, 6);

fn colours() -> Vec<f32> {
    (0..108_u32).map(|at| (at * at * 7 % 53) as f32 / 26.0 - 1.0).collect()
}

fn applied(transform: &dyn Transform, seed: u64) -> Vec<f32> {
    let rule = Normalization::new(255.0, &[0.5; 3], &[0.5; 3]).unwrap();
    let mut pixels = colours();
    let picture = Picture::new(SQUARE, &mut pixels).unwrap();
    let mut picture = picture.with_normalization(&rule).unwrap();
    transform.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    pixels
}

fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 2e-5, "{at}: {found} {expected}");
    }
}

#[test]
fn changes_of_no_strength_change_nothing() {
    let one = (1.0, 1.0);
    let nothing: [&dyn Transform; 7] = [
        &Gamma { range: one, inverted: false, probability: 1.0 },
        &Gamma { range: one, inverted: true, probability: 1.0 },
        &Brightness { range: one, probability: 1.0 },
        &Contrast { range: one, probability: 1.0 },
        &GaussianNoise { deviation: (0.0, 0.0), probability: 1.0 },
        &GaussianBlur { sigma: (0.0, 0.0), probability: 1.0, per_channel: 1.0 },
        &LowResolution { zoom: one, probability: 1.0, per_channel: 1.0 },
    ];
    for transform in nothing {
        close(&applied(transform, 5), &colours());
    }
    assert_eq!(applied(&ColorJitter::default(), 5), colours());
}

#[test]
fn changes_happen_as_often_as_asked() {
    let rows: [(&dyn Transform, f64); 7] = [
        (&Gamma::default(), 0.3),
        (&Brightness::default(), 0.15),
        (&Contrast::default(), 0.15),
        (&GaussianNoise::default(), 0.1),
        // Each channel with 1/2: one of three at least with 7/8.
        (&GaussianBlur::default(), 0.2 * 7.0 / 8.0),
        (&GaussianBlur { per_channel: 1.0, ..GaussianBlur::default() }, 0.2),
        (&LowResolution { zoom: (0.5, 0.6), ..LowResolution::default() }, 0.25 * 7.0 / 8.0),
    ];
    for (transform, expected) in rows {
        let happened = (0..2000).filter(|&seed| applied(transform, seed) != colours()).count();
        let deviation = (2000.0 * expected * (1.0 - expected)).sqrt();
        let off = (happened as f64 - 2000.0 * expected).abs() / deviation;
        assert!(off < 4.5, "{transform:?}: {happened}");
    }
}

#[test]
fn gamma_is_as_computed_by_hand() {
    // Shares 0, 1/2, 1 squared are 0, 1/4, 1 of a spread of 2: mean 1/4 less, then restored.
    let mut plane = [1.0, 2.0, 3.0];
    gamma(&mut plane, 2.0, 1.0);
    let raised = [1.0_f64, 1.5, 3.0];
    let mean = 5.5 / 3.0;
    let deviation = (raised.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    let expected = raised.map(|v| ((v - mean) / deviation * (2.0_f64 / 3.0).sqrt() + 2.0) as f32);
    close(&plane, &expected);
    // Inverted: the same from the bright end.
    let mut inverted = [1.0, 2.0, 3.0];
    gamma(&mut inverted, 2.0, -1.0);
    let mirrored: Vec<f32> = expected.iter().rev().map(|value| 4.0 - value).collect();
    close(&inverted, &mirrored);
    let mut flat = [0.5; 4];
    gamma(&mut flat, 1.4, 1.0);
    close(&flat, &[0.5; 4]);
}

#[test]
fn contrast_stays_in_its_range() {
    let mut plane = [0.0, 1.0, 2.0, 5.0];
    contrast(&mut plane, 0.5);
    close(&plane, &[1.0, 1.5, 2.0, 3.5]);
    let mut plane = [0.0, 1.0, 2.0, 5.0];
    contrast(&mut plane, 2.0);
    close(&plane, &[0.0, 0.0, 2.0, 5.0]);
}

#[test]
fn factors_are_below_one_in_half_of_the_cases() {
    let range = (0.5, 2.0);
    let drawn: Vec<f64> = (0..2000)
        .map(|seed| super::super::chance::factor(range, &mut ChaCha8Rng::seed_from_u64(seed)))
        .collect();
    assert!(drawn.iter().all(|factor| (0.5..2.0).contains(factor)));
    let below = drawn.iter().filter(|&&factor| factor < 1.0).count();
    assert!((900..1100).contains(&below), "{below}");
    let only =
        |range, seed| super::super::chance::factor(range, &mut ChaCha8Rng::seed_from_u64(seed));
    assert!((0..50).all(|seed| (1.2..1.5).contains(&only((1.2, 1.5), seed))));
    assert!((0..50).all(|seed| (0.2..=0.5).contains(&only((0.2, 0.5), seed))));
}

#[test]
fn noise_has_its_deviation() {
    let shape = ImageShape::new(3, 64, 64);
    let mut pixels = vec![0.0; 3 * 64 * 64];
    let noise = GaussianNoise { deviation: (0.5, 0.5), probability: 1.0 };
    let mut picture = Picture::new(shape, &mut pixels).unwrap();
    noise.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let count = pixels.len() as f64;
    let mean = pixels.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = pixels.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
    assert!(mean.abs() < 0.02, "{mean}");
    assert!(((squares / count).sqrt() - 0.5).abs() < 0.015);
    assert_ne!(pixels[..4096], pixels[4096..8192], "each channel has its own");
}

#[test]
fn a_blurred_spot_is_the_kernel() {
    let weights = kernel(0.7);
    assert_eq!(weights.len(), 4);
    let sum = 2.0 * weights.iter().sum::<f32>() - weights[0];
    assert!((sum - 1.0).abs() < 1e-6);
    assert!((weights[1] / weights[0] - (-0.5 / 0.49_f32).exp()).abs() < 1e-6);
    let shape = ImageShape::new(1, 9, 9);
    let mut pixels = vec![0.0; 81];
    pixels[40] = 1.0;
    let blur = GaussianBlur { sigma: (0.7, 0.7), probability: 1.0, per_channel: 1.0 };
    let mut picture = Picture::new(shape, &mut pixels).unwrap();
    blur.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let far = |at: usize| weights.get(at.abs_diff(4)).copied().unwrap_or_default();
    let expected: Vec<f32> = (0..81).map(|at| far(at / 9) * far(at % 9)).collect();
    close(&pixels, &expected);
    // At the border the mirror has the pixel next to it: a line of one colour stays.
    let mut flat = vec![2.0; 81];
    let mut picture = Picture::new(shape, &mut flat).unwrap();
    blur.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    close(&flat, &[2.0; 81]);
}

#[test]
fn low_resolution_is_as_computed_by_hand() {
    // Half of 4: places 1 and 3 are kept, and 4 places lie at 0, 0.25, 0.75 and 1 between them.
    let mut line = [0.0, 1.0, 5.0, 3.0];
    coarsen(&mut line, (1, 4), 0.5);
    close(&line, &[1.0, 1.5, 2.5, 3.0]);
    let mut column = [0.0, 1.0, 5.0, 3.0];
    coarsen(&mut column, (4, 1), 0.5);
    close(&column, &[1.0, 1.5, 2.5, 3.0]);
}

#[test]
fn colours_change_as_computed_by_hand() {
    let orange = [1.0, 0.5, 0.0];
    let mut pixels = orange;
    shift_hue(&mut pixels, 1.0 / 3.0);
    close(&pixels, &[0.0, 1.0, 0.5]);
    let mut pixels = orange;
    shift_hue(&mut pixels, -1.0 / 3.0);
    close(&pixels, &[0.5, 0.0, 1.0]);
    let mut pixels = orange;
    shift_hue(&mut pixels, 0.5);
    close(&pixels, &[0.0, 0.5, 1.0]);
    let mut grey = [0.4, 0.4, 0.4];
    shift_hue(&mut grey, 0.3);
    close(&grey, &[0.4, 0.4, 0.4]);
    // Grey: 0.2989 + 0.587 / 2 = 0.5924.
    let mut pixels = orange;
    saturate(&mut pixels, 0.0);
    close(&pixels, &[0.5924, 0.5924, 0.5924]);
    let mut pixels = orange;
    saturate(&mut pixels, 0.5);
    close(&pixels, &[0.7962, 0.5462, 0.2962]);
    let mut pixels = orange;
    brighten(&mut pixels, 1.5);
    close(&pixels, &[1.0, 0.75, 0.0]);
    // Two pixels, orange and black: the mean of grey is 0.2962.
    let mut pixels = [1.0, 0.0, 0.5, 0.0, 0.0, 0.0];
    change_contrast(&mut pixels, 0.5);
    close(&pixels, &[0.6481, 0.1481, 0.3981, 0.1481, 0.1481, 0.1481]);
}

#[test]
fn jitter_draws_orders_and_keeps_colours() {
    let jitter = ColorJitter { brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.4 };
    let mut results = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let found = applied(&jitter, seed);
        assert!(found.iter().all(|value| (-1.001..1.001).contains(value)));
        results.insert(found.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    }
    assert_eq!(results.len(), 50);
}
