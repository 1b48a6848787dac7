#![doc = include_str!("../README.md")]

mod build;
mod check;
mod classification;
mod configured;
mod constant;
mod decision_tree;
mod error;
mod loss;
pub mod losses;
mod multi_label;
mod parts;
mod regression;
mod segmentation;
mod task;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod usual;

pub use build::build;
pub use classification::Classification;
pub use configured::{
    ClassificationConfig, ConfiguredTask, ConfiguredTree, DecisionTreeConfig, MultiLabelConfig,
    RegressionConfig, SegmentationConfig,
};
pub use constant::Constant;
pub use decision_tree::{DecisionTree, Parent, Question, Tree};
pub use error::TaskError;
pub use loss::Loss;
pub use multi_label::MultiLabel;
pub use parts::{Parts, Totals};
pub use regression::{Regression, RegressionLoss};
pub use segmentation::Segmentation;
pub use task::Task;
pub use usual::usual;
