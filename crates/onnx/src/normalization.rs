//! The normalisation of images.

use crate::OnnxError;
use crate::draft::{Draft, Value};

/// Constants that make pixel values of bytes: `(byte / scale - mean) / standard_deviation`, with a
/// mean and a standard deviation for each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// The divisor of bytes.
    pub scale: f32,
    /// Mean of each channel, in units of `byte / scale`.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel, in the same units.
    pub standard_deviation: Vec<f32>,
}

impl Normalization {
    fn check(&self, channels: usize) -> Result<(), OnnxError> {
        let refuse =
            |expected: String, found: String| Err(OnnxError::Normalization { expected, found });
        for (what, values) in
            [("means", &self.mean), ("standard deviations", &self.standard_deviation)]
        {
            if values.len() != channels {
                return refuse(format!("{channels} {what}"), values.len().to_string());
            }
        }
        let divisors = self.standard_deviation.iter().chain([&self.scale]);
        let bad = |value: &&f32| !(value.is_finite() && **value > 0.0);
        if let Some(found) = divisors.clone().find(bad) {
            return refuse("positive divisors".to_owned(), found.to_string());
        }
        match self.mean.iter().find(|value| !value.is_finite()) {
            Some(found) => refuse("finite means".to_owned(), found.to_string()),
            None => Ok(()),
        }
    }

    /// Adds the nodes behind `image`.
    pub(crate) fn add(&self, draft: &mut Draft<'_>, image: Value) -> Result<Value, OnnxError> {
        self.check(image.shape.channels)?;
        let channels = [1, image.shape.channels, 1, 1];
        let steps: [(&str, &str, &[usize], &[f32]); 3] = [
            ("Div", "scale", &[], &[self.scale]),
            ("Sub", "mean", &channels, &self.mean),
            ("Div", "standard_deviation", &channels, &self.standard_deviation),
        ];
        let mut value = image;
        for (operator, name, shape, constants) in steps {
            let constants = draft.floats(&format!("normalisation.{name}"), shape, constants);
            let name = format!("normalisation.by_{name}");
            value.name = draft.node(operator, &[&value.name, &constants], &name, Vec::new());
        }
        Ok(value)
    }
}
