//! The contents of an experiment file: any part of an experiment.

use std::collections::BTreeMap;

use dartloom::data::{ConfiguredTransform, Split};
use dartloom::decode::{ConfiguredDecoder, ConfiguredPaths};
use dartloom::net::Mask;
use dartloom::ops::Recompute;
use dartloom::presets::{Scale, Topology};
use dartloom::relax::ConfiguredRelaxation;
use dartloom::search::stop::StopConfig;
use dartloom::search::{
    AblationConfig, BilevelConfig, Bookkeeping, CellRule, LogitStep, Order, PruneConfig,
    SearchConfig, Statistics,
};
use dartloom::space::{ConfiguredStem, Hidden, OpSpec};
use dartloom::task::ConfiguredTask;
use dartloom::train::{AdamConfig, FitConfig, Schedule, SgdConfig, WeightStep};
use dartloom::verdict::{Baseline, RandomConfig, RetrainConfig};
use serde::Deserialize;

use super::choice::MethodChoice;
use super::explorer::ExplorerSpec;
use super::inside::InsideSpec;
use super::links::LinkSpec;
use super::method::{MethodSpec, Preset};
use super::penalty::Penalty;
use super::stop::NamedRule;
use super::{Data, Experiment, Named, Ops};

/// Defines a value with the fields of another one, all optional. `leaf` fields replace, `part`
/// fields are patched in their turn. A field of the target that is missing here does not compile.
/// Fields `beside` these are read into the patch and are not applied to the target, whose `rest`
/// stays as it is.
macro_rules! patch {
    (
        $patch:ident, $target:ident, $name:literal;
        leaf { $($leaf:ident: $type:ty,)* }
        part { $($part:ident: $inner:ty,)* }
        $(beside { $($beside:ident: $other:ty,)* } rest { $($rest:ident,)* })?
    ) => {
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default, rename = $name)]
        pub(super) struct $patch {
            $(pub(super) $leaf: Option<$type>,)*
            $(pub(super) $part: Option<$inner>,)*
            $($(pub(super) $beside: Option<$other>,)*)?
        }

        impl $patch {
            pub(super) fn apply(self, target: &mut $target) {
                let $target { $($leaf,)* $($part,)* $($($rest: _,)*)? } = target;
                $(if let Some(value) = self.$leaf {
                    *$leaf = value;
                })*
                $(if let Some(patch) = self.$part {
                    patch.apply($part);
                })*
            }
        }
    };
}

/// The fields of a method, which stand in a method or beside all of them.
macro_rules! method_fields {
    ($then:ident) => {
        $then! {
            leaf {
                title: String,
                ops: Ops,
                topology: Topology,
                inside: Option<InsideSpec>,
                relaxation: Option<Named<ConfiguredRelaxation>>,
                edge_weights: bool,
                links: Option<LinkSpec>,
                paths: Option<ConfiguredPaths>,
                penalties: Option<Vec<Penalty>>,
                auxiliary_skip: bool,
                decoder: Option<Named<ConfiguredDecoder>>,
                channels: usize,
                partial: usize,
                split: Split,
                rules: Vec<NamedRule>,
            }
            part { search: SearchPatch, }
        }
    };
}

macro_rules! method_patch {
    (leaf { $($leaf:ident: $type:ty,)* } part { $($part:ident: $inner:ty,)* }) => {
        patch! {
            MethodPatch, MethodSpec, "Method";
            leaf {
                preset: Preset,
                nodes: Option<usize>,
                stem: Option<ConfiguredStem>,
                $($leaf: $type,)*
            }
            part { $($part: $inner,)* }
        }
    };
}

macro_rules! experiment_patch {
    (leaf { $($leaf:ident: $type:ty,)* } part { $($part:ident: $inner:ty,)* }) => {
        patch! {
            ExperimentPatch, Experiment, "Experiment";
            leaf {
                name: String,
                data: Named<Data>,
                task: Option<Named<ConfiguredTask>>,
                scale: Scale,
                operations: Vec<OpSpec>,
                layers: usize,
                nodes: usize,
                stem: ConfiguredStem,
                hidden: Hidden,
                baseline: Option<Named<Baseline>>,
                seeds: Vec<u64>,
            }
            part { random: RandomPatch, retrain: RetrainPatch, }
            beside {
                method: MethodChoice,
                explorers: Vec<ExplorerSpec>,
                $($leaf: $type,)*
                $($part: $inner,)*
            }
            rest { method, explorers, }
        }

        impl ExperimentPatch {
            /// Takes the values that stand beside the choice of methods and hold for each of them.
            pub(super) fn every_method(&self) -> MethodPatch {
                MethodPatch {
                    preset: None,
                    nodes: None,
                    stem: None,
                    $($leaf: self.$leaf.clone(),)*
                    $($part: self.$part.clone(),)*
                }
            }
        }
    };
}

method_fields!(method_patch);
method_fields!(experiment_patch);

impl MethodPatch {
    /// True where it says how many epochs the warm-up has.
    pub(super) fn has_warm_up(&self) -> bool {
        let bilevel = self.search.as_ref().and_then(|search| search.bilevel.as_ref());
        bilevel.is_some_and(|bilevel| bilevel.warm_up.is_some())
    }
}

patch! {
    SearchPatch, SearchConfig, "SearchConfig";
    leaf {
        epochs: usize,
        batch: usize,
        crop_padding: usize,
        flip: bool,
        transforms: Vec<ConfiguredTransform>,
        stop: Vec<StopConfig>,
        best_from: Option<usize>,
        prune: Option<PruneConfig>,
    }
    part { bilevel: BilevelPatch, }
}

patch! {
    BilevelPatch, BilevelConfig, "BilevelConfig";
    leaf {
        order: Order,
        statistics: Statistics,
        rate: Schedule,
        weight_step: WeightStep,
        clip: f64,
        logit_step: LogitStep,
        arch_rate: Schedule,
        cells: BTreeMap<String, CellRule>,
        ablation: Option<AblationConfig>,
        bookkeeping: Bookkeeping,
        mask: Mask,
        warm_up: usize,
        recompute: Recompute,
    }
    part { sgd: SgdPatch, weight_adam: AdamPatch, adam: AdamPatch, }
}

patch! {
    SgdPatch, SgdConfig, "SgdConfig";
    leaf { momentum: f64, weight_decay: f64, }
    part {}
}

patch! {
    AdamPatch, AdamConfig, "AdamConfig";
    leaf { beta1: f64, beta2: f64, epsilon: f64, weight_decay: f64, }
    part {}
}

patch! {
    RandomPatch, RandomConfig, "RandomConfig";
    leaf { top: usize, }
    part { fit: FitPatch, }
}

patch! {
    RetrainPatch, RetrainConfig, "RetrainConfig";
    leaf { channels: usize, layers: usize, }
    part { fit: FitPatch, }
}

patch! {
    FitPatch, FitConfig, "FitConfig";
    leaf {
        epochs: usize,
        batch: usize,
        rate: Schedule,
        weight_step: WeightStep,
        clip: f64,
        drop_path: f64,
        auxiliary: f64,
        smoothing: f64,
        crop_padding: usize,
        flip: bool,
        cutout: usize,
        transforms: Vec<ConfiguredTransform>,
        recompute: Recompute,
    }
    part { sgd: SgdPatch, adam: AdamPatch, }
}
