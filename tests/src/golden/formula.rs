//! Weights and inputs that are given by a formula instead of being stored.

use candle_core::{Device, Tensor};

use super::GoldenError;

/// `h(t, k)` in `[-1, 1)`: a 64-bit mix of the parameter number and the flat index.
fn mixed(parameter: u64, index: u64) -> f64 {
    let mut z = (parameter << 32).wrapping_add(index).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    2.0 * (z >> 40) as f64 / f64::from(1 << 24) - 1.0
}

/// Raw values `h(t, k)` of a shape, rounded to single precision.
pub(crate) fn raw(parameter: u64, shape: &[usize]) -> Result<Tensor, GoldenError> {
    tensor(parameter, shape, |h| h)
}

/// A parameter: scaled by its fan-in, around 1 for scales of norms, small for biases.
pub(crate) fn parameter(number: u64, name: &str, shape: &[usize]) -> Result<Tensor, GoldenError> {
    match *shape {
        [_, a, b, c] => {
            let scale = (6.0 / (a * b * c) as f64).sqrt();
            tensor(number, shape, |h| h * scale)
        }
        [_, fan_in] => tensor(number, shape, |h| h / (fan_in as f64).sqrt()),
        [_] if name.ends_with("weight") => tensor(number, shape, |h| 1.0 + h / 4.0),
        [_] => tensor(number, shape, |h| h / 4.0),
        _ => Err(GoldenError::not_understood(format!("formula for `{name}` of shape {shape:?}"))),
    }
}

fn tensor(
    parameter: u64,
    shape: &[usize],
    value: impl Fn(f64) -> f64,
) -> Result<Tensor, GoldenError> {
    let count = shape.iter().product::<usize>() as u64;
    let values: Vec<f32> = (0..count).map(|k| value(mixed(parameter, k)) as f32).collect();
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::mixed;

    /// The mix is the finaliser of SplitMix64, whose first outputs for seed 0 are known.
    #[test]
    fn mixes_as_splitmix64_does() {
        let first = 0xE220_A839_7B1D_CDAF_u64 >> 40;
        let wanted = 2.0 * first as f64 / f64::from(1 << 24) - 1.0;
        assert!((mixed(0, 0) - wanted).abs() < 1e-15);
    }
}
