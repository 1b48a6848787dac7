use serde::{Deserialize, Serialize};

use crate::{Meter, MetricsError};

/// Weighted mean `sum(weight * value) / sum(weight)`, in `f64`: of a batch loss, for instance, weighted by the batch size.
///
/// Values are taken as they come: a NaN or infinite one shows in the mean. A value of weight 0 changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    sum: f64,
    weight: f64,
}

impl Mean {
    /// A mean of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sum of weight times value.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Sum of the weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }
}

impl Meter for Mean {
    /// A value and its weight.
    type Sample<'a> = (f64, f64);

    /// Adds a value.
    ///
    /// # Errors
    /// [`MetricsError::Weight`] when the weight is negative or not finite.
    fn update(&mut self, (value, weight): Self::Sample<'_>) -> Result<(), MetricsError> {
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(MetricsError::Weight { found: weight });
        }
        if weight > 0.0 {
            self.sum += weight * value;
            self.weight += weight;
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        self.sum += other.sum;
        self.weight += other.weight;
        Ok(())
    }

    fn value(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
