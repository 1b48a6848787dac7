//! Networks that nobody searched for.

use std::fmt::Debug;

use dartloom_net::NetError;
use dartloom_net::baseline::{ResNet, ResNetSize};
use dartloom_ops::{Model, Place, Registry};
use dartloom_space::Build;
use rand::RngCore;
use serde::{Deserialize, Serialize};

/// A network that nobody searched for, to compare with what was found.
pub trait HandMade: Debug {
    /// Its name in tables.
    fn name(&self) -> String;

    /// The network for the images and the outputs of `build`, weights drawn from `rng`. Its cost
    /// stands in the table ([`Model::cost`]); a network that is laid out as a
    /// [`Blueprint`](dartloom_space::Blueprint) counts itself. The channels of `build` are those of
    /// the derived networks.
    ///
    /// # Errors
    /// When there is no such network, as for outputs of another kind.
    fn network(
        &self,
        build: Build,
        registry: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Box<dyn Model>, NetError>;

    /// A text that changes whenever its network changes: its name, its numbers, and a version of
    /// its code.
    ///
    /// Its stored training is only used again for the same identity. `None`, the default, says
    /// nothing, and such work is done again.
    fn identity(&self) -> Option<String> {
        None
    }
}

impl<H: HandMade + ?Sized> HandMade for &H {
    fn name(&self) -> String {
        (**self).name()
    }

    fn network(
        &self,
        build: Build,
        registry: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Box<dyn Model>, NetError> {
        (**self).network(build, registry, place, rng)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

/// The hand-made networks that have a name in files: residual networks, which put out a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Baseline {
    /// Ten layers, eight times thinner than ResNet-18.
    #[default]
    TinyResNet,
    /// ResNet-18.
    ResNet18,
}

impl Baseline {
    /// Its size.
    pub const fn size(self) -> ResNetSize {
        match self {
            Self::TinyResNet => ResNetSize::tiny(),
            Self::ResNet18 => ResNetSize::resnet18(),
        }
    }
}

impl HandMade for Baseline {
    fn name(&self) -> String {
        let name = match self {
            Self::TinyResNet => "tiny ResNet",
            Self::ResNet18 => "ResNet-18",
        };
        name.to_owned()
    }

    /// # Errors
    /// [`NetError::Baseline`] for outputs that are no vector, and those of [`ResNet::new`].
    fn network(
        &self,
        build: Build,
        _: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Box<dyn Model>, NetError> {
        let Build { outputs, input, .. } = build;
        let dartloom_space::Outputs::Vector(numbers) = outputs else {
            return Err(NetError::Baseline {
                baseline: "ResNet",
                expected: "a task whose networks put out a vector",
                found: format!("{outputs:?}"),
            });
        };
        Ok(Box::new(ResNet::new(self.size(), input, numbers, place, rng)?))
    }

    fn identity(&self) -> Option<String> {
        Some(format!("{self:?} 1"))
    }
}
