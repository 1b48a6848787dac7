//! An experiment that can be run.

use dartloom::data::{DataError, Dataset, InMemory, Splits, Task, cifar, digits, idx};
use dartloom::ops::{OpError, Registry};
use dartloom::presets::Topology;
use dartloom::search::{Comparison, ExplorerParts, MethodParts};
use dartloom::space::{
    Blueprint, Build, Chain, Compat, Genotype, Layout, Network, OpSet, Shape, Space, SpaceError,
};
use dartloom::train::Noise;
use serde::{Deserialize, Serialize};

use super::method::keys;
use super::rules::Rules;
use super::{Data, Experiment, Ops, StemKind};
use crate::error::CliError;

/// An experiment whose spaces, data and numbers have been checked together.
#[derive(Debug)]
pub(crate) struct Plan {
    experiment: Experiment,
    registry: Registry,
    /// Of each method: its space and its rules.
    methods: Vec<(Space, Rules)>,
    /// The space of each explorer.
    explorers: Vec<Space>,
    data: Splits,
}

/// Digests of an experiment's images, pixels and labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Images {
    pub(crate) train: String,
    pub(crate) test: String,
}

impl Plan {
    /// Checks an experiment; `origin` (a file name) stands before errors.
    pub(crate) fn new(experiment: Experiment, origin: &str) -> Result<Self, CliError> {
        check_name(&experiment, origin)?;
        experiment.comparison().check().map_err(refused(origin))?;
        let registry = registry(&experiment).map_err(refused(origin))?;
        let methods = experiment.method.iter().map(|method| {
            let origin = &of_method(origin, &experiment, &method.title);
            let space = space(&experiment, (&method.ops, &method.topology), &registry, origin)?;
            let rules = Rules::of(method, &space, origin)?;
            Ok((space, rules))
        });
        let methods = methods.collect::<Result<_, CliError>>()?;
        let explorers = experiment.explorers.iter().map(|explorer| {
            let origin = &of_method(origin, &experiment, &explorer.title());
            let missing = || unfilled(origin);
            let ops = explorer.ops.as_ref().ok_or_else(missing)?;
            let topology = explorer.topology.as_ref().ok_or_else(missing)?;
            space(&experiment, (ops, topology), &registry, origin)
        });
        let explorers = explorers.collect::<Result<_, CliError>>()?;
        let data = read(&experiment.data).map_err(refused(origin))?;
        let plan = Self { experiment, registry, methods, explorers, data };
        plan.check_networks(origin)?;
        plan.check_candidates(origin)?;
        plan.comparison().check().map_err(refused(origin))?;
        Ok(plan)
    }

    /// The experiment.
    pub(crate) fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// What its images are.
    pub(crate) fn images(&self) -> Result<Images, CliError> {
        let digest = |data: &InMemory| data.digest().map_err(CliError::work);
        Ok(Images { train: digest(&self.data.train)?, test: digest(&self.data.test)? })
    }

    /// The operations it knows.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What is run.
    pub(crate) fn comparison(&self) -> Comparison<'_> {
        let specs = self.experiment.method.iter().zip(keys(&self.experiment.method));
        let methods = self.methods.iter().zip(specs);
        let methods = methods.map(|((space, rules), (spec, key))| MethodParts {
            key,
            name: spec.title.clone(),
            space,
            choices: rules.choices.clone(),
            decoder: &*rules.decoder,
            channels: spec.channels,
            partial: spec.partial,
            split: spec.split,
            search: spec.search.clone(),
        });
        let explorers = self.explorers.iter().zip(&self.experiment.explorers);
        let explorers = explorers.map(|(space, spec)| ExplorerParts {
            key: spec.key(),
            name: spec.title(),
            space,
            channels: spec.channels.unwrap_or_default(),
            split: spec.split.unwrap_or_default(),
            explorer: spec.explorer.clone(),
            rules: spec.rules,
        });
        Comparison {
            registry: &self.registry,
            methods: methods.collect(),
            explorers: explorers.collect(),
            workers: None,
            train: &self.data.train,
            test: &self.data.test,
            config: self.experiment.comparison(),
        }
    }

    /// Lays out every network of the run, so that shapes that do not fit show before hours of work.
    fn check_networks(&self, origin: &str) -> Result<(), CliError> {
        let Experiment { random, retrain, .. } = &self.experiment;
        let ops = self.registry.catalog();
        for method in self.comparison().methods {
            let origin = &of_method(origin, &self.experiment, &method.name);
            method.check().map_err(refused(origin))?;
            let MethodParts { space, channels, partial, .. } = method;
            let sample = space.sample(random.top, &mut Noise::new(0).stream("check", 0));
            let derived = |network: Result<Network, SpaceError>, channels: usize| {
                Blueprint::derived(&sample, &network?, ops, self.build(channels))
            };
            let plans = [
                Blueprint::supernet(space, Build { partial, ..self.build(channels) }),
                derived(sample.network_in(space), channels),
                derived(self.retrained(&sample, space), retrain.channels),
            ];
            for plan in plans {
                let plan = plan.map_err(refused(origin))?;
                // An operation that has neither recipe nor factory has no cost.
                self.registry.cost(&plan).map_err(refused(origin))?;
            }
        }
        Ok(())
    }

    /// Lays out a candidate of every explorer.
    fn check_candidates(&self, origin: &str) -> Result<(), CliError> {
        let Experiment { random, retrain, .. } = &self.experiment;
        for ExplorerParts { name, space, channels, .. } in self.comparison().explorers {
            let origin = &of_method(origin, &self.experiment, &name);
            let sample = space.sample(random.top, &mut Noise::new(0).stream("check", 0));
            let networks = [
                (sample.network_in(space), channels),
                (self.retrained(&sample, space), retrain.channels),
            ];
            for (network, channels) in networks {
                let network = network.map_err(refused(origin))?;
                let ops = self.registry.catalog();
                let plan = Blueprint::derived(&sample, &network, ops, self.build(channels));
                self.registry.cost(&plan.map_err(refused(origin))?).map_err(refused(origin))?;
            }
        }
        Ok(())
    }

    /// Where the cells of a genotype stand when it is retrained.
    pub(crate) fn retrained(
        &self,
        genotype: &Genotype,
        space: &Space,
    ) -> Result<Network, SpaceError> {
        if *genotype.layout() == Layout::Space {
            return genotype.network_in(space);
        }
        let (layers, stem) = (self.experiment.retrain.layers, space.network().stem().clone());
        genotype.chain(layers, stem, Some(Chain::thirds(layers)), Compat::Paper)?.network()
    }

    /// A network of so many channels for the experiment's images.
    pub(crate) fn build(&self, channels: usize) -> Build {
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

/// An explorer that was written by hand into the file of a run, and not read from an experiment.
fn unfilled(origin: &str) -> CliError {
    CliError::Field {
        origin: origin.to_owned(),
        field: "explorers",
        expected: "explorers with operations and a topology",
        found: "none".to_owned(),
    }
}

fn check_name(experiment: &Experiment, origin: &str) -> Result<(), CliError> {
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
fn space(
    experiment: &Experiment,
    (ops, topology): (&Ops, &Topology),
    registry: &Registry,
    origin: &str,
) -> Result<Space, CliError> {
    let (name, ops) = match ops {
        Ops::Set(name) => {
            let set = OpSet::builtin(name).map_err(refused(origin))?;
            (name.as_str(), set.names().map(str::to_owned).collect())
        }
        Ops::Names(names) => ("experiment", names.clone()),
    };
    let ops: Vec<&str> = ops.iter().map(String::as_str).collect();
    let set = registry.op_set(name, &ops).map_err(refused(origin))?;
    if let StemKind::Cifar(multiplier) = experiment.stem
        && !(1..=64).contains(&multiplier)
    {
        return Err(CliError::Field {
            origin: origin.to_owned(),
            field: "stem",
            expected: "`Cifar` of 1 to 64",
            found: format!("`Cifar({multiplier})`"),
        });
    }
    let (size, stem) = ((experiment.layers, experiment.nodes), experiment.stem.stem());
    topology.space(set, size, stem).map_err(refused(origin))
}

/// Where there are several methods, a message says whose values it is about.
fn of_method(origin: &str, experiment: &Experiment, title: &str) -> String {
    match experiment.method.len() + experiment.explorers.len() {
        1 => origin.to_owned(),
        _ => format!("{origin}: method `{title}`"),
    }
}

/// Puts the origin of an experiment before what a library says about it.
pub(super) fn refused<E: Into<dartloom::Error>>(origin: &str) -> impl Fn(E) -> CliError + '_ {
    move |error| CliError::experiment(origin, error)
}

fn read(data: &Data) -> Result<Splits, DataError> {
    Ok(match data {
        Data::Digits => digits(),
        Data::Idx(directory) => idx::load_dir(directory)?,
        Data::Cifar(directory) => cifar::load_dir(directory)?,
    })
}
