//! Networks that nobody searched for, as values: graphs, and the baselines that have a name.
//!
//! A [`Graph`](crate::Graph) is any network with named nodes. A [`Baseline`] is a network by name
//! with its settings, of which a graph is made for images and outputs: it is counted, written down
//! and drawn without tensors, like the networks of genotypes. A [`SearchedGraph`] is one of them
//! some of whose blocks are searched.

mod baseline;
mod blocks;
mod fcn;
pub(crate) mod graph;
mod plan;
mod resnet;
mod resnet_unet;
pub(crate) mod searched;
mod self_configured;
mod unet;

pub use baseline::Baseline;
pub use fcn::Fcn;
pub use plan::{DataFacts, TrainingPlan, plan};
pub use resnet::{ResNet, ResNetStem};
pub use resnet_unet::ResNetUNet;
pub use searched::SearchedGraph;
pub use self_configured::SelfConfigured;
pub use unet::UNet;
