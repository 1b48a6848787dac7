//! Every method fits together on images of CIFAR's size.

use dartloom_data::{ImageShape, InMemory, Normalization, TargetSpec, Targets, digits};
use dartloom_net::{NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Registry;
use dartloom_search::{BilevelConfig, LogitStep, SearchConfig, SupernetSearch};
use dartloom_space::{Blueprint, Build, OpSet, Outputs, Shape, Space, Stem};
use dartloom_task::{Classification, Segmentation};
use dartloom_train::{Schedule, Session, WeightStep, drive};

use super::{
    Method, Scale, Topology, by_name, chest_xray, darts, fair_darts, galaxy_zoo, graphene, mnist,
    names, pc_darts,
};

fn all() -> Vec<Method> {
    names().map(|name| by_name(name).unwrap()).collect()
}

#[test]
fn parts_fit_together() {
    let registry = Registry::standard().unwrap();
    for method in all() {
        method.search.check().unwrap();
        let space = method.space().unwrap();
        if answers_pixels(&space) {
            continue;
        }
        let cells = if method.key == "darts_opti" { 4 } else { 8 };
        assert_eq!(space.network().placements().len(), cells, "{}", method.name);
        // Narrower, to build them in milliseconds; planes are those of the digits.
        let method = Method { channels: 8, ..method };
        let digits = digits();
        let task = Classification::new(10).unwrap();
        let data = method.split.parts(&digits.train, 1).unwrap();
        let parts = method.parts(&space, &registry, &data, &task).unwrap();
        let config = SearchConfig { batch: 16, ..method.search.clone() };
        let search = SupernetSearch::new(method.name, parts, config, Noise::new(1)).unwrap();
        let table = search.table(0).unwrap();
        let weighed = table.cells().iter().all(|cell| cell.edge_weights.is_some());
        assert_eq!(weighed, method.choices.edges.is_some(), "{}", method.name);
        search
            .decode(0)
            .map(drop)
            .or_else(|error| {
                // Weights of one half are below these methods' threshold: cells start empty.
                let empty = ["fair_darts", "d_darts"].contains(&method.key);
                if empty { Ok(()) } else { Err(error) }
            })
            .unwrap();
    }
}

fn answers_pixels(space: &Space) -> bool {
    matches!(space.network().outputs(1), Outputs::Plane { .. })
}

/// Bright and dark pixels of 16 images of 32x32.
fn masks() -> InMemory {
    let pixels: Vec<u8> = (0..16 * 1024_usize).map(|at| (at * 31 % 251) as u8).collect();
    let labels = pixels.iter().map(|&pixel| u32::from(pixel > 120)).collect();
    let spec = TargetSpec::Mask { classes: 2, ignore: None };
    let scaled = Normalization::scaled(255.0, 1).unwrap();
    let targets = Targets::Indices(labels);
    InMemory::with_targets(ImageShape::new(1, 32, 32), spec, pixels, targets, scaled).unwrap()
}

/// Every method for pixels takes a step, decodes, and has a network, at both scales.
#[test]
fn methods_for_pixels_search_and_derive() {
    let registry = Registry::standard().unwrap();
    let task = Segmentation::new(2, None).unwrap();
    let masks = masks();
    let small = || all().into_iter().map(|method| method.scaled(Scale::Small));
    let mut seen = 0;
    for method in small().filter(|method| answers_pixels(&method.space().unwrap())) {
        let space = method.space().unwrap();
        let data = method.split.parts(&masks, 1).unwrap();
        let parts = method.parts(&space, &registry, &data, &task).unwrap();
        let build = parts.build;
        let config = SearchConfig { batch: 4, epochs: 3, crop_padding: 0, ..method.search.clone() };
        let mut search = SupernetSearch::new(method.name, parts, config, Noise::new(1)).unwrap();
        drive(&mut search, &mut Session::silent()).unwrap();
        let found = search.architecture().unwrap().genotype;
        assert!(search.gap(&found).unwrap().is_finite(), "{}", method.key);
        let setting = Setting::new(&space, &registry, build);
        let plan = setting.plan(&found, &NetworkSize::default()).unwrap();
        assert!(plan.cost().unwrap().parameters > 0);
        seen += 1;
    }
    assert_eq!(seen, 5);
    for method in all() {
        let space = method.space().unwrap();
        if answers_pixels(&space) {
            let input = Shape::new(3, 128, 128);
            let build = Build { partial: method.partial, ..Build::new(method.channels, 2, input) };
            let plan = Blueprint::supernet(&space, build.for_network(space.network())).unwrap();
            assert!(plan.cost().unwrap().macs > 0, "{}", method.key);
        }
    }
}

#[test]
fn names_are_keys() {
    for (name, method) in names().zip(all()) {
        assert_eq!(method.key, name);
        let space = method.space().unwrap();
        method.for_comparison(&space).unwrap().check().unwrap();
    }
    let found = by_name("oracle").unwrap_err().to_string();
    assert!(found.contains("`oracle`") && names().all(|name| found.contains(name)), "{found}");
}

#[test]
fn small_searches_keep_the_rules_and_scale_the_numbers() {
    for method in all() {
        let key = method.key;
        let full = method.search.clone();
        let ops = method.ops;
        let partial = method.partial;
        let split = method.split;
        let choices = format!("{:?}", method.choices);
        let small = method.scaled(Scale::Small);
        assert_eq!((small.ops, small.partial, small.split), (ops, partial, split), "{key}");
        assert_eq!(format!("{:?}", small.choices), choices, "{key}");
        let from = &full.bilevel;
        let to = &small.search.bilevel;
        assert_eq!((to.order, to.logit_step, to.adam), (from.order, from.logit_step, from.adam));
        let factor = if to.logit_step == LogitStep::Adam { 10.0 } else { 1.0 };
        let rates = [from.arch_rate.scaled(factor), to.arch_rate].map(|rate| rate.at(0, 5));
        assert!((rates[0] - rates[1]).abs() <= 1e-12 * rates[0], "{key}: {rates:?}");
        assert_eq!(
            (small.channels, small.layers, small.search.epochs),
            (partial.max(4), 3, 5),
            "{key}"
        );
        small.search.check().unwrap();
    }
    // The built-in experiment's, to the last bit.
    assert_eq!(darts().scaled(Scale::Small).search.bilevel.arch_rate, Schedule::Constant(3e-3));
    // 15 of 50 epochs.
    let warm_up = |epochs| pc_darts().warm_up_of(epochs);
    assert_eq!([1, 4, 5, 20, 50].map(warm_up), [0, 1, 1, 6, 15]);
    // The product of both does not fit, and the share does.
    assert_eq!(warm_up(1 << 63), 15 * ((1 << 63) / 50) + 15 * ((1 << 63) % 50) / 50);
    assert_eq!(warm_up(usize::MAX), usize::MAX / 10 * 3 + 1);
    assert_eq!(pc_darts().scaled(Scale::Small).search.bilevel.warm_up, 1);
    let threshold = |method: &Method| format!("{:?}", method.decoder);
    assert!(threshold(&fair_darts().unwrap()).contains("0.85"));
    assert!(threshold(&fair_darts().unwrap().scaled(Scale::Small)).contains("0.55"));
}

/// The cells of ResNet-50 have six nodes.
#[test]
fn a_search_around_a_network_can_be_the_released_one() {
    let outputs = |topology: &Topology| {
        let ops = OpSet::builtin("S_o").unwrap();
        let space = topology.space(ops, (4, 6), Stem::cifar(3)).unwrap();
        let start = topology.start(&space).unwrap().unwrap();
        let least = start.values().fold(f64::INFINITY, f64::min);
        (space.cells()[0].graph.concat().to_vec(), least)
    };
    let network = "ResNet50".to_owned();
    assert_eq!(outputs(&Topology::Around(network.clone())), ((2..8).collect(), -10.0));
    assert_eq!(outputs(&Topology::AroundOfficial(network)), ((4..8).collect(), 0.0));
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = all().iter().map(|method| method.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all().len());
    assert_eq!(darts().search.bilevel, BilevelConfig::default());
}

/// The numbers that the slides name, and what each study learns.
#[test]
fn studies_have_the_numbers_and_the_tasks_of_the_slides() {
    let studies = [
        (mnist(), TargetSpec::Class { classes: 10 }, "accuracy", true),
        (graphene(), TargetSpec::Values(1), "r2", true),
        (galaxy_zoo(), TargetSpec::Values(37), "rmse", false),
        (chest_xray(), TargetSpec::Labels(14), "bce", false),
    ];
    for (method, targets, score, higher) in studies {
        let rules = &method.search.bilevel;
        assert_eq!((method.channels, method.layers), (16, 8));
        assert_eq!((rules.weight_step, rules.rate.at(0, 50)), (WeightStep::Adam, 1e-3));
        assert_eq!(rules.arch_rate, Schedule::Constant(1e-2));
        for scale in [Scale::Paper, Scale::Small] {
            let method = by_name(method.key).unwrap().scaled(scale);
            let config = method.comparison(scale);
            config.check().unwrap();
            for fit in [&config.random.fit, &config.retrain.fit] {
                assert_eq!((fit.weight_step, fit.auxiliary), (WeightStep::Adam, 0.0));
            }
            let study = method.study.as_ref().unwrap();
            let task = study.task.task(targets).unwrap();
            assert_eq!(task.objective().name, score);
            assert_eq!(task.objective().better(1.0, 0.0), higher);
            assert_eq!(method.space().unwrap().network().hidden(), Some(&study.hidden));
            let other = TargetSpec::Mask { classes: 3, ignore: None };
            assert!(study.task.task(other).is_err());
        }
    }
    let hidden = |method: Method| method.study.unwrap().hidden.widths;
    assert_eq!(hidden(galaxy_zoo()), [1024, 1024]);
    assert_eq!(hidden(galaxy_zoo().scaled(Scale::Small)), [64, 64]);
    // Others are for any task, and compare as their scale says.
    assert!(darts().study.is_none());
    assert_eq!(darts().comparison(Scale::Paper), Scale::Paper.comparison());
}

#[test]
fn a_study_refuses_data_of_another_kind() {
    let all = digits();
    assert!(crate::Study::new(mnist(), &all.train).is_ok());
    let error = crate::Study::new(graphene(), &all.train).unwrap_err().to_string();
    assert_eq!(error, "regression needs values, found one of 10 classes");
}
