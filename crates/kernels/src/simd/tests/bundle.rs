//! Bundles against loops over planes one by one.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::{at_every_width, close, some};
use crate::simd::Frame;
use crate::simd::bundle::{
    self, Interior, Meetings, Product, Room, Taps, Target, Walk, Windows, collect, correlate,
    gather, maximum, tap_gradient, winners,
};

/// Runs a closure over registers of any width.
struct With<F>(F);

/// A test with registers of one width.
trait Work {
    type Output;
    fn work<S: Simd>(self, simd: S) -> Self::Output;
}

impl<F: Work> WithSimd for With<F> {
    type Output = F::Output;

    fn with_simd<S: Simd>(self, simd: S) -> F::Output {
        self.0.work(simd)
    }
}

/// Planes to a padded copy and, by its interior, back.
struct RoundTrip<'a> {
    source: &'a [f32],
    frame: Frame,
    target: &'a mut [f32],
}

impl Work for RoundTrip<'_> {
    /// The padded copies of the first bundle, plane by plane.
    type Output = Vec<Vec<f32>>;

    fn work<S: Simd>(self, simd: S) -> Vec<Vec<f32>> {
        let Self { source, frame, target } = self;
        let interior = Interior::new(frame, |_| true);
        let mut room = Room::new(frame.len(), 9.0);
        let len = frame.height * frame.width;
        let mut places = vec![MaybeUninit::uninit(); target.len()];
        let mut written = Target::new(&mut places, len);
        let mut first = Vec::new();
        for planes in source.chunks(S::F32_LANES * len) {
            let padded = room.registers::<S>();
            gather(simd, planes, (&interior, 0..interior.steps()), padded, |_, x| x);
            let place = |at: usize| {
                let row = at / frame.width;
                let column = at % frame.width;
                frame.place(row + frame.border.0, column + frame.border.1)
            };
            let plain: Vec<S::f32s> = (0..len).map(|at| padded[place(at)]).collect();
            // In two parts, as bands are.
            let (head, tail) = plain.split_at(len / 2);
            let scale = |at: usize, x| simd.mul_f32s(x, simd.splat_f32s(at as f32));
            written.put(simd, planes.len() / len, head, scale);
            written.put(simd, planes.len() / len, tail, scale);
            if first.is_empty() {
                first = planes_of::<S>(&padded[..frame.len()], planes.len() / len);
            }
        }
        target.copy_from_slice(written.finish());
        first
    }
}

/// The first `count` lanes of registers, lane by lane.
fn planes_of<S: Simd>(registers: &[S::f32s], count: usize) -> Vec<Vec<f32>> {
    let lane = |lane: usize| {
        registers.iter().map(move |register| {
            let mut lanes = [0.0f32; bundle::MOST];
            S::as_mut_simd_f32s(&mut lanes).0[0] = *register;
            lanes[lane]
        })
    };
    (0..count).map(|index| lane(index).collect()).collect()
}

#[test]
fn planes_go_in_and_out() {
    at_every_width(|arch| {
        for (height, width) in [(1, 1), (1, 3), (2, 2), (3, 3), (4, 4), (5, 7), (8, 8), (3, 12)] {
            for border in [(0, 0), (1, 2)] {
                for planes in [1, 3, 8, 9, 16, 21] {
                    let frame = Frame { height, width, border, step: 1 };
                    let len = height * width;
                    let source = some(planes * len, 1);
                    let mut target = vec![f32::NAN; source.len()];
                    let trip = RoundTrip { source: &source, frame, target: &mut target };
                    let first = bundle::run(arch, With(trip));
                    let scaled = source.iter().enumerate();
                    let scaled: Vec<f32> = scaled.map(|(at, x)| x * (at % len) as f32).collect();
                    close(&target, &scaled, 0);
                    for (padded, plane) in first.iter().zip(source.chunks(len)) {
                        let mut expected = vec![9.0; frame.len()];
                        for (at, x) in plane.iter().enumerate() {
                            let row = at / width + border.0;
                            let column = at % width + border.1;
                            expected[frame.place(row, column)] = *x;
                        }
                        close(padded, &expected, 0);
                    }
                }
            }
        }
    });
}

#[test]
fn rows_that_nobody_reads_are_left_out() {
    let frame = Frame { height: 6, width: 6, border: (1, 1), step: 1 };
    let interior = Interior::new(frame, |row| row % 2 == 0);
    let lens = [interior.steps_to(0), interior.steps_to(1), interior.steps_to(2)];
    assert_eq!((lens, interior.steps()), ([2, 2, 4], 6));
}

#[test]
#[should_panic(expected = "planes are missing")]
fn a_target_with_holes_is_refused() {
    let mut places = [MaybeUninit::uninit(); 4];
    let _ = Target::new(&mut places, 2).finish();
}

const SOURCE: usize = 400;

/// Walks that end in tiles of every size, with known and unknown steps.
fn walks() -> Vec<Walk> {
    let mut walks = Vec::new();
    for (rows, columns) in [(1, 1), (2, 3), (3, 4), (2, 7), (2, 8), (1, 13)] {
        for step in 1..4 {
            let source = (columns * step + 2, step);
            walks.push(Walk { rows, columns, source, first: 3, target: (columns * 2 + 1, 2) });
        }
    }
    walks
}

fn positions(walk: &Walk) -> impl Iterator<Item = (usize, usize)> + '_ {
    let places = (0..walk.rows).flat_map(|row| (0..walk.columns).map(move |at| (row, at)));
    places.map(|(row, column)| {
        let from = row * walk.source.0 + column * walk.source.1;
        (from, walk.first + row * walk.target.0 + column * walk.target.1)
    })
}

fn offsets(count: usize) -> Vec<usize> {
    (0..count).map(|tap| tap * 7 % 53 + tap).collect()
}

/// All loops over windows, for every lane.
struct Loops<'a> {
    walk: &'a Walk,
    count: usize,
    nan: bool,
}

impl Work for Loops<'_> {
    type Output = ();

    fn work<S: Simd>(self, simd: S) {
        let lanes = S::F32_LANES;
        let registers = |data: &[f32]| S::as_simd_f32s(data).0.to_vec();
        let mut data = some(SOURCE * lanes, 1);
        // Rounded, so that there are ties.
        data.iter_mut().for_each(|x| *x = (*x * 4.0).round());
        if self.nan {
            data.iter_mut().step_by(7).for_each(|x| *x = f32::NAN);
        }
        let source = registers(&data);
        let gradient = registers(&some(SOURCE * lanes, 2));
        let weights = registers(&some(self.count * lanes, 3));
        let offsets = offsets(self.count);
        self.sums(simd, &gradient, &offsets, &weights);
        self.sums(simd, &gradient, &offsets, &[]);
        self.tap_sums(simd, &gradient, &weights, &offsets);
        // A window without taps has no maximum.
        if self.count > 0 {
            self.maxima(simd, &source, &gradient, &offsets);
        }
    }
}

impl Loops<'_> {
    fn sums<S: Simd>(&self, simd: S, source: &[S::f32s], offsets: &[usize], weights: &[S::f32s]) {
        let mut target = vec![simd.splat_f32s(9.0); SOURCE];
        correlate(simd, source, Taps { offsets, weights }, self.walk, &mut target);
        let source = planes_of::<S>(source, S::F32_LANES);
        let target = planes_of::<S>(&target, S::F32_LANES);
        let ones = vec![simd.splat_f32s(1.0); offsets.len()];
        let weights =
            planes_of::<S>(if weights.is_empty() { &ones } else { weights }, S::F32_LANES);
        for ((source, weights), target) in source.iter().zip(&weights).zip(&target) {
            let mut expected = vec![9.0; SOURCE];
            for (from, to) in positions(self.walk) {
                let terms = offsets.iter().zip(weights).map(|(o, w)| w * source[from + o]);
                expected[to] = terms.sum();
            }
            close(target, &expected, 2 * offsets.len() + 2);
        }
    }

    fn tap_sums<S: Simd>(&self, simd: S, source: &[S::f32s], old: &[S::f32s], offsets: &[usize]) {
        let gradient: Vec<S::f32s> = source.iter().rev().copied().collect();
        let mut sums = old.to_vec();
        let product = Product { source, offsets, gradient: &gradient };
        tap_gradient(simd, product, self.walk, &mut sums);
        let all = |registers: &[S::f32s]| planes_of::<S>(registers, S::F32_LANES);
        let planes = all(source).into_iter().zip(all(&gradient)).zip(all(old));
        for (((source, gradient), old), sums) in planes.zip(all(&sums)) {
            let expected = offsets.iter().zip(&old).map(|(offset, old)| {
                positions(self.walk)
                    .map(|(from, to)| gradient[to] * source[from + offset])
                    .sum::<f32>()
                    + old
            });
            close(&sums, &expected.collect::<Vec<_>>(), 4 * self.walk.rows * self.walk.columns + 4);
        }
    }

    fn maxima<S: Simd>(
        &self,
        simd: S,
        source: &[S::f32s],
        gradient: &[S::f32s],
        offsets: &[usize],
    ) {
        let windows = Windows { offsets, walk: self.walk, numbers: !self.nan };
        let mut best = vec![simd.splat_f32s(9.0); SOURCE];
        maximum(simd, source, windows, &mut best);
        let start = vec![-1.0; self.walk.rows * self.walk.columns];
        let mut winner = vec![simd.splat_f32s(9.0); SOURCE];
        winners(simd, source, windows, &start, &mut winner);
        let taps: Vec<(usize, usize)> = offsets.iter().copied().zip(0..).collect();
        let mut received = vec![simd.splat_f32s(9.0); SOURCE];
        let meetings = Meetings { taps: &taps, walk: self.walk };
        collect(simd, gradient, source, meetings, &mut received);
        let all = |registers: &[S::f32s]| planes_of::<S>(registers, S::F32_LANES);
        let found = all(&best).into_iter().zip(all(&winner)).zip(all(&received));
        for ((source, gradient), ((best, winner), received)) in
            all(source).iter().zip(all(gradient)).zip(found)
        {
            let [mut values, mut taps, mut sums] = [const { [9.0; SOURCE] }; 3];
            for (from, to) in positions(self.walk) {
                (values[to], taps[to]) = offsets.iter().enumerate().fold(
                    (f32::NEG_INFINITY, -1.0),
                    |(best, first), (tap, offset)| {
                        let x = source[from + offset];
                        if x > best || x.is_nan() { (x, tap as f32) } else { (best, first) }
                    },
                );
                let won = offsets.iter().enumerate();
                let won = won.filter(|(tap, o)| (source[from + *o] - *tap as f32).abs() < 0.5);
                sums[to] = won.map(|(_, offset)| gradient[from + offset]).sum();
            }
            close(&best, &values, 0);
            close(&winner, &taps, 0);
            close(&received, &sums, 4 * offsets.len());
        }
    }
}

#[test]
fn windows_over_bundles_are_windows_over_planes() {
    at_every_width(|arch| {
        for walk in walks() {
            for count in [0, 1, 2, 4, 6, 8, 9, 14, 25] {
                for nan in [false, true] {
                    bundle::run(arch, With(Loops { walk: &walk, count, nan }));
                }
            }
        }
    });
}
