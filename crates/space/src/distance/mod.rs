//! Distances between two architectures.
//!
//! [`SetDistance`] is the distance of the D-DARTS paper, which compares the *sets* of edges of two
//! cells; [`PositionDistance`] compares edge by edge and is a metric. [`PathEdit`] is a further
//! comparison of the released code. All weigh operations with [`OpScores`].

mod edge_set;
mod pairing;
mod path_edit;
mod position;
mod scores;
mod set;

pub use edge_set::EdgeSet;
pub use pairing::Pairing;
pub use path_edit::PathEdit;
pub use position::{Frame, PositionDistance};
pub use scores::OpScores;
pub use set::{CellDistance, Scale, SetDistance, SetDistances};
