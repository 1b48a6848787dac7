//! Directories read as they should be.

use std::fs;
use std::path::Path;

use dartloom_data::cifar::{self, Variant};
use dartloom_data::{Dataset, ImageShape, OwnedSample, TargetSpec, digits, idx};

use crate::bytes::{cifar10, cifar100, gzip, idx as file};

fn write(directory: &Path, name: &str, bytes: &[u8]) {
    fs::write(directory.join(name), bytes).unwrap();
}

fn pixels(dataset: &dyn Dataset, index: usize) -> (Vec<f32>, u32) {
    let sample = OwnedSample::read(dataset, index).unwrap();
    let label = sample.class().unwrap();
    (sample.pixels, label)
}

#[test]
fn mnist_names_plain_and_gzipped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    write(path, "train-images-idx3-ubyte", &file(2051, &[2, 1, 2], &[0, 255, 255, 0]));
    write(path, "train-labels-idx1-ubyte.gz", &gzip(&file(2049, &[2], &[4, 9])));
    write(path, "t10k-images.idx3-ubyte", &file(2051, &[1, 1, 2], &[255, 0]));
    write(path, "t10k-labels-idx1-ubyte", &file(2049, &[1], &[3]));
    // A damaged gzipped copy beside the plain file is not looked at.
    write(path, "train-images-idx3-ubyte.gz", b"rubbish");
    let splits = idx::load_dir(path).unwrap();
    assert_eq!(splits.train.shape(), ImageShape::new(1, 1, 2));
    assert_eq!(splits.train.targets(), TargetSpec::Class { classes: 10 });
    assert_eq!(splits.train.labels(), [4, 9]);
    // Mean 1/2, standard deviation 1/2: bytes 0 and 255 become -1 and 1.
    assert_eq!(pixels(&splits.train, 0), (vec![-1.0, 1.0], 4));
    assert_eq!(pixels(&splits.train, 1), (vec![1.0, -1.0], 9));
    assert_eq!(pixels(&splits.test, 0), (vec![1.0, -1.0], 3));
}

#[test]
fn names_with_something_before_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for (part, label) in [("mini-train", 1), ("mini-test", 2)] {
        write(path, &format!("{part}-images-idx3-ubyte"), &file(2051, &[1, 1, 2], &[0, 9]));
        write(path, &format!("{part}-labels-idx1-ubyte"), &file(2049, &[1], &[label]));
    }
    write(path, "other-images-idx3-ubyte", b"not looked at");
    let splits = idx::load_dir(path).unwrap();
    assert_eq!((splits.train.labels(), splits.test.labels()), (&[1][..], &[2][..]));
    assert_eq!(idx::load_pair(path, "mini-test", 3).unwrap().labels(), [2]);
}

#[test]
fn cifar_batches_in_the_order_of_their_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for number in [10_u8, 2, 1] {
        let bytes = cifar10(number % 10, number);
        write(path, &format!("data_batch_{number}.bin"), &bytes);
    }
    write(path, "data_batch_x.bin", b"not looked at");
    write(path, "test_batch.bin", &[cifar10(5, 255), cifar10(6, 0)].concat());
    let splits = cifar::load_dir(path).unwrap();
    assert_eq!(splits.train.labels(), [1, 2, 0]);
    assert_eq!(splits.test.labels(), [5, 6]);
    assert_eq!(splits.train.shape(), ImageShape::new(3, 32, 32));
    let (values, _) = pixels(&splits.test, 0);
    let white = |mean: f32, deviation: f32| (1.0 - mean) / deviation;
    assert!((values[0] - white(0.4914, 0.2470)).abs() < 1e-3);
    assert!((values[1024] - white(0.4822, 0.2435)).abs() < 1e-3);
    assert!((values[2048] - white(0.4465, 0.2616)).abs() < 1e-3);
}

#[test]
fn cifar100_uses_the_fine_label_and_is_recognised() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "train.bin", &cifar100(19, 99, 7));
    write(directory.path(), "test.bin", &cifar100(0, 42, 7));
    let splits = cifar::load_dir(directory.path()).unwrap();
    assert_eq!(splits.train.targets(), TargetSpec::Class { classes: 100 });
    assert_eq!((splits.train.labels(), splits.test.labels()), (&[99][..], &[42][..]));
    assert!(splits.train.pixels().iter().all(|&byte| byte == 7));
}

#[test]
fn cifar_planes_keep_their_places() {
    let mut record = cifar10(0, 0);
    record[1] = 10;
    record[1 + 1024] = 20;
    record[1 + 2048 + 33] = 30;
    let dataset = cifar::read(&record, "f", Variant::Cifar10).unwrap();
    assert_eq!((dataset.pixels()[0], dataset.pixels()[1024]), (10, 20));
    assert_eq!(dataset.pixels()[2048 + 33], 30);
}

#[test]
fn published_cifar10_directory() {
    let Some(directory) = std::env::var_os("DARTLOOM_CIFAR10_DIR") else {
        eprintln!("skipped: DARTLOOM_CIFAR10_DIR names no directory of CIFAR-10 binary files");
        return;
    };
    let splits = cifar::load_dir(directory).unwrap();
    let measured =
        dartloom_data::Normalization::measured(255.0, splits.train.shape(), splits.train.pixels())
            .unwrap();
    let published = Variant::Cifar10.normalization().unwrap();
    for (found, expected) in measured.mean().iter().zip(published.mean()) {
        assert!((found - expected).abs() < 0.01, "{measured:?}");
    }
    for class in 0..10 {
        assert!(splits.test.labels().contains(&class));
    }
}

#[test]
fn embedded_digits() {
    let splits = digits();
    assert_eq!((splits.train.len(), splits.test.len()), (1437, 360));
    assert_eq!(splits.train.shape().to_string(), "1x8x8");
    assert_eq!(splits.train.targets(), TargetSpec::Class { classes: 10 });
    // The first row of the first digit, a zero, as printed in every tutorial of the data set.
    assert_eq!(splits.train.pixels()[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
    assert_eq!(splits.train.labels()[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let mut counts = [0; 10];
    for &label in splits.train.labels().iter().chain(splits.test.labels()) {
        counts[label as usize] += 1;
    }
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}
