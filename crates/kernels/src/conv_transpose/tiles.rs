//! Windows that lie side by side: a matrix product, and its rows put in their places.

use pulp::{Simd, WithSimd};

use super::geometry::Transposed;
use crate::conv::{Gradients, Wanted};
use crate::float::Float;
use crate::matrix::{Matrix, Product, add_outer};
use crate::parallel::{Blocks, fill_blocks, sum_in_order};
use crate::simd::InstructionSet;
use crate::window::Axis;

/// Most partial sums of the weight gradient, a constant: the order of sums is that of the images.
const PARTIALS: usize = 8;

/// Sizes of one group of one image.
#[derive(Clone, Copy)]
struct Block {
    /// Channels.
    inputs: usize,
    outputs: usize,
    groups: usize,
    batch: usize,
    vertical: Axis,
    horizontal: Axis,
}

impl Block {
    fn new(transposed: &Transposed) -> Self {
        let of = transposed.convolution;
        Self {
            inputs: of.group_out(),
            outputs: of.group_in(),
            groups: of.groups,
            batch: of.batch,
            vertical: of.vertical,
            horizontal: of.horizontal,
        }
    }

    /// Pixels of a small plane.
    fn small(&self) -> usize {
        self.vertical.output * self.horizontal.output
    }

    /// Pixels of a large plane.
    fn large(&self) -> usize {
        self.vertical.input * self.horizontal.input
    }

    /// Rows of the product: one for every tap of every output channel.
    fn lines(&self) -> usize {
        self.outputs * self.vertical.kernel * self.horizontal.kernel
    }

    /// Elements that a group of an image touches.
    fn cost(&self) -> usize {
        self.lines() * self.small() * (2 + self.inputs / 8)
    }

    /// The weight of every group, `[inputs, lines]` or the other way round, ready for products.
    fn operands<T: Product>(&self, weight: &[T], transposed: bool) -> Vec<T::Operand> {
        let groups = weight.chunks_exact(self.inputs * self.lines());
        let operand = |weight| {
            let matrix = Matrix::new(weight, self.inputs, self.lines());
            T::operand(if transposed { matrix.transposed() } else { matrix })
        };
        groups.map(operand).collect()
    }
}

pub(super) fn forward<T: Product>(
    arch: InstructionSet,
    transposed: &Transposed,
    x: &[T],
    weight: &[T],
    bias: Option<&[T]>,
) -> Vec<T> {
    let own = Block::new(transposed);
    let operands = own.operands(weight, true);
    let input = own.inputs * own.small();
    let output = own.outputs * own.large();
    let count = own.batch * own.groups;
    let blocks = Blocks { count, block: output, len: count * output, cost: own.cost() };
    let scratch = || (vec![T::ZERO; own.lines() * own.small()], Vec::new());
    let (y, _) = fill_blocks(blocks, scratch, |(lines, panel), index, y| {
        let group = index % own.groups;
        T::multiply(arch, lines, &operands[group], &x[index * input..][..input], panel);
        let bias = bias.map(|bias| &bias[group * own.outputs..][..own.outputs]);
        arch.dispatch_elements(Spread { own, lines, bias, y });
    });
    y
}

/// Both gradients in one walk over the images.
pub(super) fn gradients<T: Product>(
    arch: InstructionSet,
    transposed: &Transposed,
    x: &[T],
    weight: &[T],
    gradient: &[T],
    wanted: Wanted,
) -> Gradients<T> {
    let own = Block::new(transposed);
    let input = own.inputs * own.small();
    let output = own.outputs * own.large();
    let image = if wanted.input { own.groups * input } else { 0 };
    let per_task = own.batch.div_ceil(PARTIALS);
    let blocks = Blocks {
        count: own.batch.div_ceil(per_task),
        block: per_task * image,
        len: own.batch * image,
        cost: per_task * own.groups * own.cost(),
    };
    let operands = if wanted.input { own.operands(weight, false) } else { Vec::new() };
    let scratch = || (vec![T::ZERO; own.lines() * own.small()], Vec::new());
    let (dx, parts) = fill_blocks(blocks, scratch, |(lines, panel), task, dx| {
        let mut dw = vec![T::ZERO; if wanted.weight { weight.len() } else { 0 }];
        let mut dx = dx.chunks_exact_mut(input);
        for index in
            task * per_task * own.groups..((task + 1) * per_task).min(own.batch) * own.groups
        {
            let group = index % own.groups;
            let large = &gradient[index * output..][..output];
            arch.dispatch_elements(Gather { own, large, lines });
            if wanted.weight {
                let size = own.inputs * own.lines();
                let dw = &mut dw[group * size..][..size];
                add_outer(dw, &x[index * input..][..input], lines, own.small());
            }
            if let (Some(operand), Some(dx)) = (operands.get(group), dx.next()) {
                T::multiply(arch, dx, operand, lines, panel);
            }
        }
        dw
    });
    Gradients {
        input: wanted.input.then_some(dx),
        weight: wanted.weight.then(|| sum_in_order(parts)),
    }
}

/// The sum over images and pixels of the gradient of every output channel.
pub(super) fn bias_gradient<T: Float>(transposed: &Transposed, gradient: &[T]) -> Vec<T> {
    let of = transposed.convolution;
    let mut sums = vec![0.0; of.channels_in];
    for (index, plane) in gradient.chunks_exact(of.input_plane()).enumerate() {
        // Eight sums, in registers side by side.
        let mut lanes = [0.0; 8];
        let (eights, rest) = plane.as_chunks::<8>();
        for eight in eights {
            lanes.iter_mut().zip(eight).for_each(|(lane, value)| *lane += value.wide());
        }
        let rest: f64 = rest.iter().map(|value| value.wide()).sum();
        sums[index % of.channels_in] += lanes.iter().sum::<f64>() + rest;
    }
    sums.into_iter().map(T::narrow).collect()
}

/// Every row of a product to the pixels of its tap.
struct Spread<'a, T> {
    own: Block,
    lines: &'a [T],
    bias: Option<&'a [T]>,
    y: &'a mut [T],
}

impl<T: Float> WithSimd for Spread<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { own: Block { vertical, horizontal, .. }, lines, bias, y } = self;
        let small = vertical.output * horizontal.output;
        let taps = horizontal.kernel;
        let rows = y.chunks_exact_mut(horizontal.input).enumerate();
        for (index, row) in rows {
            let channel = index / vertical.input;
            let place = index % vertical.input;
            let bias = bias.map_or(T::ZERO, |bias| bias[channel]);
            let first = (channel * vertical.kernel + place % vertical.stride) * taps;
            let line = |tap: usize| {
                let start = (first + tap) * small + place / vertical.stride * horizontal.output;
                &lines[start..][..horizontal.output]
            };
            if taps == 2 {
                let pairs = row.as_chunks_mut::<2>().0.iter_mut();
                for ((pair, even), odd) in pairs.zip(line(0)).zip(line(1)) {
                    *pair = [*even + bias, *odd + bias];
                }
                continue;
            }
            for tap in 0..taps {
                let places = row[tap..].iter_mut().step_by(taps);
                places.zip(line(tap)).for_each(|(y, value)| *y = *value + bias);
            }
        }
    }
}

/// The way back of [`Spread`], without a bias.
struct Gather<'a, T> {
    own: Block,
    large: &'a [T],
    lines: &'a mut [T],
}

impl<T: Float> WithSimd for Gather<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { own: Block { vertical, horizontal, .. }, large, lines } = self;
        let taps = horizontal.kernel;
        let small = vertical.output * horizontal.output;
        for (index, row) in large.chunks_exact(horizontal.input).enumerate() {
            let channel = index / vertical.input;
            let place = index % vertical.input;
            let first = (channel * vertical.kernel + place % vertical.stride) * taps;
            let at = place / vertical.stride * horizontal.output;
            if taps == 2 {
                let (even, odd) = lines[first * small..][..2 * small].split_at_mut(small);
                let even = &mut even[at..][..horizontal.output];
                let odd = &mut odd[at..][..horizontal.output];
                let pairs = row.as_chunks::<2>().0.iter();
                for ((pair, even), odd) in pairs.zip(even).zip(odd) {
                    *even = pair[0];
                    *odd = pair[1];
                }
                continue;
            }
            for tap in 0..taps {
                let line = &mut lines[(first + tap) * small + at..][..horizontal.output];
                let values = row[tap..].iter().step_by(taps);
                line.iter_mut().zip(values).for_each(|(line, value)| *line = *value);
            }
        }
    }
}
