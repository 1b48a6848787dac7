//! Names of parts.

mod shelf;

use std::sync::Arc;

use dartloom::data::{DataSets, TargetSpec};
use dartloom::decode::{ConfiguredDecoder, Decoder};
use dartloom::relax::{ConfiguredRegulariser, ConfiguredRelaxation, Regulariser, Relaxation};
use dartloom::search::stop::{RuleConfig, StopRule};
use dartloom::task::{ConfiguredTask, Task};
use dartloom::verdict::{Baseline, ConfiguredExplorer, HandMade, MakeExplorer};

use crate::error::EngineError;
use crate::experiment::{Data, Named, Settings};
use shelf::Shelf;

/// The reason for which a part cannot be made of its settings.
pub type PartError = Box<dyn std::error::Error + Send + Sync>;

/// Names to parts: what an experiment file may ask for.
///
/// The parts that come with dartloom are rows like all others; a program adds its own and plans
/// experiments with them ([`Plan::with`](crate::Plan::with)). A name is a word of letters, digits
/// and `_`, and is written like those of dartloom: `relaxation: Mine(power: 2.0)`.
///
/// ```
/// use std::sync::Arc;
/// use dartloom::relax::Softmax;
/// use dartloom_engine::Catalog;
///
/// let catalog = Catalog::standard().relaxation("Warm", |settings| {
///     Ok(Arc::new(Softmax::new(settings.read::<f64>()?)?))
/// });
/// assert!(catalog.relaxations().any(|name| name == "Warm"));
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    relaxations: Shelf<Arc<dyn Relaxation>>,
    regularisers: Shelf<Box<dyn Regulariser>>,
    decoders: Shelf<Box<dyn Decoder>>,
    tasks: Shelf<Box<dyn Task>, TargetSpec>,
    stop_rules: Shelf<Box<dyn StopRule>>,
    explorers: Shelf<Box<dyn MakeExplorer>>,
    baselines: Shelf<Box<dyn HandMade>>,
    /// Made with the origin of the experiment, for messages.
    data: Shelf<DataSets, String>,
}

impl Catalog {
    /// The parts that come with dartloom.
    pub fn standard() -> Self {
        Self {
            relaxations: Shelf::of(|part: ConfiguredRelaxation, ()| Ok(part.relaxation()?)),
            regularisers: Shelf::of(|part: ConfiguredRegulariser, ()| Ok(part.regulariser()?)),
            decoders: Shelf::of(|part: ConfiguredDecoder, ()| {
                Ok(Box::new(part) as Box<dyn Decoder>)
            }),
            tasks: Shelf::of(|part: ConfiguredTask, targets| Ok(part.task(targets)?)),
            stop_rules: Shelf::of(|part: RuleConfig, ()| Ok(Box::new(part) as Box<dyn StopRule>)),
            explorers: Shelf::of(|part: ConfiguredExplorer, ()| {
                Ok(Box::new(part) as Box<dyn MakeExplorer>)
            }),
            baselines: Shelf::of(|part: Baseline, ()| Ok(Box::new(part) as Box<dyn HandMade>)),
            data: Shelf::of(|part: Data, origin: String| Ok(part.read(&origin)?)),
        }
    }

    /// The same with a relaxation, or with another one of that name.
    #[must_use]
    pub fn relaxation(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Arc<dyn Relaxation>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.relaxations.add(name, move |settings, ()| make(settings));
        self
    }

    /// The same with a regulariser, or with another one of that name.
    #[must_use]
    pub fn regulariser(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn Regulariser>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.regularisers.add(name, move |settings, ()| make(settings));
        self
    }

    /// The same with a decoder, or with another one of that name.
    #[must_use]
    pub fn decoder(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn Decoder>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.decoders.add(name, move |settings, ()| make(settings));
        self
    }

    /// The same with a task, or with another one of that name. Whoever makes it is told what the
    /// targets of the data mean; the task is then asked whether they are its own ([`Task::check`]).
    #[must_use]
    pub fn task(
        mut self,
        name: &str,
        make: impl Fn(&Settings, TargetSpec) -> Result<Box<dyn Task>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.tasks.add(name, make);
        self
    }

    /// The same with a stop rule, or with another one of that name. Methods ask for it under
    /// `rules`: `[Stop(Mine(3)), Warn(Mine(1))]`.
    #[must_use]
    pub fn stop_rule(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn StopRule>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.stop_rules.add(name, move |settings, ()| make(settings));
        self
    }

    /// The same with a discrete search, or with another one of that name.
    #[must_use]
    pub fn explorer(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn MakeExplorer>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.explorers.add(name, move |settings, ()| make(settings));
        self
    }

    /// The same with a hand-made network, or with another one of that name. It is built for the
    /// images of the experiment and the outputs of its task.
    #[must_use]
    pub fn baseline(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<Box<dyn HandMade>, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.baselines.add(name, move |settings, ()| make(settings));
        self
    }

    /// The same with a source of images, or with another one of that name. Relative directories in
    /// its settings are its own business. [`Splits`](dartloom::data::Splits) are data sets, too.
    #[must_use]
    pub fn data<D: Into<DataSets>>(
        mut self,
        name: &str,
        make: impl Fn(&Settings) -> Result<D, PartError> + Send + Sync + 'static,
    ) -> Self {
        self.data.add(name, move |settings, _| make(settings).map(Into::into));
        self
    }

    /// Names of relaxations, in order.
    pub fn relaxations(&self) -> impl Iterator<Item = &str> {
        self.relaxations.names()
    }

    /// Names of regularisers, in order.
    pub fn regularisers(&self) -> impl Iterator<Item = &str> {
        self.regularisers.names()
    }

    /// Names of decoders, in order.
    pub fn decoders(&self) -> impl Iterator<Item = &str> {
        self.decoders.names()
    }

    /// Names of tasks, in order.
    pub fn tasks(&self) -> impl Iterator<Item = &str> {
        self.tasks.names()
    }

    /// Names of stop rules, in order.
    pub fn stop_rules(&self) -> impl Iterator<Item = &str> {
        self.stop_rules.names()
    }

    /// Names of discrete searches, in order.
    pub fn explorers(&self) -> impl Iterator<Item = &str> {
        self.explorers.names()
    }

    /// Names of hand-made networks, in order.
    pub fn baselines(&self) -> impl Iterator<Item = &str> {
        self.baselines.names()
    }

    /// Names of sources of images, in order.
    pub fn data_names(&self) -> impl Iterator<Item = &str> {
        self.data.names()
    }

    pub(crate) fn make_relaxation(
        &self,
        part: &Named<ConfiguredRelaxation>,
        at: Place<'_>,
    ) -> Result<Arc<dyn Relaxation>, EngineError> {
        self.relaxations.make(part, (), at)
    }

    pub(crate) fn make_regulariser(
        &self,
        part: &Named<ConfiguredRegulariser>,
        at: Place<'_>,
    ) -> Result<Box<dyn Regulariser>, EngineError> {
        self.regularisers.make(part, (), at)
    }

    pub(crate) fn make_decoder(
        &self,
        part: &Named<ConfiguredDecoder>,
        at: Place<'_>,
    ) -> Result<Box<dyn Decoder>, EngineError> {
        self.decoders.make(part, (), at)
    }

    pub(crate) fn make_task(
        &self,
        part: &Named<ConfiguredTask>,
        targets: TargetSpec,
        at: Place<'_>,
    ) -> Result<Box<dyn Task>, EngineError> {
        self.tasks.make(part, targets, at)
    }

    pub(crate) fn make_stop_rule(
        &self,
        part: &Named<RuleConfig>,
        at: Place<'_>,
    ) -> Result<Box<dyn StopRule>, EngineError> {
        self.stop_rules.make(part, (), at)
    }

    pub(crate) fn make_explorer(
        &self,
        part: &Named<ConfiguredExplorer>,
        at: Place<'_>,
    ) -> Result<Box<dyn MakeExplorer>, EngineError> {
        self.explorers.make(part, (), at)
    }

    pub(crate) fn make_baseline(
        &self,
        part: &Named<Baseline>,
        at: Place<'_>,
    ) -> Result<Box<dyn HandMade>, EngineError> {
        self.baselines.make(part, (), at)
    }

    pub(crate) fn make_data(
        &self,
        part: &Named<Data>,
        at: Place<'_>,
    ) -> Result<DataSets, EngineError> {
        self.data.make(part, at.origin.to_owned(), at)
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::standard()
    }
}

/// The place of a part in an experiment, for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The file, and the method where there are several.
    pub(crate) origin: &'a str,
    /// Path of the field.
    pub(crate) field: &'static str,
}

impl Place<'_> {
    fn refuse(self, source: PartError) -> EngineError {
        match source.downcast::<EngineError>() {
            Ok(error) => *error,
            Err(source) => {
                EngineError::Part { origin: self.origin.to_owned(), field: self.field, source }
            }
        }
    }
}
