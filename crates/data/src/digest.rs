//! A short name for what a data set holds.

use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::{DataError, Dataset, ImageShape, Task};

/// Stands before everything that is hashed; another number where the order of it changes.
const VERSION: &str = "dartloom data set 1";

/// The SHA-256 of task, shape, number of samples, and the label and pixels of every sample.
pub(crate) fn of(data: &(impl Dataset + ?Sized)) -> Result<String, DataError> {
    let Task::Classification { classes } = data.task();
    let shape = data.shape();
    let mut hash = Sha256::new();
    hash.update(VERSION);
    for number in [classes, shape.channels, shape.height, shape.width, data.len()] {
        hash.update((number as u64).to_le_bytes());
    }
    let mut pixels = vec![0.0_f32; shape.pixels()?];
    let mut bytes = Vec::with_capacity(pixels.len() * size_of::<f32>());
    for index in 0..data.len() {
        let label = data.sample(index, &mut pixels)?;
        bytes.clear();
        bytes.extend(pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
        hash.update(label.to_le_bytes());
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A digest that is computed when it is first asked for. All are equal: it is no part of what a
/// data set is.
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

/// A data set that is asked for its digest once and remembers it: for data sets of one's own whose
/// samples are dear to read.
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

    fn task(&self) -> Task {
        self.inner.task()
    }

    fn sample(&self, index: usize, pixels: &mut [f32]) -> Result<u32, DataError> {
        self.inner.sample(index, pixels)
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
