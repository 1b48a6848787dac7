//! A short name for the contents of a data set.

use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::{DataError, Dataset, Draw, ImageShape, Normalization, OwnedSample, Sample, TargetSpec};

/// The prefix of the hashed bytes of images with classes. Its number changes with the order of
/// those bytes.
const CLASSES: &str = "dartloom data set 1";
/// The prefix for images with other targets; the kind of target follows it.
const OTHERS: &str = "dartloom data set 2";

/// The SHA-256 of the meaning of the targets, the shape, the number of samples, and the target and
/// pixels of every sample.
pub(crate) fn of(data: &(impl Dataset + ?Sized)) -> Result<String, DataError> {
    let shape = data.shape();
    let targets = data.targets();
    let mut hash = Sha256::new();
    hash.update(opening(targets));
    for number in [shape.channels, shape.height, shape.width, data.len()] {
        hash.update((number as u64).to_le_bytes());
    }
    let mut sample = OwnedSample::unwritten(shape, targets)?;
    let mut bytes = Vec::new();
    for index in 0..data.len() {
        data.read(index, &mut sample.room())?;
        bytes.clear();
        sample.bytes(&mut bytes);
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The bytes that describe the meaning of targets.
pub(crate) fn opening(targets: TargetSpec) -> Vec<u8> {
    let number = |number: usize| (number as u64).to_le_bytes().to_vec();
    let other =
        |kind: &str, count: usize| [OTHERS.as_bytes(), kind.as_bytes(), &number(count)].concat();
    match targets {
        TargetSpec::Class { classes } => [CLASSES.as_bytes(), &number(classes)].concat(),
        TargetSpec::Labels(labels) => other("labels", labels),
        TargetSpec::Values(values) => other("values", values),
        TargetSpec::Mask { classes, ignore } => {
            let ignored = ignore.map_or(u64::MAX, u64::from).to_le_bytes();
            [other("mask", classes), ignored.to_vec()].concat()
        }
    }
}

/// A digest that is computed when it is first asked for. It equals every other one, because it is
/// not part of a data set's value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cached(OnceLock<String>);

impl Cached {
    /// The digest of `data`, which must always be the same.
    pub(crate) fn of(&self, data: &impl Dataset) -> Result<String, DataError> {
        if let Some(known) = self.0.get() {
            return Ok(known.clone());
        }
        let digest = of(data)?;
        Ok(self.0.get_or_init(|| digest).clone())
    }
}

impl PartialEq for Cached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// A data set that computes its digest once and keeps it: for custom data sets whose samples are
/// slow to read.
#[derive(Clone, Debug)]
pub struct Digested<D> {
    inner: D,
    digest: OnceLock<String>,
}

impl<D: Dataset> Digested<D> {
    /// The same data set.
    pub fn new(inner: D) -> Self {
        Self { inner, digest: OnceLock::new() }
    }
}

impl<D: Dataset> Dataset for Digested<D> {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn shape(&self) -> ImageShape {
        self.inner.shape()
    }

    fn targets(&self) -> TargetSpec {
        self.inner.targets()
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        self.inner.read(index, sample)
    }

    fn draw(
        &self,
        index: usize,
        draw: &mut Draw<'_>,
        sample: &mut Sample<'_>,
    ) -> Result<(), DataError> {
        self.inner.draw(index, draw, sample)
    }

    fn normalization(&self) -> Option<&Normalization> {
        self.inner.normalization()
    }

    fn digest(&self) -> Result<String, DataError> {
        if let Some(known) = self.digest.get() {
            return Ok(known.clone());
        }
        let digest = self.inner.digest()?;
        Ok(self.digest.get_or_init(|| digest).clone())
    }
}

#[cfg(test)]
mod tests;
