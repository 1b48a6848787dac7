//! From what a file says to an experiment with every value filled in.

use dartloom::presets;
use dartloom::search::ComparisonConfig;
use dartloom::space::ConfiguredStem;

use super::choice::MethodChoice;
use super::chosen::Chosen;
use super::method::MethodSpec;
use super::patch::{ExperimentPatch, MethodPatch};
use super::{Data, Experiment, Named};
use crate::error::EngineError;

/// Nodes of a cell.
const NODES: usize = 4;

impl Experiment {
    /// The built-in experiment on `data`.
    #[cfg(test)]
    pub(crate) fn on(data: Data) -> Result<Self, EngineError> {
        Self::built(Named::Known(data), ExperimentPatch::default())
    }

    /// The built-in experiment's numbers on `data` with what `patch` says in their place. Where
    /// images are natural ones, random crops and flips are those of CIFAR.
    ///
    /// A method starts as its preset; what stands in the file beside its methods holds for each of
    /// them, and what stands in a method holds for this one.
    pub(super) fn built(data: Named<Data>, patch: ExperimentPatch) -> Result<Self, EngineError> {
        let every = patch.every_method();
        // Explorers alone need no other method.
        let no_method = || match patch.explorers.as_deref() {
            None | Some([]) => MethodChoice::default(),
            Some(_) => MethodChoice(Vec::new()),
        };
        let MethodChoice(chosen) = patch.method.clone().unwrap_or_else(no_method);
        let method = chosen.into_iter().map(|own| spec(&data, &every, own));
        let method = method.collect::<Result<_, _>>()?;
        let beside = spec(&data, &every, MethodPatch::default())?;
        let explorers = patch.explorers.clone().unwrap_or_default();
        let explorers = explorers.into_iter().map(|explorer| explorer.filled(&beside)).collect();
        let ComparisonConfig { mut random, mut retrain, baseline, seeds } = presets::digits();
        if data.is_natural() {
            for fit in [&mut random.fit, &mut retrain.fit] {
                (fit.crop_padding, fit.flip) = (4, true);
            }
        }
        let layers = retrain.layers;
        // Networks are retrained as deep as the supernet unless the file says otherwise.
        retrain.layers = patch.layers.unwrap_or(layers);
        let mut experiment = Self {
            name: "digits".to_owned(),
            data,
            operations: Vec::new(),
            layers,
            nodes: NODES,
            stem: ConfiguredStem::Cifar(3),
            method,
            explorers,
            random,
            retrain,
            baseline,
            seeds,
        };
        patch.apply(&mut experiment);
        Ok(experiment)
    }

    /// Another name for other methods than the file's: their runs have directories of their own.
    pub(super) fn renamed(&mut self, methods: &Chosen) {
        for method in methods.names() {
            self.name = format!("{}-{method}", self.name);
        }
    }
}

fn spec(
    data: &Named<Data>,
    every: &MethodPatch,
    own: MethodPatch,
) -> Result<MethodSpec, EngineError> {
    let preset = own.preset.clone().unwrap_or_default();
    let mut spec = MethodSpec::of(preset, data)?;
    let has_warm_up = every.has_warm_up() || own.has_warm_up();
    every.clone().apply(&mut spec);
    own.apply(&mut spec);
    if !has_warm_up {
        spec.search.bilevel.warm_up = spec.warm_up()?;
    }
    Ok(spec)
}
