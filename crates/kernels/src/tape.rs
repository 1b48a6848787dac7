//! Kernels run one after the other, whose values and gradients stay among them.

use std::fmt;

use candle_core::{DType, Device, Shape, Tensor, Var};

use crate::conv_norm::ConvNorm;
use crate::error::{KernelError, Result};
use crate::operation::{Op, Operation};
use crate::{
    BatchNormSpec, ConvSpec, ConvTransposeSpec, PoolSpec, Statistics, activation, concat, conv,
    conv_transpose, norm, pool, upsample,
};
use recording::{Data, Recording, Value};

mod candle;
mod recording;
mod sum;
#[cfg(test)]
mod tests;

/// A network of kernels as it runs: `f32` on the CPU.
///
/// Each function takes values on the tape, runs a kernel and puts its result on the tape. At the
/// end [`finish`](Self::finish) hands some values to candle as tensors, through which
/// `Tensor::backward` reaches the parameters. What the kernels compute is what the functions of the
/// same names compute on tensors. Candle's backward pass adds every gradient to zeros; on a tape
/// the first gradient of a value is taken as it is, the next ones are added to it in its place, and
/// values are let go as soon as no gradient needs them.
///
/// A backward pass uses the recording up: a second one through the same tensors is refused with
/// `BackwardNotSupported`.
///
/// ```
/// use candle_core::{DType, Device, Tensor, Var};
/// use dartloom_kernels::ConvSpec;
/// use dartloom_kernels::tape::Tape;
///
/// # fn main() -> Result<(), dartloom_kernels::KernelError> {
/// let x = Tensor::ones((1, 1, 4, 4), DType::F32, &Device::Cpu)?;
/// let weight = Var::ones((1, 1, 3, 3), DType::F32, &Device::Cpu)?;
/// let mut tape = Tape::default();
/// let image = tape.input(&x)?;
/// let y = tape.conv2d(image, &weight, ConvSpec::square(1, 1))?;
/// let y = tape.relu(y)?;
/// let y = tape.finish(&[y])?.remove(0);
/// assert!(y.sum_all()?.backward()?.get(&weight).is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Tape {
    recording: Recording,
    /// True if nobody asks for gradients of parameters.
    constant_parameters: bool,
}

/// A value on a [`Tape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(usize);

/// The parameters of [`Tape::batch_norm`].
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// Scale and shift, `[channels]` each, if there are any.
    pub affine: Option<(&'a Tensor, &'a Tensor)>,
    /// Running mean and variance, `[channels]` each.
    pub running: (&'a Var, &'a Var),
    /// The constants of the norm.
    pub norm: BatchNormSpec,
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("constant_parameters", &self.constant_parameters)
            .finish_non_exhaustive()
    }
}

impl Tape {
    /// A tape whose parameters are constants: their gradients are not computed.
    #[must_use]
    pub fn with_constant_parameters() -> Self {
        Self { constant_parameters: true, ..Self::default() }
    }

    /// Puts a tensor of `f32` on the CPU on the tape. Its gradient is computed if candle tracks it.
    ///
    /// # Errors
    /// [`KernelError::UnsupportedElementType`] for another type or device.
    pub fn input(&mut self, x: &Tensor) -> Result<At> {
        self.leaf(x, x.track_op())
    }

    /// [`conv2d`](crate::conv2d).
    ///
    /// # Errors
    /// Those of the function, as for all that follow.
    pub fn conv2d(&mut self, x: At, weight: &Tensor, spec: ConvSpec) -> Result<At> {
        let image = self.stand_in(x)?;
        let op = conv::operation(&image, conv::Geometry::new(&image, weight, spec)?)?;
        let weight = self.parameter(weight)?;
        self.run(op, [x, weight])
    }

    /// [`conv2d_norm_relu`](crate::conv2d_norm_relu).
    ///
    /// # Errors
    /// Those of the function.
    pub fn conv2d_norm_relu(
        &mut self,
        x: At,
        layer: ConvNorm<'_>,
        statistics: Statistics,
    ) -> Result<At> {
        let block = layer.block(&self.stand_in(x)?, statistics)?;
        let watched = block.watched();
        let inputs = [x, self.parameter(layer.weight)?, self.parameter(&layer.pairs()?)?];
        let op = Op { name: "conv2d_norm_relu", shape: block.shape(), kernel: block };
        let y = self.run(op, inputs)?;
        layer.update(&watched, statistics)?;
        Ok(y)
    }

    /// [`batch_norm`](crate::batch_norm).
    ///
    /// # Errors
    /// Those of the function.
    pub fn batch_norm(&mut self, x: At, layer: Norm<'_>, statistics: Statistics) -> Result<At> {
        let Norm { affine, running, norm } = layer;
        let image = self.stand_in(x)?;
        let geometry = norm::Geometry::new(&image, affine, running, statistics, norm)?;
        let op = norm::operation(&image, geometry, running, statistics, norm.eps)?;
        let record = op.kernel.record.clone();
        let y = match affine {
            Some((gamma, beta)) => {
                let inputs = [x, self.parameter(gamma)?, self.parameter(beta)?];
                self.run(op, inputs)?
            }
            None => self.run(op, [x])?,
        };
        if let (Statistics::Update, Some(moments)) = (statistics, record.get()) {
            norm::update(running, moments, geometry.values(), norm.momentum)?;
        }
        Ok(y)
    }

    /// [`relu`](crate::relu()).
    ///
    /// # Errors
    /// Those of the function.
    pub fn relu(&mut self, x: At) -> Result<At> {
        let op = activation::operation(&self.stand_in(x)?)?;
        self.run(op, [x])
    }

    /// [`max_pool2d`](crate::max_pool2d).
    ///
    /// # Errors
    /// Those of the function.
    pub fn max_pool2d(&mut self, x: At, spec: PoolSpec) -> Result<At> {
        let image = self.stand_in(x)?;
        let op = pool::maximum(&image, pool::Geometry::new(pool::MAX, &image, spec)?)?;
        self.run(op, [x])
    }

    /// [`avg_pool2d`](crate::avg_pool2d).
    ///
    /// # Errors
    /// Those of the function.
    pub fn avg_pool2d(&mut self, x: At, spec: PoolSpec, count_padding: bool) -> Result<At> {
        let image = self.stand_in(x)?;
        let geometry = pool::Geometry::new(pool::AVERAGE, &image, spec)?;
        let op = pool::average(&image, geometry, count_padding)?;
        self.run(op, [x])
    }

    /// [`upsample_nearest2d`](crate::upsample_nearest2d).
    ///
    /// # Errors
    /// Those of the function.
    pub fn upsample_nearest2d(&mut self, x: At, factor: (usize, usize)) -> Result<At> {
        let image = self.stand_in(x)?;
        let op = upsample::operation(&image, upsample::Geometry::new(&image, factor)?)?;
        self.run(op, [x])
    }

    /// [`conv_transpose2d`](crate::conv_transpose2d).
    ///
    /// # Errors
    /// Those of the function.
    pub fn conv_transpose2d(
        &mut self,
        x: At,
        weight: &Tensor,
        bias: Option<&Tensor>,
        spec: ConvTransposeSpec,
    ) -> Result<At> {
        let image = self.stand_in(x)?;
        let transposed = conv_transpose::Transposed::new(&image, weight, bias, spec)?;
        let op = conv_transpose::operation(&image, transposed)?;
        let weight = self.parameter(weight)?;
        match bias {
            Some(bias) => {
                let bias = self.parameter(bias)?;
                self.run(op, [x, weight, bias])
            }
            None => self.run(op, [x, weight]),
        }
    }

    /// [`concat_channels`](crate::concat_channels).
    ///
    /// # Errors
    /// Those of the function.
    pub fn concat_channels(&mut self, first: At, second: At) -> Result<At> {
        let op = concat::operation(&self.stand_in(first)?, &self.stand_in(second)?)?;
        self.run(op, [first, second])
    }

    /// The sum of two values of one shape.
    ///
    /// # Errors
    /// [`KernelError::Shape`] when the shapes differ.
    pub fn sum(&mut self, first: At, second: At) -> Result<At> {
        let op = sum::operation(self.shape(first), self.shape(second))?;
        self.run(op, [first, second])
    }

    /// Lets a value go that a kernel made and nobody reads again, unless a gradient needs it.
    pub fn let_go(&mut self, value: At) {
        let value = &mut self.recording.values[value.0];
        if !value.tracked && matches!(value.data, Data::Made(_)) {
            value.data = Data::Gone;
        }
    }

    /// Some values as tensors, in their order. Gradients flow back through them to all parameters
    /// and tracked inputs.
    ///
    /// # Errors
    /// When candle fails, or a value was let go.
    pub fn finish(self, outputs: &[At]) -> Result<Vec<Tensor>> {
        let outputs: Vec<usize> = outputs.iter().map(|at| at.0).collect();
        Ok(candle::tensors(self.recording, &outputs)?)
    }

    fn parameter(&mut self, tensor: &Tensor) -> Result<At> {
        self.leaf(tensor, tensor.track_op() && !self.constant_parameters)
    }

    fn leaf(&mut self, tensor: &Tensor, tracked: bool) -> Result<At> {
        if tensor.dtype() != DType::F32 || !tensor.device().is_cpu() {
            let found = tensor.dtype();
            return Err(KernelError::UnsupportedElementType { op: "tape", found });
        }
        let shape = tensor.shape().clone();
        let data = Data::Leaf(tensor.contiguous()?);
        Ok(At(self.recording.put(Value { shape, data, tracked })))
    }

    fn run<K, const N: usize>(&mut self, op: Op<K>, inputs: [At; N]) -> Result<At>
    where
        K: Operation<f32, N> + Send + Sync + 'static,
    {
        Ok(At(self.recording.run(op.kernel, inputs.map(|at| at.0), op.shape)?))
    }

    fn shape(&self, at: At) -> &Shape {
        &self.recording.values[at.0].shape
    }

    /// A tensor of a value's shape that holds a single number, for checks that ask for a tensor.
    fn stand_in(&self, at: At) -> Result<Tensor> {
        let number = Tensor::zeros(1, DType::F32, &Device::Cpu)?;
        Ok(number.broadcast_as(self.shape(at))?)
    }
}
