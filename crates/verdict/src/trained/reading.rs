//! The way in which image files become inputs.

use dartloom_data::images::{Bands, FileTargets, Size};
use serde::{Deserialize, Serialize};

/// The way in which the image files that a network was trained with became inputs and targets, so
/// that others become them alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// The bands that are read.
    pub bands: Bands,
    /// The size that every image is given.
    pub size: Size,
    /// The value to learn from an image: folders, masks with the meaning of their values, or a
    /// table.
    pub targets: FileTargets,
}
