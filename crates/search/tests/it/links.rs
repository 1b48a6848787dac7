//! Searches whose networks choose among links.

use candle_core::{DType, Tensor};
use dartloom_data::{
    Dataset, ImageShape, InMemory, Normalization, Parts, Split, TargetSpec, Targets,
};
use dartloom_decode::{
    BestPath, Decoder as _, Linked, MultiPath, PathCount, PathDecoder, TopK, Transitions,
};
use dartloom_net::{NetworkSize, Setting, Supernet};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model as _, Pass, Place};
use dartloom_record::{Event, Flow, observer_fn};
use dartloom_relax::{Progress, Ramp, Simplex, Softmax, SomeOn};
use dartloom_search::{
    Among, Architecture, Bilevel, BilevelConfig, Choices, Distance, Incomplete, LinkChoices,
    LinkPenalties, LogitStep, SearchConfig, SearchError, SearchParts, SupernetSearch, hard_weights,
};
use dartloom_space::{Blueprint, Build, Lattice, LogitId, Shape, Space, Stem};
use dartloom_task::{Segmentation, Task};
use dartloom_train::{Schedule, Session, drive};

use crate::tiny::{EPOCHS, differences, registry, two_ops};

const IMAGE: Shape = Shape::new(1, 8, 8);

/// Bright and dark pixels of 32 images.
fn masks() -> InMemory {
    let pixels: Vec<u8> = (0..32 * 64_usize).map(|at| (at * 31 % 251) as u8).collect();
    let labels = pixels.iter().map(|&pixel| u32::from(pixel > 120)).collect();
    let spec = TargetSpec::Mask { classes: 2, ignore: None };
    let normalization = Normalization::scaled(255.0, 1).unwrap();
    let targets = Targets::Indices(labels);
    InMemory::with_targets(ImageShape::new(1, 8, 8), spec, pixels, targets, normalization).unwrap()
}

/// A space, its way from logits to weights, and its rule for links.
struct Case {
    space: Space,
    choices: Choices,
    paths: Box<dyn PathDecoder>,
    step: LogitStep,
}

fn cases() -> Vec<Case> {
    let soft = || Choices::of(Softmax::default());
    let shares = |among| LinkChoices::of(Softmax::default()).among(among);
    let nested = Space::darts_unet_pp(two_ops(), 2, 1, Stem::cifar(1)).unwrap();
    let lattice = |lattice, stem| Space::lattice(two_ops(), lattice, 1, stem).unwrap();
    let several = || MultiPath { count: PathCount::Fixed(2), ..MultiPath::default() };
    let dints = LinkPenalties {
        entropy: Ramp::constant(0.1),
        topology: Ramp::constant(1e-3),
        memory: Ramp::constant(0.5),
        share: 0.3,
        distance: Distance::Squared,
    };
    vec![
        Case {
            space: nested.clone(),
            choices: soft().with_links(shares(Among::Source)),
            paths: Box::new(several()),
            step: LogitStep::Adam,
        },
        Case {
            space: nested,
            choices: Choices::of(Simplex).with_links(LinkChoices::of(Simplex).among(Among::Cell)),
            paths: Box::new(several()),
            step: LogitStep::ExponentiatedGradient,
        },
        Case {
            space: pyramids(lattice(Lattice::auto_deeplab(3, 2), Stem::cifar(1))),
            choices: soft().with_links(shares(Among::Source)),
            paths: Box::new(BestPath { transitions: Transitions::LinksIn, ..BestPath::default() }),
            step: LogitStep::Adam,
        },
        Case {
            space: lattice(Lattice::dints(2, 2), Stem::pyramid(2).unwrap()),
            choices: soft()
                .with_links(LinkChoices::of(SomeOn).among(Among::Layer).with_penalties(dints)),
            paths: Box::new(several()),
            step: LogitStep::Adam,
        },
    ]
}

/// The same with pyramids before its head.
fn pyramids(space: Space) -> Space {
    space.with_network(space.network().with_rates(&[2, 4]).unwrap()).unwrap()
}

fn config(step: LogitStep) -> SearchConfig {
    let bilevel = BilevelConfig {
        rate: Schedule::Constant(0.05),
        arch_rate: Schedule::Constant(0.05),
        logit_step: step,
        ..BilevelConfig::default()
    };
    let config = SearchConfig { epochs: EPOCHS, batch: 8, bilevel, ..SearchConfig::default() };
    SearchConfig { crop_padding: 0, flip: false, ..config }
}

fn task() -> &'static dyn Task {
    Box::leak(Box::new(Segmentation::new(2, None).unwrap()))
}

fn decoder(case: &Case) -> Linked<&dyn PathDecoder, TopK> {
    Linked { links: Some(&*case.paths), cells: TopK::darts() }
}

fn build() -> Build {
    Build::new(2, 2, IMAGE).with_outputs(task().outputs())
}

fn with_search<T>(case: &Case, then: impl FnOnce(&mut SupernetSearch<'_>) -> T) -> T {
    let registry = registry();
    let masks = masks();
    let data: Parts<'_> = Split::Halves.parts(&masks as &dyn Dataset, 1).unwrap();
    let parts = SearchParts {
        space: &case.space,
        registry: &registry,
        choices: case.choices.clone(),
        decoder: &decoder(case),
        build: build(),
        data: &data,
        task: task(),
    };
    let noise = Noise::new(5);
    then(&mut SupernetSearch::new("search", parts, config(case.step), noise).unwrap())
}

/// Searched, decoded, and trained again in its own network.
#[test]
fn links_are_searched_decoded_and_derived() {
    let mut smaller = 0;
    for case in cases() {
        let found = with_search(&case, |search| {
            let before = search.table(0).unwrap();
            drive(search, &mut Session::silent()).unwrap();
            let after = search.table(EPOCHS).unwrap();
            assert_ne!(before.links(), after.links(), "{:?}", case.paths);
            let found = search.architecture().unwrap().genotype;
            assert!(search.gap(&found).unwrap().is_finite());
            found
        });
        assert!(!found.links().ports.is_empty());
        case.space.admit(&found).unwrap();
        let registry = registry();
        let setting = Setting::new(&case.space, &registry, build());
        let mut noise = Noise::new(0).stream("weights", 0);
        let net = setting.derive(&found, &NetworkSize::default(), &mut noise).unwrap();
        let placed = setting.network(&found, &NetworkSize::default()).unwrap().placements().len();
        smaller += usize::from(placed < case.space.network().placements().len());
        let x = Tensor::zeros((1, 1, 8, 8), DType::F32, &candle_core::Device::Cpu).unwrap();
        let mut noise = Noise::new(0).stream("pass", 0);
        let mut pass = Pass::new(Mode::eval(), &mut noise);
        let output = net.forward(&x, &mut pass).unwrap();
        assert_eq!(output.main.dims(), [1, 2, 8, 8]);
    }
    assert!(smaller > 1);
}

/// A network with the variables that it has in the supernet computes what the supernet does with
/// weight 1 on what it keeps.
#[test]
fn inherited_networks_compute_what_the_supernet_computes_with_hard_weights() {
    for case in cases() {
        let bilevel = bench(&case);
        let registry = registry();
        let setting = Setting::new(&case.space, &registry, build()).at(Place::from(DType::F64));
        let mut rng = Noise::new(9).stream("genotype", 0);
        let random = case.space.sample(2, &mut rng);
        let mut noise = Noise::new(0).stream("relaxation", 0);
        let table = bilevel.core.architecture.table(Progress::start(EPOCHS), &mut noise).unwrap();
        let decoded = decoder(&case).decode(&case.space, &table).unwrap().genotype;
        for genotype in [random, decoded] {
            let net = setting.inherit(&bilevel.core.supernet, &genotype).unwrap();
            let weights = hard_weights(&case.space, &genotype, &setting.place).unwrap();
            let x = filled(&[2, 1, 8, 8]);
            let mut noise = Noise::new(0).stream("pass", 0);
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            let hard = bilevel.core.supernet.forward(&x, &weights, &mut pass).unwrap().main;
            let own = net.forward(&x, &mut pass).unwrap().main;
            for (own, hard) in flat(&own).iter().zip(flat(&hard)) {
                approx::assert_relative_eq!(*own, hard, epsilon = 1e-9);
            }
        }
    }
}

#[test]
fn a_search_of_links_that_is_stopped_and_goes_on_equals_one_that_never_stops() {
    for case in cases() {
        let directory = tempfile::tempdir().unwrap();
        let run = |name: &str, stop: Option<usize>| {
            let path = directory.path().join(name);
            with_search(&case, |search| {
                let mut observer = observer_fn(|event: &Event| {
                    Ok(match event {
                        Event::EpochFinished { epoch, .. } if Some(*epoch) == stop => Flow::Stop,
                        _ => Flow::Continue,
                    })
                });
                drive(search, &mut Session::new(&mut observer).saved_at(&path)).unwrap();
            });
            std::fs::read(path).unwrap()
        };
        let whole = run("whole", None);
        run("halves", Some(1));
        assert!(run("halves", None) == whole);
    }
}

/// A supernet in f64 with links that have logits of order 1.
fn bench(case: &Case) -> Bilevel<'static> {
    let plan = Blueprint::supernet(&case.space, build()).unwrap();
    let place = Place::from(DType::F64);
    let noise = Noise::new(11);
    let mut weights = noise.stream("weights", 0);
    let supernet = Supernet::new(&plan, &registry(), &place, &mut weights).unwrap();
    let mut logits = noise.stream("logits", 0);
    let architecture =
        Architecture::new(&case.space, case.choices.clone(), &place, &mut logits).unwrap();
    let config = config(case.step).bilevel;
    let task = Box::new(Segmentation::new(2, None).unwrap());
    Bilevel::new(supernet, architecture, task, config, noise).unwrap()
}

/// The gradient of a loss of the output with respect to the logits of links.
#[test]
fn logits_of_links_have_the_gradients_of_central_differences() {
    for case in cases().into_iter().filter(|case| case.step == LogitStep::Adam) {
        let bilevel = bench(&case);
        let x = filled(&[2, 1, 8, 8]);
        let loss = || {
            let at = Progress::start(EPOCHS);
            let y = bilevel.core.forward(at, &x, Mode::probe()).unwrap();
            let loss = y.sqr().unwrap().mean_all().unwrap();
            let mut noise = Noise::new(0).stream("penalty", 0);
            match bilevel.core.architecture.penalty(at, &mut noise).unwrap() {
                Some(penalty) => (loss + penalty).unwrap(),
                None => loss,
            }
        };
        let store = loss().backward().unwrap();
        let logits = bilevel.core.architecture.logits();
        let found: Vec<f64> =
            logits.values().flat_map(|var| flat(store.get(var).unwrap())).collect();
        let value = || loss().to_scalar::<f64>().unwrap();
        let expected = differences(&bilevel.core.architecture, 1e-5, value);
        let links = logits[&LogitId::Links].elem_count();
        assert!(links > 2 && found.len() > links);
        for (found, expected) in found.iter().zip(&expected) {
            approx::assert_relative_eq!(found, expected, epsilon = 2e-7, max_relative = 2e-4);
        }
    }
}

/// The term for memory, from the bytes that the predictor gives each cell on a transition.
#[test]
fn the_memory_of_links_is_that_of_the_cells_on_them() {
    let weight = 0.5;
    let share = 0.3;
    let term = |distance| LinkPenalties {
        memory: Ramp::constant(weight),
        share,
        distance,
        ..LinkPenalties::default()
    };
    for distance in [Distance::Absolute, Distance::Squared] {
        let mut case = cases().remove(3);
        let links = LinkChoices::of(SomeOn).among(Among::Layer).with_penalties(term(distance));
        case.choices = Choices::of(Softmax::default()).with_links(links);
        let bilevel = bench(&case);
        let bytes = bilevel.core.supernet.link_bytes();
        let rows: Vec<usize> = case.space.network().choices().map(|choice| choice.links).collect();
        assert_eq!(bytes.iter().map(Vec::len).collect::<Vec<_>>(), rows);
        // Cells of the finer level put out four times the pixels, at half the channels.
        assert!(bytes.concat().iter().all(|&bytes| bytes > 0));
        assert!(bytes[0].iter().min() > bytes[1].iter().max(), "{bytes:?}");
        let at = Progress::start(EPOCHS);
        let mut noise = Noise::new(0).stream("penalty", 0);
        let weights = bilevel.core.architecture.table(at, &mut noise).unwrap();
        let spent = weights.links().iter().flatten().zip(bytes.concat());
        let used: f64 = spent.map(|(weight, bytes)| weight * bytes as f64).sum();
        let apart = share - used / bytes.concat().iter().sum::<u64>() as f64;
        let apart = if distance == Distance::Squared { apart * apart } else { apart.abs() };
        let found = bilevel.core.architecture.penalty(at, &mut noise).unwrap().unwrap();
        let found = found.to_scalar::<f64>().unwrap();
        approx::assert_relative_eq!(found, weight * apart, max_relative = 1e-9);
    }
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Fixed numbers in `[-1, 1)`.
fn filled(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|at| (at as f64 * 0.7).sin()).collect();
    Tensor::from_vec(values, shape, &candle_core::Device::Cpu).unwrap()
}

#[test]
fn choices_of_links_without_a_relaxation_or_a_rule_are_refused() {
    let case = &cases()[0];
    let mut noise = Noise::new(0).stream("logits", 0);
    let plain = Choices::of(Softmax::default());
    let error = Architecture::new(&case.space, plain, &Place::default(), &mut noise).unwrap_err();
    assert!(error.to_string().contains("links"), "{error}");
    let mixed = Choices::of(Softmax::default()).with_links(LinkChoices::of(Simplex));
    let error = Architecture::new(&case.space, mixed, &Place::default(), &mut noise).unwrap_err();
    assert!(error.to_string().contains("relaxation of links"), "{error}");
    // Penalties read layers, and thirds are of three.
    let layers = LinkPenalties { topology: Ramp::constant(1.0), ..LinkPenalties::default() };
    let links = LinkChoices::of(SomeOn).with_penalties(layers);
    let sources = Choices::of(Softmax::default()).with_links(links);
    let error = Architecture::new(&case.space, sources, &Place::default(), &mut noise).unwrap_err();
    assert!(error.to_string().contains("links.among"), "{error}");
    for share in [0.0, 1.5, f64::NAN] {
        let penalties = LinkPenalties { share, ..LinkPenalties::default() };
        let links = LinkChoices::of(Softmax::default()).with_penalties(penalties);
        let links = Choices::of(Softmax::default()).with_links(links.among(Among::Layer));
        let error = Architecture::new(&case.space, links, &Place::default(), &mut noise);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("links.share"), "{error}");
    }
    let thirds = LinkChoices::of(Softmax::default()).among(Among::Layer);
    let thirds = LinkChoices { incomplete: Incomplete::Thirds, ..thirds };
    let many = Choices::of(Softmax::default()).with_links(thirds);
    let wide = &cases()[3].space;
    let error = Architecture::new(wide, many, &Place::default(), &mut noise).unwrap_err();
    assert!(error.to_string().contains("links.incomplete"), "{error}");
    // A decoder of cells leaves the links open.
    let registry = registry();
    let masks = masks();
    let data = Split::Halves.parts(&masks, 1).unwrap();
    let parts = SearchParts {
        space: &case.space,
        registry: &registry,
        choices: case.choices.clone(),
        decoder: &TopK::darts(),
        build: build(),
        data: &data,
        task: task(),
    };
    let search = SupernetSearch::new("search", parts, config(case.step), Noise::new(5));
    assert!(matches!(search.map(drop), Err(SearchError::Decode(_))));
}
