//! Arrays of trained numbers.

use std::collections::BTreeMap;

use crate::OnnxError;

/// A parameter or a running statistic: its shape, and its values in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// The arrays of a network by the names of its variables, such as `stem.0.1.running_mean`.
pub type Arrays = BTreeMap<String, Array>;

impl Array {
    /// An array of `shape`.
    ///
    /// # Errors
    /// [`OnnxError::Values`] where there are not as many values as the shape holds.
    pub fn new(shape: Vec<usize>, values: Vec<f32>) -> Result<Self, OnnxError> {
        let expected = shape.iter().try_fold(1_usize, |all, &side| all.checked_mul(side));
        if expected == Some(values.len()) {
            return Ok(Self { shape, values });
        }
        Err(OnnxError::Values { shape, found: values.len() })
    }

    /// Its shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its values in row-major order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}
