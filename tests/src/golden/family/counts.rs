//! Exact parameter and multiply-add counts.

use dartloom_space::{
    AuxHead, Blueprint, Build, Cost, Genotype, Layout, NodeOrder, OpSet, Repeats, Shape, Stem,
};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::genotypes::{by_name, genotype};
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let mut outcomes = Vec::new();
    for (name, entry) in value.as_object().into_iter().flatten() {
        let measured = entry.field("measured").and_then(Value::as_object);
        for (setting, counts) in measured.ok_or_else(|| entry.wrong("measured", "an object"))? {
            let result = check_counts(case, name, entry, setting, counts);
            outcomes.push(Outcome::of(format!("{}/{name}/{setting}", case.name), result));
        }
    }
    Ok(outcomes)
}

fn check_counts(
    case: &Case<'_>,
    name: &str,
    entry: &Value,
    setting: &str,
    counts: &Value,
) -> Result<Vec<String>, GoldenError> {
    let genotype = match entry.field("genotype") {
        Some(written) => genotype(written)?,
        None => by_name(case.folder, name)?,
    };
    let cost = cost(&genotype, &Setting::parse(setting)?)?;
    let with_aux = cost.parameters + cost.auxiliary_parameters;
    let mut complaints = Vec::new();
    let mut equal = |what: &str, got: u64, want: Option<&Value>| {
        let Some(want) = want else { return };
        if want.as_u64() != Some(got) {
            complaints.push(format!("{what}: expected {want}, found {got}"));
        }
    };
    let macs = |field: &str| counts.field(field)?.field("conv_plus_linear_macs");
    equal("params_without_aux", cost.parameters, counts.field("params_without_aux"));
    equal("params_with_aux", with_aux, counts.field("params_with_aux"));
    equal("auxiliary_params", cost.auxiliary_parameters, counts.field("auxiliary_params"));
    equal("macs_eval", cost.macs, macs("macs_eval"));
    equal("macs_train_with_aux", cost.macs + cost.auxiliary_macs, macs("macs_train_with_aux"));
    if counts.field("params_without_aux").is_none() {
        complaints.push("it states no number of parameters".to_owned());
    }
    Ok(complaints)
}

/// `cifarN_Cc_Ll` or `imagenet_Cc_Ll`, perhaps with `_reductions_a_b`.
struct Setting {
    large: bool,
    classes: usize,
    channels: usize,
    layers: usize,
    reductions: Option<Vec<usize>>,
}

impl Setting {
    fn parse(text: &str) -> Result<Self, GoldenError> {
        let bad = || GoldenError::not_understood(format!("configuration `{text}`"));
        let (sizes, reductions) = match text.split_once("_reductions_") {
            Some((sizes, list)) => {
                let list: Result<Vec<usize>, _> = list.split('_').map(str::parse).collect();
                (sizes, Some(list.map_err(|_| bad())?))
            }
            None => (text, None),
        };
        let [images, channels, layers] = sizes.split('_').collect::<Vec<_>>()[..] else {
            return Err(bad());
        };
        let number = |text: &str, letter: &str| -> Result<usize, GoldenError> {
            text.strip_prefix(letter).and_then(|text| text.parse().ok()).ok_or_else(bad)
        };
        let large = images == "imagenet";
        let classes = if large { 1000 } else { number(images, "cifar")? };
        let channels = number(channels, "C")?;
        let layers = number(layers, "L")?;
        Ok(Self { large, classes, channels, layers, reductions })
    }
}

fn cost(genotype: &Genotype, at: &Setting) -> Result<Cost, GoldenError> {
    let two_cells = *genotype.layout() == Layout::TwoCells;
    let (stem, head, size) = match (at.large, two_cells) {
        (false, _) => (Stem::cifar(3), AuxHead::Cifar, 32),
        (true, true) => (Stem::imagenet(), AuxHead::ImageNet, 224),
        (true, false) => (Stem::imagenet_quarter(), AuxHead::ImageNetNormed, 224),
    };
    let chain = genotype.chain(at.layers, stem, at.reductions.clone(), Repeats::MostlyFirst)?;
    let network = chain.with_aux(head).network()?;
    let build = Build {
        order: NodeOrder::FirstNamed,
        ..Build::new(at.channels, at.classes, Shape::new(3, size, size))
    };
    Ok(Blueprint::derived(genotype, &network, &OpSet::builtin("all")?, build)?.cost()?)
}
