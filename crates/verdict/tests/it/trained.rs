//! A trained network is one file, and the file is the network.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::images::{Bands, FileTargets, MaskFiles, Size};
use dartloom_data::{Dataset, Loader, TargetSpec, digits};
use dartloom_metrics::{ObjectsConfig, SegmentationScores};
use dartloom_net::{DerivedNetwork, GraphNetwork, NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model as _, Pass, Place, Registry};
use dartloom_record::{RunDir, Silent};
use dartloom_search::SearchConfig;
use dartloom_search::testkit::small_search;
use dartloom_space::hand_made::{SelfConfigured, UNet};
use dartloom_space::{Build, Gene, Genotype, OpSpec, Outputs, Shape, Space};
use dartloom_task::losses::{ClassLoss, ClassWeighting, Focal};
use dartloom_task::{Classification, ConfiguredTask, SegmentationConfig};
use dartloom_train::testkit::small_fit;
use dartloom_train::{Fit, FitConfig, Session, Snapshot, drive};
use dartloom_verdict::{
    Answer, Comparison, ComparisonConfig, MethodParts, RandomConfig, Reading, Trained, TrainedError,
};

use crate::tiny::{build, darts, first_digits, registry, small_comparison, space, two_ops};

const SIZE: NetworkSize = NetworkSize { channels: None, layers: None, auxiliary: false };

fn fit(epochs: usize) -> FitConfig {
    FitConfig { epochs, ..small_fit() }
}

fn genotype(space: &Space, op: &str) -> Genotype {
    let cells = space.cells().iter().map(|spec| {
        let genes = spec.graph.edges().iter();
        let gene = |from, to| Gene { op: op.to_owned(), from, to };
        spec.genotype(genes.map(|edge| gene(edge.from, edge.to)).collect())
    });
    space.genotype(cells.collect()).unwrap()
}

fn images() -> Tensor {
    let data = first_digits(12);
    Loader::new(&data, 12).unwrap().batch(0, 0).unwrap().inputs
}

/// An epoch on 32 digits.
fn trained(registry: &Registry, space: &Space, op: &str) -> (DerivedNetwork, Trained) {
    let data = first_digits(32);
    let setting = Setting::new(space, registry, build(&data, 2));
    let genotype = genotype(space, op);
    let network = setting.derive(&genotype, &SIZE, &mut Noise::new(1).stream("w", 0)).unwrap();
    let mut fit = Fit::new("t", &network, fit(1), Noise::new(2), &data, None).unwrap();
    drive(&mut fit, &mut Session::silent()).unwrap();
    drop(fit);
    let kept = Trained::new(&setting, &genotype, SIZE, data.targets(), &network).unwrap();
    (network, kept)
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_file_gives_the_same_bits() {
    let registry = registry();
    let space = space(two_ops(), 1);
    let (network, kept) = trained(&registry, &space, "sep_conv_3x3");
    let classes = (0..10).map(|digit| format!("digit {digit}"));
    let constants = digits().train.normalization().clone();
    let kept = kept.with_class_names(classes).unwrap().with_normalization(constants).unwrap();
    let kept = kept.with_task(&Classification::new(10).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("network.safetensors");
    kept.save(&path).unwrap();
    let read = Trained::load(&path, &registry).unwrap();

    let mut noise = Noise::new(3).stream("unused", 0);
    let direct = network.forward(&images(), &mut Pass::new(Mode::eval(), &mut noise)).unwrap();
    let expected = bits(&direct.main);
    let prediction = read.predict(&images()).unwrap();
    assert_eq!(bits(&prediction.outputs), expected);
    assert_eq!(bits(&kept.outputs(&images()).unwrap()), expected);
    let Answer::Classes(found) = &prediction.answer else { panic!("{prediction:?}") };
    assert_eq!(found.len(), 12);

    assert_eq!(read.genotype(), kept.genotype());
    assert_eq!(read.space(), Some(&space));
    assert_eq!((read.graph(), read.input()), (None, kept.input()));
    assert_eq!(read.build(), kept.build());
    assert_eq!(read.targets(), TargetSpec::Class { classes: 10 });
    assert_eq!(read.class_names()[7], "digit 7");
    assert_eq!(read.normalization(), kept.normalization());
    assert!(read.task().unwrap().contains("classification"), "{:?}", read.task());
    // Bytes become the pixels of the data set.
    let train = digits().train;
    let bytes = digits().train.pixels()[..12 * 64].to_vec();
    assert_eq!(train.shape().height, 8);
    assert_eq!(bits(&read.images(&bytes).unwrap()), bits(&images()));
    // Equal networks are equal files.
    let again = dir.path().join("again.safetensors");
    read.save(&again).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());
}

/// Recipes travel with the network, and the order of a registry does not matter.
#[test]
fn the_registry_need_not_be_the_one_that_trained() {
    let recipe = registry().catalog().get("sep_conv_3x3").unwrap().recipe.clone().unwrap();
    let own = OpSpec { name: "own".to_owned(), recipe: Some(recipe), ..spec("sep_conv_3x3") };
    let with_own = registry().with_recipes(&[own]).unwrap();
    let ops = with_own.op_set("mine", &["skip_connect", "own"]).unwrap();
    let space = space(ops, 1);
    let (_, kept) = trained(&with_own, &space, "own");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("n.safetensors");
    kept.save(&path).unwrap();
    let expected = bits(&kept.outputs(&images()).unwrap());
    let later = OpSpec { name: "other".to_owned(), ..spec("max_pool_3x3") };
    for registry in [registry(), registry().with_recipes(&[later]).unwrap(), with_own] {
        let read = Trained::load(&path, &registry).unwrap();
        assert_eq!(bits(&read.outputs(&images()).unwrap()), expected);
    }
    // The same name for something else is told.
    let changed = OpSpec { name: "own".to_owned(), ..spec("dil_conv_3x3") };
    let error = Trained::load(&path, &registry().with_recipes(&[changed]).unwrap()).unwrap_err();
    assert!(error.to_string().contains("operation `own`"), "{error}");
}

fn spec(name: &str) -> OpSpec {
    registry().catalog().get(name).unwrap().clone()
}

#[test]
fn other_files_are_told() {
    let registry = registry();
    let space = space(two_ops(), 1);
    let (network, kept) = trained(&registry, &space, "skip_connect");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("n.safetensors");
    let load = || Trained::load(&path, &registry).unwrap_err();
    assert!(matches!(load(), TrainedError::Missing { .. }));
    std::fs::write(&path, "not tensors").unwrap();
    assert!(load().to_string().contains("a safetensors file"), "{}", load());
    // A checkpoint of a training.
    let variables = network.variables().snapshot().unwrap();
    let values = serde_json::json!({ "running": 1 });
    let checkpoint = Snapshot::new(values).with("variables", variables.clone());
    checkpoint.save(&path, &dartloom_record::Identity::new()).unwrap();
    let said = load().to_string();
    assert!(
        said.ends_with("expected a trained network, found a checkpoint of a search or a training")
    );
    // Another version.
    let values = serde_json::json!({ "content": "trained network", "version": 7 });
    let newer = Snapshot::new(values).with("variables", variables);
    newer.save(&path, &dartloom_record::Identity::new()).unwrap();
    assert!(load().to_string().ends_with("expected version 1 to 3, found version 7"), "{}", load());
    // One byte of the weights, one of the header, and half of the file.
    kept.save(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let at = String::from_utf8_lossy(&whole).find("targets").unwrap();
    for (place, keep) in [(whole.len() - 3, whole.len()), (at, whole.len()), (0, whole.len() / 2)] {
        let mut bytes = whole[..keep].to_vec();
        bytes[place] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(load(), TrainedError::File(_)), "{}", load());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let registry = registry();
    let space = space(two_ops(), 1);
    let (network, kept) = trained(&registry, &space, "skip_connect");
    let wrong = images().narrow(2, 0, 4).unwrap();
    let error = kept.predict(&wrong).unwrap_err().to_string();
    assert_eq!(error, "expected images of 1x8x8 in a batch, found a tensor of [12, 1, 4, 8]");
    let error = kept.images(&[0; 64]).unwrap_err();
    assert!(matches!(error, TrainedError::NoNormalization));
    let error = kept.with_class_names(["a", "b"]).unwrap_err().to_string();
    assert_eq!(error, "names of outputs: expected 10, found 2");
    let data = first_digits(8);
    let setting = Setting::new(&space, &registry, build(&data, 2));
    let genotype = genotype(&space, "skip_connect");
    let values = TargetSpec::Values(3);
    let error = Trained::new(&setting, &genotype, SIZE, values, &network).unwrap_err();
    assert!(matches!(error, TrainedError::Targets { .. }), "{error}");
    let wider = Setting::new(&space, &registry, Build::new(3, 10, setting.build.input));
    let classes = TargetSpec::Class { classes: 10 };
    let error = Trained::new(&wider, &genotype, SIZE, classes, &network).unwrap_err();
    assert!(matches!(error, TrainedError::Op(_)), "{error}");
}

/// A comparison of one method over one seed.
fn with_comparison(check: impl FnOnce(&Comparison<'_>, &RunDir)) {
    let registry = registry();
    let space = space(two_ops(), 1);
    let train = first_digits(32);
    let test = first_digits(12);
    let search = SearchConfig { epochs: 1, ..small_search() };
    let method = MethodParts { search, ..darts(&space) };
    let config = ComparisonConfig {
        random: RandomConfig { top: 1, fit: fit(1) },
        ..small_comparison(fit(2), &[4])
    };
    let task = Classification::new(10).unwrap();
    let comparison =
        Comparison::on(&task, &train, &test, &registry).with_config(config).method(method);
    let dir = tempfile::tempdir().unwrap();
    check(&comparison, &RunDir::open(dir.path()).unwrap());
}

#[test]
fn the_network_of_a_comparison_has_the_reported_score() {
    with_comparison(|comparison, dir| {
        let early = comparison.network(dir, 4, "darts").unwrap_err().to_string();
        assert_eq!(early, "seed 4, darts: the legs of this seed are not finished");
        comparison.run(dir, &mut Silent).unwrap().unwrap();
        let task = Classification::new(10).unwrap();
        for (contender, file) in [
            ("darts", "retrain-searched"),
            ("random", "retrain-random"),
            ("baseline", "retrain-baseline"),
        ] {
            let path = dir.file("kept.safetensors");
            comparison.network(dir, 4, contender).unwrap().save(&path).unwrap();
            let read = Trained::load(&path, comparison.registry).unwrap();
            let found = read.evaluate(comparison.test, &task).unwrap();
            let stored = dir.inside("seed-4").unwrap().read(&format!("{file}.json")).unwrap();
            let stored: serde_json::Value = serde_json::from_str(&stored.unwrap()).unwrap();
            let stored = stored.pointer("/value/scores/accuracy");
            assert_eq!(
                stored.and_then(serde_json::Value::as_f64),
                Some(found.score()),
                "{contender}"
            );
        }
        let refused = |name| comparison.network(dir, 4, name).unwrap_err().to_string();
        let expected = "seed 4, x: no such contender; there are darts, random, baseline";
        assert_eq!(refused("x"), expected);
        let other = comparison.network(dir, 5, "darts").unwrap_err().to_string();
        assert!(other.starts_with("seed 5, darts: "), "{other}");
    });
}

/// A file of the first version, which knew no graphs, and what its network put out for twelve
/// digits when it was written.
#[test]
fn a_file_of_the_first_version_is_read() {
    let bytes = include_bytes!("fixtures/trained-1.safetensors");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let read = Trained::load(&path, &registry()).unwrap();
    let expected = [-0.137_721_12, 0.095_298_484, -0.092_211_075, 0.312_700_03, -0.304_117_92];
    let found = read.outputs(&images()).unwrap().to_vec2::<f32>().unwrap();
    for (found, expected) in found[0].iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    assert_eq!(read.class_names()[3], "digit 3");
    assert_eq!(read.targets(), TargetSpec::Class { classes: 10 });
    assert!(read.normalization().is_some() && read.genotype().is_some());
    // Written again, it is of this version and says the same.
    read.save(&path).unwrap();
    let again = Trained::load(&path, &registry()).unwrap();
    assert_eq!(bits(&again.outputs(&images()).unwrap()), bits(&read.outputs(&images()).unwrap()));
}

/// Task and images that a file names are read back; a file of the second version names neither.
#[test]
fn the_task_and_the_reading_of_files_are_kept_and_older_files_are_read_without() {
    let outputs = Outputs::Plane { channels: 2 };
    let graph = UNet { base: 2, depth: Some(1) }.graph(Shape::new(1, 8, 8), outputs).unwrap();
    let mut rng = Noise::new(1).stream("w", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut rng).unwrap();
    let masks = TargetSpec::Mask { classes: 2, ignore: Some(255) };
    let kept = Trained::laid_out(&graph, masks, &network).unwrap();
    assert_eq!(kept.judge().unwrap().objective().name, "mean_iou");
    let weighting = Some(ClassWeighting::MedianFrequency);
    let unmeasured = SegmentationConfig { weighting, ..SegmentationConfig::default() };
    let task = ConfiguredTask::Segmentation(SegmentationConfig {
        weights: Some(vec![0.25, 2.0]),
        loss: Some(ClassLoss::Focal(Focal { gamma: 3.0 })),
        scores: SegmentationScores {
            objects: Some(ObjectsConfig::default()),
            ..SegmentationScores::default()
        },
        objective: Some("object_f1".to_owned()),
        ..SegmentationConfig::default()
    });
    let reading = Reading {
        bands: Bands::First(2),
        size: Size::Cover(8, 8),
        targets: FileTargets::Masks(MaskFiles {
            labels: BTreeMap::from([(200, 1)]),
            colours: BTreeMap::new(),
            ..MaskFiles::default()
        }),
    };
    let kept = kept.with_configured_task(task.clone()).unwrap().with_reading(reading.clone());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kept.safetensors");
    kept.save(&path).unwrap();
    let load = || Trained::load(&path, &registry());
    let read = load().unwrap();
    assert_eq!(read.configured_task(), Some(&task));
    assert_eq!(read.reading(), Some(&reading));
    assert_eq!(read.judge().unwrap().objective().name, "object_f1");
    let again = dir.path().join("again.safetensors");
    read.save(&again).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());

    let (identity, snapshot) = Snapshot::open(&path).unwrap().unwrap();
    let written = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut values = snapshot.values.clone();
        change(values.as_object_mut().unwrap());
        let variables = network.variables().snapshot().unwrap();
        let other = Snapshot::new(values).with("variables", variables);
        other.save(&path, &identity).unwrap();
    };
    written(&|header| {
        header.insert("version".to_owned(), 2.into());
        header.remove("configured_task");
        header.remove("reading");
    });
    let old = load().unwrap();
    assert_eq!((old.configured_task(), old.reading()), (None, None));
    assert_eq!(bits(&old.outputs(&images()).unwrap()), bits(&read.outputs(&images()).unwrap()));
    // A task of other targets is no task of the file.
    written(&|header| {
        header["configured_task"] = serde_json::json!({ "Classification": {} });
    });
    let error = load().unwrap_err().to_string();
    assert!(error.contains("expected a task of its targets"), "{error}");
    let other = Trained::laid_out(&graph, masks, &network).unwrap();
    let error = other.with_configured_task(ConfiguredTask::Segmentation(unmeasured)).unwrap_err();
    assert!(error.to_string().contains("weighting"), "{error}");
}

/// A file keeps the heads of deep supervision, and predictions are those of the main head.
#[test]
fn a_network_with_deep_supervision_is_kept_and_predicts_with_its_main_head() {
    let outputs = Outputs::Plane { channels: 2 };
    let own = SelfConfigured { base: 2, smallest: 1, deep: true, ..SelfConfigured::default() };
    let graph = own.graph(Shape::new(1, 8, 8), outputs).unwrap();
    assert_eq!(graph.deep().len(), 2);
    let mut rng = Noise::new(1).stream("w", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut rng).unwrap();
    let masks = TargetSpec::Mask { classes: 2, ignore: None };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep.safetensors");
    Trained::laid_out(&graph, masks, &network).unwrap().save(&path).unwrap();
    let read = Trained::load(&path, &registry()).unwrap();
    assert_eq!(read.graph(), Some(&graph));
    let expected = network.forward(&images(), &mut Pass::eval()).unwrap().main;
    assert_eq!(bits(&read.outputs(&images()).unwrap()), bits(&expected));
    let trains = read.network().forward(&images(), &mut Pass::new(Mode::train(), &mut rng));
    assert_eq!(trains.unwrap().deep.len(), 2);
}

#[test]
fn a_network_laid_out_by_hand_is_kept_with_its_graph() {
    let outputs = Outputs::Plane { channels: 2 };
    let unet = UNet { base: 2, depth: Some(2) };
    let graph = unet.graph(Shape::new(1, 8, 8), outputs).unwrap();
    let mut rng = Noise::new(1).stream("w", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut rng).unwrap();
    // Running statistics that are not those of the beginning.
    network.forward(&images(), &mut Pass::new(Mode::train(), &mut rng)).unwrap();
    let masks = TargetSpec::Mask { classes: 2, ignore: None };
    let kept = Trained::laid_out(&graph, masks, &network).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("unet.safetensors");
    kept.save(&path).unwrap();
    let read = Trained::load(&path, &registry()).unwrap();
    let expected = network.forward(&images(), &mut Pass::eval()).unwrap().main;
    let prediction = read.predict(&images()).unwrap();
    assert_eq!(bits(&prediction.outputs), bits(&expected));
    assert!(matches!(prediction.answer, Answer::Masks(masks) if masks.len() == 12));
    assert_eq!(read.graph(), Some(&graph));
    assert_eq!((read.genotype(), read.space(), read.build()), (None, None, None));
    assert_eq!(read.input(), Shape::new(1, 8, 8));
    assert_eq!(read.network().outputs(), Some(outputs));
    let again = dir.path().join("again.safetensors");
    read.save(&again).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());

    let classes = TargetSpec::Class { classes: 2 };
    let error = Trained::laid_out(&graph, classes, &network).unwrap_err();
    assert!(matches!(error, TrainedError::Targets { .. }), "{error}");
    let other = UNet { base: 3, ..unet }.graph(Shape::new(1, 8, 8), outputs).unwrap();
    let error = Trained::laid_out(&other, masks, &network).unwrap_err();
    assert!(matches!(error, TrainedError::Op(_)), "{error}");
}
