use candle_core::{DType, Device, Tensor};
use dartloom_space::testkit::unregistered;
use dartloom_space::{Build, Phase, Shape, Space, SpaceError, Stage, Stem};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::testkit::names_the_remedy;
use crate::{Mode, OpCost, Place, Variables, op_fn};

#[derive(Debug)]
struct Scale(f64);

impl Operation for Scale {
    fn forward(&self, x: &Tensor, _: Mode) -> Result<Tensor, OpError> {
        Ok((x * self.0)?)
    }
}

fn scale(name: &str, parameters: u64, macs: u64) -> impl OpFactory + 'static {
    op_fn(
        name,
        |_: &InputPlan, _: &mut Builder<'_>| Ok(Box::new(Scale(2.0)) as Box<dyn Operation>),
        move |_: &InputPlan| OpCost { parameters, macs },
    )
}

fn place() -> InputPlan {
    InputPlan { shape: Shape::new(2, 4, 4), width: 2, stride: 1, phase: Phase::Search }
}

fn run(registry: &Registry, candidate: &Candidate) -> Result<Vec<f64>, OpError> {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let op = registry.build(candidate, &place(), &mut variables.builder(&mut rng))?;
    let x = Tensor::ones((1, 2, 4, 4), DType::F64, &Device::Cpu)?;
    Ok(op.forward(&x, Mode::eval())?.flatten_all()?.to_vec1()?)
}

fn custom(name: &str) -> Candidate {
    Candidate { op: OpSpec::custom(name), layers: None }
}

#[test]
fn recipes_replace_defaults_in_place_and_extend_the_catalog() {
    let standard = Registry::standard().unwrap();
    let specs = [OpSpec::new("sep_conv_3x3", [Stage::Relu]), OpSpec::new("new", [Stage::Identity])];
    let registry = standard.clone().with_recipes(&specs).unwrap();
    let before = standard.catalog();
    let after = registry.catalog();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after.position("sep_conv_3x3"), before.position("sep_conv_3x3"));
    assert_eq!(after.get("sep_conv_3x3").unwrap(), &specs[0]);
    assert_eq!(after.position("new"), Some(before.len()));
}

#[test]
fn a_bad_recipe_is_refused() {
    let even = Stage::MaxPool { kernel: 2.into(), stride: dartloom_space::Stride::Edge };
    let result = Registry::standard().unwrap().with_recipes(&[OpSpec::new("even", [even])]);
    assert!(matches!(
        result,
        Err(OpError::Space(SpaceError::OpStage { op, position: 0, .. })) if op == "even"
    ));
}

#[test]
fn taken_names_are_refused() {
    let registry = Registry::standard().unwrap();
    let recipe = registry.clone().with_factory(scale("sep_conv_3x3", 0, 0));
    assert!(matches!(recipe, Err(OpError::Registered { op }) if op == "sep_conv_3x3"));
    let twice = registry.with_factory(scale("mine", 0, 0)).unwrap();
    let twice = twice.with_factory(scale("mine", 0, 0));
    assert!(matches!(twice, Err(OpError::Registered { op }) if op == "mine"));
}

#[test]
fn a_name_that_waits_for_its_factory_is_not_taken() {
    let registry = Registry::standard().unwrap().with_recipes(&[OpSpec::custom("mine")]).unwrap();
    assert!(matches!(run(&registry, &custom("mine")), Err(OpError::NoFactory { .. })));
    let registry = registry.with_factory(scale("mine", 0, 0)).unwrap();
    assert_eq!(run(&registry, &custom("mine")).unwrap(), [2.0; 32]);
}

#[test]
fn an_invalid_name_is_refused() {
    let result = Registry::standard().unwrap().with_factory(scale("two words", 0, 0));
    assert!(matches!(result, Err(OpError::Space(SpaceError::OpName { op })) if op == "two words"));
}

#[test]
fn an_operation_without_recipe_and_factory_is_named() {
    let registry = Registry::standard().unwrap();
    let result = run(&registry, &custom("absent"));
    assert!(matches!(result, Err(OpError::NoFactory { op }) if op == "absent"));
}

#[test]
fn a_set_takes_known_names_in_order() {
    let registry = Registry::standard().unwrap().with_factory(scale("mine", 0, 0)).unwrap();
    let set = registry.op_set("small", &["skip_connect", "mine", "none"]).unwrap();
    assert_eq!(set.name(), "small");
    assert_eq!(set.names().collect::<Vec<_>>(), ["skip_connect", "mine", "none"]);
    let unknown = registry.op_set("small", &["skip"]);
    assert!(matches!(
        unknown,
        Err(OpError::Space(SpaceError::UnknownOp { op, known }))
            if op == "skip" && known.iter().any(|name| name == "mine")
    ));
}

fn build() -> Build {
    let input = Shape::new(1, 8, 8);
    Build::new(4, 3, input)
}

#[test]
fn cost_includes_custom_operations_on_every_edge() {
    let registry = Registry::standard().unwrap().with_factory(scale("mine", 7, 11)).unwrap();
    let plan = |ops: &[&str]| {
        let ops = registry.op_set("set", ops).unwrap();
        Blueprint::supernet(&Space::darts(ops, 3, 2, Stem::cifar(3)).unwrap(), build()).unwrap()
    };
    let without = registry.cost(&plan(&["skip_connect"])).unwrap();
    let with = plan(&["skip_connect", "mine"]);
    let edges: u64 = with.cells.iter().map(|cell| cell.edges.len() as u64).sum();
    let cost = registry.cost(&with).unwrap();
    assert_eq!(edges, 3 * 5);
    assert_eq!(cost.parameters, without.parameters + 7 * edges);
    assert_eq!(cost.macs, without.macs + 11 * edges);
    assert_eq!(cost.unused_parameters, 0);
    assert!(matches!(
        Registry::standard().unwrap().cost(&with),
        Err(OpError::NoFactory { op }) if op == "mine"
    ));
}

#[test]
fn dead_custom_genes_cost_parameters_only() {
    let registry = Registry::standard().unwrap().with_factory(scale("mine", 7, 11)).unwrap();
    let ops = registry.op_set("set", &["mine"]).unwrap();
    let space = Space::darts(ops, 1, 1, Stem::cifar(3)).unwrap();
    let mut plan = Blueprint::supernet(&space, build()).unwrap();
    let alive = registry.cost(&plan).unwrap();
    plan.cells[0].edges[0].live = false;
    let dead = registry.cost(&plan).unwrap();
    assert_eq!(dead.parameters, alive.parameters);
    assert_eq!((dead.unused_parameters, alive.macs - dead.macs), (7, 11));
}

#[test]
fn counts_beyond_any_network_saturate() {
    let huge = scale("mine", u64::MAX, u64::MAX);
    let registry = Registry::standard().unwrap().with_factory(huge).unwrap();
    let ops = registry.op_set("set", &["mine"]).unwrap();
    let space = Space::darts(ops, 1, 1, Stem::cifar(3)).unwrap();
    let cost = registry.cost(&Blueprint::supernet(&space, build()).unwrap()).unwrap();
    assert_eq!((cost.parameters, cost.macs), (u64::MAX, u64::MAX));
}

fn set(ops: Vec<OpSpec>) -> OpSet {
    OpSet::new("mine", ops).unwrap()
}

#[test]
fn a_set_of_registered_operations_is_accepted() {
    let registry = Registry::standard().unwrap().with_factory(scale("mine", 0, 0)).unwrap();
    registry.check(&OpSet::builtin("S").unwrap()).unwrap();
    registry.check(&set(vec![OpSpec::custom("mine")])).unwrap();
}

#[test]
fn an_operation_that_is_not_registered_is_refused_with_the_remedy() {
    let registry = Registry::standard().unwrap();
    let mine = unregistered();
    let error = registry.check(&mine).unwrap_err();
    assert!(names_the_remedy(&error), "{error}");
    registry.with_recipes(mine.ops()).unwrap().check(&mine).unwrap();
}

#[test]
fn an_operation_of_the_same_name_and_another_recipe_is_refused() {
    let other = OpSpec::new("skip_connect", [Stage::Relu]);
    let error = Registry::standard().unwrap().check(&set(vec![other])).unwrap_err();
    assert!(matches!(error, OpError::OtherRecipe { op, .. } if op == "skip_connect"));
}

#[test]
fn an_operation_in_code_without_its_factory_is_refused() {
    let custom = set(vec![OpSpec::custom("absent")]);
    let registry = Registry::standard().unwrap();
    assert!(matches!(registry.check(&custom), Err(OpError::NoFactory { op }) if op == "absent"));
    let waiting = registry.with_recipes(custom.ops()).unwrap();
    assert!(matches!(waiting.check(&custom), Err(OpError::NoFactory { op }) if op == "absent"));
}

#[test]
fn a_cost_that_counts_other_parameters_than_are_created_is_refused() {
    let registry = Registry::standard().unwrap().with_factory(scale("mine", 7, 0)).unwrap();
    let error = run(&registry, &custom("mine")).unwrap_err();
    assert!(matches!(error, OpError::Counted { created: 0, counted: 7, .. }), "{error}");
    // A network that is only counted is held to it as well.
    let mut outline = Variables::outline(DType::F32);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let built = registry.build(&custom("mine"), &place(), &mut outline.builder(&mut rng));
    assert!(matches!(built, Err(OpError::Counted { .. })));
}
