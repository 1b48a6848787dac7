//! Networks that nobody searched for.

use std::fmt::Debug;

use dartloom_net::NetError;
use dartloom_net::baseline::baseline;
use dartloom_ops::{Model, Place, Registry};
use dartloom_space::hand_made::Baseline;
use dartloom_space::{Build, Graph};
use rand::RngCore;

/// A network that nobody searched for, to compare with what was found.
pub trait HandMade: Debug {
    /// Its name in tables.
    fn name(&self) -> String;

    /// The network for the images and the outputs of `build`, weights drawn from `rng`. Its cost
    /// stands in the table ([`Model::cost`]); a network that is laid out as a
    /// [`Blueprint`](dartloom_space::Blueprint) or a [`Graph`] counts itself. The channels of
    /// `build` are those of the derived networks.
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

    /// The network for the images and the outputs of `build` as a graph, if it is one: it is then
    /// checked, and its memory predicted, before anything runs, and its trained weights can be kept
    /// as a file. `None`, the default, for other networks.
    ///
    /// # Errors
    /// As [`network`](Self::network).
    fn graph(&self, build: Build) -> Result<Option<Graph>, NetError> {
        let _ = build;
        Ok(None)
    }

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

    fn graph(&self, build: Build) -> Result<Option<Graph>, NetError> {
        (**self).graph(build)
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }
}

impl HandMade for Baseline {
    fn name(&self) -> String {
        self.title().to_owned()
    }

    /// # Errors
    /// Those of [`Baseline::graph`]: outputs of another kind, settings out of range, images that
    /// cannot be halved as often.
    fn network(
        &self,
        build: Build,
        _: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Box<dyn Model>, NetError> {
        Ok(Box::new(baseline(self, build.input, build.outputs, place, rng)?))
    }

    fn graph(&self, build: Build) -> Result<Option<Graph>, NetError> {
        Ok(Some(Self::graph(self, build.input, build.outputs)?))
    }

    fn identity(&self) -> Option<String> {
        match self {
            // The words of the first version.
            Self::TinyResNet => Some("TinyResNet 1".to_owned()),
            Self::ResNet18 => Some("ResNet18 1".to_owned()),
            _ => serde_json::to_string(self).ok().map(|said| format!("{said} 1")),
        }
    }
}
