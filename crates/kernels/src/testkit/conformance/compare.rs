//! One number after the other.

use candle_core::{DType, Tensor};

use super::ConformanceError;

/// The findings of one call: names and values, in a fixed order.
pub(super) type Outcome = Vec<(String, Tensor)>;

/// The first difference of more than `tolerance * max(1, |expected|)`.
pub(super) fn compare(
    oracle: &Outcome,
    outcome: &Outcome,
    tolerance: f64,
) -> Result<(), ConformanceError> {
    for (index, (name, expected)) in oracle.iter().enumerate() {
        let Some((_, found)) = outcome.get(index).filter(|(other, _)| other == name) else {
            return Err(ConformanceError::Missing { value: name.clone() });
        };
        if found.dims() != expected.dims() {
            let expected = expected.dims().to_vec();
            let found = found.dims().to_vec();
            return Err(ConformanceError::Shape { value: name.clone(), expected, found });
        }
        let pairs = host(expected)?.into_iter().zip(host(found)?);
        for (element, (expected, found)) in pairs.enumerate() {
            if !close(expected, found, tolerance) {
                let value = name.clone();
                return Err(ConformanceError::Mismatch { value, element, expected, found });
            }
        }
    }
    Ok(())
}

fn close(expected: f64, found: f64, tolerance: f64) -> bool {
    if expected.is_finite() {
        return (expected - found).abs() <= tolerance * expected.abs().max(1.0);
    }
    expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan())
}

fn host(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

#[cfg(test)]
mod tests {
    use super::close;

    #[test]
    fn closeness_is_relative_above_one_and_absolute_below() {
        assert!(close(1000.0, 1000.5, 1e-3) && !close(1000.0, 1002.0, 1e-3));
        assert!(close(0.0, 9e-4, 1e-3) && !close(0.0, 2e-3, 1e-3));
    }

    #[test]
    fn what_is_not_finite_is_close_to_itself_alone() {
        assert!(close(f64::NAN, f64::NAN, 1.0) && close(f64::INFINITY, f64::INFINITY, 1.0));
        assert!(!close(0.0, f64::NAN, 1.0) && !close(f64::NAN, 0.0, 1.0));
        assert!(!close(f64::INFINITY, f64::NEG_INFINITY, 1.0) && !close(f64::INFINITY, 0.0, 1.0));
    }
}
