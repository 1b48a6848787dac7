//! A view of chosen samples.

use crate::digest::Cached;
use crate::{DataError, Dataset, Draw, ImageShape, Normalization, Sample, TargetSpec};

/// The samples of another data set at given indices, in that order; an index may occur more than
/// once.
///
/// `D` may be a reference, a box or an [`Arc`](std::sync::Arc), so several subsets can share one
/// data set.
#[derive(Clone, Debug)]
pub struct Subset<D> {
    inner: D,
    indices: Vec<usize>,
    digest: Cached,
}

impl<D: Dataset> Subset<D> {
    /// The samples of `inner` at `indices`.
    ///
    /// # Errors
    /// [`DataError::IndexOutOfRange`] for the first index past the end of `inner`.
    pub fn new(inner: D, indices: Vec<usize>) -> Result<Self, DataError> {
        let len = inner.len();
        match indices.iter().find(|&&index| index >= len) {
            Some(&index) => Err(DataError::IndexOutOfRange { index, len }),
            None => Ok(Self { inner, indices, digest: Cached::default() }),
        }
    }

    /// The indices into the inner data set.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// The inner data set.
    #[must_use]
    pub fn inner(&self) -> &D {
        &self.inner
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn shape(&self) -> ImageShape {
        self.inner.shape()
    }

    fn targets(&self) -> TargetSpec {
        self.inner.targets()
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        let inner = *self
            .indices
            .get(index)
            .ok_or(DataError::IndexOutOfRange { index, len: self.indices.len() })?;
        self.inner.read(inner, sample)
    }

    fn draw(
        &self,
        index: usize,
        draw: &mut Draw<'_>,
        sample: &mut Sample<'_>,
    ) -> Result<(), DataError> {
        let inner = *self
            .indices
            .get(index)
            .ok_or(DataError::IndexOutOfRange { index, len: self.indices.len() })?;
        self.inner.draw(inner, draw, sample)
    }

    fn normalization(&self) -> Option<&Normalization> {
        self.inner.normalization()
    }

    fn digest(&self) -> Result<String, DataError> {
        self.digest.of(self)
    }
}
