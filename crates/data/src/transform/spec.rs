use std::fmt::Display;

use crate::{DataError, Dataset, ImageShape, Normalization, TargetSpec};

/// The images that a [`Transform`](crate::Transform) is to change.
#[derive(Clone, Copy, Debug)]
pub struct PictureSpec<'a> {
    /// Shape of every image.
    pub shape: ImageShape,
    /// The meaning of their targets.
    pub targets: TargetSpec,
    /// The rule that made their pixels of stored values, where it is known.
    pub normalization: Option<&'a Normalization>,
}

impl<'a> PictureSpec<'a> {
    /// The images of a data set.
    pub fn of(data: &'a (impl Dataset + ?Sized)) -> Self {
        let normalization = data.normalization();
        Self { shape: data.shape(), targets: data.targets(), normalization }
    }

    /// The refusal of a setting: `field` is what it is called where it is set, `expected` the values
    /// that are allowed, and `found` the one that is not.
    pub fn refusal(
        &self,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Display,
    ) -> DataError {
        DataError::Augmentation {
            field: field.into(),
            expected: expected.into(),
            found: found.to_string(),
            shape: self.shape,
        }
    }

    /// Refuses a probability that is none.
    pub(super) fn check_probability(
        &self,
        field: &'static str,
        probability: f64,
    ) -> Result<(), DataError> {
        if (0.0..=1.0).contains(&probability) {
            return Ok(());
        }
        Err(self.refusal(field, "a probability, 0 to 1", probability))
    }

    /// Refuses a range that is not in order, or not within `least..=most`.
    pub(super) fn check_range(
        &self,
        field: &'static str,
        range: (f64, f64),
        limits: (f64, f64),
    ) -> Result<(), DataError> {
        if limits.0 <= range.0 && range.0 <= range.1 && range.1 <= limits.1 {
            return Ok(());
        }
        let expected = match limits {
            (least, most) if most < f64::MAX => format!("two numbers in order, {least} to {most}"),
            (least, _) => format!("two finite numbers in order, at least {least}"),
        };
        Err(self.refusal(field, expected, format_args!("({}, {})", range.0, range.1)))
    }

    /// Refuses a change that moves pixels from outside into masks that have no label for them.
    pub(super) fn check_outside(&self, field: &'static str) -> Result<(), DataError> {
        match self.targets {
            TargetSpec::Mask { ignore: None, .. } => {
                let expected = "masks with an ignored label, which what comes from outside gets";
                Err(self.refusal(field, expected, self.targets))
            }
            _ => Ok(()),
        }
    }

    /// Refuses images whose colours are unknown: changes of colours need values from 0 to 1.
    pub(super) fn check_colours(&self, field: &'static str) -> Result<(), DataError> {
        let Some(normalization) = self.normalization else {
            let expected = "images of a data set that states its normalisation";
            return Err(self.refusal(field, expected, "one that does not"));
        };
        if normalization.scale() > 1.0 {
            return Ok(());
        }
        let expected = "a normalisation whose scale is the largest stored value, such as 255";
        Err(self.refusal(field, expected, format_args!("scale {}", normalization.scale())))
    }

    /// Refuses images that are neither grey nor of three colours.
    pub(super) fn check_grey_or_rgb(&self, field: &'static str) -> Result<(), DataError> {
        if [1, 3].contains(&self.shape.channels) {
            return Ok(());
        }
        let expected = "images of 1 or 3 channels";
        Err(self.refusal(field, expected, format_args!("{}", self.shape.channels)))
    }
}
