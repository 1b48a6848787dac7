//! Files that are not checkpoints.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use dartloom_record::RecordError;
use dartloom_train::{Outcome, Session, Snapshot, TrainError, drive};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

use crate::checkpoint::{id, snapshot};
use crate::drive::Counter;

struct Bench {
    _keep: tempfile::TempDir,
    path: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("damaged.safetensors");
        Self { _keep: directory, path }
    }

    fn good(&self) -> Vec<u8> {
        snapshot().save(&self.path, &id("d")).unwrap();
        std::fs::read(&self.path).unwrap()
    }

    /// The error that a file of these bytes gives; it must name the file.
    fn refused(&self, bytes: &[u8]) -> String {
        std::fs::write(&self.path, bytes).unwrap();
        let error = Snapshot::load(&self.path, &id("d")).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("damaged.safetensors"), "{text}");
        text
    }
}

const HEADER: &str = concat!(
    r#"{"version":2,"checksum":"0000000000000000000000000000000000000000000000000000000000000000","#,
    r#""identity":{"parts":{"name":"d"}},"position":{"epoch":0,"step":0},"groups":{"g":1},"values":null}"#
);

/// A safetensors file with one tensor and, possibly, the checkpoint's entry.
fn file(name: &str, dtype: Dtype, entry: Option<&str>) -> Vec<u8> {
    let data = [0u8; 8];
    let count = 8 * 8 / dtype.bitsize();
    let view = TensorView::new(dtype, vec![count], &data).unwrap();
    let metadata = entry.map(|text| HashMap::from([("dartloom".to_owned(), text.to_owned())]));
    safetensors::serialize([(name, view)], metadata).unwrap()
}

/// The good file with `from` replaced by `to` in its header.
fn edited(good: &[u8], from: &str, to: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&good[8..8 + length]).unwrap();
    assert!(header.contains(from), "{from} is not in {header}");
    let header = header.replace(from, to);
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(&good[8 + length..]);
    bytes
}

#[test]
fn the_forms_used_below_are_otherwise_good() {
    let bench = Bench::new();
    let text = bench.refused(&file("g/t", Dtype::F32, Some(HEADER)));
    assert!(text.contains("checksum 0000"), "all but the checksum is right: {text}");
    let same = edited(&bench.good(), "version", "version");
    std::fs::write(&bench.path, same).unwrap();
    Snapshot::load(&bench.path, &id("d")).unwrap().unwrap();
}

#[test]
fn every_damage_has_its_error() {
    let bench = Bench::new();
    let good = bench.good();
    let header = |from: &str, to: &str| HEADER.replace(from, to);
    let one = |text: String| file("g/t", Dtype::F32, Some(&text));
    let huge = [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "safetensors"),
        ("another format", b"PK\x03\x04 this is a zip archive".to_vec(), "safetensors"),
        ("a header length beyond everything", huge, "safetensors"),
        (
            "a header that is no JSON",
            [&9u64.to_le_bytes()[..], b"{not json"].concat(),
            "safetensors",
        ),
        ("JSON without tensors", [&2u64.to_le_bytes()[..], b"[]"].concat(), "safetensors"),
        ("no entry", file("g/t", Dtype::F32, None), "`dartloom` entry"),
        ("an entry that is no JSON", one("{".to_owned()), "readable header"),
        ("an entry of another kind", one("[1, 2]".to_owned()), "readable header"),
        ("no version", one(header("\"version\":2,", "")), "version"),
        ("an older version", one(header("\"version\":2", "\"version\":1")), "version 1"),
        ("a later version", one(header("\"version\":2", "\"version\":3")), "version 3"),
        ("a later version of another form", one(r#"{"version":9}"#.to_owned()), "version 9"),
        ("no identity", one(header("\"identity\":{\"parts\":{\"name\":\"d\"}},", "")), "identity"),
        ("no checksum", one(header("\"checksum\"", "\"checked\"")), "checked"),
        ("a changed name", edited(&good, "adam/steps", "adam/stops"), "with checksum"),
        ("a changed number", edited(&good, "\\\"steps\\\":3", "\\\"steps\\\":4"), "with checksum"),
        ("no position", one(header("\"position\":{\"epoch\":0,\"step\":0},", "")), "position"),
        ("a negative position", one(header("\"epoch\":0", "\"epoch\":-1")), "readable header"),
        ("an unknown field", one(header("\"values\"", "\"valves\"")), "valves"),
        ("a tensor without a group", file("t", Dtype::F32, Some(HEADER)), "`t`"),
        ("a tensor of no known group", file("h/t", Dtype::F32, Some(HEADER)), "`h/t`"),
        ("integers", file("g/t", Dtype::I64, Some(HEADER)), "I64"),
        ("half precision", file("g/t", Dtype::F16, Some(HEADER)), "F16"),
        ("a missing tensor", one(header("\"g\":1", "\"g\":2")), "2 tensors `g`"),
        ("a missing group", one(header("{\"g\":1}", "{\"g\":1,\"h\":1}")), "1 tensors `h`"),
        ("trailing bytes", [&good[..], b"!"].concat(), "safetensors"),
        ("a shape that does not fit", edited(&good, "[2,3]", "[2,4]"), "safetensors"),
        ("a type that does not fit", edited(&good, "\"F64\"", "\"F32\""), "safetensors"),
    ];
    for (what, bytes, clue) in table {
        let text = bench.refused(&bytes);
        assert!(text.contains(clue), "{what}: {text}");
    }
}

#[test]
fn truncation_at_any_byte_is_noticed() {
    let bench = Bench::new();
    let good = bench.good();
    for length in 0..good.len() {
        bench.refused(&good[..length]);
    }
}

#[test]
fn a_directory_in_its_place_is_a_file_error() {
    let bench = Bench::new();
    std::fs::create_dir(&bench.path).unwrap();
    let error = Snapshot::load(&bench.path, &id("d")).unwrap_err();
    assert!(
        matches!(error, TrainError::Record(RecordError::File { action: "read", .. })),
        "{error}"
    );
    let error = snapshot().save(&bench.path, &id("d")).unwrap_err();
    assert!(
        matches!(error, TrainError::Record(RecordError::File { action: "write", .. })),
        "{error}"
    );
}

#[test]
fn a_position_beyond_the_phase_is_refused_before_anything_is_restored() {
    let bench = Bench::new();
    for (epoch, step) in [(4, 0), (0, 3), (usize::MAX, usize::MAX)] {
        let mut counter = Counter::new(3, 2);
        let mut snapshot = dartloom_train::Stepper::snapshot(&counter).unwrap();
        snapshot.position = dartloom_train::Position { epoch, step };
        let identity = dartloom_train::Stepper::identity(&counter).unwrap();
        snapshot.save(&bench.path, &identity).unwrap();
        let mut session = Session::silent().saved_at(&bench.path);
        let error = drive(&mut counter, &mut session).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
        assert_eq!(counter.restored, 0);
    }
}

#[test]
fn another_steppers_state_is_refused() {
    let bench = Bench::new();
    let other = Snapshot::new(serde_json::json!({})).with("weights", BTreeMap::new());
    let mut session = Session::silent().saved_at(&bench.path);
    let data = crate::small::first_digits(16);
    let model = crate::small::network(&data, 1);
    let noise = dartloom_noise::Noise::new(1);
    let config = crate::small::config(1);
    let mut fit = dartloom_train::Fit::new("fit", &model, config, noise, &data, None).unwrap();
    other.save(&bench.path, &dartloom_train::Stepper::identity(&fit).unwrap()).unwrap();
    let error = drive(&mut fit, &mut session).map(|_: Outcome| ()).unwrap_err();
    assert!(matches!(error, TrainError::State { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        Bench::new().refused(&bytes);
    }

    #[test]
    fn random_bytes_after_a_plausible_length_never_panic(
        length in 0u64..200,
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        Bench::new().refused(&[&length.to_le_bytes()[..], &bytes].concat());
    }

    #[test]
    fn changed_bytes_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let bench = Bench::new();
        let good = bench.good();
        let mut bytes = good.clone();
        for (index, value) in changes {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        std::fs::write(&bench.path, &bytes).unwrap();
        match Snapshot::load(&bench.path, &id("d")) {
            // Only white space between the header and the tensors may differ.
            Ok(read) => {
                read.unwrap().save(&bench.path, &id("d")).unwrap();
                prop_assert!(std::fs::read(&bench.path).unwrap() == good);
            }
            Err(error) => {
                let typed = matches!(error, TrainError::Checkpoint { .. });
                prop_assert!(typed, "{error}");
            }
        }
    }
}

#[test]
fn a_changed_bit_of_a_weight_is_found() {
    let bench = Bench::new();
    let good = bench.good();
    let length = u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    for at in 8 + length..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let text = bench.refused(&bytes);
        assert!(text.contains("contents with checksum"), "byte {at}: {text}");
    }
}

#[test]
fn the_checkpoint_of_other_work_is_refused_with_what_differs() {
    let bench = Bench::new();
    bench.good();
    let error = Snapshot::load(&bench.path, &id("other")).unwrap_err();
    assert!(matches!(error, TrainError::Record(RecordError::OtherWork { .. })), "{error}");
    let text = error.to_string();
    assert!(text.contains(r#"name: expected "other", found "d""#), "{text}");
    let unsaid = id("d").with_code("operation `mine`", "OpFactory::identity", None);
    let text = Snapshot::load(&bench.path, &unsaid).unwrap_err().to_string();
    assert!(text.contains("operation `mine`"), "{text}");
}
