//! An experiment that can be run.

use dartloom::data::{DataSets, Dataset};
use dartloom::ops::{OpError, Registry};
use dartloom::presets::Topology;
use dartloom::space::{ConfiguredStem, OpSet, OpSpec, Outputs, Space};
use dartloom::task::{Task, TaskError, usual};
use dartloom::verdict::{Baseline, Comparison, ExplorerParts, HandMade, MakeExplorer, MethodParts};
use serde::{Deserialize, Serialize};

use super::method::{MethodSpec, keys};
use super::rules::Rules;
use super::stop::MadeRule;
use super::{Experiment, Named, Ops};
use crate::catalog::{Catalog, Place};
use crate::error::EngineError;

/// An experiment whose spaces, data and numbers have been checked together.
#[derive(Debug)]
pub struct Plan {
    experiment: Experiment,
    registry: Registry,
    /// Of each method: its space and its rules.
    methods: Vec<(Space, Rules)>,
    /// Of each discrete search: its space and what makes its explorer.
    explorers: Vec<(Space, Box<dyn MakeExplorer>)>,
    data: DataSets,
    task: Box<dyn Task>,
    baseline: Box<dyn HandMade>,
}

/// Digests of an experiment's images, pixels and labels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    /// Of those that are searched and trained with.
    pub train: String,
    /// Of those that accuracies are measured on.
    pub test: String,
}

impl Plan {
    /// Checks an experiment; `origin` (a file name) stands before errors.
    ///
    /// # Errors
    /// The first thing in it that makes no sense, with its field.
    pub fn new(experiment: Experiment, origin: &str) -> Result<Self, EngineError> {
        Self::with(experiment, origin, &Catalog::standard())
    }

    /// As [`Plan::new`], with the parts that `catalog` knows by name.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn with(
        experiment: Experiment,
        origin: &str,
        catalog: &Catalog,
    ) -> Result<Self, EngineError> {
        check_name(&experiment, origin)?;
        experiment.comparison().check().map_err(refused(origin))?;
        let registry = registry(&experiment).map_err(refused(origin))?;
        // Blocks are those of a network for the data's images, which are read further down.
        let methods = experiment.method.iter().map(|method| {
            let origin = &of_method(origin, &experiment, &method.title);
            let MethodSpec { ops, topology, nodes, stem, inside, .. } = method;
            if inside.is_some() {
                return Ok(None);
            }
            let placing = Placing { ops, topology, nodes: *nodes, stem: *stem };
            let space = space(&experiment, &placing, &registry, origin)?;
            let rules = Rules::of(method, &space, experiment.scale, (catalog, origin))?;
            Ok(Some((space, rules)))
        });
        let methods = methods.collect::<Result<Vec<Option<(Space, Rules)>>, EngineError>>()?;
        let explorers = experiment.explorers.iter().map(|explorer| {
            let origin = &of_method(origin, &experiment, &explorer.title());
            let missing = || unfilled(origin);
            let ops = explorer.ops.as_ref().ok_or_else(missing)?;
            let topology = explorer.topology.as_ref().ok_or_else(missing)?;
            let placing = Placing { ops, topology, nodes: None, stem: None };
            let space = space(&experiment, &placing, &registry, origin)?;
            let at = Place { origin, field: "explorer" };
            Ok((space, catalog.make_explorer(&explorer.explorer, at)?))
        });
        let mut explorers =
            explorers.collect::<Result<Vec<(Space, Box<dyn MakeExplorer>)>, EngineError>>()?;
        let data = catalog.make_data(&experiment.data, Place { origin, field: "data" })?;
        let task = task(&experiment, &data, (catalog, origin))?;
        let build = dartloom::task::build(1, &*task, &*data.train);
        let methods = methods.into_iter().zip(&experiment.method).map(|(known, method)| {
            let origin = &of_method(origin, &experiment, &method.title);
            match (known, &method.inside) {
                (Some(known), _) => Ok(known),
                (None, Some(spec)) => {
                    let inside = spec.space(build, &registry, origin)?;
                    let scale = experiment.scale;
                    let rules = Rules::inside(method, &inside, scale, (catalog, origin))?;
                    Ok((inside.space, rules))
                }
                (None, None) => Err(unfilled(origin)),
            }
        });
        let mut methods = methods.collect::<Result<Vec<(Space, Rules)>, EngineError>>()?;
        let mut spaces: Vec<&mut Space> = methods.iter_mut().map(|(space, _)| space).collect();
        spaces.extend(explorers.iter_mut().map(|(space, _)| space));
        for space in spaces {
            *space = space.for_outputs(task.outputs()).map_err(refused(origin))?;
        }
        let part = baseline(&experiment, task.outputs());
        let baseline = catalog.make_baseline(&part, Place { origin, field: "baseline" })?;
        let experiment = Experiment { baseline: Some(part), ..experiment };
        let plan = Self { experiment, registry, methods, explorers, data, task, baseline };
        plan.check_methods(origin)?;
        plan.comparison().check().map_err(refused(origin))?;
        Ok(plan)
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The task.
    pub fn task(&self) -> &dyn Task {
        &*self.task
    }

    /// Its images, with the names of their classes and the constants by which they are normalised.
    pub fn data(&self) -> &DataSets {
        &self.data
    }

    /// The digests of its images.
    ///
    /// # Errors
    /// Images that cannot be read.
    pub fn images(&self) -> Result<Images, EngineError> {
        let digest = |data: &dyn Dataset| data.digest().map_err(EngineError::work);
        Ok(Images { train: digest(&*self.data.train)?, test: digest(&*self.data.test)? })
    }

    /// The comparison that is run.
    pub fn comparison(&self) -> Comparison<'_> {
        let specs = self.experiment.method.iter().zip(keys(&self.experiment.method));
        let methods = self.methods.iter().zip(specs);
        let methods = methods.map(|((space, rules), (spec, key))| MethodParts {
            key,
            name: spec.title.clone(),
            space,
            choices: rules.choices.clone(),
            decoder: &rules.decoder,
            channels: spec.channels,
            partial: spec.partial,
            split: spec.split,
            search: spec.search.clone(),
            rules: rules.stop.iter().map(MadeRule::own).collect(),
        });
        let explorers = self.explorers.iter().zip(&self.experiment.explorers);
        let explorers = explorers.map(|((space, explorer), spec)| ExplorerParts {
            key: spec.key(),
            name: spec.title(),
            space,
            channels: spec.channels.unwrap_or_default(),
            split: spec.split.unwrap_or_default(),
            explorer: &**explorer,
            rules: spec.rules,
        });
        let train = &*self.data.train;
        let test = &*self.data.test;
        Comparison {
            methods: methods.collect(),
            explorers: explorers.collect(),
            config: self.experiment.comparison(),
            baseline: Some(&*self.baseline),
            ..Comparison::on(&*self.task, train, test, &self.registry)
        }
    }

    /// Checks the methods one by one, so that messages say whose values they are about.
    fn check_methods(&self, origin: &str) -> Result<(), EngineError> {
        let comparison = self.comparison();
        for method in &comparison.methods {
            let origin = &of_method(origin, &self.experiment, &method.name);
            comparison.check_method(method).map_err(refused(origin))?;
        }
        Ok(())
    }
}

/// The task of the experiment, of which the targets of training and test images must be.
fn task(
    experiment: &Experiment,
    data: &DataSets,
    (catalog, origin): (&Catalog, &str),
) -> Result<Box<dyn Task>, EngineError> {
    let field = "task";
    let refuse = |error: TaskError| EngineError::Part {
        origin: origin.to_owned(),
        field,
        source: error.into(),
    };
    let targets = data.train.targets();
    let task = match &experiment.task {
        Some(Named::Known(task)) if task.needs_measuring() => {
            let task = Named::Known(task.measured(&data.train).map_err(refuse)?);
            catalog.make_task(&task, targets, Place { origin, field })?
        }
        Some(part) => catalog.make_task(part, targets, Place { origin, field })?,
        None => usual(targets).map_err(refuse)?,
    };
    for targets in [targets, data.test.targets()] {
        task.check(&targets).map_err(refuse)?;
    }
    Ok(task)
}

/// The hand-made network of the experiment: where it names none, the scale's for a vector, and the
/// usual one for a plane.
fn baseline(experiment: &Experiment, outputs: Outputs) -> Named<Baseline> {
    if let Some(part) = &experiment.baseline {
        return part.clone();
    }
    let of_scale = experiment.scale.comparison().baseline.filter(|own| own.serves(outputs));
    Named::Known(of_scale.unwrap_or_else(|| Baseline::usual(outputs).clone()))
}

/// An explorer that was written by hand into the file of a run, and not read from an experiment.
fn unfilled(origin: &str) -> EngineError {
    EngineError::Field {
        origin: origin.to_owned(),
        field: "explorers",
        expected: "explorers with operations and a topology",
        found: "none".to_owned(),
    }
}

fn check_name(experiment: &Experiment, origin: &str) -> Result<(), EngineError> {
    let name = &experiment.name;
    let unusable = |letter: char| matches!(letter, '/' | '\\') || letter.is_control();
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(unusable);
    if !plain {
        return Err(EngineError::Field {
            origin: origin.to_owned(),
            field: "name",
            expected: "a name for a directory, without slashes and line breaks",
            found: format!("{name:?}"),
        });
    }
    Ok(())
}

fn registry(experiment: &Experiment) -> Result<Registry, OpError> {
    let registry = Registry::standard()?.with_recipes(&experiment.operations)?;
    if experiment.method.iter().any(|method| method.inside.is_some()) {
        return registry.with_recipes(&[OpSpec::hand_made()]);
    }
    Ok(registry)
}

/// Operations, places and sizes of the cells of a space.
struct Placing<'a> {
    ops: &'a Ops,
    topology: &'a Topology,
    nodes: Option<usize>,
    stem: Option<ConfiguredStem>,
}

/// Sets go through the registry, so that an overridden recipe counts in built-in sets, too.
fn space(
    experiment: &Experiment,
    place: &Placing<'_>,
    registry: &Registry,
    origin: &str,
) -> Result<Space, EngineError> {
    let (name, ops) = match place.ops {
        Ops::Set(name) => {
            let set = OpSet::builtin(name).map_err(refused(origin))?;
            (name.as_str(), set.names().map(str::to_owned).collect())
        }
        Ops::Names(names) => ("experiment", names.clone()),
    };
    let ops: Vec<&str> = ops.iter().map(String::as_str).collect();
    let set = registry.op_set(name, &ops).map_err(refused(origin))?;
    let stem = place.stem.unwrap_or(experiment.stem);
    if let ConfiguredStem::Cifar(multiplier) = stem
        && !(1..=64).contains(&multiplier)
    {
        return Err(EngineError::Field {
            origin: origin.to_owned(),
            field: "stem",
            expected: "`Cifar` of 1 to 64",
            found: format!("`Cifar({multiplier})`"),
        });
    }
    let size = (experiment.layers, place.nodes.unwrap_or(experiment.nodes));
    let stem = stem.stem().map_err(refused(origin))?;
    let space = place.topology.space(set, size, stem).map_err(refused(origin))?;
    space.with_hidden(experiment.hidden.clone()).map_err(refused(origin))
}

/// The origin of a message; of several methods it says whose values it is about.
fn of_method(origin: &str, experiment: &Experiment, title: &str) -> String {
    match experiment.method.len() + experiment.explorers.len() {
        1 => origin.to_owned(),
        _ => format!("{origin}: method `{title}`"),
    }
}

/// Puts the origin of an experiment before what a library says about it.
pub(super) fn refused<E: Into<dartloom::Error>>(origin: &str) -> impl Fn(E) -> EngineError + '_ {
    move |error| EngineError::experiment(origin, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Chosen, builtin, set};

    #[test]
    fn the_usual_baseline_is_one_that_fits_the_outputs() {
        let small = builtin(&Chosen::default()).unwrap();
        let paper = Experiment { scale: dartloom::presets::Scale::Paper, ..small.clone() };
        let plane = Outputs::Plane { channels: 2 };
        let vector = Outputs::Vector(2);
        assert_eq!(baseline(&small, vector), Named::Known(Baseline::TinyResNet));
        assert_eq!(baseline(&paper, vector), Named::Known(Baseline::ResNet18));
        let Named::Known(Baseline::UNet(unet)) = baseline(&paper, plane) else {
            panic!("{paper:?}")
        };
        assert_eq!(unet.base, 16);
        // One that is asked for is kept, and refused where it does not fit.
        let asked = set(&small, "baseline=resnet50").unwrap();
        assert_eq!(baseline(&asked, plane), Named::Known(Baseline::ResNet50));
        let unet = set(&small, "baseline=unet(base: 2)").unwrap();
        let Named::Known(Baseline::UNet(unet)) = baseline(&unet, vector) else {
            panic!("{unet:?}")
        };
        assert_eq!(unet.base, 2);
    }
}
