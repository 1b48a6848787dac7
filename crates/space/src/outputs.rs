//! The outputs of a network.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Shape;

/// The outputs of a network for one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outputs {
    /// This many numbers for the image: of a batch `[B, n]`. The head is
    /// [`Head::Pooled`](crate::Head::Pooled).
    Vector(usize),
    /// This many numbers for every pixel of the image: of a batch `[B, channels, H, W]`. The head
    /// is [`Head::PerPixel`](crate::Head::PerPixel).
    Plane {
        /// Numbers for a pixel.
        channels: usize,
    },
}

impl Outputs {
    /// Numbers for the image or for each of its pixels.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Vector(channels) | Self::Plane { channels } => channels,
        }
    }

    /// Shape of the output for an image of shape `input`.
    #[must_use]
    pub const fn shape(self, input: Shape) -> Shape {
        match self {
            Self::Vector(channels) => Shape::new(channels, 1, 1),
            Self::Plane { channels } => Shape::new(channels, input.height, input.width),
        }
    }
}

impl fmt::Display for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector(numbers) => write!(f, "a vector of {numbers}"),
            Self::Plane { channels } => write!(f, "a plane of {channels} channels"),
        }
    }
}
