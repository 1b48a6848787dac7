//! The commonest mistake of everything that third parties write for a search, and where it is told.

mod relaxations;

use candle_core::Tensor;
use dartloom_data::{DataError, Dataset, ImageShape, Sample, TargetSpec};
use dartloom_decode::{DecodeError, Decoded, Decoder, EdgeWeighted, TopK};
use dartloom_noise::Noise;
use dartloom_ops::{Init, Mode, OpCost, OpError, OpFactory, Operation, Registry, op_fn};
use dartloom_record::Silent;
use dartloom_relax::{Progress, RelaxError, Relaxation, Softmax};
use dartloom_search::explore::{
    Domain, Evaluator as _, ExploreError, Explorer, Outcome, Proposal, RandomGenotypes, Training,
    TrainingConfig, explore,
};
use dartloom_search::{
    BilevelConfig, Choices, Comparison, ComparisonConfig, MethodParts, RandomConfig, RandomSearch,
    RetrainConfig, SearchConfig, SearchError, SearchParts, Split, SupernetSearch,
};
use dartloom_space::{
    Build, CellGenotype, Cost, Gene, Genotype, Layout, OpSet, OpSpec, Outputs, Shape, Space, Stage,
    WeightTable,
};
use dartloom_train::{FitConfig, Position, RunDir, Session, Stepper as _, drive};
use rand::RngCore;

use crate::tiny::{build, first_digits, registry, space, two_ops};

/// A softmax and what somebody made of it, from an epoch on.
struct Spoilt {
    name: &'static str,
    from: usize,
    spoil: fn(&Tensor) -> candle_core::Result<Tensor>,
}

impl Spoilt {
    fn new(name: &'static str, spoil: fn(&Tensor) -> candle_core::Result<Tensor>) -> Self {
        Self { name, from: 0, spoil }
    }
}

impl std::fmt::Debug for Spoilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Relaxation for Spoilt {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        let weights = Softmax::default().weights(logits, at, noise)?;
        Ok(if at.epoch < self.from { weights } else { (self.spoil)(&weights)? })
    }
}

fn config() -> SearchConfig {
    let bilevel = BilevelConfig { warm_up: 1, ..BilevelConfig::default() };
    SearchConfig {
        epochs: 4,
        batch: 8,
        bilevel,
        crop_padding: 0,
        flip: false,
        ..SearchConfig::default()
    }
}

/// Makes a search of these parts, and gives the error or nothing.
fn made(
    space: &Space,
    registry: &Registry,
    choices: Choices,
    decoder: &dyn Decoder,
) -> Result<(), SearchError> {
    let digits = first_digits(32);
    let data = Split::Halves.parts(&digits, 1)?;
    let build = build(&digits, 2);
    let parts = SearchParts { space, registry, choices, decoder, build, data: &data };
    SupernetSearch::new("search", parts, config(), Noise::new(1)).map(|_| ())
}

/// What an operation in code does in place of a learned scale.
struct Code {
    weight: Tensor,
    stride: usize,
    forward: fn(&Tensor, usize) -> candle_core::Result<Tensor>,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code")
    }
}

impl Operation for Code {
    fn forward(&self, x: &Tensor, _: Mode) -> Result<Tensor, OpError> {
        let y = (self.forward)(x, self.stride)?;
        Ok(y.broadcast_mul(&self.weight)?)
    }
}

fn code(
    forward: fn(&Tensor, usize) -> candle_core::Result<Tensor>,
    counted: u64,
) -> impl OpFactory + 'static {
    op_fn(
        "mine",
        move |at, vars| {
            let weight = vars.parameter("weight", &[1], Init::Constant(1.0))?;
            Ok(Box::new(Code { weight, stride: at.stride, forward }))
        },
        move |_| OpCost { parameters: counted, macs: 0 },
    )
}

/// P6: an operation of another output is told at the first pass with cell, edge and name, and one that
/// costs something else than it says when the supernet is built.
#[test]
fn an_operation_in_code_that_breaks_its_contract_is_told_with_its_place() {
    let first_step = |forward, counted| {
        let registry = registry().with_factory(code(forward, counted)).unwrap();
        let ops = registry.op_set("mine", &["skip_connect", "mine"]).unwrap();
        let (space, digits) = (space(ops, 1), first_digits(32));
        let data = Split::Halves.parts(&digits, 1).unwrap();
        let parts = SearchParts {
            space: &space,
            registry: &registry,
            choices: Choices::of(Softmax::default()),
            decoder: &TopK::darts(),
            build: build(&digits, 2),
            data: &data,
        };
        SupernetSearch::new("search", parts, config(), Noise::new(1))?
            .step(Position::default())
            .map(|_| ())
    };
    let strided: fn(&Tensor, usize) -> candle_core::Result<Tensor> =
        |x, stride| if stride > 1 { x.avg_pool2d(stride) } else { Ok(x.clone()) };
    first_step(strided, 1).unwrap();
    let error = first_step(|x, _| Ok(x.clone()), 1).unwrap_err().to_string();
    assert!(error.contains("mine: expected an output of shape"), "{error}");
    assert!(error.starts_with("cell ") && error.contains("edge 0->2"), "{error}");
    assert!(error.contains("on an edge of stride 2"), "{error}");
    let error = first_step(strided, 2).unwrap_err().to_string();
    assert_eq!(
        error,
        "operation `mine`: its `OpCost` has 2 parameters, but 1 were created; variables come from \
         the `Builder` alone"
    );
}

/// P6: classes and images of the network are those of the data.
#[test]
fn a_network_for_other_classes_or_images_is_refused() {
    let (space, digits, registry) = (space(two_ops(), 1), first_digits(32), registry());
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let right = build(&digits, 2);
    let told = |build| {
        let parts = SearchParts {
            space: &space,
            registry: &registry,
            choices: Choices::of(Softmax::default()),
            decoder: &TopK::darts(),
            build,
            data: &data,
        };
        SupernetSearch::new("search", parts, config(), Noise::new(1)).unwrap_err().to_string()
    };
    for classes in [2, 11] {
        let error = told(right.with_outputs(Outputs::Vector(classes)));
        let expected =
            format!("the task asks for a vector of 10, the network puts out a vector of {classes}");
        assert!(error.starts_with(&expected), "{error}");
    }
    let error = told(Build { input: Shape::new(3, 8, 8), ..right });
    assert_eq!(
        error,
        "build.input: expected the shape of the images, found 3x8x8 for images of 1x8x8"
    );
    // The same where candidates are trained.
    let training = Training {
        space: &space,
        registry: &registry,
        build: Build { outputs: Outputs::Vector(3), ..right },
        data: &data,
        config: TrainingConfig::default(),
        noise: Noise::new(1),
        checkpoints: None,
    };
    assert!(
        training.check().unwrap_err().to_string().starts_with("the task asks for a vector of 10,")
    );
}

/// A set with a recipe that the standard registry does not know.
fn unregistered() -> OpSet {
    let rest = OpSpec::new("rest", [Stage::Identity])
        .with_strided([Stage::FactorizedReduce { out: dartloom_space::Width::Same }]);
    OpSet::new("mine", vec![rest, registry().catalog().get("sep_conv_3x3").unwrap().clone()])
        .unwrap()
}

fn names_the_remedy(error: impl std::fmt::Display) {
    let error = error.to_string();
    assert!(error.starts_with("operation `rest` of the set `mine` is not registered"), "{error}");
    assert!(error.ends_with("add the space's recipes: `Registry::with_recipes`"), "{error}");
}

/// P8: a set that nobody registered is refused before the search, wherever one begins.
#[test]
fn a_set_that_is_not_registered_is_refused_before_the_search() {
    let (space, registry) = (space(unregistered(), 1), registry());
    let choices = || Choices::of(Softmax::default());
    names_the_remedy(made(&space, &registry, choices(), &TopK::darts()).unwrap_err());
    let known = registry.clone().with_recipes(space.op_set().ops()).unwrap();
    made(&space, &known, choices(), &TopK::darts()).unwrap();

    let digits = first_digits(32);
    names_the_remedy(comparison(&registry, vec![method(&space)], &digits, &digits).unwrap_err());
    comparison(&known, vec![method(&space)], &digits, &digits).unwrap();

    let data = Split::Halves.parts(&digits, 1).unwrap();
    let random = RandomSearch {
        space: &space,
        registry: &registry,
        build: build(&digits, 2),
        data: &data,
        config: RandomConfig::default(),
        budget: 0,
        noise: Noise::new(1),
    };
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    names_the_remedy(random.run("random", &dir, &mut Silent).unwrap_err());

    let mut training = Training {
        space: &space,
        registry: &registry,
        build: build(&digits, 2),
        data: &data,
        config: TrainingConfig::default(),
        noise: Noise::new(1),
        checkpoints: None,
    };
    let mut explorer = RandomGenotypes::new(Domain::top(space.clone(), 2), Noise::new(1));
    names_the_remedy(explore(&mut explorer, &mut training, 3).unwrap_err());
}

fn method(space: &Space) -> MethodParts<'_> {
    const DARTS: TopK = TopK::darts();
    MethodParts {
        key: "darts".to_owned(),
        name: "DARTS".to_owned(),
        space,
        choices: Choices::of(Softmax::default()),
        decoder: &DARTS,
        channels: 2,
        partial: 1,
        split: Split::Halves,
        search: config(),
    }
}

fn comparison(
    registry: &Registry,
    methods: Vec<MethodParts<'_>>,
    train: &dyn Dataset,
    test: &dyn Dataset,
) -> Result<(), SearchError> {
    let fit = FitConfig {
        batch: 8,
        auxiliary: 0.0,
        drop_path: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    let random = RandomConfig { fit: fit.clone(), ..RandomConfig::default() };
    let retrain = RetrainConfig { channels: 2, layers: 3, fit };
    let config = ComparisonConfig { random, retrain, ..ComparisonConfig::default() };
    let explorers = Vec::new();
    Comparison { registry, methods, explorers, workers: None, train, test, config }.check()
}

/// The second method's mistake is not told after the first method's search.
#[test]
fn a_comparison_tries_every_method_before_the_first_search() {
    let (space, digits) = (space(two_ops(), 1), first_digits(32));
    let mut second = method(&space);
    (second.key, second.name) = ("mine".to_owned(), "mine".to_owned());
    second.choices = Choices::of(Spoilt::new("Detach", |weights| Ok(weights.detach())));
    let methods = vec![method(&space), second];
    let error = comparison(&registry(), methods, &digits, &digits).unwrap_err();
    let place = "methods.1: logits of `normal`, relaxed by Detach";
    assert!(error.to_string().starts_with(place), "{error}");
}

/// P6: images to judge with of another task than those to train with.
#[test]
fn test_images_of_another_task_are_refused_by_a_comparison() {
    let (space, digits) = (space(two_ops(), 1), first_digits(32));
    let other = Stripes;
    let error = comparison(&registry(), vec![method(&space)], &digits, &other).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("expected test images of 1x8x8, one of 10 classes"), "{error}");
}

/// Two classes of stripes.
#[derive(Debug)]
struct Stripes;

impl Dataset for Stripes {
    fn len(&self) -> usize {
        8
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 8, 8)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 2 }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        sample.pixels.fill(index as f32);
        sample.target.put_class((index % 2) as u32)
    }
}

/// A decoder of one's own that makes its genotype by itself, with an operation of another space.
#[derive(Debug)]
struct Foreign;

impl Decoder for Foreign {
    fn decode(&self, space: &Space, _: &WeightTable) -> Result<Decoded, DecodeError> {
        let cells = space.cells().iter().map(|spec| CellGenotype {
            name: spec.name.clone(),
            inputs: spec.graph.inputs(),
            genes: vec![Gene { op: "dil_conv_5x5".to_owned(), from: 0, to: 2 }],
            concat: spec.graph.concat().to_vec(),
        });
        let genotype = Genotype::new(Layout::TwoCells, cells.collect());
        Ok(Decoded { genotype: genotype.map_err(DecodeError::Genotype)?, notes: Vec::new() })
    }
}

/// A decoder is tried on the first weights, not after the first epoch.
#[test]
fn a_decoder_of_another_space_or_of_other_weights_is_refused_before_the_search() {
    let space = space(two_ops(), 1);
    let made = |decoder: &dyn Decoder| {
        made(&space, &registry(), Choices::of(Softmax::default()), decoder).unwrap_err()
    };
    let error = made(&Foreign);
    assert!(
        matches!(error, SearchError::Decode(DecodeError::Genotype(_)))
            && error.to_string().contains("dil_conv_5x5"),
        "{error}"
    );
    let error = made(&EdgeWeighted(TopK::darts()));
    assert!(matches!(error, SearchError::Decode(DecodeError::NoEdgeWeights { .. })), "{error}");
}

/// An explorer that always proposes the same, under numbers of its own.
#[derive(Debug)]
struct Stubborn {
    domain: Domain,
    genotype: Genotype,
    numbers: Vec<u64>,
}

impl Explorer for Stubborn {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        Ok(self.numbers.pop().map(|task| Proposal::new(task, self.genotype.clone())))
    }

    fn tell(&mut self, _: &Proposal, _: &Outcome) -> Result<(), ExploreError> {
        Ok(())
    }

    fn state(&self) -> Result<serde_json::Value, ExploreError> {
        Ok(serde_json::Value::Null)
    }

    fn restore(&mut self, _: &serde_json::Value) -> Result<(), ExploreError> {
        Ok(())
    }
}

/// Outcomes are told by number, and what is proposed is trained whatever it is.
#[test]
fn an_explorer_that_leaves_its_domain_or_repeats_a_number_is_refused() {
    let domain = Domain::top(space(two_ops(), 1), 2);
    let inside = domain.sample(&mut Noise::new(1).stream("one", 0)).unwrap();
    let told = |genotype: Genotype, numbers: Vec<u64>| {
        let mut explorer = Stubborn { domain: domain.clone(), genotype, numbers };
        let mut judge = |_: &Genotype| Outcome::measured(0.5, Cost::default());
        explore(&mut explorer, &mut judge, 3)
    };
    assert_eq!(told(inside.clone(), vec![2, 1, 0]).unwrap().len(), 3);
    let error = told(inside, vec![7, 4, 4]).unwrap_err();
    assert!(matches!(error, ExploreError::Numbered { task: 4, last: 4 }), "{error}");
    let pools = registry().op_set("pools", &["max_pool_3x3"]).unwrap();
    let other = Domain::top(space(pools, 1), 2);
    let outside = other.sample(&mut Noise::new(1).stream("one", 0)).unwrap();
    let error = told(outside, vec![0]).unwrap_err();
    assert!(matches!(error, ExploreError::Outside { task: 0, .. }), "{error}");
}

/// The architecture of a finished search without the number of its last epoch.
#[test]
fn a_finished_search_has_an_architecture() {
    let (space, digits, registry) = (space(two_ops(), 1), first_digits(32), registry());
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = SearchParts {
        space: &space,
        registry: &registry,
        choices: Choices::of(Softmax::default()),
        decoder: &TopK::darts(),
        build: build(&digits, 2),
        data: &data,
    };
    let config = SearchConfig { epochs: 2, ..config() };
    let mut search = SupernetSearch::new("search", parts, config, Noise::new(1)).unwrap();
    drive(&mut search, &mut Session::silent()).unwrap();
    assert_eq!(search.architecture().unwrap(), search.decode(2).unwrap());
}
