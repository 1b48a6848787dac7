//! Moves by fractions of a pixel, as torch has them; see the fixtures' README.

use super::*;
use crate::transform::low_resolution::coarsen;
use crate::transform::resized::{Window, enlarge};
use crate::transform::rotate_scale::move_around;

const MOVED: &str = include_str!("../../../tests/fixtures/moved.txt");

/// The image that the fixtures start from.
fn plain(count: usize) -> Vec<f32> {
    (0..count).map(|at| ((at * at * 7 + at * 3) % 23) as f32 / 8.0).collect()
}

/// The image, or the mask of eighths, after a change.
fn changed(shape: ImageShape, is_mask: bool, change: impl FnOnce(&mut Picture<'_>)) -> Vec<f32> {
    let mut pixels = plain(shape.height * shape.width);
    let mut labels: Vec<u32> = pixels.iter().map(|value| (value * 8.0) as u32).collect();
    let picture = Picture::new(shape, &mut pixels).unwrap();
    change(&mut picture.with_mask(&mut labels, Some(0)).unwrap());
    if is_mask { labels.iter().map(|&label| label as f32 / 8.0).collect() } else { pixels }
}

#[test]
fn moves_are_torchs() {
    let mut seen = std::collections::BTreeSet::new();
    for line in MOVED.lines().filter(|line| !line.starts_with('#')) {
        let sides: Vec<&str> = line.split(" : ").collect();
        let words: Vec<&str> = sides[0].split(' ').collect();
        let numbers: Vec<f64> = words[1..].iter().map(|word| word.parse().unwrap()).collect();
        let expected: Vec<f32> = sides[1].split(' ').map(|word| word.parse().unwrap()).collect();
        let settings = &numbers[..numbers.len() - 2];
        let size = numbers[numbers.len() - 2..].iter().map(|&n| n as usize).collect::<Vec<_>>();
        let shape = ImageShape::new(1, size[0], size[1]);
        let found = match (words[0], settings) {
            (name @ ("rotate_scale" | "rotate_scale_nearest"), &[degrees, scale]) => {
                changed(shape, name.ends_with("nearest"), |picture| {
                    move_around(picture, degrees, scale).unwrap();
                })
            }
            (name @ ("resized" | "resized_nearest"), &[top, left, height, width]) => {
                let [top, left, height, width] = [top, left, height, width].map(|n| n as usize);
                changed(shape, name.ends_with("nearest"), |picture| {
                    enlarge(picture, Window { top, left, height, width }).unwrap();
                })
            }
            ("low_resolution", &[zoom]) => {
                let mut plane = plain(size[0] * size[1]);
                coarsen(&mut plane, (size[0], size[1]), zoom);
                plane
            }
            _ => panic!("{line}"),
        };
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() < 1e-5, "{} {at}: {found} {expected}", sides[0]);
        }
        assert_eq!(found.len(), expected.len());
        seen.insert(words[0]);
    }
    assert_eq!(seen.len(), 5);
}
