//! Architectures whose numbers are known already.

mod read;
mod sheet;

use std::collections::BTreeMap;

use dartloom_space::{Cost, Genotype, OpSet};

use super::{Evaluator, ExploreError, Key, Outcome, Proposal};

/// The place of a column in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Position, from 1.
    pub position: usize,
    /// Name in the header.
    pub name: String,
}

/// Names of the columns that are read; others are ignored.
///
/// A search may look at validation accuracies alone; the final values of the architectures found
/// are read from another column, `reported`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumns {
    /// The architecture, in the form that `parse` of [`Table::read`] expects.
    pub architecture: String,
    /// The quality that the search sees; more is better.
    pub quality: String,
    /// The value that is reported for the architectures found.
    pub reported: String,
    /// Trainable numbers; `None` if they were not counted.
    pub parameters: Option<String>,
    /// Multiply-adds for one image; `None` if they were not counted.
    pub macs: Option<String>,
}

impl TableColumns {
    /// The columns of a NAS-Bench-201 table: `arch`, `params` and `flops`, and two columns of
    /// accuracies, such as `cifar10_valid_200` and `cifar10_test_200`.
    ///
    /// `flops` includes the additions of the classifier's bias besides multiply-adds.
    pub fn nasbench201(quality: impl Into<String>, reported: impl Into<String>) -> Self {
        Self {
            architecture: "arch".to_owned(),
            quality: quality.into(),
            reported: reported.into(),
            parameters: Some("params".to_owned()),
            macs: Some("flops".to_owned()),
        }
    }

    /// The columns of a NAS-Bench-Macro table: `arch`, `params` and `flops`, and two columns of
    /// accuracies. The benchmark has only test accuracies of three trainings and their mean, such
    /// as `test_acc_1` and `test_acc_mean`.
    pub fn nasbench_macro(quality: impl Into<String>, reported: impl Into<String>) -> Self {
        Self::nasbench201(quality, reported)
    }
}

/// The entry of an architecture in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The quality that the search sees.
    pub quality: f64,
    /// The value that is reported.
    pub reported: f64,
    /// Parameters and multiply-adds, if the table has them.
    pub cost: Cost,
    /// Line of the file, from 1.
    pub line: u64,
}

/// An architecture and its values in some columns of a table ([`Measured::read`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The architecture.
    pub genotype: Genotype,
    /// One value for each requested column, in that order; `None` if the table has a gap.
    pub values: Vec<Option<f64>>,
    /// Line of the file, from 1.
    pub line: u64,
}

/// A table of measured architectures: an evaluator that looks them up.
///
/// It is read with [`Table::read`]. An architecture that it does not have is an
/// [`Outcome::Failed`].
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    ops: OpSet,
    rows: BTreeMap<Key, Row>,
}

impl Table {
    /// Number of architectures.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// `false`: a table has at least one architecture.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of an architecture.
    pub fn row(&self, genotype: &Genotype) -> Option<&Row> {
        self.rows.get(&Key::of(genotype, &self.ops))
    }

    /// The rows, in no particular order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// The highest reported value, from which regret is measured.
    pub fn best_reported(&self) -> f64 {
        self.rows.values().map(|row| row.reported).fold(f64::NEG_INFINITY, f64::max)
    }
}

impl Evaluator for &Table {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        Ok(match self.row(&proposal.genotype) {
            Some(row) => Outcome::measured(row.quality, row.cost),
            None => Outcome::Failed { reason: "the table has no such architecture".to_owned() },
        })
    }
}

impl Evaluator for Table {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        (&*self).evaluate(proposal)
    }
}

#[cfg(test)]
mod tests;
