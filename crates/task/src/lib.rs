#![doc = include_str!("../README.md")]

mod check;
mod classification;
mod configured;
mod constant;
mod decision_tree;
mod error;
mod judged;
mod loss;
mod multi_label;
mod regression;
mod segmentation;
mod task;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod usual;

pub use classification::Classification;
pub use configured::{
    ClassificationConfig, ConfiguredTask, ConfiguredTree, DecisionTreeConfig, JudgedConfig,
    RegressionConfig, SegmentationConfig,
};
pub use constant::Constant;
pub use decision_tree::{DecisionTree, Parent, Question, Tree};
pub use error::TaskError;
pub use judged::{Judged, Measure};
pub use loss::Loss;
pub use multi_label::MultiLabel;
pub use regression::{Regression, RegressionLoss};
pub use segmentation::Segmentation;
pub use task::Task;
pub use usual::usual;
