use super::{SIZES, at_every_width, close, frames, some};
use crate::simd::{Blend, Combine, Copy, Interleave, Mask, Pad, Rectify};

#[test]
fn combinations_blends_masks_and_lines() {
    at_every_width(|arch| {
        for len in SIZES {
            let a = some(len, 1);
            let b = some(len, 2);
            let old = some(len, 3);
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
                let gradient = &a[..];
                let input = &b[..];
                let scale = -1.5;
                let shift = 0.25;
                arch.dispatch(Mask { gradient, input, scale, shift, target: &mut target, add });
                let gate = |x: f32| if scale * x + shift > 0.0 { 1.0 } else { 0.0 };
                close(&target, &each(&|a, b, old| a * gate(b) + keep * old), 2);
            }
            let mut target = old.clone();
            let factors = (0.5, -0.25, 2.0);
            let centre = 0.5;
            arch.dispatch(Blend { gradient: &a, value: &b, factors, centre, target: &mut target });
            close(&target, &each(&|a, b, _| 0.5 * a - 0.25 * (b - 0.5) + 2.0), 4);
            for rectify in [false, true] {
                let mut target = old.clone();
                let scale = 2.0;
                let shift = -0.5;
                arch.dispatch(Rectify { source: &a, scale, shift, rectify, target: &mut target });
                let floor = if rectify { 0.0 } else { f32::NEG_INFINITY };
                close(&target, &each(&|a, _, _| (2.0 * a - 0.5).max(floor)), 2);
            }
        }
        let mut target = [0.0f32; 3];
        let source = [f32::NAN, -1.0, 1.0];
        let line =
            Rectify { source: &source, scale: 1.0, shift: 0.0, rectify: true, target: &mut target };
        arch.dispatch(line);
        assert!(target[0].is_nan());
        close(&target[1..], &[0.0, 1.0], 0);
    });
}

#[test]
fn padded_copies_keep_their_border() {
    at_every_width(|arch| {
        for frame in frames() {
            let source = some(frame.height * frame.width, 1);
            for rectify in [false, true] {
                let mut expected = vec![9.0; frame.len()];
                for (index, x) in source.iter().enumerate() {
                    let row = index / frame.width;
                    let column = index % frame.width;
                    let y = 2.0 * x - 0.5;
                    let place = frame.place(row + frame.border.0, column + frame.border.1);
                    expected[place] = if rectify { y.max(0.0) } else { y };
                }
                let mut target = vec![9.0; frame.len()];
                let scale = 2.0;
                let shift = -0.5;
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
                let row = index / frame.width;
                let column = index % frame.width;
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
    at_every_width(|arch| {
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
                    arch.dispatch_elements(Interleave {
                        source: &source,
                        target,
                        width,
                        first,
                        stride,
                    });
                }
                assert_eq!(target, whole, "{height} {width} {stride:?}");
            }
        }
    });
}
