//! What an experiment file may say: any part of an experiment.

use std::collections::BTreeMap;

use dartloom::net::Mask;
use dartloom::search::stop::StopConfig;
use dartloom::search::{
    AblationConfig, Baseline, BilevelConfig, Bookkeeping, CellRule, LogitStep, Order, RandomConfig,
    RetrainConfig, SearchConfig, Split,
};
use dartloom::space::{Compat, OpSpec};
use dartloom::train::{AdamConfig, FitConfig, Recompute, Schedule, SgdConfig};
use serde::Deserialize;

use super::{Data, DecoderKind, Experiment, Ops, RelaxationKind, StemKind};

/// Defines a value with the fields of another one, all optional. `leaf` fields replace, `part`
/// fields are patched in their turn. A field of the target that is missing here does not compile.
macro_rules! patch {
    (
        $patch:ident, $target:ident, $name:literal;
        leaf { $($leaf:ident: $type:ty,)* }
        part { $($part:ident: $inner:ty,)* }
    ) => {
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default, rename = $name)]
        pub(super) struct $patch {
            $(pub(super) $leaf: Option<$type>,)*
            $(pub(super) $part: Option<$inner>,)*
        }

        impl $patch {
            pub(super) fn apply(self, target: &mut $target) {
                let $target { $($leaf,)* $($part,)* } = target;
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

patch! {
    ExperimentPatch, Experiment, "Experiment";
    leaf {
        name: String,
        data: Data,
        operations: Vec<OpSpec>,
        ops: Ops,
        layers: usize,
        nodes: usize,
        stem: StemKind,
        relaxation: RelaxationKind,
        edge_weights: bool,
        partial: usize,
        decoder: DecoderKind,
        method: String,
        channels: usize,
        split: Split,
        baseline: Baseline,
        seeds: Vec<u64>,
    }
    part {
        search: SearchPatch,
        random: RandomPatch,
        retrain: RetrainPatch,
    }
}

patch! {
    SearchPatch, SearchConfig, "SearchConfig";
    leaf { epochs: usize, batch: usize, crop_padding: usize, flip: bool, stop: Vec<StopConfig>, }
    part { bilevel: BilevelPatch, }
}

patch! {
    BilevelPatch, BilevelConfig, "BilevelConfig";
    leaf {
        order: Order,
        compat: Compat,
        rate: Schedule,
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
    part { sgd: SgdPatch, adam: AdamPatch, }
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
        clip: f64,
        drop_path: f64,
        auxiliary: f64,
        smoothing: f64,
        crop_padding: usize,
        flip: bool,
        cutout: usize,
        recompute: Recompute,
    }
    part { sgd: SgdPatch, }
}
