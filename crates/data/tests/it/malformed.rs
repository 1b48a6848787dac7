//! Every way a file can be wrong gives its own error, with the place and both values.

use std::fs;

use dartloom_data::cifar::{self, Variant};
use dartloom_data::{DataError, idx};
use proptest::prelude::*;

use crate::bytes::{cifar10, cifar100, gzip, idx as file};

fn assert_errors<T: std::fmt::Debug>(
    table: &[(&str, Vec<u8>, &str)],
    read: impl Fn(&[u8]) -> Result<T, DataError>,
) {
    for (case, bytes, expected) in table {
        match read(bytes) {
            Err(error) => assert_eq!(error.to_string(), *expected, "{case}"),
            Ok(value) => panic!("{case}: accepted as {value:?}"),
        }
    }
}

#[test]
fn images() {
    let whole = file(2051, &[2, 2, 2], &[0; 8]);
    let packed = gzip(&whole);
    let table = [
        ("empty", vec![], "f, byte 0: expected 16 bytes in all, found 0"),
        ("within the magic", vec![0, 0, 8], "f, byte 3: expected 16 bytes in all, found 3"),
        ("text", b"hello".to_vec(), "f, byte 0: expected magic number 2051, found 1751477356"),
        (
            "floats",
            file(0x0d03, &[1, 1, 1], &[0; 4]),
            "f, byte 0: expected magic number 2051, found 3331",
        ),
        ("labels for images", file(2049, &[1], &[0]), "f, byte 3: expected 3 dimensions, found 1"),
        ("four dimensions", file(2052, &[1; 4], &[0]), "f, byte 3: expected 3 dimensions, found 4"),
        (
            "within the sizes",
            file(2051, &[1, 1], &[0, 0]),
            "f, byte 14: expected 16 bytes in all, found 14",
        ),
        (
            "no images",
            file(2051, &[0, 2, 2], &[]),
            "f, byte 4: expected a dimension from 1 to 4294967295, found 0",
        ),
        (
            "no rows",
            file(2051, &[1, 0, 2], &[]),
            "f, byte 8: expected a dimension from 1 to 65536, found 0",
        ),
        (
            "absurd width",
            file(2051, &[1, 1, 65_537], &[0; 9]),
            "f, byte 12: expected a dimension from 1 to 65536, found 65537",
        ),
        (
            "overflow",
            file(2051, &[u32::MAX, 65_536, 65_536], &[0; 9]),
            "f, byte 4: the product of the dimensions [4294967295, 65536, 65536] overflows",
        ),
        (
            "truncated body",
            whole[..whole.len() - 1].to_vec(),
            "f, byte 23: expected 24 bytes in all, found 23",
        ),
        (
            "a size the file cannot hold",
            file(2051, &[2_000_000_000, 28, 28], &[0; 9]),
            "f, byte 25: expected 1568000000016 bytes in all, found 25",
        ),
        (
            "trailing bytes",
            [&whole[..], &[7]].concat(),
            "f, byte 24: expected 24 bytes in all, found more",
        ),
        (
            "truncated body, gzipped",
            gzip(&whole[..20]),
            "f, byte 20: expected 24 bytes in all, found 20",
        ),
        (
            "trailing bytes, gzipped",
            gzip(&[&whole[..], &[7]].concat()),
            "f, byte 24: expected 24 bytes in all, found more",
        ),
        (
            "wrong kind, gzipped",
            gzip(&file(2049, &[1], &[0])),
            "f, byte 3: expected 3 dimensions, found 1",
        ),
    ];
    assert_errors(&table, |bytes| idx::read_images(bytes, "f"));
    assert_eq!(idx::read_images(&whole, "f").unwrap(), idx::read_images(&packed, "f").unwrap());
}

#[test]
fn a_gzipped_size_no_compressed_file_of_the_length_can_hold_is_refused_unread() {
    let bytes = gzip(&file(2051, &[2_000_000_000, 28, 28], &[0; 9]));
    match idx::read_images(&bytes, "f") {
        Err(DataError::Truncated { offset: 16, expected: 1_568_000_000_016, found, .. }) => {
            assert_eq!(found, bytes.len() as u64 * 1032);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_damaged_container_is_named_with_a_compressed_offset() {
    let packed = gzip(&file(2051, &[2, 16, 16], &(0..=255).cycle().take(512).collect::<Vec<_>>()));
    let length = packed.len();
    let mut checksum = packed.clone();
    checksum[length - 8] ^= 1;
    let mut method = packed.clone();
    method[2] = 0;
    let mut followed = packed.clone();
    followed.extend_from_slice(b"rubbish");
    let cases = [
        ("checksum", checksum),
        ("method", method),
        ("cut in the trailer", packed[..length - 3].to_vec()),
        ("cut in the data", packed[..length / 2].to_vec()),
        ("cut in the header", packed[..4].to_vec()),
        ("followed by rubbish", followed),
    ];
    for (case, bytes) in cases {
        match idx::read_images(&bytes, "f") {
            Err(DataError::CorruptGzip { file, offset, .. }) => {
                assert_eq!(file, "f", "{case}");
                assert!(offset <= bytes.len() as u64, "{case}: {offset}");
            }
            other => panic!("{case}: {other:?}"),
        }
    }
}

#[test]
fn labels() {
    let table = [
        ("images", file(2051, &[1, 1, 1], &[0]), "f, byte 3: expected 1 dimensions, found 3"),
        ("short", file(2049, &[3], &[0, 1]), "f, byte 10: expected 11 bytes in all, found 10"),
        ("long", file(2049, &[1], &[0, 1]), "f, byte 9: expected 9 bytes in all, found more"),
        (
            "none",
            file(2049, &[0], &[]),
            "f, byte 4: expected a dimension from 1 to 4294967295, found 0",
        ),
    ];
    assert_errors(&table, |bytes| idx::read_labels(bytes, "f"));
}

#[test]
fn cifar_records() {
    let two = [cifar10(3, 0), cifar10(10, 0)].concat();
    let table = [
        ("empty", vec![], "f, byte 0: expected a positive multiple of 3073 bytes, found 0 bytes"),
        (
            "cut",
            two[..4000].to_vec(),
            "f, byte 3073: expected a positive multiple of 3073 bytes, found 4000 bytes",
        ),
        ("label", two, "f, byte 3073: expected a label below 10, found 10"),
    ];
    assert_errors(&table, |bytes| cifar::read(bytes, "f", Variant::Cifar10));
    let table = [
        ("coarse", cifar100(20, 1, 0), "f, byte 0: expected a label below 20, found 20"),
        ("fine", cifar100(19, 100, 0), "f, byte 1: expected a label below 100, found 100"),
        (
            "of the other kind",
            cifar10(1, 0),
            "f, byte 0: expected a positive multiple of 3074 bytes, found 3073 bytes",
        ),
    ];
    assert_errors(&table, |bytes| cifar::read(bytes, "f", Variant::Cifar100));
}

#[test]
fn directories() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let shown = path.display();
    let load = |expected: String| match idx::load_dir(path) {
        Err(error) => assert_eq!(error.to_string(), expected),
        Ok(splits) => panic!("accepted as {splits:?}"),
    };
    let write = |name: &str, bytes: Vec<u8>| fs::write(path.join(name), bytes).unwrap();

    load(format!("{shown} holds no train-images-idx3-ubyte[.gz]"));
    write("train-images-idx3-ubyte", file(2051, &[2, 2, 2], &[0, 9, 0, 0, 0, 0, 0, 0]));
    load(format!("{shown} holds no train-labels-idx1-ubyte[.gz]"));
    write("train-labels-idx1-ubyte", file(2049, &[3], &[0, 1, 2]));
    load(format!("{shown} holds no t10k-images-idx3-ubyte[.gz]"));
    write("t10k-images-idx3-ubyte", file(2051, &[1, 2, 3], &[0; 6]));
    write("t10k-labels-idx1-ubyte", file(2049, &[1], &[10]));
    load(format!(
        "{shown}/train-images-idx3-ubyte holds 2 images, \
         but {shown}/train-labels-idx1-ubyte holds 3 labels"
    ));
    write("train-labels-idx1-ubyte", file(2049, &[2], &[0, 1]));
    load(format!("{shown}/t10k-labels-idx1-ubyte, byte 8: expected a label below 10, found 10"));
    write("t10k-labels-idx1-ubyte", file(2049, &[1], &[9]));
    load(format!(
        "{shown}/train-images-idx3-ubyte holds images of 1x2x2, \
         but {shown}/t10k-images-idx3-ubyte of 1x2x3"
    ));

    for prefix in ["a-train", "b-train"] {
        write(&format!("{prefix}-images-idx3-ubyte"), vec![]);
    }
    fs::remove_file(path.join("train-images-idx3-ubyte")).unwrap();
    load(format!("{shown} holds several files for train-images-idx3-ubyte[.gz]: a-train, b-train"));
}

#[test]
fn missing_files_and_directories_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let absent = directory.path().join("absent");
    for result in [idx::load_dir(&absent), cifar::load_dir(&absent)] {
        match result {
            Err(DataError::Read { path, source }) => {
                assert_eq!(path, absent);
                assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
            }
            other => panic!("{other:?}"),
        }
    }
    let missing = |variant| match cifar::load(directory.path(), variant) {
        Err(DataError::MissingFile { expected, .. }) => expected,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(Variant::Cifar10), "data_batch_*.bin");
    assert_eq!(missing(Variant::Cifar100), "train.bin");
    fs::write(directory.path().join("data_batch_1.bin"), cifar10(1, 1)).unwrap();
    fs::write(directory.path().join("train.bin"), cifar100(1, 1, 1)).unwrap();
    assert_eq!(missing(Variant::Cifar10), "test_batch.bin");
    assert_eq!(missing(Variant::Cifar100), "test.bin");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = idx::read_images(&bytes, "f");
        let _ = idx::read_images(&file(2051, &[1, 2], &bytes), "f");
        let _ = idx::read_images(&[&[0x1f, 0x8b, 8, 0][..], &bytes].concat(), "f");
        let _ = idx::read_labels(&bytes, "f");
        prop_assert!(cifar::read(&bytes, "f", Variant::Cifar10).is_err());
    }

    #[test]
    fn one_changed_byte_never_changes_the_size_unseen(at in 0_usize..200, to: u8, packed: bool) {
        let whole = file(2051, &[3, 4, 5], &[9; 60]);
        let mut bytes = if packed { gzip(&whole) } else { whole };
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(images) = idx::read_images(&bytes, "f") {
            prop_assert_eq!(images.pixels.len(), images.count * images.height * images.width);
            prop_assert_eq!(images.pixels.len(), 60);
        }
    }

    #[test]
    fn every_shorter_file_is_refused(length in 0_usize..200, packed: bool) {
        let whole = file(2051, &[3, 4, 5], &[9; 60]);
        let bytes = if packed { gzip(&whole) } else { whole };
        let length = length % bytes.len();
        prop_assert!(idx::read_images(&bytes[..length], "f").is_err());
    }
}
