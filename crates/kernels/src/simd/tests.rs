//! Every loop against a plain one, on registers of every width, with sizes that leave something
//! over for every width.

mod bundle;
mod instructions;
mod plane;
mod product;
mod spatial;
mod sums;

use super::{Frame, InstructionSet};
use crate::probe::{at_every_width, random, values};

/// Fixed values in `[-1, 1)`.
fn some(len: usize, seed: u64) -> Vec<f32> {
    values(&random(&[len], seed)).into_iter().map(|x| x as f32).collect()
}

/// Sizes around every register width.
const SIZES: [usize; 11] = [1, 2, 3, 4, 7, 8, 9, 15, 17, 33, 70];

/// Equal but for `terms` roundings of values of order one.
#[track_caller]
fn close(found: &[f32], expected: &[f32], terms: usize) {
    assert_eq!(found.len(), expected.len());
    let tolerance = f32::EPSILON * terms as f32;
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let near = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(near || found.is_nan() && expected.is_nan(), "{index}: {found}, not {expected}");
    }
}

/// Frames with and without borders and strides.
fn frames() -> Vec<Frame> {
    let mut frames = Vec::new();
    for (height, width) in [(1, 1), (2, 3), (5, 8), (3, 17), (4, 20)] {
        for border in [(0, 0), (1, 2), (3, 1)] {
            for step in 1..4 {
                frames.push(Frame { height, width, border, step });
            }
        }
    }
    frames
}
