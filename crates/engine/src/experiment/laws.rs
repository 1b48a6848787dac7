//! Laws of all experiments: what is written reads back, and no text or number is a panic.

use std::path::{Path, PathBuf};

use dartloom::data::Split;
use dartloom::decode::{ConfiguredDecoder, SparseThreshold, TopK};
use dartloom::presets::Topology;
use dartloom::relax::{ConfiguredRelaxation, GumbelConfig};
use dartloom::train::Schedule;
use proptest::prelude::*;
use serde_json::Value;

use super::read::{options, parse};
use super::*;

fn read(text: &str) -> Result<Experiment, crate::error::EngineError> {
    parse(text, Path::new("trial.ron"), &Chosen::default())
}

/// One of everything that an experiment can hold.
const WHOLE: &str = r#"(
    name: "whole", data: Idx("images"), task: Segmentation(dice: 0.5, weights: [1.0, 2.0]), scale: Small, layers: 4, nodes: 3, stem: ImageNet,
    operations: [(name: "wide", recipe: [Relu, Conv(kernel: (1, 7), stride: Edge), Norm()])],
    ops: ["skip_connect", "wide"], decoder: SparseThreshold(threshold: 0.7),
    method: [
        "darts",
        (preset: "pc_darts", relaxation: Gumbel(to: 0.5), partial: 2, title: "K = 2"),
        (preset: "d_darts", topology: Around("ResNet50"), search: (
            bilevel: (cells: {"cell_0": (rate: Constant(0.5))}, clip: inf),
            best_from: 2,
            prune: (threshold: 0.1, patience: 1, edges: 2, finish_at: 4),
            stop: [Stop(SkipCount(skips: 3)), Warn(AnyOf([Collapse(share: 0.25, cells: All)]))],
        )),
    ],
    explorers: [
        (explorer: Evolution(population: 20, sample: 5), rules: (candidates: 60, patience: 2)),
        (explorer: Halving(), channels: 6, key: "halved"),
    ],
    penalties: [(kind: ConcaveNorm(0.5), to: 0.1)],
    search: (transforms: [Aerial]),
    retrain: (fit: (clip: inf, rate: Constant(0.1), transforms: [NnUnet, Gamma(range: (0.8, 1.2)), AutoAugment()])),
    seeds: [0, 18446744073709551615],
)"#;

fn whole() -> Experiment {
    read(WHOLE).unwrap()
}

/// Every value that is no list or record, by its key.
fn leaves(key: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, inner)| leaves(&below(name), inner, found));
        }
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().enumerate();
            items.for_each(|(place, inner)| leaves(&below(&place.to_string()), inner, found));
        }
        other => found.push((key.to_owned(), other.clone())),
    }
}

fn all_leaves(experiment: &Experiment) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    leaves("", &serde_json::to_value(experiment).unwrap(), &mut found);
    found
}

/// Whatever a value is, setting it to itself changes nothing.
#[test]
fn every_value_can_be_set_to_what_it_is() {
    let experiment = whole();
    let all = all_leaves(&experiment);
    assert!(all.len() > 150, "{} values", all.len());
    for (key, value) in all {
        // JSON has nothing for a clip that is infinite.
        if value.is_null() && key.ends_with("clip") {
            continue;
        }
        let found = set(&experiment, &format!("{key}={value}"));
        let found = found.unwrap_or_else(|error| panic!("{key}={value}: {error}"));
        assert_eq!(found, experiment, "{key}={value}");
    }
}

/// Sizes at the ends of their types are refused or laid out, and what is laid out is estimated.
#[test]
fn no_number_is_a_panic() {
    let small = read(
        "(data: Digits, scale: Small, method: \"pc_darts\", explorers: [(explorer: Pareto())])",
    );
    let small = small.unwrap();
    for (key, value) in all_leaves(&small) {
        if !value.is_number() {
            continue;
        }
        for extreme in ["18446744073709551615", "9223372036854775808", "4294967296", "1e308"] {
            let Ok(found) = set(&small, &format!("{key}={extreme}")) else { continue };
            if let Ok(plan) = Plan::new(found, "trial") {
                let _ = crate::estimate::Estimate::of(&plan, 1, Some(1 << 30));
            }
        }
    }
}

/// Text that strings and paths may hold.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{1,12}",
        "[a\"'\\\\,:(){}\\[\\]#r=\n\t ]{1,12}",
        Just("None".to_owned()),
        Just("true".to_owned()),
        Just("3".to_owned()),
    ]
}

fn any_rate() -> impl Strategy<Value = Schedule> {
    let rate = || prop_oneof![0.0..1.0, Just(1e-300), Just(f64::MAX), Just(f64::MIN_POSITIVE)];
    prop_oneof![
        rate().prop_map(Schedule::Constant),
        (rate(), rate()).prop_map(|(from, to)| Schedule::Cosine { from, to }),
    ]
}

fn any_data() -> impl Strategy<Value = Data> {
    // Reading makes a directory absolute, which leaves out steps such as `/./`.
    let path = || {
        any_text().prop_map(|text| std::path::absolute(PathBuf::from(format!("/{text}"))).unwrap())
    };
    prop_oneof![Just(Data::Digits), path().prop_map(Data::Cifar), path().prop_map(idx)]
}

fn idx(path: PathBuf) -> Data {
    Data::Idx(path.into())
}

fn any_relaxation() -> impl Strategy<Value = Option<Named<ConfiguredRelaxation>>> {
    let number = || prop_oneof![-1e9..1e9, Just(0.1 + 0.2)];
    let gumbel = (number(), number(), any::<bool>(), any::<bool>());
    let gumbel =
        gumbel.prop_map(|(from, to, hard, simplex)| GumbelConfig { from, to, hard, simplex });
    prop_oneof![
        Just(None),
        Just(Some(Named::Known(ConfiguredRelaxation::Sparsemax))),
        number().prop_map(|alpha| Some(Named::Known(ConfiguredRelaxation::Entmax(alpha)))),
        gumbel.prop_map(|gumbel| Some(Named::Known(ConfiguredRelaxation::Gumbel(gumbel)))),
    ]
}

fn any_decoder() -> impl Strategy<Value = Option<Named<ConfiguredDecoder>>> {
    let top = |edges| Some(Named::Known(ConfiguredDecoder::TopK(TopK { edges, ..TopK::darts() })));
    let sparse = |threshold| SparseThreshold { threshold, ..SparseThreshold::default() };
    prop_oneof![
        Just(None),
        any::<usize>().prop_map(top),
        (0.0..1.0)
            .prop_map(move |t| Some(Named::Known(ConfiguredDecoder::SparseThreshold(sparse(t))))),
    ]
}

fn any_ops() -> impl Strategy<Value = Ops> {
    let names = prop::collection::vec(any_text(), 0..3);
    prop_oneof![any_text().prop_map(Ops::Set), names.prop_map(Ops::Names)]
}

fn any_topology() -> impl Strategy<Value = Topology> {
    prop_oneof![
        Just(Topology::TwoCells),
        Just(Topology::Individual),
        Just(Topology::UNet),
        any_text().prop_map(Topology::Around),
    ]
}

prop_compose! {
    /// An experiment that need not make sense: texts and numbers of any kind.
    fn any_experiment()(
        texts in (any_text(), any_text(), any_data(), any_ops(), any_topology()),
        rules in (any_relaxation(), any_decoder(), any_rate(), any::<bool>()),
        sizes in (any::<usize>(), any::<usize>(), any::<usize>(), any::<u64>(), any::<usize>()),
        clip in prop_oneof![Just(f64::INFINITY), 0.0..10.0],
    ) -> Experiment {
        let mut experiment = whole();
        let (title, name, data, ops, topology) = texts;
        let (relaxation, decoder, rate, full) = rules;
        experiment.name = name;
        experiment.data = Named::Known(data);
        (experiment.layers, experiment.nodes, experiment.retrain.fit.epochs) =
            (sizes.0, sizes.1, sizes.2);
        experiment.seeds = vec![sizes.3, 7];
        experiment.stem = if full { ConfiguredStem::Cifar(sizes.4) } else { ConfiguredStem::ImageNet };
        experiment.random.fit.clip = clip;
        let method = &mut experiment.method[1];
        (method.title, method.ops, method.topology) = (title, ops, topology);
        (method.relaxation, method.decoder) = (relaxation, decoder);
        method.search.bilevel.rate = rate;
        method.split = if full { Split::Full } else { Split::Halves };
        experiment
    }
}

/// As an experiment file writes it, on one line.
fn ron(value: &impl Serialize) -> String {
    options().to_string(value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_reads_back(experiment in any_experiment()) {
        let written = to_ron(&experiment).unwrap();
        let back = parse(&written, Path::new("other.ron"), &Chosen::default());
        prop_assert_eq!(back.unwrap(), experiment);
    }

    /// A value given to `--set` in the words of a file or in JSON is the experiment's then.
    #[test]
    fn values_are_set_as_they_are_printed(experiment in any_experiment()) {
        let before = whole();
        let one = &experiment.method[1];
        let json = |value: &dyn Fn() -> serde_json::Result<String>| value().unwrap();
        let rows = [
            ("name", ron(&experiment.name), json(&|| serde_json::to_string(&experiment.name))),
            ("data", ron(&experiment.data), json(&|| serde_json::to_string(&experiment.data))),
            ("stem", ron(&experiment.stem), json(&|| serde_json::to_string(&experiment.stem))),
            ("seeds", ron(&experiment.seeds), json(&|| serde_json::to_string(&experiment.seeds))),
            ("layers", ron(&experiment.layers), experiment.layers.to_string()),
            ("method.1.title", ron(&one.title), json(&|| serde_json::to_string(&one.title))),
            ("method.1.ops", ron(&one.ops), json(&|| serde_json::to_string(&one.ops))),
            ("method.1.topology", ron(&one.topology), json(&|| serde_json::to_string(&one.topology))),
            ("method.1.decoder", ron(&one.decoder), json(&|| serde_json::to_string(&one.decoder))),
            (
                "method.1.relaxation",
                ron(&one.relaxation),
                json(&|| serde_json::to_string(&one.relaxation)),
            ),
            (
                "method.1.search.bilevel.rate",
                ron(&one.search.bilevel.rate),
                json(&|| serde_json::to_string(&one.search.bilevel.rate)),
            ),
        ];
        for (key, file, json) in rows {
            let value_of = |experiment: &Experiment| {
                let value = serde_json::to_value(experiment).unwrap();
                value.pointer(&format!("/{}", key.replace('.', "/"))).cloned()
            };
            for text in [file, json] {
                let found = set(&before, &format!("{key}={text}"));
                let found = found.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
                prop_assert_eq!(value_of(&found), value_of(&experiment), "{}={}", key, text);
            }
        }
    }

    #[test]
    fn edited_texts_never_panic(edits in prop::collection::vec(edit(), 1..6), which: bool) {
        let base = if which { WHOLE.to_owned() } else { to_ron(&whole()).unwrap() };
        if let Ok(experiment) = read(&apply(&base, &edits)) {
            let _ = experiment.comparison().check();
            // What could be read is the same when it is read again.
            let written = to_ron(&experiment).unwrap();
            prop_assert_eq!(read(&written).unwrap(), experiment);
        }
    }

    #[test]
    fn edited_assignments_never_panic(
        text in prop::sample::select(vec![
            "search.stop=[Stop(SkipCount(skips: 3)), Warn(Collapse(share: 0.25, cells: All))]",
            "method.2.search.bilevel.cells={\"cell_0\": (rate: Cosine(from: 0.1, to: 0.0))}",
            "data=Idx(r#\"a\"b\"#)",
            "operations=[{\"name\":\"a\",\"recipe\":[\"Relu\"]}]",
            "explorers.0.rules.pace=SteadyState(Some(2))",
            "retrain.fit.epochs=18446744073709551615",
        ]),
        edits in prop::collection::vec(edit(), 0..4),
    ) {
        let _ = set(&whole(), &apply(text, &edits));
    }
}

/// A change of a text: how many letters are left out at a place, and what is put there.
fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, String)> {
    let token = prop_oneof![
        "[-0-9.e]{1,20}",
        "[()\\[\\]{},:\"#/r]{1,3}",
        "\\PC{0,3}",
        Just("18446744073709551615".to_owned()),
        Just("9223372036854775808".to_owned()),
        Just("inf".to_owned()),
        Just("None".to_owned()),
    ];
    (any::<prop::sample::Index>(), 0..8_usize, token)
}

fn apply(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (place, count, token) in edits {
        let from = place.index(letters.len() + 1);
        let to = (from + count).min(letters.len());
        letters.splice(from..to, token.chars());
    }
    letters.into_iter().collect()
}

/// Tests are built so that a sum that does not fit is a panic: otherwise none of this is a test.
#[test]
fn sums_are_checked_where_tests_run() {
    let most = std::hint::black_box(u64::MAX);
    assert!(std::panic::catch_unwind(|| most + std::hint::black_box(1)).is_err());
}
