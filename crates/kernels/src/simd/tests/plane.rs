use super::{Arch, SIZES, both, close, frames, some};
use crate::simd::{
    Blend, Centred, Combine, Copy, Interleave, Mask, Moments, Pad, PairSums, Rectify,
};

#[test]
fn moments_are_sums_and_centred_squares() {
    both(|arch| {
        for len in SIZES {
            let x: Vec<f32> = some(len, 1).iter().map(|x| x + 3.0).collect();
            let sum: f64 = x.iter().map(|x| f64::from(*x)).sum();
            let mean = sum / len as f64;
            let squares: f64 = x.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum();
            for (found, name) in
                [(arch.dispatch(Moments(&x)), "m"), (arch.dispatch(Centred(&x)), "c")]
            {
                assert!((found.0 - sum).abs() <= 1e-6 * sum, "{name} {len}: {found:?} {sum}");
                let near = (found.1 - squares).abs() <= 1e-5 * squares.max(1.0);
                assert!(near, "{name} {len}: {found:?} {squares}");
            }
        }
    });
}

#[test]
fn a_large_mean_costs_centred_moments_nothing() {
    both(|arch| {
        for len in SIZES {
            // Multiples of 1/16 up to 2^20 are exact in single precision.
            let x: Vec<f32> = (0..len).map(|i| 65_536.0 + (i * 7 % 13) as f32 / 16.0).collect();
            let sum: f64 = x.iter().map(|x| f64::from(*x)).sum();
            let squares: f64 = x.iter().map(|x| (f64::from(*x) - sum / len as f64).powi(2)).sum();
            let found = arch.dispatch(Centred(&x));
            assert!((found.0 - sum).abs() <= 1e-9 * sum, "{len}: {found:?} {sum}");
            assert!(
                (found.1 - squares).abs() <= 1e-5 * squares.max(1e-3),
                "{len}: {found:?} {squares}"
            );
        }
    });
    assert_eq!(Arch::new().dispatch(Centred(&[])), (0.0, 0.0));
}

#[test]
fn pair_sums_are_sums() {
    both(|arch| {
        for len in SIZES {
            let (g, y) = (some(len, 1), some(len, 2));
            let (plain, weighted) = arch.dispatch(PairSums { gradient: &g, value: &y, mean: 0.25 });
            let sum: f32 = g.iter().sum();
            let pairs: f32 = g.iter().zip(&y).map(|(g, y)| g * (y - 0.25)).sum();
            close(&[plain as f32, weighted as f32], &[sum, pairs], len);
        }
    });
}

#[test]
fn combinations_blends_masks_and_lines() {
    both(|arch| {
        for len in SIZES {
            let (a, b, old) = (some(len, 1), some(len, 2), some(len, 3));
            let each = |f: &dyn Fn(f32, f32, f32) -> f32| -> Vec<f32> {
                (0..len).map(|i| f(a[i], b[i], old[i])).collect()
            };
            for add in [false, true] {
                let keep = f32::from(u8::from(add));
                let mut target = old.clone();
                let terms = [(0.5, &a[..]), (-2.0, &b[..])];
                arch.dispatch(Combine { terms: &terms, shift: 0.125, target: &mut target, add });
                let sum = each(&|a, b, old| 0.125 + 0.5 * a - 2.0 * b + keep * old);
                close(&target, &sum, 4);

                let mut target = old.clone();
                let (gradient, input) = (&a[..], &b[..]);
                let (scale, shift) = (-1.5, 0.25);
                arch.dispatch(Mask { gradient, input, scale, shift, target: &mut target, add });
                let gate = |x: f32| if scale * x + shift > 0.0 { 1.0 } else { 0.0 };
                close(&target, &each(&|a, b, old| a * gate(b) + keep * old), 2);
            }
            let mut target = old.clone();
            let factors = (0.5, -0.25, 2.0);
            arch.dispatch(Blend { gradient: &a, value: &b, factors, target: &mut target });
            close(&target, &each(&|a, b, _| 0.5 * a - 0.25 * b + 2.0), 3);
            for rectify in [false, true] {
                let mut target = old.clone();
                let (scale, shift) = (2.0, -0.5);
                arch.dispatch(Rectify { source: &a, scale, shift, rectify, target: &mut target });
                let floor = if rectify { 0.0 } else { f32::NEG_INFINITY };
                close(&target, &each(&|a, _, _| (2.0 * a - 0.5).max(floor)), 2);
            }
        }
        let (mut target, source) = ([0.0f32; 3], [f32::NAN, -1.0, 1.0]);
        let line =
            Rectify { source: &source, scale: 1.0, shift: 0.0, rectify: true, target: &mut target };
        arch.dispatch(line);
        assert!(target[0].is_nan());
        close(&target[1..], &[0.0, 1.0], 0);
    });
}

#[test]
fn padded_copies_keep_their_border() {
    both(|arch| {
        for frame in frames() {
            let source = some(frame.height * frame.width, 1);
            for rectify in [false, true] {
                let mut expected = vec![9.0; frame.len()];
                for (index, x) in source.iter().enumerate() {
                    let (row, column) = (index / frame.width, index % frame.width);
                    let y = 2.0 * x - 0.5;
                    let place = frame.place(row + frame.border.0, column + frame.border.1);
                    expected[place] = if rectify { y.max(0.0) } else { y };
                }
                let mut target = vec![9.0; frame.len()];
                let (scale, shift) = (2.0, -0.5);
                arch.dispatch(Pad {
                    source: &source,
                    target: &mut target,
                    frame,
                    scale,
                    shift,
                    rectify,
                });
                close(&target, &expected, 2);
            }
            let mut expected = vec![9.0; frame.len()];
            for (index, x) in source.iter().enumerate() {
                let (row, column) = (index / frame.width, index % frame.width);
                expected[frame.place(row + frame.border.0, column + frame.border.1)] = *x;
            }
            let mut target = vec![9.0; frame.len()];
            arch.dispatch(Copy { source: &source, target: &mut target, frame });
            assert_eq!(target, expected, "{frame:?}");
        }
    });
}

#[test]
fn interleaved_phases_are_rows_again() {
    both(|arch| {
        for (height, width) in [(1, 1), (2, 1), (3, 5), (4, 6), (7, 17), (5, 32)] {
            for stride in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 3), (9, 9)] {
                let whole = some(height * width, 1);
                let mut target = vec![f32::NAN; whole.len()];
                for first in 0..stride.0.min(height) {
                    let rows = || whole.chunks_exact(width).skip(first).step_by(stride.0);
                    let columns = 0..stride.1.min(width);
                    let source: Vec<f32> = columns
                        .flat_map(|column| {
                            rows().flat_map(move |row| row[column..].iter().step_by(stride.1))
                        })
                        .copied()
                        .collect();
                    let target = &mut target;
                    arch.dispatch(Interleave { source: &source, target, width, first, stride });
                }
                assert_eq!(target, whole, "{height} {width} {stride:?}");
            }
        }
    });
}
