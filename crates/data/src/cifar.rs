//! CIFAR-10 and CIFAR-100 in their binary versions.
//!
//! A file is a sequence of records. A record of CIFAR-10 is a label byte and 3,072 pixel bytes:
//! 1,024 red, 1,024 green, 1,024 blue, each 32 rows of 32. CIFAR-100 has two label bytes, coarse
//! (20 classes) and fine (100); the fine one is used.

use std::path::Path;

use crate::{DataError, ImageShape, InMemory, Normalization, Splits, files};

const SHAPE: ImageShape = ImageShape::new(3, 32, 32);
const PIXELS: usize = 3 * 32 * 32;
const COARSE_CLASSES: usize = 20;

/// The choice between the two data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Ten classes, records of 3,073 bytes.
    Cifar10,
    /// A hundred classes, records of 3,074 bytes.
    Cifar100,
}

impl Variant {
    /// Number of classes.
    #[must_use]
    pub const fn classes(self) -> usize {
        match self {
            Self::Cifar10 => 10,
            Self::Cifar100 => 100,
        }
    }

    /// The usual constants: divisor 255, and mean and standard deviation of the full training set's
    /// channels.
    ///
    /// They are constants of the published data set, not measured on the files at hand, so that a
    /// part of the data is normalised as the whole.
    ///
    /// # Errors
    /// None in practice; the constants are checked like any others.
    pub fn normalization(self) -> Result<Normalization, DataError> {
        let (mean, standard_deviation) = match self {
            Self::Cifar10 => (
                [0.491_399_68, 0.482_158_27, 0.446_531_24],
                [0.247_032_33, 0.243_485_05, 0.261_587_68],
            ),
            Self::Cifar100 => (
                [0.507_075_16, 0.486_548_87, 0.440_917_84],
                [0.267_334_28, 0.256_438_46, 0.276_150_5],
            ),
        };
        Normalization::new(255.0, &mean, &standard_deviation)
    }

    const fn record(self) -> usize {
        match self {
            Self::Cifar10 => 1 + PIXELS,
            Self::Cifar100 => 2 + PIXELS,
        }
    }
}

/// Reads a directory of either data set: CIFAR-100 if it holds `train.bin`, CIFAR-10 otherwise; see
/// [`load`].
///
/// # Errors
/// As [`load`].
pub fn load_dir(directory: impl AsRef<Path>) -> Result<Splits, DataError> {
    let directory = directory.as_ref();
    let hundred = files::names(directory)?.iter().any(|name| name == "train.bin");
    load(directory, if hundred { Variant::Cifar100 } else { Variant::Cifar10 })
}

/// Reads the training and test files of `directory`.
///
/// CIFAR-10: every `data_batch_*.bin` there is (at least one) in the order of their numbers, and
/// `test_batch.bin`. CIFAR-100: `train.bin` and `test.bin`.
///
/// # Errors
/// [`DataError::Read`], [`DataError::MissingFile`], and those of [`read`].
pub fn load(directory: impl AsRef<Path>, variant: Variant) -> Result<Splits, DataError> {
    let directory = directory.as_ref();
    let present = files::names(directory)?;
    let (train, test) = match variant {
        Variant::Cifar10 => {
            let batches = present.iter().filter(|name| batch_number(name).is_some());
            (sorted_by_number(batches), "test_batch.bin")
        }
        Variant::Cifar100 => {
            (present.iter().map(String::as_str).filter(|&n| n == "train.bin").collect(), "test.bin")
        }
    };
    let missing = |expected: &str| DataError::MissingFile {
        directory: directory.to_path_buf(),
        expected: expected.to_owned(),
    };
    if train.is_empty() {
        let ten = variant == Variant::Cifar10;
        return Err(missing(if ten { "data_batch_*.bin" } else { "train.bin" }));
    }
    if !present.iter().any(|name| name == test) {
        return Err(missing(test));
    }
    Ok(Splits {
        train: read_files(directory, &train, variant)?,
        test: read_files(directory, &[test], variant)?,
    })
}

/// Reads the records in `bytes`. `name` is for errors.
///
/// # Errors
/// [`DataError::RecordLength`] when the length is not a positive multiple of the record,
/// [`DataError::LabelOutOfRange`].
pub fn read(bytes: &[u8], name: &str, variant: Variant) -> Result<InMemory, DataError> {
    let mut records = Records::default();
    records.append(bytes, name, variant)?;
    records.into_memory(variant)
}

fn read_files(directory: &Path, names: &[&str], variant: Variant) -> Result<InMemory, DataError> {
    let mut records = Records::default();
    for name in names {
        let path = directory.join(name);
        records.append(&files::read(&path)?, &path.display().to_string(), variant)?;
    }
    records.into_memory(variant)
}

fn batch_number(name: &str) -> Option<u64> {
    name.strip_prefix("data_batch_")?.strip_suffix(".bin")?.parse().ok()
}

fn sorted_by_number<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_by_key(|name| batch_number(name));
    names
}

#[derive(Default)]
struct Records {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Records {
    fn append(&mut self, bytes: &[u8], name: &str, variant: Variant) -> Result<(), DataError> {
        let record = variant.record();
        let rest = bytes.len() % record;
        if rest != 0 || bytes.is_empty() {
            return Err(DataError::RecordLength {
                file: name.to_owned(),
                offset: (bytes.len() - rest) as u64,
                record: record as u64,
                found: bytes.len() as u64,
            });
        }
        self.pixels.reserve(bytes.len() / record * PIXELS);
        for (index, record_bytes) in bytes.chunks_exact(record).enumerate() {
            let (labels, pixels) = record_bytes.split_at(record - PIXELS);
            let offset = (index * record) as u64;
            let label = match *labels {
                [coarse, fine] => {
                    check_label(coarse, COARSE_CLASSES, name, offset)?;
                    check_label(fine, variant.classes(), name, offset + 1)?
                }
                _ => check_label(record_bytes[0], variant.classes(), name, offset)?,
            };
            self.labels.push(label);
            self.pixels.extend_from_slice(pixels);
        }
        Ok(())
    }

    fn into_memory(self, variant: Variant) -> Result<InMemory, DataError> {
        InMemory::new(SHAPE, variant.classes(), self.pixels, self.labels, variant.normalization()?)
    }
}

fn check_label(label: u8, classes: usize, name: &str, offset: u64) -> Result<u32, DataError> {
    let found = u32::from(label);
    if usize::from(label) < classes {
        Ok(found)
    } else {
        Err(DataError::LabelOutOfRange { file: name.to_owned(), offset, classes, found })
    }
}
