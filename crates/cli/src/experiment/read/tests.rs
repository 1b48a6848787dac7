use super::*;
use crate::experiment::{DecoderKind, Ops, StemKind};
use dartloom::decode::TopK;
use dartloom::search::Split;
use dartloom::search::stop::{
    AllOf, AnyOf, Cells, Collapse, DistancePlateau, EntropySlope, Ever, NotBefore, RankStability,
    RuleConfig, SkipCount, StopConfig,
};
use dartloom::train::{Recompute, Schedule};

fn read(text: &str) -> Result<Experiment, CliError> {
    parse(text, Path::new("folder/trial.ron"))
}

#[test]
fn what_is_left_out_is_as_in_the_built_in_experiment() {
    let experiment = read("(data: Digits)").unwrap();
    let mut builtin = Experiment::on(Data::Digits).unwrap();
    builtin.name = "trial".to_owned();
    assert_eq!(experiment, builtin);
    assert_eq!(experiment.comparison(), dartloom::presets::digits().unwrap().config);
}

#[test]
fn every_level_can_be_patched_alone() {
    let experiment = read(
        "Experiment(data: Digits, layers: 5, ops: [\"skip_connect\", \"sep_conv_3x3\"],
          stem: Cifar(1), decoder: TopK(edges: 1), split: Full, seeds: [7],
          search: (bilevel: (rate: Constant(0.1), sgd: (momentum: 0.5), recompute: Edge)),
          retrain: (fit: (recompute: edge)))",
    )
    .unwrap();
    let builtin = Experiment::on(Data::Digits).unwrap();
    assert_eq!(experiment.layers, 5);
    assert_eq!(experiment.retrain.layers, 5);
    assert_eq!(experiment.stem, StemKind::Cifar(1));
    assert_eq!(experiment.decoder, DecoderKind::TopK(TopK { edges: 1, ..TopK::darts() }));
    assert_eq!(experiment.split, Split::Full);
    assert_eq!(experiment.seeds, [7]);
    assert_eq!(experiment.search.bilevel.rate, Schedule::Constant(0.1));
    assert_eq!(experiment.search.bilevel.recompute, Recompute::Edge);
    assert_eq!(experiment.retrain.fit.recompute, Recompute::Edge);
    assert_eq!(experiment.random.fit.recompute, Recompute::Never);
    assert_eq!(experiment.search.epochs, builtin.search.epochs);
    assert_eq!(experiment.search.flip, builtin.search.flip);
    let decay = builtin.search.bilevel.sgd.weight_decay;
    assert!((experiment.search.bilevel.sgd.weight_decay - decay).abs() < f64::EPSILON);
    assert!(matches!(experiment.ops, Ops::Names(names) if names.len() == 2));
}

#[test]
fn the_written_form_reads_back() {
    let text = r#"(
        name: "mine", data: Idx("images"), layers: 4,
        operations: [(name: "wide", recipe: [Relu, Conv(kernel: (1, 7), stride: Edge), Norm()])],
        ops: ["skip_connect", "wide"], decoder: Argmax(none: Exclude), stem: ImageNet,
    )"#;
    let experiment = read(text).unwrap();
    let written = to_ron(&experiment).unwrap();
    assert_eq!(parse(&written, Path::new("elsewhere/experiment.ron")).unwrap(), experiment);
}

#[test]
fn stop_rules_are_named_without_inner_parentheses() {
    let experiment = read(
        "(data: Digits, search: (stop: [
            Stop(SkipCount(skips: 3)), Stop(RankStability()), Warn(Collapse(share: 0.25, cells: All)),
            Stop(DistancePlateau(tolerance: 0.5)), Stop(NotBefore(epoch: 4, rule: EntropySlope())),
            Warn(AnyOf([SkipCount(), AllOf([Ever(SkipCount()), Collapse()])])),
        ]))",
    )
    .unwrap();
    let skips = |skips| RuleConfig::SkipCount(SkipCount { skips, ..SkipCount::default() });
    let collapse = Collapse { share: 0.25, cells: Cells::All };
    let plateau = DistancePlateau { tolerance: 0.5, ..DistancePlateau::default() };
    let slope = Box::new(RuleConfig::EntropySlope(EntropySlope::default()));
    let ever = RuleConfig::Ever(Ever(Box::new(skips(2))));
    let both = AllOf(vec![ever, RuleConfig::Collapse(Collapse::default())]);
    let expected = [
        StopConfig::Stop(skips(3)),
        StopConfig::Stop(RuleConfig::RankStability(RankStability::default())),
        StopConfig::Warn(RuleConfig::Collapse(collapse)),
        StopConfig::Stop(RuleConfig::DistancePlateau(plateau)),
        StopConfig::Stop(RuleConfig::NotBefore(NotBefore { epoch: 4, rule: slope })),
        StopConfig::Warn(RuleConfig::AnyOf(AnyOf(vec![skips(2), RuleConfig::AllOf(both)]))),
    ];
    assert_eq!(experiment.search.stop, expected);
    let written = to_ron(&experiment).unwrap();
    assert_eq!(parse(&written, Path::new("elsewhere/trial.ron")).unwrap(), experiment);
    // So does a reference, which is a whole architecture.
    let mut reference = experiment;
    let genotype = dartloom::space::Genotype::published("DARTS_V2").unwrap();
    let plateau = DistancePlateau { reference: Some(genotype), ..DistancePlateau::default() };
    reference.search.stop = vec![StopConfig::Stop(RuleConfig::DistancePlateau(plateau))];
    let written = to_ron(&reference).unwrap();
    assert_eq!(parse(&written, Path::new("elsewhere/trial.ron")).unwrap(), reference);
    for unknown in ["Stop(SkipCount(limit: 3))", "Stop(Skips(3))", "Pause(SkipCount())"] {
        assert!(read(&format!("(data: Digits, search: (stop: [{unknown}]))")).is_err());
    }
}

#[test]
fn data_directories_start_at_the_file() {
    let here = std::env::current_dir().unwrap();
    let experiment = read("(data: Idx(\"images\"))").unwrap();
    assert_eq!(experiment.data, Data::Idx(here.join("folder/images")));
    let experiment = read("(data: Cifar(\"/images\"))").unwrap();
    assert_eq!(experiment.data, Data::Cifar("/images".into()));
    assert!(experiment.search.flip && experiment.retrain.fit.flip);
}

#[test]
fn mistakes_are_placed() {
    let Err(CliError::ExperimentText { line, column, message, .. }) =
        read("(\n  data: Digits,\n  layrs: 3,\n)")
    else {
        panic!("an unknown field must be refused");
    };
    assert_eq!((line, column), (3, 3));
    assert!(message.contains("layrs"), "{message}");
}

#[test]
fn the_experiment_in_the_readme_is_one() {
    let readme = include_str!("../../../README.md");
    let text = readme.split("```ron\n").nth(1).unwrap().split("```").next().unwrap();
    let experiment = read(text).unwrap();
    assert_eq!(experiment.name, "fashion");
    assert_eq!(experiment.operations.len(), 1);
    assert_eq!(experiment.search.bilevel.order, dartloom::search::Order::Second);
}
