//! Transformed filters, and gradients of filters from transformed ones.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::{InstructionSet, SLACK, load, store};
use super::{PLACES, WIDE, whole};

/// The role of a weight `[channels_out, channels_in, 3, 3]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orientation {
    /// Correlates inputs.
    Forward,
    /// Correlates gradients of outputs: channels exchanged, taps turned.
    Backward,
}

/// `G w G^T` of all pairs of channels: panels of [`WIDE`] registers of output channels, each
/// `[place][input channel][register]`.
#[derive(Debug)]
pub(crate) struct Filter {
    data: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Filter {
    /// The transformed weight of `channels` (output, input).
    pub(crate) fn new(
        arch: InstructionSet,
        weight: &[f32],
        channels: (usize, usize),
        orientation: Orientation,
    ) -> Self {
        assert_eq!(weight.len(), channels.0 * channels.1 * 9, "weight");
        let (outputs, inputs, steps) = match orientation {
            Orientation::Forward => (channels.0, channels.1, (channels.1 * 9, 9)),
            Orientation::Backward => (channels.1, channels.0, (9, channels.1 * 9)),
        };
        let turned = orientation == Orientation::Backward;
        let lanes = arch.lanes();
        let mut data = vec![0.0; PLACES * inputs * whole(outputs, lanes)];
        let panel = PLACES * inputs * WIDE * lanes;
        data.par_chunks_mut(panel).enumerate().for_each(|(index, target)| {
            let first = index * WIDE * lanes;
            let outputs = (outputs - first).min(WIDE * lanes);
            arch.dispatch(Panel { weight, steps, turned, first, outputs, inputs, target });
        });
        Self { data, inputs, outputs }
    }

    pub(super) fn check(&self, inputs: usize, outputs: usize, lanes: usize) {
        assert_eq!((self.inputs, self.outputs), (inputs, outputs), "channels");
        assert_eq!(self.data.len(), PLACES * inputs * whole(outputs, lanes), "lanes");
    }

    /// The panel that begins with a register of output channels.
    pub(super) fn panel(&self, register: usize, lanes: usize) -> &[f32] {
        &self.data[register * PLACES * self.inputs * lanes..]
    }
}

/// One panel of a filter.
struct Panel<'a> {
    weight: &'a [f32],
    /// Distance of output channels and of input channels.
    steps: (usize, usize),
    turned: bool,
    first: usize,
    outputs: usize,
    inputs: usize,
    target: &'a mut [f32],
}

impl WithSimd for Panel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weight, steps, turned, first, outputs, inputs, target } = self;
        let lanes = S::F32_LANES;
        let registers = target.len() / (PLACES * inputs * lanes);
        assert_eq!(target.len(), registers * PLACES * inputs * lanes, "panel");
        let mut taps = [[0.0f32; SLACK]; 9];
        for input in 0..inputs {
            for register in 0..registers {
                let own = lanes.min(outputs.saturating_sub(register * lanes));
                let mut put = |lane: usize, nine: &[f32]| {
                    for (tap, value) in nine.iter().enumerate() {
                        taps[if turned { 8 - tap } else { tap }][lane] = *value;
                    }
                };
                for lane in 0..lanes {
                    let output = first + register * lanes + lane;
                    let start = output * steps.0 + input * steps.1;
                    put(lane, if lane < own { &weight[start..][..9] } else { &[0.0; 9] });
                }
                // SAFETY: no register is wider than `SLACK`; the target was checked to hold
                // `registers` registers for every place and input channel.
                unsafe {
                    let down = [
                        spread(simd, column::<S>(&taps, 0)),
                        spread(simd, column::<S>(&taps, 1)),
                        spread(simd, column::<S>(&taps, 2)),
                    ];
                    let row = |r: usize| [down[0][r], down[1][r], down[2][r]];
                    for r in 0..4 {
                        let across = spread(simd, row(r));
                        for (c, value) in across.into_iter().enumerate() {
                            let place = ((4 * r + c) * inputs + input) * registers + register;
                            store::<S>(target.as_mut_ptr().add(place * lanes), value);
                        }
                    }
                }
            }
        }
    }
}

/// A column of taps.
///
/// # Safety
/// No register may be wider than [`SLACK`].
#[inline(always)]
unsafe fn column<S: Simd>(taps: &[[f32; SLACK]; 9], column: usize) -> [S::f32s; 3] {
    // SAFETY: the caller vouches for the width.
    unsafe {
        [
            load::<S>(taps[column].as_ptr()),
            load::<S>(taps[3 + column].as_ptr()),
            load::<S>(taps[6 + column].as_ptr()),
        ]
    }
}

/// `G w` of three registers.
#[inline(always)]
fn spread<S: Simd>(simd: S, w: [S::f32s; 3]) -> [S::f32s; 4] {
    let half = simd.splat_f32s(0.5);
    let outer = simd.mul_f32s(half, simd.add_f32s(w[0], w[2]));
    let middle = simd.mul_f32s(half, w[1]);
    [w[0], simd.add_f32s(outer, middle), simd.sub_f32s(outer, middle), w[2]]
}

/// `G^T s` of four registers.
#[inline(always)]
fn gather<S: Simd>(simd: S, s: [S::f32s; 4]) -> [S::f32s; 3] {
    let half = simd.splat_f32s(0.5);
    let sum = simd.mul_f32s(half, simd.add_f32s(s[1], s[2]));
    let difference = simd.mul_f32s(half, simd.sub_f32s(s[1], s[2]));
    [simd.add_f32s(s[0], sum), difference, simd.add_f32s(sum, s[3])]
}

/// `G^T s G` of one output channel, `s` the sum of `parts`, each `[output][place][channels of
/// whole registers]`: to `[channels_in, 3, 3]`.
pub(crate) struct FilterGradient<'a> {
    pub(crate) parts: &'a [Vec<f32>],
    pub(crate) output: usize,
    pub(crate) inputs: usize,
    pub(crate) target: &'a mut [f32],
}

impl WithSimd for FilterGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { parts, output, inputs, target } = self;
        let lanes = S::F32_LANES;
        let channels = whole(inputs, lanes);
        let len = PLACES * channels;
        assert!(parts.iter().all(|part| (output + 1) * len <= part.len()), "parts");
        let mut taps = [[0.0f32; SLACK]; 9];
        let mut channel = 0;
        while channel < inputs {
            // SAFETY: every part has this place and register; no register is wider than `SLACK`.
            unsafe {
                let mut down = [[simd.splat_f32s(0.0); 3]; 4];
                for (c, down) in down.iter_mut().enumerate() {
                    let start = (output * PLACES + c) * channels + channel;
                    let mut sums = [simd.splat_f32s(0.0); 4];
                    for part in parts {
                        let part = part.as_ptr().add(start);
                        for (r, sum) in sums.iter_mut().enumerate() {
                            *sum = simd.add_f32s(*sum, load::<S>(part.add(4 * r * channels)));
                        }
                    }
                    *down = gather(simd, sums);
                }
                for r in 0..3 {
                    let across = gather(simd, [down[0][r], down[1][r], down[2][r], down[3][r]]);
                    for (c, value) in across.into_iter().enumerate() {
                        store::<S>(taps[3 * r + c].as_mut_ptr(), value);
                    }
                }
            }
            let own = lanes.min(inputs - channel);
            let nines = target[channel * 9..][..own * 9].as_chunks_mut::<9>().0;
            for (lane, nine) in nines.iter_mut().enumerate() {
                for (value, tap) in nine.iter_mut().zip(&taps) {
                    *value = tap[lane];
                }
            }
            channel += lanes;
        }
    }
}
