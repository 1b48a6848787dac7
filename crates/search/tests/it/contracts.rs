//! The most frequent mistake in every part that third parties write for a search, and the place
//! where it is reported.

mod relaxations;

use candle_core::Tensor;
use dartloom_data::Split;
use dartloom_decode::{DecodeError, Decoded, Decoder, EdgeWeighted, TopK};
use dartloom_noise::Noise;
use dartloom_ops::testkit::names_the_remedy;
use dartloom_ops::{Init, Mode, OpCost, OpError, OpFactory, Operation, Registry, op_fn};
use dartloom_relax::{Progress, RelaxError, Relaxation, Softmax};
use dartloom_search::testkit::small_search;
use dartloom_search::{
    BilevelConfig, Choices, SearchConfig, SearchError, SearchParts, SupernetSearch,
};
use dartloom_space::testkit::unregistered;
use dartloom_space::{
    Build, CellGenotype, Gene, Genotype, Layout, Outputs, Shape, Space, WeightTable,
};
use dartloom_train::{Position, Session, Stepper as _, drive};
use rand::RngCore;

use crate::tiny::{build, darts, first_digits, registry, space, ten, two_ops};

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
    SearchConfig { epochs: 4, bilevel, crop_padding: 0, ..small_search() }
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
    let parts = SearchParts { space, registry, choices, decoder, build, data: &data, task: ten() };
    SupernetSearch::new("search", parts, config(), Noise::new(1)).map(|_| ())
}

/// The behaviour of an operation in code, in place of a learned scale.
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

/// P6: an operation with a wrong output is reported at the first pass with cell, edge and name, and
/// one whose cost differs from its promise is reported when the supernet is built.
#[test]
fn an_operation_in_code_that_breaks_its_contract_is_told_with_its_place() {
    let first_step = |forward, counted| {
        let registry = registry().with_factory(code(forward, counted)).unwrap();
        let ops = registry.op_set("mine", &["skip_connect", "mine"]).unwrap();
        let space = space(ops, 1);
        let digits = first_digits(32);
        let data = Split::Halves.parts(&digits, 1).unwrap();
        let parts = darts(&space, &registry, &data);
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

/// P6: classes and images of the network must be those of the data.
#[test]
fn a_network_for_other_classes_or_images_is_refused() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let registry = registry();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let right = build(&digits, 2);
    let told = |build| {
        let parts = SearchParts { build, ..darts(&space, &registry, &data) };
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
}

/// P8: a set that nobody registered is refused before the search, wherever one begins.
#[test]
fn a_set_that_is_not_registered_is_refused_before_the_search() {
    let space = space(unregistered(), 1);
    let registry = registry();
    let choices = || Choices::of(Softmax::default());
    let error = made(&space, &registry, choices(), &TopK::darts()).unwrap_err();
    assert!(names_the_remedy(&error), "{error}");
    let known = registry.clone().with_recipes(space.op_set().ops()).unwrap();
    made(&space, &known, choices(), &TopK::darts()).unwrap();
}

/// A custom decoder that makes its genotype by itself, with an operation of another space.
#[derive(Debug)]
struct Foreign;

impl Decoder for Foreign {
    fn decode(&self, space: &Space, _: &WeightTable) -> Result<Decoded, DecodeError> {
        let cells = space.cells().iter().map(|spec| CellGenotype {
            name: spec.name.clone(),
            inputs: spec.graph.inputs(),
            genes: vec![Gene { op: "dil_conv_5x5".to_owned(), from: 0, to: 2 }],
            concat: spec.graph.concat().to_vec(),
            residual: false,
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

/// The architecture of a finished search without the number of its last epoch.
#[test]
fn a_finished_search_has_an_architecture() {
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let registry = registry();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = darts(&space, &registry, &data);
    let config = SearchConfig { epochs: 2, ..config() };
    let mut search = SupernetSearch::new("search", parts, config, Noise::new(1)).unwrap();
    drive(&mut search, &mut Session::silent()).unwrap();
    assert_eq!(search.architecture().unwrap(), search.decode(2).unwrap());
}
