//! Snapshots as files.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use dartloom_record::Identity;
use dartloom_train::{Position, Snapshot, TrainError};
use proptest::prelude::*;

/// An identity of that name.
pub(crate) fn id(name: &str) -> Identity {
    Identity::new().with("name", &name).unwrap()
}

pub(crate) fn snapshot() -> Snapshot {
    let cpu = &Device::Cpu;
    let odd = [1.5f32, -0.0, f32::MIN_POSITIVE / 2.0, f32::NAN, f32::INFINITY, 0.1];
    let weights = BTreeMap::from([
        ("stem.0.weight".to_owned(), Tensor::from_slice(&odd, (2, 3), cpu).unwrap()),
        ("cells/odd name".to_owned(), Tensor::new(&[1e-300f64, 0.1], cpu).unwrap()),
        ("nothing".to_owned(), Tensor::zeros((0, 4), DType::F32, cpu).unwrap()),
    ]);
    let scalar = BTreeMap::from([("steps".to_owned(), Tensor::new(7.0f64, cpu).unwrap())]);
    let values = serde_json::json!({"running": {"loss": 0.1, "steps": 3}, "text": "\u{e9}"});
    let mut snapshot = Snapshot::new(values)
        .with("variables", weights)
        .with("adam", scalar)
        .with("sgd", BTreeMap::new());
    snapshot.position = Position { epoch: 4, step: 17 };
    snapshot
}

fn bits(tensor: &Tensor) -> (Vec<usize>, Vec<u64>) {
    let flat = tensor.flatten_all().unwrap();
    let bits = match tensor.dtype() {
        DType::F64 => flat.to_vec1::<f64>().unwrap().iter().map(|v| v.to_bits()).collect(),
        DType::F32 => {
            flat.to_vec1::<f32>().unwrap().iter().map(|v| u64::from(v.to_bits())).collect()
        }
        other => panic!("{other:?}"),
    };
    (tensor.dims().to_vec(), bits)
}

#[test]
fn a_file_gives_back_every_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.safetensors");
    assert!(Snapshot::load(&path, &id("d")).unwrap().is_none());
    let saved = snapshot();
    saved.save(&path, &id("d")).unwrap();
    let read = Snapshot::load(&path, &id("d")).unwrap().unwrap();
    assert_eq!(read.position, saved.position);
    assert_eq!(read.values, saved.values);
    assert_eq!(read.tensors.keys().collect::<Vec<_>>(), ["adam", "sgd", "variables"]);
    for (name, group) in &saved.tensors {
        let found = &read.tensors[name];
        assert_eq!(found.keys().collect::<Vec<_>>(), group.keys().collect::<Vec<_>>());
        for (key, tensor) in group {
            assert_eq!(found[key].dtype(), tensor.dtype());
            assert_eq!(bits(&found[key]), bits(tensor), "{name}/{key}");
        }
    }
}

#[test]
fn equal_snapshots_are_equal_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, snapshot: &Snapshot| {
        let path = directory.path().join(name);
        snapshot.save(&path, &id("d")).unwrap();
        std::fs::read(&path).unwrap()
    };
    let first = file("a", &snapshot());
    assert_eq!(first, file("b", &snapshot()));
    let read = Snapshot::load(&directory.path().join("a"), &id("d")).unwrap().unwrap();
    assert_eq!(first, file("c", &read), "read and written again");
    let other = Snapshot { position: Position { epoch: 4, step: 18 }, ..snapshot() };
    assert_ne!(first, file("d", &other));
}

#[test]
fn a_view_of_a_tensor_is_saved_by_its_values() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let matrix = Tensor::new(&[[1.0f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
    let column = matrix.t().unwrap().narrow(0, 1, 1).unwrap();
    let group = BTreeMap::from([("column".to_owned(), column)]);
    Snapshot::new(serde_json::Value::Null).with("g", group).save(&path, &id("d")).unwrap();
    let mut read = Snapshot::load(&path, &id("d")).unwrap().unwrap();
    let column = read.take("g").unwrap().remove("column").unwrap();
    assert_eq!(column.to_vec2::<f32>().unwrap(), [[2.0, 4.0]]);
    assert!(matches!(read.take("g"), Err(TrainError::State { .. })), "taken once");
}

#[test]
fn what_a_file_cannot_hold_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let long = Tensor::new(&[1i64 << 40], &Device::Cpu).unwrap();
    let group = BTreeMap::from([("count".to_owned(), long)]);
    let error = Snapshot::new(serde_json::Value::Null).with("g", group).save(&path, &id("d"));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("g/count") && error.contains("I64"), "{error}");
    let slash = Snapshot::new(serde_json::Value::Null).with("a/b", BTreeMap::new());
    assert!(matches!(slash.save(&path, &id("d")), Err(TrainError::Checkpoint { .. })));
    assert!(!path.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_values_survive(
        f32s in prop::collection::vec(any::<u32>(), 0..20),
        f64s in prop::collection::vec(any::<u64>(), 0..20),
        epoch in 0usize..1000,
    ) {
        let cpu = &Device::Cpu;
        let a: Vec<f32> = f32s.iter().map(|&b| f32::from_bits(b)).collect();
        let b: Vec<f64> = f64s.iter().map(|&b| f64::from_bits(b)).collect();
        let a = Tensor::from_slice(&a, a.len(), cpu)?;
        let b = Tensor::from_slice(&b, b.len(), cpu)?;
        let mut saved = Snapshot::new(serde_json::Value::Null)
            .with("one", BTreeMap::from([("a".to_owned(), a.clone())]))
            .with("two", BTreeMap::from([("b".to_owned(), b.clone())]));
        saved.position.epoch = epoch;
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("state");
        saved.save(&path, &id("d")).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let read = Snapshot::load(&path, &id("d")).unwrap().unwrap();
        prop_assert_eq!(bits(&read.tensors["one"]["a"]), bits(&a));
        prop_assert_eq!(bits(&read.tensors["two"]["b"]), bits(&b));
        prop_assert_eq!(read.position, saved.position);
    }
}
