use super::{at_every_width, close, some};
use crate::simd::{Multiply, Outer, Packed, panel_len};

#[test]
fn products_are_products() {
    at_every_width(|arch| {
        for (rows, inner) in [(1, 1), (2, 3), (4, 5), (5, 8), (6, 1), (7, 9), (13, 17), (48, 27)] {
            let left = some(rows * inner, 1);
            let packed = Packed::new(rows, inner, |m, k| left[m * inner + k]);
            for columns in [1, 5, 8, 16, 31, 33, 64] {
                let right_pitch = columns + 3;
                let target_pitch = columns + 1;
                let right = some(inner * right_pitch, 2);
                let old = some(rows * target_pitch, 3);
                for add in [false, true] {
                    let mut expected = old.clone();
                    for (m, row) in expected.chunks_exact_mut(target_pitch).enumerate() {
                        for (x, target) in row[..columns].iter_mut().enumerate() {
                            let start = if add { *target } else { 0.0 };
                            *target = (0..inner).fold(start, |sum, k| {
                                sum + left[m * inner + k] * right[k * right_pitch + x]
                            });
                        }
                    }
                    let mut target = old.clone();
                    let mut panel = vec![f32::NAN; panel_len(inner)];
                    arch.dispatch(Multiply {
                        left: &packed,
                        right: &right,
                        right_pitch,
                        target: &mut target,
                        target_pitch,
                        columns,
                        add,
                        panel: &mut panel,
                    });
                    close(&target, &expected, 2 * inner + 2);
                }
            }
        }
    });
}

#[test]
fn outer_products_are_added() {
    at_every_width(|arch| {
        for (left_rows, right_rows) in [(1, 1), (3, 2), (4, 3), (5, 7), (9, 4)] {
            for columns in [1, 4, 7, 8, 19, 64, 100] {
                let left_pitch = columns + 2;
                let right_pitch = columns + 5;
                let left = some(left_rows * left_pitch, 1);
                let right = some(right_rows * right_pitch, 2);
                let old = some(left_rows * right_rows, 3);
                let mut expected = old.clone();
                for (index, target) in expected.iter_mut().enumerate() {
                    let m = index / right_rows;
                    let n = index % right_rows;
                    *target += (0..columns)
                        .map(|x| left[m * left_pitch + x] * right[n * right_pitch + x])
                        .sum::<f32>();
                }
                let mut target = old;
                arch.dispatch(Outer {
                    left: &left,
                    right: &right,
                    left_rows,
                    right_rows,
                    left_pitch,
                    right_pitch,
                    columns,
                    target: &mut target,
                });
                close(&target, &expected, 2 * columns + 2);
            }
        }
    });
}
