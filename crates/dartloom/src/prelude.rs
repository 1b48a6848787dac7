//! What most programs name.

pub use crate::Error;
pub use crate::data::{Dataset, Loader, Split, digits};
pub use crate::decode::{Decoder, TopK};
pub use crate::net::{DerivedNetwork, Model, Supernet};
pub use crate::noise::Noise;
pub use crate::ops::{OpFactory, Operation, Registry};
pub use crate::record::{Event, Flow, Observer, RunDir, Silent, observer_fn};
pub use crate::relax::{Relaxation, Softmax};
pub use crate::search::{Choices, SearchConfig, SearchParts, SupernetSearch};
pub use crate::space::{Blueprint, Build, Genotype, OpSet, OpSpec, Repeats, Shape, Space, Stem};
pub use crate::train::{Fit, FitConfig, Session, Stepper, drive};
pub use crate::verdict::{Comparison, ComparisonConfig, MethodParts};
