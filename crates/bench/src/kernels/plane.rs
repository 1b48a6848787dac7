//! Shapes of square inputs.

use std::fmt;
use std::str::FromStr;

/// Channels and the side of a square image, written `16x32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plane {
    pub(super) channels: usize,
    pub(super) side: usize,
}

/// Keeps a typing error from filling the memory.
const MOST: usize = 1 << 12;

impl Plane {
    pub(super) const fn new(channels: usize, side: usize) -> Self {
        Self { channels, side }
    }
}

impl fmt::Display for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.channels, self.side)
    }
}

impl FromStr for Plane {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| part.parse().ok().filter(|n| (1..=MOST).contains(n));
        let plane = text
            .split_once('x')
            .and_then(|(channels, side)| Some(Self::new(number(channels)?, number(side)?)));
        plane.ok_or_else(|| format!("expected channels and side such as 16x32, each 1 to {MOST}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_channels_and_side() {
        assert_eq!("16x32".parse(), Ok(Plane::new(16, 32)));
        assert_eq!(Plane::new(64, 8).to_string(), "64x8");
        for bad in ["16", "16x", "x8", "0x8", "16x32x32", "16x99999"] {
            assert!(bad.parse::<Plane>().is_err(), "{bad}");
        }
    }
}
