//! What makes a method.

use dartloom_data::{Parts, Split};
use dartloom_decode::Decoder;
use dartloom_ops::Registry;
use dartloom_search::{Choices, SearchConfig, SearchParts};
use dartloom_space::{Build, OpSet, Shape, Space, SpaceError, Stem};
use dartloom_task::Task;
use dartloom_verdict::MethodParts;

use super::{SmallScale, Topology};
use crate::Error;

/// A method as its paper searched with it on CIFAR-10. All fields are there to be changed.
#[derive(Debug)]
pub struct Method {
    /// Its name in experiment files, phases and file names, see [`by_name`](super::by_name).
    pub key: &'static str,
    /// Its name in tables.
    pub name: &'static str,
    /// Built-in set of the operations that every edge chooses from.
    pub ops: &'static str,
    /// Where the cells stand.
    pub topology: Topology,
    /// Base channels of the supernet.
    pub channels: usize,
    /// Cells of the supernet, where the topology leaves it open.
    pub layers: usize,
    /// K of partial channels; 1 for all of them.
    pub partial: usize,
    /// How logits become weights.
    pub choices: Choices,
    /// How weights become a genotype.
    pub decoder: Box<dyn Decoder>,
    /// What changes at [`Scale::Small`](super::Scale::Small) beside the sizes.
    pub small: SmallScale,
    /// How training images are shared between weights and logits.
    pub split: Split,
    /// Epochs, batches and update rules.
    pub search: SearchConfig,
}

impl Method {
    /// The method's space: cells of four nodes in a chain behind the stem for small images.
    ///
    /// # Errors
    /// [`SpaceError`] for a set that is not built in, or fewer layers than a chain needs.
    pub fn space(&self) -> Result<Space, SpaceError> {
        self.topology.space(OpSet::builtin(self.ops)?, (self.layers, 4), Stem::cifar(3))
    }

    /// The method's choices in its space: they begin where its topology says.
    ///
    /// # Errors
    /// As [`Topology::start`].
    pub fn choices_in(&self, space: &Space) -> Result<Choices, Error> {
        let choices = self.choices.clone();
        Ok(match self.topology.start(space)? {
            Some(start) => choices.with_start(start),
            None => choices,
        })
    }

    /// The parts of a search for `classes` classes in images of `input`.
    ///
    /// # Errors
    /// As [`Method::choices_in`].
    pub fn parts<'a>(
        &'a self,
        space: &'a Space,
        registry: &'a Registry,
        (classes, input): (usize, Shape),
        data: &'a Parts<'a>,
        task: &'a dyn Task,
    ) -> Result<SearchParts<'a>, Error> {
        let build = Build { partial: self.partial, ..Build::new(self.channels, classes, input) };
        Ok(SearchParts {
            space,
            registry,
            choices: self.choices_in(space)?,
            decoder: &*self.decoder,
            build,
            data,
            task: task,
        })
    }

    /// What a comparison needs to search with the method in `space`.
    ///
    /// # Errors
    /// As [`Method::choices_in`].
    pub fn for_comparison<'a>(&'a self, space: &'a Space) -> Result<MethodParts<'a>, Error> {
        Ok(MethodParts {
            key: self.key.to_owned(),
            name: self.name.to_owned(),
            space,
            choices: self.choices_in(space)?,
            decoder: &*self.decoder,
            channels: self.channels,
            partial: self.partial,
            split: self.split,
            search: self.search.clone(),
            rules: Vec::new(),
        })
    }
}
