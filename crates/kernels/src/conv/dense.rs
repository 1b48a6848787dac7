//! Dense and grouped convolution: unfold, then multiply. Pointwise needs no unfolding.

use super::columns::{fold, unfold};
use super::geometry::Geometry;
use super::{Gradients, Wanted};
use crate::float::Float;
use crate::matrix::{Matrix, Product, add_outer};
use crate::parallel::{Blocks, fill_blocks, sum_in_order};
use crate::simd::InstructionSet;

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

/// Room for one task.
struct Scratch<T> {
    columns: Vec<T>,
    panel: Vec<T>,
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

    fn scratch<T: Float>(&self) -> Scratch<T> {
        let lines = if self.geometry.is_pointwise() { 0 } else { self.inner };
        let columns = vec![T::ZERO; lines * self.geometry.output_plane()];
        Scratch { columns, panel: Vec::new() }
    }

    /// The weight of every group, `[group_out, inner]`, ready for products.
    fn operands<T: Product>(&self, weight: &[T], transposed: bool) -> Vec<T::Operand> {
        let groups = weight.chunks_exact(self.weight);
        let matrix = |weight| Matrix::new(weight, self.geometry.group_out(), self.inner);
        let turn = |matrix: Matrix<'_, T>| {
            T::operand(if transposed { matrix.transposed() } else { matrix })
        };
        groups.map(|weight| turn(matrix(weight))).collect()
    }

    /// The matrix `[inner, outputs]` of block `index` of the batch.
    fn columns<'a, T: Float>(&self, x: &'a [T], index: usize, scratch: &'a mut [T]) -> &'a [T] {
        let x = &x[index * self.input..][..self.input];
        if self.geometry.is_pointwise() {
            return x;
        }
        unfold(&self.geometry, x, scratch);
        scratch
    }

    /// The cost of a block, as elements touched; a few products cost as much as an element.
    fn cost(&self) -> usize {
        self.input + self.output + self.inner * self.output / PRODUCTS_PER_ELEMENT
    }

    /// The output gradient `[group_out, outputs]` of block `index` of the batch.
    fn output<'a, T>(&self, gradient: &'a [T], index: usize) -> &'a [T] {
        &gradient[index * self.output..][..self.output]
    }
}

pub(super) fn forward<T: Product>(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
) -> Vec<T> {
    let block = Block::new(geometry);
    let operands = block.operands(weight, false);
    let count = geometry.batch * geometry.groups;
    let blocks =
        Blocks { count, block: block.output, len: count * block.output, cost: block.cost() };
    let (y, _) = fill_blocks(
        blocks,
        || block.scratch(),
        |scratch, index, y| {
            let columns = block.columns(x, index, &mut scratch.columns);
            let operand = &operands[index % geometry.groups];
            T::multiply(arch, y, operand, columns, &mut scratch.panel);
        },
    );
    y
}

/// Both gradients in one walk over the images.
pub(super) fn gradients<T: Product>(
    arch: InstructionSet,
    geometry: &Geometry,
    x: &[T],
    weight: &[T],
    gradient: &[T],
    wanted: Wanted,
) -> Gradients<T> {
    let block = Block::new(geometry);
    let batch = geometry.batch;
    let groups = geometry.groups;
    let per_task = batch.div_ceil(PARTIALS);
    let image = if wanted.input { groups * block.input } else { 0 };
    let blocks = Blocks {
        count: batch.div_ceil(per_task),
        block: per_task * image,
        len: batch * image,
        cost: per_task * groups * block.cost(),
    };
    let operands = if wanted.input { block.operands(weight, true) } else { Vec::new() };
    let (dx, parts) = fill_blocks(
        blocks,
        || block.scratch(),
        |scratch, task, dx| {
            let mut dw = vec![T::ZERO; if wanted.weight { weight.len() } else { 0 }];
            let mut dx = dx.chunks_exact_mut(block.input);
            for index in task * per_task * groups..((task + 1) * per_task).min(batch) * groups {
                let own = block.output(gradient, index);
                let group = index % groups;
                if wanted.weight {
                    let columns = block.columns(x, index, &mut scratch.columns);
                    let dw = &mut dw[group * block.weight..][..block.weight];
                    add_outer(dw, own, columns, geometry.output_plane());
                }
                if let (Some(operand), Some(dx)) = (operands.get(group), dx.next()) {
                    input_gradient(arch, &block, operand, own, scratch, dx);
                }
            }
            dw
        },
    );
    Gradients {
        input: wanted.input.then_some(dx),
        weight: wanted.weight.then(|| sum_in_order(parts)),
    }
}

fn input_gradient<T: Product>(
    arch: InstructionSet,
    block: &Block,
    operand: &T::Operand,
    gradient: &[T],
    scratch: &mut Scratch<T>,
    dx: &mut [T],
) {
    if block.geometry.is_pointwise() {
        return T::multiply(arch, dx, operand, gradient, &mut scratch.panel);
    }
    T::multiply(arch, &mut scratch.columns, operand, gradient, &mut scratch.panel);
    fold(&block.geometry, &scratch.columns, dx);
}
