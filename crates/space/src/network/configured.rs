//! Stems as values: by name, with their settings.

use serde::{Deserialize, Serialize};

use super::Stem;
use crate::SpaceError;

/// A stem of this crate with its settings, as configurations write it: `Cifar(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfiguredStem {
    /// A 3x3 convolution to that multiple of the base channels.
    Cifar(usize),
    /// Three halvings.
    ImageNet,
    /// Two halvings, in two parts ([`Stem::imagenet_quarter`]).
    Quarter,
    /// One halving for each of so many levels, in parts that a lattice reads
    /// ([`Stem::pyramid`]).
    Pyramid(usize),
}

impl ConfiguredStem {
    /// The stem.
    ///
    /// # Errors
    /// As [`Stem::pyramid`]; other stems are checked where a network gets them.
    pub fn stem(self) -> Result<Stem, SpaceError> {
        Ok(match self {
            Self::Cifar(multiplier) => Stem::cifar(multiplier),
            Self::ImageNet => Stem::imagenet(),
            Self::Quarter => Stem::imagenet_quarter(),
            Self::Pyramid(levels) => Stem::pyramid(levels)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_stems() {
        let text = ron::to_string(&ConfiguredStem::Cifar(3)).unwrap();
        assert_eq!(text, "Cifar(3)");
        assert_eq!(ron::from_str::<ConfiguredStem>(&text).unwrap().stem().unwrap(), Stem::cifar(3));
        assert_eq!(ConfiguredStem::ImageNet.stem().unwrap(), Stem::imagenet());
        assert_eq!(ConfiguredStem::Pyramid(2).stem().unwrap(), Stem::pyramid(2).unwrap());
        assert!(ConfiguredStem::Pyramid(20).stem().is_err());
    }
}
