//! Dense and grouped convolution: unfold, then multiply. Pointwise needs no unfolding.

use rayon::prelude::*;

use super::columns::{fold, unfold};
use super::geometry::Geometry;
use crate::float::Float;
use crate::matrix::{Matrix, Write, multiply};
use crate::parallel::chunks_per_task;

/// Most partial sums of the weight gradient. A constant, so that the order of summation does not
/// depend on the machine.
const PARTIALS: usize = 8;

/// Products that take about as long as touching an element in memory; only task sizes depend on it.
const PRODUCTS_PER_ELEMENT: usize = 8;

/// Sizes of one group of one image.
struct Block {
    geometry: Geometry,
    input: usize,
    output: usize,
    /// Length of a dot product: input channels of the group times taps.
    inner: usize,
    weight: usize,
}

impl Block {
    fn new(geometry: &Geometry) -> Self {
        let inner = geometry.group_in() * geometry.taps();
        Self {
            geometry: *geometry,
            input: geometry.group_in() * geometry.input_plane(),
            output: geometry.group_out() * geometry.output_plane(),
            inner,
            weight: geometry.group_out() * inner,
        }
    }

    fn scratch<T: Float>(&self) -> Vec<T> {
        let lines = if self.geometry.is_pointwise() { 0 } else { self.inner };
        vec![T::ZERO; lines * self.geometry.output_plane()]
    }

    /// The group's weight, `[group_out, inner]`, for block `index` of the batch.
    fn weight<'a, T: Float>(&self, weight: &'a [T], index: usize) -> Matrix<'a, T> {
        let group = index % self.geometry.groups;
        let weight = &weight[group * self.weight..][..self.weight];
        Matrix::new(weight, self.geometry.group_out(), self.inner)
    }

    /// The matrix `[inner, outputs]` of block `index` of the batch.
    fn columns<'a, T: Float>(
        &self,
        x: &'a [T],
        index: usize,
        scratch: &'a mut [T],
    ) -> Matrix<'a, T> {
        let x = &x[index * self.input..][..self.input];
        if self.geometry.is_pointwise() {
            return Matrix::new(x, self.inner, self.geometry.output_plane());
        }
        unfold(&self.geometry, x, scratch);
        Matrix::new(scratch, self.inner, self.geometry.output_plane())
    }

    /// Blocks of the batch that one task takes at least; a few products cost as much as touching
    /// an element.
    fn per_task(&self) -> usize {
        let products = self.inner * self.output;
        chunks_per_task(self.input + self.output + products / PRODUCTS_PER_ELEMENT)
    }

    /// The output gradient `[group_out, outputs]` of block `index` of the batch.
    fn output<'a, T: Float>(&self, gradient: &'a [T], index: usize) -> Matrix<'a, T> {
        let gradient = &gradient[index * self.output..][..self.output];
        Matrix::new(gradient, self.geometry.group_out(), self.geometry.output_plane())
    }
}

pub(super) fn forward<T: Float>(geometry: &Geometry, x: &[T], weight: &[T]) -> Vec<T> {
    let block = Block::new(geometry);
    let mut y = vec![T::ZERO; geometry.batch * geometry.groups * block.output];
    y.par_chunks_mut(block.output).enumerate().with_min_len(block.per_task()).for_each_init(
        || block.scratch(),
        |scratch, (index, y)| {
            let columns = block.columns(x, index, scratch);
            multiply(y, Write::Replace, block.weight(weight, index), columns);
        },
    );
    y
}

pub(super) fn input_gradient<T: Float>(
    geometry: &Geometry,
    weight: &[T],
    gradient: &[T],
) -> Vec<T> {
    let block = Block::new(geometry);
    let mut dx = vec![T::ZERO; geometry.batch * geometry.groups * block.input];
    dx.par_chunks_mut(block.input).enumerate().with_min_len(block.per_task()).for_each_init(
        || block.scratch(),
        |scratch, (index, dx)| {
            let weight = block.weight(weight, index).transposed();
            let gradient = block.output(gradient, index);
            if geometry.is_pointwise() {
                multiply(dx, Write::Replace, weight, gradient);
            } else {
                multiply(scratch, Write::Replace, weight, gradient);
                fold(geometry, scratch, dx);
            }
        },
    );
    dx
}

pub(super) fn weight_gradient<T: Float>(geometry: &Geometry, x: &[T], gradient: &[T]) -> Vec<T> {
    let block = Block::new(geometry);
    let images: Vec<usize> = (0..geometry.batch).collect();
    let partials: Vec<Vec<T>> = images
        .par_chunks(geometry.batch.div_ceil(PARTIALS))
        .with_min_len(block.per_task().div_ceil(geometry.batch.div_ceil(PARTIALS)))
        .map(|images| partial_weight_gradient(&block, images, x, gradient))
        .collect();
    sum_in_order(partials)
}

fn partial_weight_gradient<T: Float>(
    block: &Block,
    images: &[usize],
    x: &[T],
    gradient: &[T],
) -> Vec<T> {
    let groups = block.geometry.groups;
    let mut dw = vec![T::ZERO; groups * block.weight];
    let mut scratch = block.scratch();
    for image in images {
        for (group, dw) in dw.chunks_exact_mut(block.weight).enumerate() {
            let index = image * groups + group;
            let columns = block.columns(x, index, &mut scratch).transposed();
            multiply(dw, Write::Add, block.output(gradient, index), columns);
        }
    }
    dw
}

fn sum_in_order<T: Float>(partials: Vec<Vec<T>>) -> Vec<T> {
    let mut partials = partials.into_iter();
    let mut total = partials.next().unwrap_or_default();
    for partial in partials {
        for (sum, value) in total.iter_mut().zip(partial) {
            *sum += value;
        }
    }
    total
}
