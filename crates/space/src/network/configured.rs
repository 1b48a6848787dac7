//! Stems as values: by name, with their settings.

use serde::{Deserialize, Serialize};

use super::Stem;

/// A stem of this crate with its settings, as configurations write it: `Cifar(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfiguredStem {
    /// A 3x3 convolution to that multiple of the base channels.
    Cifar(usize),
    /// Three halvings.
    ImageNet,
}

impl ConfiguredStem {
    /// The stem.
    pub fn stem(self) -> Stem {
        match self {
            Self::Cifar(multiplier) => Stem::cifar(multiplier),
            Self::ImageNet => Stem::imagenet(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_stems() {
        let text = ron::to_string(&ConfiguredStem::Cifar(3)).unwrap();
        assert_eq!(text, "Cifar(3)");
        assert_eq!(ron::from_str::<ConfiguredStem>(&text).unwrap().stem(), Stem::cifar(3));
        assert_eq!(ConfiguredStem::ImageNet.stem(), Stem::imagenet());
    }
}
