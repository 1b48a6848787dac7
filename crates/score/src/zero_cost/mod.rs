//! Scores of untrained networks.
//!
//! A zero-cost score reads a network as it is initialised, with a batch or two of images. It costs
//! about one training step, and claims to rank architectures as training them would. Whether it
//! does is a question to a table of trained ones: [`kendall_tau`] answers it.
//!
//! | score | what it adds up | better | source |
//! | --- | --- | --- | --- |
//! | [`Synflow`] | weights times gradients of a network of absolute values | higher | Tanaka et al. 2020 |
//! | [`Snip`] | absolute weights times gradients of the loss | higher | Lee et al. 2019 |
//! | [`Grasp`] | weights times the change of the gradient in a step | higher | Wang et al. 2020 |
//! | [`Fisher`] | squared activations times gradients, by channels | higher | Turner et al. 2020 |
//! | [`GradNorm`] | norms of the gradients of the loss | higher | Abdelfattah et al. 2021 |
//! | [`JacobianCovariance`] | dissimilarity of the images' gradients | higher | Mellor et al. 2020 |
//! | [`Naswot`] | dissimilarity of the images' ReLU codes | higher | Mellor et al. 2021 |
//! | [`NtkCondition`] | condition number of the neural tangent kernel | lower | Chen et al. 2021 |
//! | [`LinearRegions`] | different ReLU codes | higher | Chen et al. 2021 |
//! | [`Zen`] | the change of the features under small noise | higher | Lin et al. 2021 |
//!
//! A [`Subject`] is a derived network or, with equal weights on all operations, a supernet: the
//! state before anything is searched. [`scored`] gives the mean and the spread over several
//! initialisations. A meaningless score (no ReLU, no weights, an output that does not depend on the
//! input, a singular matrix, NaN) is refused with the reason ([`ZeroCostError`]); it is never
//! returned as a number. With [`ZeroCostEvaluator`], explorers search for a high score, and with
//! [`WarmStart`](dartloom_explore::WarmStart) they begin with the architectures that it ranks
//! highest.
//!
//! All scores run networks one operation after the other and watch the layers that they need. The
//! inside of an operation in code is not seen.
//!
//! ```
//! use dartloom_data::TargetSpec;
//! use dartloom_ops::Registry;
//! use dartloom_score::zero_cost::{random_batch, scored, Naswot, Subject};
//! use dartloom_space::{Build, Shape, nasbench201};
//! use dartloom_noise::Noise;
//! use dartloom_task::Classification;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let architecture =
//!     "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|";
//! let genotype = nasbench201::parse(architecture)?;
//! let build = Build::new(4, 10, Shape::new(3, 8, 8));
//! let plan = nasbench201::blueprint(&genotype, build)?;
//! let registry = Registry::standard()?;
//! let task = Classification::new(10)?;
//! let subject = Subject { plan: &plan, registry: &registry, task: &task };
//! let targets = TargetSpec::Class { classes: 10 };
//! let draw = &mut |noise| random_batch(build, targets, 8, noise);
//! let found = scored(&Naswot, &subject, draw, 0..2)?;
//! assert!(found.mean > 0.0 && found.deviation.is_some_and(|deviation| deviation < found.mean));
//! # Ok(())
//! # }
//! ```
//!
//! [`kendall_tau`]: dartloom_record::statistics::kendall_tau

mod batch;
mod codes;
mod error;
mod evaluator;
mod fisher;
mod grad_norm;
mod grasp;
mod jacobian;
mod linear_regions;
mod naswot;
mod ntk;
mod passes;
mod score;
mod snip;
mod subject;
mod symmetric;
mod synflow;
mod zen;

pub use batch::{dataset_batch, random_batch};
pub use error::ZeroCostError;
pub use evaluator::{ZeroCostEvaluator, best_by_score};
pub use fisher::Fisher;
pub use grad_norm::GradNorm;
pub use grasp::Grasp;
pub use jacobian::JacobianCovariance;
pub use linear_regions::LinearRegions;
pub use naswot::Naswot;
pub use ntk::NtkCondition;
pub use score::{Draw, Reads, Scorable, Scored, ZeroCostScore, by_name, memory, names, scored};
pub use snip::Snip;
pub use subject::{Subject, Topology};
pub use synflow::Synflow;
pub use zen::Zen;

#[cfg(test)]
mod tests;
