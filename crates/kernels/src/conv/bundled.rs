//! Depthwise convolution in single precision on bundles of planes, one register for each
//! position: bundle `b` holds planes from `b * lanes` on, whatever image they are of.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::depthwise::{LANE_TERMS, TASKS};
use super::geometry::Geometry;
use super::{Gradients, Wanted};
use crate::parallel::write_blocks;
use crate::simd::InstructionSet;
use crate::simd::bundle::{
    self, Product, Room, Taps, Target, Walk, correlate, gather, tap_gradient,
};
use crate::window::{Body, Bundle, Bundled};

/// The channels that the lanes of a bundle belong to. Bundles of equal kind agree in all of them.
#[derive(Clone, Copy)]
struct Kinds {
    channels: usize,
    lanes: usize,
    count: usize,
}

impl Kinds {
    fn new(channels: usize, lanes: usize) -> Self {
        let mut a = channels;
        let mut b = lanes;
        while b > 0 {
            (a, b) = (b, a % b);
        }
        Self { channels, lanes, count: channels / a }
    }

    fn channel(&self, kind: usize, lane: usize) -> usize {
        (kind * self.lanes + lane) % self.channels
    }

    /// Taps `order` of every kind: `[kind][tap][lane]`.
    fn weights(&self, weight: &[f32], order: &[usize]) -> Vec<f32> {
        let taps = weight.len() / self.channels;
        let lanes = |kind, tap| {
            (0..self.lanes).map(move |lane| weight[self.channel(kind, lane) * taps + tap])
        };
        let kinds = 0..self.count;
        kinds.flat_map(|kind| order.iter().flat_map(move |tap| lanes(kind, *tap))).collect()
    }
}

pub(super) fn forward(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
) -> Vec<f32> {
    let window = &Bundled::new(geometry.vertical, geometry.horizontal);
    let kinds = Kinds::new(geometry.groups, bundle::planes(arch));
    let order: Vec<usize> = (0..geometry.taps()).collect();
    let weights = &kinds.weights(weight, &order)[..];
    let planes = geometry.batch * geometry.groups;
    window.map(arch, planes, window.output(), &Forward { window, kinds, weights, x })
}

struct Forward<'a> {
    window: &'a Bundled,
    kinds: Kinds,
    weights: &'a [f32],
    x: &'a [f32],
}

impl Body for Forward<'_> {
    type Rooms = [Room; 2];

    fn rooms(&self) -> [Room; 2] {
        self.window.rooms(0.0)
    }

    #[inline(always)]
    fn put<S: Simd>(&self, simd: S, bundle: Bundle, rooms: &mut [Room; 2], y: &mut Target<'_>) {
        let Self { window, kinds, weights, x } = *self;
        let x = bundle.of(x, window.input());
        let [padded, sums] = rooms;
        let padded = padded.registers::<S>();
        let sums = sums.registers::<S>();
        let count = window.offsets.len();
        let kind = bundle.first / kinds.lanes % kinds.count;
        let weights = &S::as_simd_f32s(weights).0[kind * count..][..count];
        let taps = Taps { offsets: &window.offsets, weights };
        for band in &window.bands {
            gather(simd, x, (&window.interior, band.steps.clone()), padded, |_, x| x);
            correlate(simd, &padded[band.source..], taps, &band.walk, sums);
            y.put(simd, bundle.count, &sums[..band.len()], |_, sum| sum);
        }
    }
}

/// Both gradients in one walk over the bundles.
pub(super) fn gradients(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[f32],
    weight: &[f32],
    gradient: &[f32],
    wanted: Wanted,
) -> Gradients<f32> {
    let window = Bundled::new(geometry.vertical, geometry.horizontal);
    let kinds = Kinds::new(geometry.groups, bundle::planes(arch));
    let taps = window.phases.iter().flat_map(|phase| phase.taps.iter().map(|(_, tap)| *tap));
    let weights = kinds.weights(weight, &taps.collect::<Vec<_>>());
    let bundles = (geometry.batch * geometry.groups).div_ceil(kinds.lanes);
    let per_task = bundles.div_ceil(TASKS).max(window.per_task(kinds.lanes) / kinds.lanes);
    let call = Call { window, kinds, weights, per_task, wanted, x, gradient, arch };
    let tasks = bundles.div_ceil(per_task);
    let rooms = || Rooms::new(&call);
    let (dx, parts) = if wanted.input {
        let block = per_task * kinds.lanes * call.window.input();
        // Not the length of `x`, which is read for the gradient of the weight alone.
        let len = geometry.batch * geometry.groups * call.window.input();
        write_blocks(len, block, rooms, |rooms, task, dx| call.task(task, rooms, dx))
    } else {
        crate::parallel::fill_blocks(
            crate::parallel::Blocks { count: tasks, block: 0, len: 0, cost: usize::MAX },
            rooms,
            |rooms, task, _: &mut [f32]| call.task(task, rooms, &mut []).1,
        )
    };
    let dw = wanted.weight.then(|| call.total(&parts, geometry.taps()));
    Gradients { input: wanted.input.then_some(dx), weight: dw }
}

/// Shared by the tasks of one backward pass.
struct Call<'a> {
    window: Bundled,
    kinds: Kinds,
    weights: Vec<f32>,
    /// Bundles of a task.
    per_task: usize,
    wanted: Wanted,
    x: &'a [f32],
    gradient: &'a [f32],
    arch: InstructionSet,
}

struct Rooms {
    x: Room,
    gradient: Room,
    dx: Room,
}

impl Rooms {
    fn new(call: &Call<'_>) -> Self {
        let window = &call.window;
        let if_wanted = |wanted, len| if wanted { len } else { 0 };
        Self {
            x: Room::new(if_wanted(call.wanted.weight, window.frame.len()), 0.0),
            gradient: Room::new(window.back_frame.len(), 0.0),
            dx: Room::new(if_wanted(call.wanted.input, window.input()), 0.0),
        }
    }
}

impl Call<'_> {
    /// The input gradient of one task's planes, and its sums `[kind][tap][lane]` for the weight.
    fn task<'b>(
        &self,
        task: usize,
        rooms: &mut Rooms,
        dx: &'b mut [MaybeUninit<f32>],
    ) -> (&'b mut [f32], Vec<f64>) {
        bundle::run(self.arch, Task { call: self, first: task * self.per_task, rooms, dx })
    }

    /// The weight gradient from the sums of all tasks.
    fn total(&self, parts: &[Vec<f64>], taps: usize) -> Vec<f32> {
        let mut sums = vec![0.0; self.kinds.channels * taps];
        for part in parts {
            for (index, value) in part.iter().enumerate() {
                let place = index / self.kinds.lanes;
                let lane = index % self.kinds.lanes;
                let channel = self.kinds.channel(place / taps, lane);
                sums[channel * taps + place % taps] += value;
            }
        }
        sums.into_iter().map(|sum| sum as f32).collect()
    }
}

struct Task<'a, 'b> {
    call: &'a Call<'a>,
    /// Number of the first bundle.
    first: usize,
    rooms: &'a mut Rooms,
    dx: &'b mut [MaybeUninit<f32>],
}

impl<'b> WithSimd for Task<'_, 'b> {
    type Output = (&'b mut [f32], Vec<f64>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (&'b mut [f32], Vec<f64>) {
        let Self { call, first, rooms, dx } = self;
        let window = &call.window;
        let lanes = call.kinds.lanes;
        let wanted = call.wanted;
        let mut dx = Target::new(dx, window.input());
        let mut sums = Sums::new(if wanted.weight { call.kinds.count } else { 0 }, window, lanes);
        let input = lanes * window.input();
        let output = lanes * window.output();
        let bundles = first..(first + call.per_task).min(call.gradient.len().div_ceil(output));
        for bundle in bundles {
            let kind = bundle % call.kinds.count;
            let g = &call.gradient[bundle * output..];
            let g = &g[..g.len().min(output)];
            let gradient = rooms.gradient.registers::<S>();
            gather(simd, g, window.back_whole(), gradient, |_, g| g);
            if wanted.weight {
                let x = &call.x[bundle * input..];
                let padded = rooms.x.registers::<S>();
                gather(simd, &x[..x.len().min(input)], window.whole(), padded, |_, x| x);
                sums.add(simd, window, kind, padded, gradient);
            }
            if wanted.input {
                let own = &mut rooms.dx.registers::<S>()[..window.input()];
                input_gradient(simd, call, kind, gradient, own);
                dx.put(simd, g.len() / window.output(), own, |_, sum| sum);
            }
        }
        (dx.finish(), sums.finish())
    }
}

#[inline(always)]
fn input_gradient<S: Simd>(
    simd: S,
    call: &Call<'_>,
    kind: usize,
    gradient: &[S::f32s],
    dx: &mut [S::f32s],
) {
    let weights = S::as_simd_f32s(&call.weights).0;
    let mut weights = &weights[kind * (weights.len() / call.kinds.count)..];
    for phase in &call.window.phases {
        let (own, rest) = weights.split_at(phase.offsets.len());
        let taps = Taps { offsets: &phase.offsets, weights: own };
        correlate(simd, gradient, taps, &phase.walk, dx);
        weights = rest;
    }
}

/// Sums `[kind][tap][lane]`, in single precision as long as they are short.
struct Sums {
    lanes: Vec<f32>,
    /// Terms in the lanes of every kind.
    terms: Vec<usize>,
    totals: Vec<f64>,
    /// Floats of a kind.
    block: usize,
}

impl Sums {
    fn new(kinds: usize, window: &Bundled, lanes: usize) -> Self {
        let block = window.offsets.len() * lanes;
        let len = kinds * block;
        Self { lanes: vec![0.0; len], terms: vec![0; kinds], totals: vec![0.0; len], block }
    }

    #[inline(always)]
    fn add<S: Simd>(
        &mut self,
        simd: S,
        window: &Bundled,
        kind: usize,
        source: &[S::f32s],
        gradient: &[S::f32s],
    ) {
        let rows = window.walk.rows;
        let columns = window.walk.columns;
        let offsets = &window.offsets[..];
        let band = (LANE_TERMS / columns.max(1)).max(1);
        for first in (0..rows).step_by(band) {
            let rows = first..(first + band).min(rows);
            let terms = rows.len() * columns;
            if self.terms[kind] + terms > LANE_TERMS {
                self.collect(kind);
            }
            self.terms[kind] += terms;
            let product =
                Product { source: &source[first * window.walk.source.0..], offsets, gradient };
            let pitch = window.back_frame.pitch();
            let walk = Walk {
                rows: rows.len(),
                first: window.back_first() + first * pitch,
                target: (pitch, 1),
                ..window.walk
            };
            let lanes = &mut self.lanes[kind * self.block..][..self.block];
            tap_gradient(simd, product, &walk, S::as_mut_simd_f32s(lanes).0);
        }
    }

    /// Moves the sums of one kind to double precision.
    #[inline(always)]
    fn collect(&mut self, kind: usize) {
        let own = kind * self.block..(kind + 1) * self.block;
        for (total, lane) in self.totals[own.clone()].iter_mut().zip(&mut self.lanes[own]) {
            *total += f64::from(std::mem::take(lane));
        }
        self.terms[kind] = 0;
    }

    fn finish(mut self) -> Vec<f64> {
        for kind in 0..self.terms.len() {
            self.collect(kind);
        }
        self.totals
    }
}
