use super::*;
use crate::experiment::{Chosen, Data, Named, Ops, Plan};
use dartloom::data::{AutoAugment, ConfiguredTransform, Policy, RotateScale, Split};
use dartloom::decode::ConfiguredDecoder;
use dartloom::decode::TopK;
use dartloom::metrics::{ObjectsConfig, SegmentationScores};
use dartloom::ops::Recompute;
use dartloom::presets::{self, Scale};
use dartloom::relax::{ConfiguredRegulariser, ConfiguredRelaxation, GumbelConfig};
use dartloom::search::stop::{
    AllOf, AnyOf, Cells, Collapse, DistancePlateau, EntropySlope, Ever, NotBefore, RankStability,
    RuleConfig, SkipCount, StopConfig,
};
use dartloom::search::{AblationGradient, LogitStep, Order};
use dartloom::space::ConfiguredStem;
use dartloom::task::losses::{ClassLoss, ClassWeighting, Tversky};
use dartloom::task::{
    ClassificationConfig, ConfiguredTask, MultiLabelConfig, RegressionConfig, RegressionLoss,
    SegmentationConfig,
};
use dartloom::train::Schedule;

fn read(text: &str) -> Result<Experiment, EngineError> {
    parse(text, Path::new("folder/trial.ron"), &Chosen::default())
}

#[test]
fn what_is_left_out_is_as_in_the_built_in_experiment() {
    let experiment = read("(data: Digits, scale: Small)").unwrap();
    let mut builtin = Experiment::on(Data::Digits).unwrap();
    builtin.name = "trial".to_owned();
    assert_eq!(experiment, builtin);
    assert_eq!(experiment.comparison(), Scale::Small.comparison());
}

#[test]
fn every_level_can_be_patched_alone() {
    let experiment = read(
        "Experiment(data: Digits, scale: Small, layers: 5, ops: [\"skip_connect\", \"sep_conv_3x3\"],
          stem: Cifar(1), decoder: TopK(edges: 1), split: Full, seeds: [7],
          search: (bilevel: (rate: Constant(0.1), sgd: (momentum: 0.5), recompute: Edge)),
          retrain: (fit: (recompute: edge)))",
    )
    .unwrap();
    let builtin = Experiment::on(Data::Digits).unwrap().method.remove(0);
    let [method] = &experiment.method[..] else { panic!("one method") };
    assert_eq!(experiment.layers, 5);
    assert_eq!(experiment.retrain.layers, 5);
    assert_eq!(experiment.stem, ConfiguredStem::Cifar(1));
    assert_eq!(
        method.decoder,
        Some(Named::Known(ConfiguredDecoder::TopK(TopK { edges: 1, ..TopK::darts() })))
    );
    assert_eq!(method.split, Split::Full);
    assert_eq!(experiment.seeds, [7]);
    assert_eq!(method.search.bilevel.rate, Schedule::Constant(0.1));
    assert_eq!(method.search.bilevel.recompute, Recompute::Edge);
    assert_eq!(experiment.retrain.fit.recompute, Recompute::Edge);
    assert_eq!(experiment.random.fit.recompute, Recompute::Never);
    assert_eq!(method.search.epochs, builtin.search.epochs);
    assert_eq!(method.search.flip, builtin.search.flip);
    let decay = builtin.search.bilevel.sgd.weight_decay;
    assert!((method.search.bilevel.sgd.weight_decay - decay).abs() < f64::EPSILON);
    assert!(matches!(&method.ops, Ops::Names(names) if names.len() == 2));
}

#[test]
fn the_written_form_reads_back() {
    let text = r#"(
        name: "mine", data: Idx("images"), scale: Small, layers: 4,
        operations: [(name: "wide", recipe: [Relu, Conv(kernel: (1, 7), stride: Edge), Norm()])],
        ops: ["skip_connect", "wide"], decoder: Argmax(none: Exclude), stem: ImageNet,
        method: ["darts", (preset: "pc_darts", relaxation: Entmax(1.5), partial: 2), "fair_darts"],
        penalties: [(kind: ConcaveNorm(0.5), to: 0.1)],
    )"#;
    let experiment = read(text).unwrap();
    let written = to_ron(&experiment).unwrap();
    assert_eq!(
        parse(&written, Path::new("elsewhere/experiment.ron"), &Chosen::default()).unwrap(),
        experiment
    );
}

#[test]
fn stop_rules_are_named_without_inner_parentheses() {
    let experiment = read(
        "(data: Digits, scale: Small, search: (stop: [
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
    assert_eq!(experiment.method[0].search.stop, expected);
    let written = to_ron(&experiment).unwrap();
    assert_eq!(
        parse(&written, Path::new("elsewhere/trial.ron"), &Chosen::default()).unwrap(),
        experiment
    );
    // So does a reference, which is a whole architecture.
    let mut reference = experiment;
    let genotype = dartloom::space::Genotype::published("DARTS_V2").unwrap();
    let plateau = DistancePlateau { reference: Some(genotype), ..DistancePlateau::default() };
    reference.method[0].search.stop = vec![StopConfig::Stop(RuleConfig::DistancePlateau(plateau))];
    let written = to_ron(&reference).unwrap();
    assert_eq!(
        parse(&written, Path::new("elsewhere/trial.ron"), &Chosen::default()).unwrap(),
        reference
    );
    for unknown in ["Stop(SkipCount(limit: 3))", "Stop(Skips(3))", "Pause(SkipCount())"] {
        assert!(
            read(&format!("(data: Digits, scale: Small, search: (stop: [{unknown}]))")).is_err()
        );
    }
}

#[test]
fn cells_can_be_searched_one_by_one() {
    let text = r#"(
        data: Digits, scale: Small, method: "d_darts", topology: Around("ResNet50"), ops: "S_o",
        search: (
            bilevel: (
                ablation: (weight: 0.25, gradient: Full),
                cells: {"cell_0": (rate: Constant(0.5))},
                mask: Random, bookkeeping: Leaking,
            ),
            prune: (threshold: 0.1, patience: 1, edges: 2, finish_at: 4),
        ),
    )"#;
    let experiment = read(text).unwrap();
    let method = &experiment.method[0];
    assert_eq!(method.topology, presets::Topology::Around("ResNet50".to_owned()));
    let bilevel = &method.search.bilevel;
    let ablation = bilevel.ablation.unwrap();
    assert_eq!((ablation.weight, ablation.gradient), (0.25, AblationGradient::Full));
    assert_eq!(bilevel.cells["cell_0"].rate, Schedule::Constant(0.5));
    assert!(method.search.prune.is_some());
    let written = to_ron(&experiment).unwrap();
    assert_eq!(
        parse(&written, Path::new("elsewhere/trial.ron"), &Chosen::default()).unwrap(),
        experiment
    );
    let without = "(data: Digits, scale: Small, method: \"d_darts\", search: (bilevel: (ablation: Some(None))))";
    assert_eq!(read(without).unwrap().method[0].search.bilevel.ablation, None);
    let own = read("(data: Digits, scale: Small, method: \"d_darts\")").unwrap();
    assert!(own.method[0].search.bilevel.ablation.is_some());
}

#[test]
fn transforms_are_read_checked_and_written() {
    let text = r#"(
        data: Digits, scale: Small, search: (transforms: [Flip]),
        retrain: (fit: (transforms: [
            Aerial,
            RotateScale(degrees: 15, turned: 0.5),
            AutoAugment(policy: ImageNet),
            ColorJitter(brightness: 0.4),
        ])),
    )"#;
    let experiment = read(text).unwrap();
    let transforms = &experiment.retrain.fit.transforms;
    assert_eq!(transforms[0], ConfiguredTransform::Aerial);
    let slight = RotateScale { degrees: 15.0, turned: 0.5, ..RotateScale::default() };
    assert_eq!(transforms[1], ConfiguredTransform::RotateScale(slight));
    let policy = ConfiguredTransform::AutoAugment(AutoAugment::new(Policy::ImageNet));
    assert_eq!(transforms[2], policy);
    assert_eq!(experiment.method[0].search.transforms, [ConfiguredTransform::Flip]);
    assert!(experiment.random.fit.transforms.is_empty());
    let written = to_ron(&experiment).unwrap();
    assert_eq!(parse(&written, Path::new("trial.ron"), &Chosen::default()).unwrap(), experiment);
    Plan::new(experiment, "trial.ron").unwrap();
    // Nothing of a run is written where there are none.
    assert!(!to_ron(&read("(data: Digits)").unwrap()).unwrap().contains("transforms"));

    let retrain = |transforms: &str| {
        let text =
            format!("(data: Digits, scale: Small, retrain: (fit: (transforms: [{transforms}])))");
        read(&text)
            .and_then(|experiment| Plan::new(experiment, "trial.ron"))
            .unwrap_err()
            .to_string()
    };
    for (transforms, expected) in [
        ("RotateScal()", "did you mean `RotateScale`?"),
        ("Gamma(probabilty: 0.1)", "did you mean `probability`?"),
        ("Gamma(probability: 1.1)", "retrain.fit.transforms.0.Gamma.probability: expected a prob"),
        ("Flip, ColorJitter(hue: 0.1)", "retrain.fit.transforms.1.ColorJitter.hue: expected 0 for"),
    ] {
        let found = retrain(transforms);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn data_directories_start_at_the_file() {
    let here = std::env::current_dir().unwrap();
    let experiment = read("(data: Idx(\"images\"), scale: Small)").unwrap();
    assert_eq!(experiment.data, Named::Known(Data::Idx(here.join("folder/images").into())));
    let experiment = read("(data: Cifar(\"/images\"), scale: Small)").unwrap();
    assert_eq!(experiment.data, Named::Known(Data::Cifar("/images".into())));
    assert!(experiment.method[0].search.flip && experiment.retrain.fit.flip);
}

#[test]
fn mistakes_are_placed() {
    let Err(EngineError::ExperimentText { line, column, message, .. }) =
        read("(\n  data: Digits, scale: Small,\n  layrs: 3,\n)")
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
    assert_eq!(experiment.method[0].search.bilevel.order, Order::Second);
}

#[test]
fn a_method_brings_its_rules_and_no_sizes() {
    for name in presets::names() {
        let experiment = read(&format!("(data: Digits, scale: Small, method: {name:?})")).unwrap();
        let small = presets::by_name(name).unwrap().scaled(Scale::Small);
        let [method] = &experiment.method[..] else { panic!("one method") };
        assert_eq!(method.preset.name(), name);
        assert_eq!(method.title, small.name);
        assert_eq!(method.ops, Ops::Set(small.ops.to_owned()));
        assert_eq!((method.channels, method.partial), (small.channels, small.partial));
        assert_eq!((method.split, &method.search), (small.split, &small.search));
        assert_eq!(method.edge_weights, small.choices.edges.is_some());
        assert!(method.relaxation.is_none() && method.decoder.is_none());
        assert!(method.penalties.is_none());
        assert_eq!((experiment.layers, experiment.nodes), (3, small.nodes));
        assert_eq!(experiment.stem, small.stem);
        assert!(method.links.is_none() && method.paths.is_none());
    }
}

#[test]
fn fields_beside_methods_hold_for_all_and_in_one_for_it() {
    let experiment = read(
        "(data: Digits, scale: Small, method: [\"darts\", (preset: \"pc_darts\", title: \"K = 2\", partial: 2,
           search: (bilevel: (order: Second)))], channels: 8, search: (epochs: 20, batch: 32))",
    )
    .unwrap();
    let [darts, pc] = &experiment.method[..] else { panic!("two methods") };
    for method in [darts, pc] {
        assert_eq!((method.channels, method.search.epochs, method.search.batch), (8, 20, 32));
    }
    assert_eq!([&*darts.title, &*pc.title], ["DARTS", "K = 2"]);
    assert_eq!([darts.partial, pc.partial], [1, 2]);
    assert_eq!(
        [darts.search.bilevel.order, pc.search.bilevel.order],
        [Order::First, Order::Second]
    );
    // 15 of 50 epochs of the paper's: 6 of 20.
    assert_eq!([darts.search.bilevel.warm_up, pc.search.bilevel.warm_up], [0, 6]);
    let text = "(data: Digits, scale: Small, method: (preset: \"pc_darts\", search: (bilevel: (warm_up: 0))))";
    assert_eq!(read(text).unwrap().method[0].search.bilevel.warm_up, 0);
}

#[test]
fn the_command_line_names_other_methods() {
    let chosen = |names: &[&str]| {
        Chosen::of(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
    };
    let methods = chosen(&["fair_darts", "evolution", "gaea_erm"]);
    let text = "(data: Digits, scale: Small, method: \"pc_darts\", search: (epochs: 2))";
    let experiment = parse(text, Path::new("folder/trial.ron"), &methods).unwrap();
    assert_eq!(experiment.name, "trial-fair_darts-gaea_erm-evolution");
    assert_eq!(experiment.explorers[0].title(), "regularised evolution");
    let names: Vec<&str> = experiment.method.iter().map(|method| method.preset.name()).collect();
    assert_eq!(names, ["fair_darts", "gaea_erm"]);
    assert!(experiment.method.iter().all(|method| method.search.epochs == 2));
    assert_eq!(builtin(&chosen(&["fair_darts"])).unwrap().name, "digits-fair_darts");
    assert_eq!(builtin(&Chosen::default()).unwrap(), Experiment::on(Data::Digits).unwrap());
}

#[test]
fn rules_are_data() {
    let experiment = read(
        "(data: Digits, scale: Small, relaxation: Gumbel(to: 0.5, simplex: true), auxiliary_skip: true,
          search: (bilevel: (logit_step: ExponentiatedGradient)),
          penalties: [(kind: Entropy, to: 0.01), (kind: BetaDecay, from: 0, to: 50, begin: 0.5)])",
    )
    .unwrap();
    let [method] = &experiment.method[..] else { panic!("one method") };
    let gumbel = GumbelConfig { from: 10.0, to: 0.5, hard: true, simplex: true };
    assert_eq!(method.relaxation, Some(Named::Known(ConfiguredRelaxation::Gumbel(gumbel))));
    assert_eq!(method.search.bilevel.logit_step, LogitStep::ExponentiatedGradient);
    assert!(method.auxiliary_skip);
    let penalties = method.penalties.as_ref().unwrap();
    let [entropy, decay] = &penalties[..] else { panic!("two terms") };
    assert_eq!(entropy.kind, Named::Known(ConfiguredRegulariser::Entropy));
    assert_eq!(decay.kind, Named::Known(ConfiguredRegulariser::BetaDecay));
    assert_eq!((entropy.from, decay.from), (None, Some(0.0)));
    assert!((decay.begin - 0.5).abs() < 1e-12 && (decay.end - 1.0).abs() < 1e-12);
}

#[test]
fn a_task_is_data_and_must_be_of_the_targets() {
    let with = |task: &str| read(&format!("(data: Digits, scale: Small, task: {task})")).unwrap();
    let huber = RegressionConfig { loss: RegressionLoss::Huber(0.5), objective: None };
    let smooth = ClassificationConfig { smoothing: 0.1, ..ClassificationConfig::default() };
    let tversky = ClassLoss::Tversky(Tversky { alpha: 0.2, ..Tversky::default() });
    let objects = SegmentationScores { surface: None, objects: Some(ObjectsConfig::default()) };
    let by_objects = SegmentationConfig {
        loss: Some(tversky),
        scores: objects,
        objective: Some("object_f1".to_owned()),
        weighting: Some(ClassWeighting::EffectiveNumber(0.999)),
        ..SegmentationConfig::default()
    };
    let inverse = ClassificationConfig {
        weighting: Some(ClassWeighting::InverseFrequency),
        ..ClassificationConfig::default()
    };
    let rows = [
        ("Classification(smoothing: 0.1)", ConfiguredTask::Classification(smooth)),
        ("Classification", ConfiguredTask::Classification(ClassificationConfig::default())),
        ("Classification(weighting: InverseFrequency)", ConfiguredTask::Classification(inverse)),
        ("MultiLabel", ConfiguredTask::MultiLabel(MultiLabelConfig::default())),
        ("Regression(loss: Huber(0.5))", ConfiguredTask::Regression(huber)),
        ("Segmentation()", ConfiguredTask::Segmentation(SegmentationConfig::default())),
        (
            "Segmentation(loss: Tversky(alpha: 0.2), weighting: EffectiveNumber(0.999), \
             scores: (objects: ()), objective: \"object_f1\")",
            ConfiguredTask::Segmentation(by_objects),
        ),
    ];
    for (text, task) in rows {
        let experiment = with(text);
        let taken = matches!(task, ConfiguredTask::Classification(_));
        assert_eq!(experiment.task, Some(Named::Known(task)), "{text}");
        let written = to_ron(&experiment).unwrap();
        let again = parse(&written, Path::new("elsewhere/trial.ron"), &Chosen::default()).unwrap();
        assert_eq!(again, experiment);
        assert_eq!(Plan::new(experiment, "trial.ron").is_ok(), taken, "{text}");
    }
    let refused = |task: &str| Plan::new(with(task), "trial.ron").unwrap_err().to_string();
    let expected = "trial.ron: task: regression needs values, found one of 10 classes";
    assert_eq!(refused("Regression()"), expected);
    let expected = "trial.ron: task: smoothing: expected 0 or more and less than 1, found 2";
    assert_eq!(refused("Classification(smoothing: 2)"), expected);
    assert!(refused("Segmentatoin()").contains("`Segmentation`"));
    assert!(read("(data: Digits, task: Regression(huber: 1.0))").is_err());
    let set = crate::experiment::set(&with("MultiLabel"), "task=Classification(smoothing: 0.2)");
    assert!(set.is_ok_and(|set| Plan::new(set, "trial.ron").is_ok()));
}

#[test]
fn the_experiments_in_the_guide_are_some() {
    let guide = include_str!("../../../../../docs/guides/experiment-file.md");
    let texts: Vec<&str> =
        guide.split("```ron\n").skip(1).filter_map(|text| text.split("```").next()).collect();
    let [one, several, folder] = &texts[..] else { panic!("{} experiments", texts.len()) };
    assert!(matches!(read(&format!("({folder})")).unwrap().data, Named::Known(Data::Images(_))));
    assert_eq!(read(one).unwrap().method[0].preset.name(), "pc_darts");
    let several = read(several).unwrap();
    let titles: Vec<&str> = several.method.iter().map(|method| &*method.title).collect();
    assert_eq!(titles, ["DARTS", "PC-DARTS, K = 2", "beta-DARTS"]);
    Plan::new(several, "the guide").unwrap();
}

#[test]
fn data_from_the_command_line_take_the_place_of_the_files_own() {
    let text = "(data: Images(\"nowhere\"), scale: Small, method: \"pc_darts\")";
    let given = Chosen::default().on(Some(Named::Known(Data::Digits)));
    let experiment = parse(text, Path::new("elsewhere/trial.ron"), &given).unwrap();
    assert_eq!(experiment.data, Named::Known(Data::Digits));
    assert_eq!(experiment.method[0].preset.name(), "pc_darts");
}
