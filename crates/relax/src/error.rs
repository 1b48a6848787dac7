//! Errors in logits, weights or a relaxation.

use candle_core::DType;
use thiserror::Error;

use crate::Constraint;

/// The reason for which logits could not become weights.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RelaxError {
    /// Logits or weights that are not a table with at least one candidate per row.
    #[error("expected a table [rows, candidates >= 1], found shape {found:?}")]
    Shape {
        /// Shape found.
        found: Vec<usize>,
    },
    /// A temperature that is not a positive, finite number.
    #[error("expected a positive, finite temperature, found {found}")]
    Temperature {
        /// Temperature found.
        found: f64,
    },
    /// A weight that has no share in a sum: negative, NaN or infinite.
    #[error("row {row}, candidate {column}: expected a finite weight >= 0, found {found}")]
    Weight {
        /// Row of the table.
        row: usize,
        /// Candidate within the row.
        column: usize,
        /// Weight found.
        found: f64,
    },
    /// A number of a configuration that is out of its range.
    #[error("`{name}`: expected {expected}, found {found}")]
    Parameter {
        /// Name of the argument or field.
        name: &'static str,
        /// The numbers that are allowed.
        expected: &'static str,
        /// The number.
        found: f64,
    },
    /// A choice among nothing.
    #[error("group {group}: expected at least one entry, found none")]
    EmptyGroup {
        /// Index of the group.
        group: usize,
    },
    /// Layers of a lattice that meet at more nodes than can be listed in sets.
    #[error("layers meet at {found} nodes, of whose sets at most those of {most} are listed")]
    Nodes {
        /// The most nodes.
        most: usize,
        /// Nodes found.
        found: usize,
    },
    /// A line whose length is not that of all groups together.
    #[error("expected a line of {expected} entries, found shape {found:?}")]
    Groups {
        /// Entries of all groups.
        expected: usize,
        /// Shape found.
        found: Vec<usize>,
    },
    /// Two tensors that belong together and differ in shape.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Mismatch {
        /// The name of the compared tensor.
        what: &'static str,
        /// Shape it should have.
        expected: Vec<usize>,
        /// Shape it has.
        found: Vec<usize>,
    },
    /// Another number of initial logits than the table has.
    #[error(
        "`initial`: expected {} logits for {rows} rows of {candidates} candidates, found {found}",
        rows * candidates
    )]
    Initial {
        /// Rows of the table.
        rows: usize,
        /// Candidates of each.
        candidates: usize,
        /// Logits found.
        found: usize,
    },
    /// A row outside of the set that the relaxation names.
    #[error("row {row} of the {what}: expected {set}, found {found:?}")]
    Outside {
        /// The rows in question: weights, or initial logits.
        what: &'static str,
        /// Row of the table.
        row: usize,
        /// The set in which the relaxation says that its rows are.
        set: Constraint,
        /// The row.
        found: Vec<f64>,
    },
    /// Numbers of another type than the logits.
    #[error("{what}: expected numbers of type {expected:?}, found {found:?}")]
    ElementType {
        /// The name of the tensor in question.
        what: &'static str,
        /// Type of the logits.
        expected: DType,
        /// Type found.
        found: DType,
    },
    /// A number that is not finite.
    #[error("{what}: expected a finite number, found {found}")]
    NotFinite {
        /// The name of the number in question.
        what: &'static str,
        /// The number.
        found: f64,
    },
    /// A function of the logits that does not move them.
    #[error(
        "no gradient of {of} reaches the logits: does the implementation detach them, or compute on \
         the host?"
    )]
    NoGradient {
        /// The name of the function that has no gradient.
        of: &'static str,
    },
    /// Weights that differ between two calls.
    #[error(
        "expected equal weights for equal logits and equal noise, found others: a relaxation draws \
         from the noise it is handed and has no state"
    )]
    Unrepeatable,
    /// A group of a line that breaks a rule.
    #[error("group {group}: {source}")]
    Group {
        /// Index of the group.
        group: usize,
        /// The rule.
        #[source]
        source: Box<RelaxError>,
    },
    /// A regulariser that failed or breaks a rule.
    #[error("regulariser {regulariser}: {source}")]
    Term {
        /// The debug form of the regulariser.
        regulariser: String,
        /// The failure.
        #[source]
        source: Box<RelaxError>,
    },
    /// A gradient that cannot move a parameter.
    #[error("entry {entry}: expected a finite gradient, found {found}")]
    Gradient {
        /// Entry of the table, counted row after row.
        entry: usize,
        /// Gradient found.
        found: f64,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
