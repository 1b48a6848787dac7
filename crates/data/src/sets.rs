//! Data sets by part.

use std::sync::Arc;

use crate::{Dataset, Normalization, Splits};

/// The parts of some data, whatever holds them, and what a trained network has to know of them.
///
/// Search and train on `train`, choose on `valid`, report on `test`.
#[derive(Clone, Debug)]
pub struct DataSets {
    /// For training and, divided further by [`split`](crate::split), for searching.
    pub train: Arc<dyn Dataset>,
    /// For choosing, where the data have such a part.
    pub valid: Option<Arc<dyn Dataset>>,
    /// For the final report only.
    pub test: Arc<dyn Dataset>,
    /// Names of classes, labels or values, where they have any.
    pub class_names: Option<Vec<String>>,
    /// The rule that turned stored values into pixels, where there is one. It belongs to every
    /// network that is trained on them.
    pub normalization: Option<Normalization>,
}

impl From<Splits> for DataSets {
    fn from(Splits { train, test }: Splits) -> Self {
        let normalization = Some(train.normalization().clone());
        let train = Arc::new(train);
        Self { train, valid: None, test: Arc::new(test), class_names: None, normalization }
    }
}
