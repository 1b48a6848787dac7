//! From what a file says to an experiment with every value filled in.

use dartloom::presets::{self, Scale};
use dartloom::verdict::ComparisonConfig;

use super::choice::MethodChoice;
use super::chosen::Chosen;
use super::method::{MethodSpec, Said};
use super::patch::{ExperimentPatch, MethodPatch};
use super::{Data, Experiment, Named};
use crate::error::EngineError;

impl Experiment {
    /// A small experiment on `data`.
    #[cfg(test)]
    pub(crate) fn on(data: Data) -> Result<Self, EngineError> {
        let patch = ExperimentPatch { scale: Some(Scale::Small), ..ExperimentPatch::default() };
        Self::built(Named::Known(data), patch)
    }

    /// The numbers of the patch's scale on `data`, the papers' where it says none, with what
    /// `patch` says in their place.
    ///
    /// Where the first method is the preset of a study, task, head and training are those of the
    /// study. A method starts as its preset; what stands in the file beside its methods holds for
    /// each of them, and what stands in a method holds for this one.
    pub(super) fn built(data: Named<Data>, patch: ExperimentPatch) -> Result<Self, EngineError> {
        let every = patch.every_method();
        // Explorers alone need no other method.
        let no_method = || match patch.explorers.as_deref() {
            None | Some([]) => MethodChoice::default(),
            Some(_) => MethodChoice(Vec::new()),
        };
        let MethodChoice(chosen) = patch.method.clone().unwrap_or_else(no_method);
        let scale = patch.scale.unwrap_or_default();
        let spec = |own| spec((scale, &data), &every, own);
        let method = chosen.into_iter().map(spec);
        let method: Vec<MethodSpec> = method.collect::<Result<_, _>>()?;
        let said = Said { nodes: patch.nodes.is_some(), stem: patch.stem.is_some() };
        let own = match method.first() {
            Some(first) => first.preset.method()?,
            None => presets::darts(),
        };
        let own = own.scaled(scale);
        let beside = spec(MethodPatch::default())?;
        let explorers = patch.explorers.clone().unwrap_or_default();
        let explorers = explorers.into_iter().map(|explorer| explorer.filled(&beside)).collect();
        let ComparisonConfig { mut random, mut retrain, seeds, .. } = own.comparison(scale);
        for fit in [&mut random.fit, &mut retrain.fit] {
            (fit.crop_padding, fit.flip) = data.augmentation();
        }
        let layers = own.layers;
        // Small networks are retrained as deep as the supernet unless the file says otherwise.
        if let (Scale::Small, Some(layers)) = (scale, patch.layers) {
            retrain.layers = layers;
        }
        let mut experiment = Self {
            name: "digits".to_owned(),
            data,
            task: own.study.as_ref().map(|study| Named::Known(study.task.clone())),
            scale,
            operations: Vec::new(),
            layers,
            nodes: own.nodes,
            stem: own.stem,
            hidden: own.study.map(|study| study.hidden).unwrap_or_default(),
            method,
            explorers,
            random,
            retrain,
            baseline: None,
            seeds,
        };
        patch.apply(&mut experiment);
        // What the experiment has for all of them need not stand in each.
        for method in &mut experiment.method {
            *method = method.clone().with_own_size(scale, said)?;
            method.nodes = method.nodes.filter(|&nodes| nodes != experiment.nodes);
            method.stem = method.stem.filter(|&stem| stem != experiment.stem);
        }
        Ok(experiment)
    }

    /// Another name for other methods than the file's: their runs have directories of their own.
    pub(super) fn renamed(&mut self, methods: &Chosen) {
        if let Some(name) = methods.data.as_ref().and_then(Named::folder_name) {
            self.name = name;
        }
        for method in methods.names() {
            self.name = format!("{}-{method}", self.name);
        }
    }
}

fn spec(
    (scale, data): (Scale, &Named<Data>),
    every: &MethodPatch,
    own: MethodPatch,
) -> Result<MethodSpec, EngineError> {
    let preset = own.preset.clone().unwrap_or_default();
    let mut spec = MethodSpec::of(preset, scale, data)?;
    let has_warm_up = every.has_warm_up() || own.has_warm_up();
    every.clone().apply(&mut spec);
    own.apply(&mut spec);
    if !has_warm_up {
        spec.search.bilevel.warm_up = spec.warm_up()?;
    }
    Ok(spec)
}
