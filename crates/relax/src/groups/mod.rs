//! Choices of different sizes in one row: in-edges of nodes, out-links of cells.

use std::ops::Range;

use candle_core::Tensor;
use rand::RngCore;

use crate::{Progress, RelaxError, Relaxation, checked_initial, checked_weights};

/// The division of one line of logits into choices of different sizes.
///
/// The edge normalisation of PC-DARTS relaxes the logits `gamma` of the edges into each node `j`
/// among themselves: `B_(i,j) = exp(gamma_(i,j)) / sum_i' exp(gamma_(i',j))` over the sources `i'`
/// of `j`, and the node is `sum_i B_(i,j) o_(i,j)(x_i)` (Xu et al., *PC-DARTS*, ICLR 2020). Nodes
/// have different numbers of in-edges, so the groups are ragged; [`Groups::weights`] applies any
/// [`Relaxation`] to each of them.
///
/// # Differences from the paper
/// None: with [`Softmax`](crate::Softmax) it is the paper's method. With
/// [`Simplex`](crate::Simplex) it is the method that GAEA uses for edges.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Groups {
    sizes: Vec<usize>,
}

impl Groups {
    /// Groups of the given sizes, one after the other.
    ///
    /// # Errors
    /// [`RelaxError::EmptyGroup`] for a size of 0.
    pub fn new(sizes: Vec<usize>) -> Result<Self, RelaxError> {
        match sizes.iter().position(|&size| size == 0) {
            Some(group) => Err(RelaxError::EmptyGroup { group }),
            None => Ok(Self { sizes }),
        }
    }

    /// Groups of these sizes, without those of size 0.
    pub fn of_sizes(sizes: impl IntoIterator<Item = usize>) -> Self {
        Self { sizes: sizes.into_iter().filter(|&size| size > 0).collect() }
    }

    /// Neighbours with equal keys make a group: the target nodes of a cell's edges, in row order,
    /// give one group per node.
    pub fn of(keys: &[usize]) -> Self {
        Self { sizes: keys.chunk_by(|a, b| a == b).map(<[usize]>::len).collect() }
    }

    /// Sizes in order.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Entries of all groups together.
    pub fn len(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// `true` if there is no group.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// The range of each group in the line.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.sizes.iter().scan(0, |end, &size| {
            let start = *end;
            *end += size;
            Some(start..*end)
        })
    }

    /// Weights of a line of logits `[n]`, each group relaxed by itself; shape and dtype are those
    /// of `logits`. Noise is drawn group after group.
    ///
    /// # Errors
    /// [`RelaxError::Groups`] when `logits` is no line of as many entries as the groups have,
    /// [`RelaxError::Group`] around the errors of [`checked_weights`].
    pub fn weights(
        &self,
        relaxation: &dyn Relaxation,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        self.check(logits)?;
        if self.is_empty() {
            return Ok(logits.clone());
        }
        let parts = self.ranges().enumerate().map(|(group, range)| {
            let row = logits.narrow(0, range.start, range.len())?.unsqueeze(0)?;
            let weights = checked_weights(relaxation, &row, at, noise);
            let blame = |source| RelaxError::Group { group, source: Box::new(source) };
            Ok::<_, RelaxError>(weights.map_err(blame)?.squeeze(0)?)
        });
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        Ok(Tensor::cat(&parts, 0)?)
    }

    /// Initial logits of a line: those of the relaxation for each group. On the simplex, each is
    /// one over the group's size.
    ///
    /// # Errors
    /// [`RelaxError::Group`] around the errors of [`checked_initial`].
    pub fn initial(
        &self,
        relaxation: &dyn Relaxation,
        noise: &mut dyn RngCore,
    ) -> Result<Vec<f32>, RelaxError> {
        let mut line = Vec::with_capacity(self.len());
        for (group, &size) in self.sizes.iter().enumerate() {
            let initial = checked_initial(relaxation, (1, size), noise);
            let blame = |source| RelaxError::Group { group, source: Box::new(source) };
            line.extend(initial.map_err(blame)?);
        }
        Ok(line)
    }

    pub(crate) fn check(&self, line: &Tensor) -> Result<(), RelaxError> {
        if line.dims() == [self.len()] {
            return Ok(());
        }
        Err(RelaxError::Groups { expected: self.len(), found: line.dims().to_vec() })
    }
}

#[cfg(test)]
mod tests;
