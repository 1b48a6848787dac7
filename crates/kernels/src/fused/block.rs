//! Stages become blocks: ReLU, something spatial, a 1x1 convolution, a norm; each may be missing.

use candle_core::{Tensor, Var};

use super::extent::Extent;
use super::stage::Stage;
use super::window::{Sizes, Window};
use crate::{BatchNormSpec, ConvSpec, PoolSpec};

/// One block of a branch.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) input: Extent,
    /// Between the spatial part and the 1x1 convolution.
    pub(super) middle: Extent,
    pub(super) output: Extent,
    pub(super) relu: bool,
    pub(super) spatial: Spatial,
    pub(super) pointwise: Option<Pointwise>,
    /// Index among the program's norms.
    pub(super) norm: Option<usize>,
    /// `true` if the norm has scale and shift.
    pub(super) affine: bool,
    /// Begin and end of its parameters in the packed ones, the norm's not included.
    pub(super) parameters: (usize, usize),
}

/// The part of a block that mixes positions.
#[derive(Clone, Debug)]
pub(super) enum Spatial {
    None,
    /// A convolution of every channel with its own filter, stored from the given place on.
    Depthwise {
        window: Window,
        weight: usize,
    },
    Max(Window),
    /// With the reciprocal of the number of positions inside the plane, per output.
    Average {
        window: Window,
        shares: Vec<f32>,
    },
    /// Every `step`-th row and column from the given starts, one set of channels per start.
    Pick {
        step: (usize, usize),
        starts: Vec<(usize, usize)>,
    },
    /// Every value over a block of rows and columns.
    Enlarge(usize, usize),
}

/// A 1x1 convolution whose groups read equal shares of the channels.
#[derive(Clone, Debug)]
pub(super) struct Pointwise {
    /// The first of a group's weights `[outputs, inputs]`, and the first of its outputs.
    pub(super) groups: Vec<(usize, usize)>,
    /// Inputs of each group.
    pub(super) inputs: usize,
}

/// A batch norm and what it normalises with.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    pub(super) channels: usize,
    /// The first of scale and of shift in the packed parameters.
    pub(super) affine: Option<(usize, usize)>,
    /// All that follow its moments: one pair, or several for a branch that nodes share.
    pub(super) running: Vec<(Var, Var)>,
    pub(super) spec: BatchNormSpec,
    /// Values per channel and image.
    pub(super) plane: usize,
}

/// Parameters in the order of their places.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    pub(super) tensors: Vec<Tensor>,
    pub(super) len: usize,
}

impl Parameters {
    fn add(&mut self, tensor: &Tensor) -> usize {
        let place = self.len;
        self.len += tensor.elem_count();
        self.tensors.push(tensor.clone());
        place
    }
}

/// Compiles the stages of one branch.
pub(super) struct Compiler<'a> {
    pub(super) parameters: &'a mut Parameters,
    pub(super) norms: &'a mut Vec<Norm>,
    /// Least border of padded planes, so that branches of one source can share them.
    pub(super) border: (usize, usize),
}

impl Compiler<'_> {
    /// The blocks of `stages` on `input`, or `None` when a stage has no kernel here.
    pub(super) fn blocks(&mut self, stages: &[Stage], input: Extent) -> Option<Vec<Block>> {
        let mut blocks = Vec::new();
        let mut stages = stages.iter().filter(|stage| !matches!(stage, Stage::Identity)).peekable();
        let mut at = input;
        while stages.peek().is_some() {
            let start = self.parameters.len;
            let mut block = Block {
                input: at,
                middle: at,
                output: at,
                relu: false,
                spatial: Spatial::None,
                pointwise: None,
                norm: None,
                affine: false,
                parameters: (start, start),
            };
            if stages.next_if(|stage| matches!(stage, Stage::Relu)).is_some() {
                block.relu = true;
            }
            if let Some(stage) = stages.next_if(|stage| is_spatial(stage)) {
                self.spatial(&mut block, stage)?;
            }
            if block.pointwise.is_none()
                && let Some(stage) = stages.next_if(|stage| is_pointwise(stage))
            {
                self.pointwise(&mut block, stage)?;
            }
            block.parameters.1 = self.parameters.len;
            if let Some(stage) = stages.next_if(|stage| matches!(stage, Stage::Norm { .. })) {
                self.norm(&mut block, stage)?;
            }
            let empty = !block.relu
                && matches!(block.spatial, Spatial::None)
                && block.pointwise.is_none()
                && block.norm.is_none();
            if empty {
                // The next stage is one that no block can hold.
                return None;
            }
            at = block.output;
            blocks.push(block);
        }
        Some(blocks)
    }

    fn spatial(&mut self, block: &mut Block, stage: &Stage) -> Option<()> {
        let channels = block.input.channels;
        let place = |(height, width)| Extent { channels, height, width };
        match stage {
            Stage::Conv { weight, spec } if is_depthwise(weight, spec) => {
                if weight.dim(0).ok()? != channels {
                    return None;
                }
                let window = Window::new(conv_sizes(weight, spec)?, block.input, self.border)?;
                block.middle = place(window.output);
                let weight = self.parameters.add(weight);
                block.spatial = Spatial::Depthwise { window, weight };
            }
            Stage::MaxPool(spec) => {
                let window = Window::new(pool_sizes(spec), block.input, (0, 0))?;
                block.middle = place(window.output);
                block.spatial = Spatial::Max(window);
            }
            Stage::AvgPool(spec) => {
                let window = Window::new(pool_sizes(spec), block.input, (0, 0))?;
                block.middle = place(window.output);
                let shares = shares(&window.sizes, block.input, window.output);
                block.spatial = Spatial::Average { window, shares };
            }
            Stage::FactorizedReduce { even, odd } => {
                let Extent { height, width, .. } = block.input;
                let inputs = even.dim(1).ok()?;
                if height % 2 != 0
                    || width % 2 != 0
                    || inputs != channels
                    || odd.dim(1).ok()? != inputs
                {
                    return None;
                }
                block.middle = Extent::new(2 * channels, height / 2, width / 2);
                block.spatial = Spatial::Pick { step: (2, 2), starts: vec![(0, 0), (1, 1)] };
                let mut groups = Vec::new();
                for half in [even, odd] {
                    groups.push((self.parameters.add(half), half.dim(0).ok()?));
                }
                let outputs = groups.iter().map(|group| group.1).sum();
                block.output = Extent { channels: outputs, ..block.middle };
                block.pointwise = Some(Pointwise { groups, inputs });
                return Some(());
            }
            Stage::Enlarge { factor: (rows, columns) } if *rows > 0 && *columns > 0 => {
                let Extent { height, width, .. } = block.input;
                block.middle = place((height.checked_mul(*rows)?, width.checked_mul(*columns)?));
                block.spatial = Spatial::Enlarge(*rows, *columns);
            }
            _ => return None,
        }
        block.output = block.middle;
        Some(())
    }

    fn pointwise(&mut self, block: &mut Block, stage: &Stage) -> Option<()> {
        let Stage::Conv { weight, spec } = stage else { return None };
        let outputs = weight.dim(0).ok()?;
        let inputs = weight.dim(1).ok()?;
        if inputs != block.middle.channels {
            return None;
        }
        if spec.stride != (1, 1) {
            if !matches!(block.spatial, Spatial::None) {
                return None;
            }
            let Extent { channels, height, width } = block.input;
            let side = |side: usize, stride: usize| side.div_ceil(stride);
            block.middle =
                Extent::new(channels, side(height, spec.stride.0), side(width, spec.stride.1));
            block.spatial = Spatial::Pick { step: spec.stride, starts: vec![(0, 0)] };
        }
        block.output = Extent { channels: outputs, ..block.middle };
        let groups = vec![(self.parameters.add(weight), outputs)];
        block.pointwise = Some(Pointwise { groups, inputs });
        Some(())
    }

    fn norm(&mut self, block: &mut Block, stage: &Stage) -> Option<()> {
        let Stage::Norm { affine, mean, variance, spec } = stage else { return None };
        let channels = block.output.channels;
        if mean.elem_count() != channels || variance.elem_count() != channels {
            return None;
        }
        let affine = affine
            .as_ref()
            .map(|(scale, shift)| (self.parameters.add(scale), self.parameters.add(shift)));
        block.affine = affine.is_some();
        block.norm = Some(self.norms.len());
        self.norms.push(Norm {
            channels,
            affine,
            running: vec![(mean.clone(), variance.clone())],
            spec: *spec,
            plane: block.output.plane(),
        });
        Some(())
    }
}

/// The border that the first block of a branch asks for.
pub(super) fn border(stages: &[Stage]) -> (usize, usize) {
    let first = stages.iter().find(|stage| !matches!(stage, Stage::Relu | Stage::Identity));
    match first {
        Some(Stage::Conv { weight, spec }) if is_depthwise(weight, spec) => spec.padding,
        _ => (0, 0),
    }
}

fn is_depthwise(weight: &Tensor, spec: &ConvSpec) -> bool {
    weight.rank() == 4
        && weight.dims()[1] == 1
        && spec.groups == weight.dims()[0]
        && (spec.groups > 1 || weight.dims()[2..] != [1, 1])
}

fn is_spatial(stage: &Stage) -> bool {
    match stage {
        Stage::Conv { weight, spec } => is_depthwise(weight, spec),
        Stage::MaxPool(_)
        | Stage::AvgPool(_)
        | Stage::FactorizedReduce { .. }
        | Stage::Enlarge { .. } => true,
        _ => false,
    }
}

fn is_pointwise(stage: &Stage) -> bool {
    matches!(stage, Stage::Conv { weight, spec }
        if weight.rank() == 4 && weight.dims()[2..] == [1, 1] && spec.groups == 1
            && spec.padding == (0, 0) && spec.stride.0 > 0 && spec.stride.1 > 0)
}

fn conv_sizes(weight: &Tensor, spec: &ConvSpec) -> Option<Sizes> {
    let kernel = (weight.dim(2).ok()?, weight.dim(3).ok()?);
    let ConvSpec { stride, dilation, padding, .. } = *spec;
    Some(Sizes { kernel, stride, dilation, padding })
}

fn pool_sizes(spec: &PoolSpec) -> Sizes {
    let PoolSpec { kernel, stride, padding } = *spec;
    Sizes { kernel, stride, dilation: (1, 1), padding }
}

/// One over the number of positions of every window that lie inside the plane.
fn shares(sizes: &Sizes, input: Extent, output: (usize, usize)) -> Vec<f32> {
    let inside = |at: usize, kernel: usize, stride: usize, padding: usize, input: usize| {
        let start = (at * stride).max(padding);
        let end = (at * stride + kernel).min(input + padding);
        end.saturating_sub(start)
    };
    let mut shares = Vec::with_capacity(output.0 * output.1);
    for row in 0..output.0 {
        let rows = inside(row, sizes.kernel.0, sizes.stride.0, sizes.padding.0, input.height);
        for column in 0..output.1 {
            let columns =
                inside(column, sizes.kernel.1, sizes.stride.1, sizes.padding.1, input.width);
            shares.push(1.0 / (rows * columns).max(1) as f32);
        }
    }
    shares
}
