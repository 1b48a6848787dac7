//! An experiment that can be run.

use std::sync::Arc;

use dartloom::data::{DataError, Dataset, InMemory, Splits, Task, cifar, digits, idx};
use dartloom::decode::Decoder;
use dartloom::ops::{OpError, Registry};
use dartloom::relax::Relaxation;
use dartloom::search::{Choices, Comparison};
use dartloom::space::{
    Blueprint, Build, Chain, Compat, Genotype, Layout, Network, OpSet, Shape, Space, SpaceError,
};
use dartloom::train::Noise;

use super::{Data, Experiment, Ops};
use crate::error::CliError;

/// An experiment whose space, data and numbers have been checked together.
#[derive(Debug)]
pub(crate) struct Plan {
    experiment: Experiment,
    space: Space,
    registry: Registry,
    relaxation: Arc<dyn Relaxation>,
    decoder: Box<dyn Decoder>,
    data: Splits,
}

impl Plan {
    /// Checks an experiment; `origin` (a file name) stands before errors.
    pub(crate) fn new(experiment: Experiment, origin: &str) -> Result<Self, CliError> {
        check_numbers(&experiment, origin)?;
        let registry = registry(&experiment).map_err(refused(origin))?;
        let space = space(&experiment, &registry, origin)?;
        let data = read(&experiment.data).map_err(refused(origin))?;
        let decoder = experiment.decoder.decoder();
        let relaxation = experiment.relaxation.relaxation().map_err(refused(origin))?;
        let plan = Self { experiment, space, registry, relaxation, decoder, data };
        plan.check_networks(origin)?;
        Ok(plan)
    }

    /// The experiment.
    pub(crate) fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// What is run.
    pub(crate) fn comparison(&self) -> Comparison<'_> {
        Comparison {
            space: &self.space,
            registry: &self.registry,
            choices: self.choices(),
            decoder: &*self.decoder,
            train: &self.data.train,
            test: &self.data.test,
            config: self.experiment.comparison(),
        }
    }

    fn choices(&self) -> Choices {
        let mut choices = Choices::new(Arc::clone(&self.relaxation));
        choices.edges = self.experiment.edge_weights.then(|| self.experiment.relaxation.edges());
        choices
    }

    /// Lays out every network of the run, so that shapes that do not fit show before hours of work.
    fn check_networks(&self, origin: &str) -> Result<(), CliError> {
        let Experiment { channels, partial, random, retrain, .. } = &self.experiment;
        let ops = self.registry.catalog();
        let sample = self.space.sample(random.top, &mut Noise::new(0).stream("check", 0));
        let derived = |network: Result<Network, SpaceError>, channels: usize| {
            Blueprint::derived(&sample, &network?, ops, self.build(channels))
        };
        let plans = [
            Blueprint::supernet(&self.space, Build { partial: *partial, ..self.build(*channels) }),
            derived(sample.network_in(&self.space), *channels),
            derived(self.retrained(&sample), retrain.channels),
        ];
        for plan in plans {
            let plan = plan.map_err(refused(origin))?;
            // An operation that has neither recipe nor factory has no cost.
            self.registry.cost(&plan).map_err(refused(origin))?;
        }
        Ok(())
    }

    fn retrained(&self, genotype: &Genotype) -> Result<Network, SpaceError> {
        if *genotype.layout() == Layout::Space {
            return genotype.network_in(&self.space);
        }
        let (layers, stem) = (self.experiment.retrain.layers, self.space.network().stem().clone());
        genotype.chain(layers, stem, Some(Chain::thirds(layers)), Compat::Paper)?.network()
    }

    fn build(&self, channels: usize) -> Build {
        let train: &InMemory = &self.data.train;
        let shape = train.shape();
        let classes = match train.task() {
            Task::Classification { classes } => classes,
            _ => 0,
        };
        let input = Shape::new(shape.channels, shape.height, shape.width);
        Build::new(channels, classes, input)
    }
}

fn check_numbers(experiment: &Experiment, origin: &str) -> Result<(), CliError> {
    let config = experiment.comparison();
    config.check().map_err(|error| CliError::experiment(origin, error))?;
    let name = &experiment.name;
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    if !plain {
        return Err(CliError::Field {
            origin: origin.to_owned(),
            field: "name",
            expected: "a name for a directory, without slashes",
            found: format!("{name:?}"),
        });
    }
    Ok(())
}

fn registry(experiment: &Experiment) -> Result<Registry, OpError> {
    Registry::standard()?.with_recipes(&experiment.operations)
}

/// Sets go through the registry, so that an overridden recipe counts in built-in sets, too.
fn space(experiment: &Experiment, registry: &Registry, origin: &str) -> Result<Space, CliError> {
    let (name, ops) = match &experiment.ops {
        Ops::Set(name) => {
            let set = OpSet::builtin(name).map_err(refused(origin))?;
            (name.as_str(), set.names().map(str::to_owned).collect())
        }
        Ops::Names(names) => ("experiment", names.clone()),
    };
    let ops: Vec<&str> = ops.iter().map(String::as_str).collect();
    let set = registry.op_set(name, &ops).map_err(refused(origin))?;
    let (layers, nodes, stem) = (experiment.layers, experiment.nodes, experiment.stem.stem());
    Space::darts(set, layers, nodes, stem).map_err(refused(origin))
}

/// Puts the origin of an experiment before what a library says about it.
fn refused<E: Into<dartloom::Error>>(origin: &str) -> impl Fn(E) -> CliError + '_ {
    move |error| CliError::experiment(origin, error)
}

fn read(data: &Data) -> Result<Splits, DataError> {
    Ok(match data {
        Data::Digits => digits(),
        Data::Idx(directory) => idx::load_dir(directory)?,
        Data::Cifar(directory) => cifar::load_dir(directory)?,
    })
}
