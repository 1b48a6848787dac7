use crate::Place;
use approx::assert_relative_eq;
use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

fn store(seed: u64) -> Variables {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut root = variables.builder(&mut rng);
    root.at("b").parameter("weight", &[2, 3], Init::FanIn(3)).unwrap();
    root.at("a").parameter("weight", &[4], Init::FanIn(9)).unwrap();
    root.at("a").at(0).parameter("bias", &[], Init::Constant(2.5)).unwrap();
    root.buffer("running", &[2], 1.0).unwrap();
    variables
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn variables_are_visited_in_name_order() {
    let variables = store(1);
    let names: Vec<&str> = variables.parameters().keys().map(String::as_str).collect();
    assert_eq!(names, ["a.0.bias", "a.weight", "b.weight"]);
    let names: Vec<&str> = variables.buffers().keys().map(String::as_str).collect();
    assert_eq!(names, ["running"]);
}

#[test]
fn only_parameters_are_counted() {
    assert_eq!(store(1).parameter_count(), 6 + 4 + 1);
}

#[test]
fn an_empty_store_is_a_store() {
    let variables = Variables::new(&Place::default());
    assert_eq!(variables.parameter_count(), 0);
    variables.load(&variables.snapshot().unwrap()).unwrap();
}

#[test]
fn a_name_is_given_once_among_parameters_and_buffers() {
    let mut variables = store(1);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut root = variables.builder(&mut rng);
    let again = [
        root.at("a").parameter("weight", &[1], Init::Constant(0.0)).map(|_| ()),
        root.parameter("running", &[2], Init::Constant(0.0)).map(|_| ()),
        root.buffer("running", &[2], 0.0).map(|_| ()),
        root.at("a").buffer("weight", &[4], 0.0).map(|_| ()),
    ];
    let names = again.map(|result| match result {
        Err(OpError::DuplicateVariable { name }) => name,
        other => panic!("{other:?}"),
    });
    assert_eq!(names, ["a.weight", "running", "running", "a.weight"]);
    assert_eq!(values(&variables.buffers()["running"]), [1.0, 1.0]);
}

#[test]
fn a_snapshot_does_not_follow_training() {
    let variables = store(1);
    let snapshot = variables.snapshot().unwrap();
    let before = values(&snapshot["a.weight"]);
    let var = &variables.parameters()["a.weight"];
    var.set(&Tensor::zeros(4, DType::F64, &Device::Cpu).unwrap()).unwrap();
    assert_eq!(values(&snapshot["a.weight"]), before);
    variables.load(&snapshot).unwrap();
    assert_eq!(values(var), before);
}

#[test]
fn a_tensor_handed_out_follows_its_variable() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let weight = variables.builder(&mut rng).parameter("w", &[2], Init::Constant(1.0)).unwrap();
    let stored = Tensor::new(&[3.0, 4.0], &Device::Cpu).unwrap();
    variables.load(&BTreeMap::from([("w".to_owned(), stored)])).unwrap();
    assert_eq!(values(&weight), [3.0, 4.0]);
}

#[test]
fn a_store_loads_its_own_variables() {
    let variables = store(1);
    let own: BTreeMap<String, Tensor> = variables
        .parameters()
        .iter()
        .chain(variables.buffers())
        .map(|(name, var)| (name.clone(), var.as_tensor().clone()))
        .collect();
    let before = values(&own["b.weight"]);
    variables.load(&own).unwrap();
    assert_eq!(values(&variables.parameters()["b.weight"]), before);
}

#[test]
fn loading_converts_the_element_type() {
    let variables = store(1);
    let mut stored = store(2).snapshot().unwrap();
    let single = stored["a.weight"].to_dtype(DType::F32).unwrap();
    stored.insert("a.weight".to_owned(), single.clone());
    variables.load(&stored).unwrap();
    let var = &variables.parameters()["a.weight"];
    assert_eq!(var.dtype(), DType::F64);
    assert_eq!(values(var), values(&single.to_dtype(DType::F64).unwrap()));
}

#[test]
fn names_that_do_not_fit_are_all_listed_and_nothing_is_set() {
    let variables = store(1);
    let mut stored = store(2).snapshot().unwrap();
    let before = values(&variables.parameters()["b.weight"]);
    stored.remove("running");
    stored.remove("a.weight");
    stored.insert("x".to_owned(), stored["b.weight"].clone());
    stored.insert("c".to_owned(), stored["b.weight"].clone());
    let error = variables.load(&stored).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stored variables do not fit: missing [a.weight, running], unexpected [c, x]"
    );
    let OpError::VariableNames { missing, unexpected } = error else { panic!("{error}") };
    assert_eq!(missing, ["a.weight", "running"]);
    assert_eq!(unexpected, ["c", "x"]);
    assert_eq!(values(&variables.parameters()["b.weight"]), before);
}

#[test]
fn a_shape_that_does_not_fit_is_named_and_nothing_is_set() {
    let variables = store(1);
    let mut stored = store(2).snapshot().unwrap();
    let before = values(&variables.parameters()["a.weight"]);
    let other = stored["b.weight"].reshape((3, 2)).unwrap();
    stored.insert("b.weight".to_owned(), other);
    let error = variables.load(&stored).unwrap_err();
    let OpError::VariableShape { name, expected, found } = error else { panic!("{error}") };
    assert_eq!((name.as_str(), expected, found), ("b.weight", vec![2, 3], vec![3, 2]));
    assert_eq!(values(&variables.parameters()["a.weight"]), before);
}

#[test]
fn equal_seeds_draw_equal_values() {
    let [one, again, other] = [store(1), store(1), store(2)].map(|s| s.snapshot().unwrap());
    for name in ["a.weight", "b.weight"] {
        assert_eq!(values(&one[name]), values(&again[name]));
        assert_ne!(values(&one[name]), values(&other[name]));
    }
}

#[test]
fn fan_in_fills_its_interval_evenly() {
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let weight = variables.builder(&mut rng).parameter("w", &[9000], Init::FanIn(9)).unwrap();
    let drawn = values(&weight);
    let mean = drawn.iter().sum::<f64>() / 9000.0;
    let most = drawn.iter().copied().fold(0.0, f64::max);
    // A uniform variable on +-1/3 has deviation 1/3/sqrt(3); the mean of 9000 has 0.002.
    assert_relative_eq!(mean, 0.0, epsilon = 0.01);
    let square = drawn.iter().map(|v| v * v).sum::<f64>() / 9000.0;
    assert_relative_eq!(square, 1.0 / 27.0, max_relative = 0.05);
    assert!(most > 0.33);
}

proptest! {
    #[test]
    fn fan_in_stays_inside_its_bounds(fan_in in 0_usize..400, seed: u64) {
        let mut variables = Variables::new(&Place::from(DType::F64));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let init = Init::FanIn(fan_in);
        let weight = variables.builder(&mut rng).parameter("w", &[50], init).unwrap();
        let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
        prop_assert!(values(&weight).iter().all(|v| v.abs() <= bound));
    }
}

#[test]
fn a_candle_programs_variables_are_shared_and_in_name_order() {
    let map = candle_nn::VarMap::new();
    let vars = candle_nn::VarBuilder::from_varmap(&map, DType::F64, &Device::Cpu);
    let ones = candle_nn::Init::Const(1.0);
    for name in ["z", "a", "m"] {
        vars.get_with_hints(2, name, ones).unwrap();
    }
    let variables = Variables::from(&map);
    assert_eq!(variables.parameters().keys().collect::<Vec<_>>(), ["a", "m", "z"]);
    assert_eq!((variables.parameter_count(), variables.buffer_count()), (6, 0));
    assert_eq!(variables.place().dtype, DType::F64);
    let moved = Tensor::new(&[2.0, 3.0], &Device::Cpu).unwrap();
    variables.parameters()["m"].set(&moved).unwrap();
    let seen = map.data().lock().unwrap()["m"].to_vec1::<f64>().unwrap();
    assert_eq!(seen, [2.0, 3.0]);
    let empty = Variables::from(&candle_nn::VarMap::new());
    assert!(empty.parameters().is_empty() && empty.dtype() == DType::F32);
}
