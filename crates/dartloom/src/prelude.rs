//! The names that most programs need.

pub use crate::data::{Dataset, Loader, Split, digits};
pub use crate::decode::{Decoder, TopK};
pub use crate::net::{DerivedNetwork, NetworkSize, Setting, Supernet};
pub use crate::noise::Noise;
pub use crate::ops::{Model, OpFactory, Operation, Pass, Place, Registry};
pub use crate::record::{Event, Flow, Lines, Observer, RunDir, Silent, observer_fn};
pub use crate::relax::{Relaxation, Softmax};
pub use crate::search::{Choices, SearchConfig, SearchParts, SupernetSearch};
pub use crate::space::{Blueprint, Build, Genotype, OpSet, OpSpec, Repeats, Shape, Space, Stem};
pub use crate::task::{Classification, Task};
pub use crate::train::{Fit, FitConfig, Session, Stepper, drive};
pub use crate::verdict::{Answer, Comparison, ComparisonConfig, MethodParts, Trained};
pub use crate::{Error, Study};
