#![doc = include_str!("../README.md")]

mod accuracy;
mod auc;
mod components;
mod confusion;
mod details;
#[cfg(test)]
mod drawn;
mod error;
mod first;
mod image_means;
mod labels;
mod masks;
mod multi_label;
mod objects;
mod ranking;
mod read;
mod regression;
mod scorer;
mod segmentation;
mod surface;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use accuracy::Accuracy;
pub use auc::{Auc, DEFAULT_BINS};
pub use components::{Components, Connectivity, components};
pub use confusion::{ClassRow, Confusion};
pub use details::{Cell, Column, Curve, CurveLine, Details, Table};
pub use error::MetricsError;
pub use first::First;
pub use image_means::ImageMeans;
pub use labels::Labels;
pub use multi_label::MultiLabel;
pub use objects::{Matching, ObjectRow, Objects, ObjectsConfig, Overlap, overlaps};
pub use ranking::{CurvePoint, Ranked, average_precision, ranked_auc, ranked_curve};
pub use regression::Regression;
pub use scorer::Scorer;
pub use segmentation::{Segmentation, SegmentationScores, SurfaceConfig};
pub use surface::{DEFAULT_TOLERANCE, Surface, SurfaceDistances, surface_distances};
