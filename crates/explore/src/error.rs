//! Errors of exploring.

use std::path::PathBuf;

use dartloom_dist::DistError;
use dartloom_record::{RecordError, Refused};
use dartloom_space::SpaceError;
use thiserror::Error;

/// The reason why a part defined outside of this crate failed.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The reason why an exploration failed. The fate of a candidate is an [`Outcome`](crate::Outcome),
/// not an error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExploreError {
    /// A genotype does not fit.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A part that the search depends on has no JSON form.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A part defined elsewhere cannot go on: an explorer that learns, a decoder, or an evaluator
    /// that cannot judge any candidate.
    #[error(transparent)]
    Part(Cause),
    /// A pool or its journal cannot go on.
    #[error(transparent)]
    Dist(#[from] DistError),
    /// A journal of another search.
    #[error("{}, record {record}: expected {expected}, found {found}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// The record, counted from 1.
        record: usize,
        /// The record that this search would have written.
        expected: String,
        /// The record found.
        found: String,
    },
    /// A candidate could not be judged, for a reason that has nothing to do with the candidate.
    #[error("task {task}: {source}")]
    Judging {
        /// Number of the task.
        task: u64,
        /// The reason.
        source: Cause,
    },
    /// An invalid configuration value.
    #[error(transparent)]
    Config(#[from] Refused),
    /// An outcome of a task that is not open: it was never proposed, or its outcome was told
    /// before.
    #[error("task {task} is not open: expected an outcome of a proposal, once")]
    NotOpen {
        /// Number of the task.
        task: u64,
    },
    /// A proposal whose number is not larger than the one before.
    #[error("task {task} was proposed after task {last}: expected task numbers that ascend")]
    Numbered {
        /// Number of the task.
        task: u64,
        /// Number of the proposal before it.
        last: u64,
    },
    /// An architecture, decoded or chosen, that may not be proposed.
    #[error("task {task}: the architecture is outside of the domain: {genotype}")]
    Outside {
        /// Number of the task.
        task: u64,
        /// The architecture as JSON.
        genotype: String,
    },
    /// A state that cannot be written, or that does not belong to this explorer.
    #[error("state of {explorer}: {source}")]
    State {
        /// The explorer.
        explorer: &'static str,
        /// The error of writing or reading it.
        source: serde_json::Error,
    },
    /// A table that cannot be read.
    #[error("table: {source}")]
    Csv {
        /// The error of the reader.
        #[from]
        source: csv::Error,
    },
    /// A column that the table does not have.
    #[error("table: no column `{column}`; columns are {}", known.join(", "))]
    NoColumn {
        /// The column.
        column: String,
        /// The header.
        known: Vec<String>,
    },
    /// A table that is not text.
    #[error("table, line {line}: expected text in UTF-8")]
    NoText {
        /// Line with the first bytes that are not UTF-8, from 1.
        line: u64,
    },
    /// A table without a line that names its columns.
    #[error("table: expected a line with the names of its columns, found nothing")]
    NoHeader,
    /// A name shared by several columns.
    #[error("table: column `{column}` twice, at positions {first} and {second}")]
    ColumnTwice {
        /// The name.
        column: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },
    /// A row that is shorter or longer than the header.
    #[error("table, line {line}: expected {expected} fields as in the header, found {found}")]
    Length {
        /// Line in which the row begins, from 1.
        line: u64,
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// A field of the table that is not a number.
    #[error("table, line {line}, column {column} (`{name}`): expected {expected}, found `{found}`")]
    Field {
        /// Line, from 1.
        line: u64,
        /// Position of the column, from 1.
        column: usize,
        /// Name of the column.
        name: String,
        /// The values that are allowed.
        expected: &'static str,
        /// The content of the field.
        found: String,
    },
    /// A field of the table that is not an architecture.
    #[error("table, line {line}, column {column} (`{name}`): {source}")]
    Architecture {
        /// Line, from 1.
        line: u64,
        /// Position of the column, from 1.
        column: usize,
        /// Name of the column.
        name: String,
        /// The error in the text, and its position.
        source: SpaceError,
    },
    /// An architecture that the table lists twice.
    #[error("table, line {line}: the architecture of line {first} again")]
    Twice {
        /// Line of the second, from 1.
        line: u64,
        /// Line of the first, from 1.
        first: u64,
    },
    /// A table without rows.
    #[error("table: expected at least one architecture, found none")]
    NoRows,
    /// A candidate that was to be compared with the best of the table is not in the table.
    #[error("task {task}: the table has no such architecture")]
    NotInTable {
        /// Number of the task.
        task: u64,
    },
}

impl ExploreError {
    /// The failure of a part defined elsewhere.
    pub fn part(error: impl Into<Cause>) -> Self {
        Self::Part(error.into())
    }

    /// A candidate that could not be judged, for a reason that has nothing to do with the
    /// candidate.
    pub fn judging(task: u64, error: impl Into<Cause>) -> Self {
        Self::Judging { task, source: error.into() }
    }
}
