//! The cost of a batch's errors.

use candle_core::Tensor;

/// The cost of a batch's errors: a sum over the counted items, and their count.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The sum of the errors, a scalar.
    pub sum: Tensor,
    /// The amount that is counted: images, labels, pixels, or their weights; at least 0.
    pub count: f64,
}

impl Loss {
    /// The mean error `sum / count`; 0, with gradients of 0, where nothing is counted.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn mean(&self) -> Result<Tensor, candle_core::Error> {
        let share = if self.count > 0.0 { 1.0 / self.count } else { 0.0 };
        &self.sum * share
    }
}
