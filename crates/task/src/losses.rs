//! Losses of logits, of use without a task.
//!
//! [`ClassLoss`] is about one class out of several, for each pixel or image, and [`BinaryLoss`]
//! about labels that are each there or not. Both give [`Parts`](crate::Parts): sums and counts that
//! add up over shards. [`DeepSupervision`] weighs the losses of several heads.

mod binary;
mod class_weights;
mod classes;
mod deep;
mod focal;
mod labels;
mod overlap;

pub use binary::{BinaryLabels, BinaryLoss};
pub use class_weights::{ClassWeighting, class_weights, positive_weights};
pub use classes::{ClassLoss, CrossEntropy, DiceCrossEntropy};
pub use deep::DeepSupervision;
pub use focal::{BinaryFocal, Focal};
pub use labels::ClassLabels;
pub use overlap::{Dice, Over, Tversky};
