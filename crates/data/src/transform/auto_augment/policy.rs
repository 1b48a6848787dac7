//! The sub-policies of the paper's appendix.

use super::Policy;
use super::operation::Operation::{self, *};

/// An operation of a sub-policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) operation: Operation,
    /// Its probability, in tenths.
    pub(super) tenths: u8,
    /// Its magnitude, 0 to 9; of no meaning for some operations.
    pub(super) magnitude: u8,
}

impl Step {
    pub(super) fn probability(&self) -> f64 {
        f64::from(self.tenths) / 10.0
    }
}

impl Policy {
    pub(super) const fn steps(self) -> &'static [[Step; 2]; 25] {
        match self {
            Self::Cifar10 => &CIFAR10,
            Self::ImageNet => &IMAGENET,
        }
    }
}

const fn of(operation: Operation, tenths: u8, magnitude: u8) -> Step {
    Step { operation, tenths, magnitude }
}

#[rustfmt::skip]
const CIFAR10: [[Step; 2]; 25] = [
    [of(Invert, 1, 0), of(Contrast, 2, 6)],
    [of(Rotate, 7, 2), of(TranslateX, 3, 9)],
    [of(Sharpness, 8, 1), of(Sharpness, 9, 3)],
    [of(ShearY, 5, 8), of(TranslateY, 7, 9)],
    [of(AutoContrast, 5, 0), of(Equalize, 9, 0)],
    [of(ShearY, 2, 7), of(Posterize, 3, 7)],
    [of(Color, 4, 3), of(Brightness, 6, 7)],
    [of(Sharpness, 3, 9), of(Brightness, 7, 9)],
    [of(Equalize, 6, 0), of(Equalize, 5, 0)],
    [of(Contrast, 6, 7), of(Sharpness, 6, 5)],
    [of(Color, 7, 7), of(TranslateX, 5, 8)],
    [of(Equalize, 3, 0), of(AutoContrast, 4, 0)],
    [of(TranslateY, 4, 3), of(Sharpness, 2, 6)],
    [of(Brightness, 9, 6), of(Color, 2, 8)],
    [of(Solarize, 5, 2), of(Invert, 0, 0)],
    [of(Equalize, 2, 0), of(AutoContrast, 6, 0)],
    [of(Equalize, 2, 0), of(Equalize, 6, 0)],
    [of(Color, 9, 9), of(Equalize, 6, 0)],
    [of(AutoContrast, 8, 0), of(Solarize, 2, 8)],
    [of(Brightness, 1, 3), of(Color, 7, 0)],
    [of(Solarize, 4, 5), of(AutoContrast, 9, 0)],
    [of(TranslateY, 9, 9), of(TranslateY, 7, 9)],
    [of(AutoContrast, 9, 0), of(Solarize, 8, 3)],
    [of(Equalize, 8, 0), of(Invert, 1, 0)],
    [of(TranslateY, 7, 9), of(AutoContrast, 9, 0)],
];

#[rustfmt::skip]
const IMAGENET: [[Step; 2]; 25] = [
    [of(Posterize, 4, 8), of(Rotate, 6, 9)],
    [of(Solarize, 6, 5), of(AutoContrast, 6, 0)],
    [of(Equalize, 8, 0), of(Equalize, 6, 0)],
    [of(Posterize, 6, 7), of(Posterize, 6, 6)],
    [of(Equalize, 4, 0), of(Solarize, 2, 4)],
    [of(Equalize, 4, 0), of(Rotate, 8, 8)],
    [of(Solarize, 6, 3), of(Equalize, 6, 0)],
    [of(Posterize, 8, 5), of(Equalize, 10, 0)],
    [of(Rotate, 2, 3), of(Solarize, 6, 8)],
    [of(Equalize, 6, 0), of(Posterize, 4, 6)],
    [of(Rotate, 8, 8), of(Color, 4, 0)],
    [of(Rotate, 4, 9), of(Equalize, 6, 0)],
    [of(Equalize, 0, 0), of(Equalize, 8, 0)],
    [of(Invert, 6, 0), of(Equalize, 10, 0)],
    [of(Color, 6, 4), of(Contrast, 10, 8)],
    [of(Rotate, 8, 8), of(Color, 10, 2)],
    [of(Color, 8, 8), of(Solarize, 8, 7)],
    [of(Sharpness, 4, 7), of(Invert, 6, 0)],
    [of(ShearX, 6, 5), of(Equalize, 10, 0)],
    [of(Color, 4, 0), of(Equalize, 6, 0)],
    [of(Equalize, 4, 0), of(Solarize, 2, 4)],
    [of(Solarize, 6, 5), of(AutoContrast, 6, 0)],
    [of(Invert, 6, 0), of(Equalize, 10, 0)],
    [of(Color, 6, 4), of(Contrast, 10, 8)],
    [of(Equalize, 8, 0), of(Equalize, 6, 0)],
];
