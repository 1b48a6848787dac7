use super::{InstructionSet, at_every_width, close, some};
use crate::simd::{Correlate, LaneSums, SLACK, Tap, TapGradient, WindowMax, Winner};

/// Offsets of some taps, no two alike.
fn offsets(count: usize) -> Vec<usize> {
    (0..count).map(|tap| tap * 5 % 29 + tap).collect()
}

const ROW_STEP: usize = 47;

/// Rows and columns of outputs.
const OUTPUTS: [(usize, usize); 9] =
    [(1, 1), (2, 3), (3, 8), (5, 9), (9, 16), (7, 17), (11, 24), (4, 33), (6, 40)];

fn source(rows: usize, seed: u64) -> Vec<f32> {
    some(rows * ROW_STEP + 120, seed)
}

#[test]
fn correlations_are_sums_over_taps() {
    at_every_width(|arch| {
        for (rows, columns) in OUTPUTS {
            for count in [0, 1, 9, 25] {
                let source = source(rows, 1);
                let weight = some(count, 2);
                let offsets = offsets(count).into_iter().zip(weight);
                let taps: Vec<Tap> =
                    offsets.map(|(offset, weight)| Tap { offset, weight }).collect();
                let pitch = columns + 2;
                let old = some(rows * pitch, 3);
                for add in [false, true] {
                    let mut expected = old.clone();
                    for (row, line) in expected.chunks_exact_mut(pitch).enumerate() {
                        for (column, target) in line[..columns].iter_mut().enumerate() {
                            let start = if add { *target } else { 0.0 };
                            *target = taps.iter().fold(start, |sum, tap| {
                                sum + tap.weight * source[tap.offset + row * ROW_STEP + column]
                            });
                        }
                    }
                    let mut target = old.clone();
                    arch.dispatch(Correlate {
                        source: &source,
                        row_step: ROW_STEP,
                        taps: &taps,
                        target: &mut target,
                        pitch,
                        rows,
                        columns,
                        add,
                    });
                    close(&target, &expected, 2 * count + 2);
                }
            }
        }
    });
}

#[test]
fn tap_gradients_are_added_lane_by_lane() {
    at_every_width(|arch| {
        for (rows, columns) in OUTPUTS {
            for count in [1, 2, 3, 4, 6, 8, 9, 10, 16, 25, 49] {
                let source = source(rows, 1);
                let gradient = some(rows * columns, 2);
                let offsets = offsets(count);
                let mut sums = vec![0.0; count * SLACK];
                let mut target = some(count, 3);
                let expected: Vec<f32> = offsets
                    .iter()
                    .zip(&target)
                    .map(|(offset, old)| {
                        let products = gradient.iter().enumerate().map(|(index, g)| {
                            let place = index / columns * ROW_STEP + index % columns;
                            g * source[offset + place]
                        });
                        old + 2.0 * products.sum::<f32>()
                    })
                    .collect();
                for _ in 0..2 {
                    arch.dispatch(TapGradient {
                        source: &source,
                        row_step: ROW_STEP,
                        offsets: &offsets,
                        gradient: &gradient,
                        rows,
                        columns,
                        sums: &mut sums,
                    });
                }
                arch.dispatch(LaneSums { sums: &sums, target: &mut target });
                close(&target, &expected, 4 * rows * columns + 4);
            }
        }
    });
}

/// The maximum of every window and the first tap that holds it; NaN wins, the last one if many.
fn winners(source: &[f32], offsets: &[usize], rows: usize, columns: usize) -> Vec<(f32, usize)> {
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| row * ROW_STEP + column));
    let winner = |place: usize| {
        offsets.iter().enumerate().fold((f32::NEG_INFINITY, 0), |(best, first), (tap, offset)| {
            let x = source[place + offset];
            if x > best || x.is_nan() { (x, tap) } else { (best, first) }
        })
    };
    places.map(winner).collect()
}

fn maximum(
    arch: InstructionSet,
    source: &[f32],
    offsets: &[usize],
    (rows, columns): (usize, usize),
) -> (Vec<f32>, Vec<f32>) {
    let find = |target: &mut [f32], winner: Option<&mut [f32]>| {
        let row_step = ROW_STEP;
        arch.dispatch(WindowMax { source, row_step, offsets, rows, columns, target, winner });
    };
    let mut target = vec![9.0; rows * columns];
    let mut winner = vec![9.0; rows * columns];
    find(&mut target, Some(&mut winner));
    let mut alone = vec![9.0; rows * columns];
    find(&mut alone, None);
    close(&alone, &target, 0);
    (target, winner)
}

#[test]
fn maxima_and_their_first_taps() {
    at_every_width(|arch| {
        for (rows, columns) in OUTPUTS {
            // Rounded, so that there are ties.
            let mut source: Vec<f32> = source(rows, 1).iter().map(|x| (x * 4.0).round()).collect();
            for nan in [false, true] {
                if nan {
                    source[12] = f32::NAN;
                    source[60] = f32::NEG_INFINITY;
                }
                let offsets = offsets(9);
                let expected = winners(&source, &offsets, rows, columns);
                let (value, winner) = maximum(arch, &source, &offsets, (rows, columns));
                close(&value, &expected.iter().map(|(best, _)| *best).collect::<Vec<_>>(), 0);
                let taps: Vec<f32> = expected.iter().map(|(_, tap)| *tap as f32).collect();
                assert_eq!(winner, taps);
            }
        }
    });
}

#[test]
fn winners_collect_their_gradients() {
    at_every_width(|arch| {
        for (rows, columns) in OUTPUTS {
            let gradient = source(rows, 1);
            let winner: Vec<f32> = source(rows, 2).iter().map(|x| (x * 5.0).round()).collect();
            let taps: Vec<(usize, usize)> = offsets(4).into_iter().zip([3, 0, 2, 1]).collect();
            let old = some(rows * columns, 3);
            for add in [false, true] {
                let mut expected = old.clone();
                for (index, target) in expected.iter_mut().enumerate() {
                    let place = index / columns * ROW_STEP + index % columns;
                    let start = if add { *target } else { 0.0 };
                    let won = taps
                        .iter()
                        .filter(|(offset, tap)| (winner[place + offset] - *tap as f32).abs() < 0.5);
                    *target = won.fold(start, |sum, (offset, _)| sum + gradient[place + offset]);
                }
                let mut target = old.clone();
                arch.dispatch(Winner {
                    gradient: &gradient,
                    winner: &winner,
                    row_step: ROW_STEP,
                    taps: &taps,
                    target: &mut target,
                    rows,
                    columns,
                    add,
                });
                close(&target, &expected, 4);
            }
        }
    });
}
