//! The output that an operation in code promises, and the check that it keeps the promise.

use candle_core::Tensor;
use dartloom_ops::OpError;
use dartloom_space::InputPlan;

/// The output that an edge may expect by the contract of [`Operation`](dartloom_ops::Operation).
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    channels: usize,
    height: usize,
    width: usize,
    stride: usize,
    /// `true` if the operation has parameters.
    learns: bool,
}

impl Promise {
    pub(super) fn of(at: &InputPlan, learns: bool) -> Self {
        let height = at.shape.height;
        let width = at.shape.width;
        let stride = at.stride.max(1);
        let height = height.div_ceil(stride);
        let width = width.div_ceil(stride);
        Self { channels: at.width, height, width, stride, learns }
    }

    /// Refuses an output `y` of `x` that has another shape or type, or that cuts the gradient of
    /// something that should learn. An output of zeros is accepted: it has no gradient.
    pub(super) fn check(&self, x: &Tensor, y: &Tensor) -> Result<(), OpError> {
        let expected = [x.dim(0)?, self.channels, self.height, self.width];
        if y.dims() != expected || y.dtype() != x.dtype() {
            return Err(OpError::Output {
                expected: expected.to_vec(),
                dtype: x.dtype(),
                stride: self.stride,
                found: y.dims().to_vec(),
                found_dtype: y.dtype(),
            });
        }
        if y.track_op() || !(self.learns || x.track_op()) {
            return Ok(());
        }
        let to = if self.learns { "its parameters" } else { "its input" };
        if y.abs()?.sum_all()?.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()? <= 0.0 {
            return Ok(());
        }
        Err(OpError::NoGradient { to })
    }
}
