//! The parts of a method.

use dartloom_data::{Parts, Split};
use dartloom_decode::{ConfiguredPaths, Decoder, Linked};
use dartloom_ops::Registry;
use dartloom_search::{Choices, SearchConfig, SearchParts};
use dartloom_space::{Build, ConfiguredStem, OpSet, Space, SpaceError};
use dartloom_task::Task;
use dartloom_verdict::MethodParts;

use super::{CaseStudy, SmallScale, Topology};
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
    /// The places of the cells.
    pub topology: Topology,
    /// Base channels of the supernet.
    pub channels: usize,
    /// Cells of the supernet, where the topology leaves it open.
    pub layers: usize,
    /// Nodes of a cell.
    pub nodes: usize,
    /// The layers before the first cell.
    pub stem: ConfiguredStem,
    /// K of partial channels; 1 for all of them.
    pub partial: usize,
    /// The relaxation: logits become weights.
    pub choices: Choices,
    /// The decoder: weights become a genotype.
    pub decoder: Linked<ConfiguredPaths, Box<dyn Decoder>>,
    /// The changes at [`Scale::Small`](super::Scale::Small) beside the sizes.
    pub small: SmallScale,
    /// The shares of the training images that weights and logits get.
    pub split: Split,
    /// Epochs, batches and update rules.
    pub search: SearchConfig,
    /// Task, head and training of the preset of a study; `None` for methods of any task.
    pub study: Option<CaseStudy>,
}

impl Method {
    /// The method's space, with the hidden layers of its study.
    ///
    /// # Errors
    /// [`SpaceError`] for a set that is not built in, or fewer layers than a chain needs.
    pub fn space(&self) -> Result<Space, SpaceError> {
        let size = (self.layers, self.nodes);
        let stem = self.stem.stem()?;
        let space = self.topology.space(OpSet::builtin(self.ops)?, size, stem)?;
        match &self.study {
            Some(study) => space.with_hidden(study.hidden.clone()),
            None => Ok(space),
        }
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

    /// The parts of a search for a task on images.
    ///
    /// # Errors
    /// As [`Method::choices_in`].
    pub fn parts<'a>(
        &'a self,
        space: &'a Space,
        registry: &'a Registry,
        data: &'a Parts<'a>,
        task: &'a dyn Task,
    ) -> Result<SearchParts<'a>, Error> {
        let build = dartloom_task::build(self.channels, task, &data.train);
        let build = Build { partial: self.partial, ..build };
        Ok(SearchParts {
            space,
            registry,
            choices: self.choices_in(space)?,
            decoder: &self.decoder,
            build,
            data,
            task,
        })
    }

    /// The parts that a comparison needs to search with the method in `space`.
    ///
    /// # Errors
    /// As [`Method::choices_in`].
    pub fn for_comparison<'a>(&'a self, space: &'a Space) -> Result<MethodParts<'a>, Error> {
        Ok(MethodParts {
            key: self.key.to_owned(),
            name: self.name.to_owned(),
            space,
            choices: self.choices_in(space)?,
            decoder: &self.decoder,
            channels: self.channels,
            partial: self.partial,
            split: self.split,
            search: self.search.clone(),
            rules: Vec::new(),
        })
    }
}
