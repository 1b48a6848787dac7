//! Results in files, with what they belong to.

use dartloom_record::{Found, Identity, RecordError, RunDir, Scores};

#[test]
fn every_changed_byte_of_a_stored_result_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    let identity = Identity::new().with("seed", &3).unwrap();
    let value = std::collections::BTreeMap::from([("accuracy", 0.1), ("loss", 1e-300)]);
    let path = dir.store("leg.json", &identity, &value).unwrap();
    let read = || dir.stored::<std::collections::BTreeMap<String, f64>>("leg.json");
    let stored = read().unwrap().unwrap();
    assert_eq!(stored.identity, identity);
    assert_eq!(stored.value["loss"].to_bits(), 1e-300_f64.to_bits());
    assert!(stored.clone().of(&identity, &path).unwrap().is_some());
    let other = Identity::new().with("seed", &4).unwrap();
    let error = stored.of(&other, &path).unwrap_err().to_string();
    assert!(error.contains("leg.json: belongs to other work: seed: expected 4, found 3"));

    let good = std::fs::read(&path).unwrap();
    for at in 0..good.len() {
        for flip in [1, 0x80] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            std::fs::write(&path, bytes).unwrap();
            let error = read().unwrap_err();
            let typed = matches!(error, RecordError::Damaged { .. } | RecordError::Version { .. });
            assert!(typed && error.to_string().contains("leg.json"), "byte {at}: {error}");
        }
    }
    for end in 0..good.len() {
        std::fs::write(&path, &good[..end]).unwrap();
        assert!(matches!(read().unwrap_err(), RecordError::Damaged { .. }), "cut at {end}");
    }
    std::fs::write(&path, r#"{"configuration": "0123", "seconds": 1.0}"#).unwrap();
    let error = read().unwrap_err();
    assert!(matches!(error, RecordError::Version { known: 2, .. }), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(read().unwrap().is_none());
    assert_eq!(dir.checksum("leg.json").unwrap(), None);
}

/// A result of an older form belongs to an older identity, and is refused as such: it is not
/// damaged.
#[test]
fn whose_a_result_is_is_asked_before_its_value_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    let then = Identity::new().with("seed", &3).unwrap();
    let now = then.clone().with_code("task", "Task::identity", Some("rmse 1".to_owned()));
    let scores = Scores::new().with("rmse", 0.5).with("mae", 0.25);
    dir.store("leg.json", &then, &"not scores").unwrap();
    let found = |wanted: &Identity| dir.stored_for::<Scores>("leg.json", wanted);
    assert!(matches!(found(&now).unwrap_err(), RecordError::OtherWork { .. }));
    assert!(matches!(found(&then).unwrap_err(), RecordError::Damaged { .. }));
    dir.store("leg.json", &now, &scores).unwrap();
    assert_eq!(found(&now).unwrap(), Some(Found::Same(scores)));
    let silent = then.clone().with_code("task", "Task::identity", None);
    assert_eq!(found(&silent).unwrap(), Some(Found::Unsaid));
    assert_eq!(dir.stored_for::<Scores>("other.json", &now).unwrap(), None);
}
