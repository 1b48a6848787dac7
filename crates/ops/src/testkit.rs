//! Laws for operations, for this crate's own and for third parties' (feature `testkit`), and
//! parts for tests of what takes them.
//!
//! ```
//! use candle_core::Device;
//! use dartloom_ops::testkit::{Case, check_operation, recipe};
//! use dartloom_space::{OpSpec, Stage};
//!
//! let op = recipe(OpSpec::new("rest", [Stage::Relu]));
//! // A ReLU keeps its input's size, so it cannot stand on an edge of stride 2.
//! let (keeps, halves): (Vec<Case>, Vec<Case>) =
//!     Case::standard().into_iter().partition(|case| case.at.stride == 1);
//! assert!(check_operation(&op, &keeps, &Device::Cpu).is_ok());
//! assert!(check_operation(&op, &halves, &Device::Cpu).is_err());
//! ```

mod error;
mod gradients;
mod state;
mod unregistered;

pub use error::LawError;
pub use unregistered::{names_the_remedy, registry};

use candle_core::{DType, Device, Tensor};
use dartloom_kernels::testkit::filled;
use dartloom_space::{InputPlan, Layer, Lowering, OpSpec, Phase, Shape};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::{Builder, Mode, OpCost, OpError, OpFactory, Operation, Place, Sequence, Variables};

/// A case in which an operation is held to the laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its surroundings.
    pub at: InputPlan,
    /// Images in a batch.
    pub batch: usize,
}

impl Case {
    /// Two images of 2x4x6 to a width of 2, at strides 1 and 2, searched and retrained.
    ///
    /// The plane is not square, so that swapped axes are found; every element of the input and of
    /// every parameter is differentiated, so it is small.
    pub fn standard() -> Vec<Self> {
        let phases = [Phase::Search, Phase::Retrain].into_iter();
        let places = phases.flat_map(|phase| [1, 2].map(|stride| (phase, stride)));
        places
            .map(|(phase, stride)| {
                let at = InputPlan { shape: Shape::new(2, 4, 6), width: 2, stride, phase };
                Self { at, batch: 2 }
            })
            .collect()
    }

    /// `[batch, C, H, W]` with fixed values in `[-1, 1)`.
    fn input(&self, seed: u64, device: &Device) -> candle_core::Result<Tensor> {
        let Shape { channels, height, width } = self.at.shape;
        filled(&[self.batch, channels, height, width], seed)?.to_device(device)
    }

    fn expected(&self) -> Vec<usize> {
        let InputPlan { shape, width, stride, .. } = self.at;
        vec![self.batch, width, shape.height.div_ceil(stride), shape.width.div_ceil(stride)]
    }
}

/// Holds an operation to the contract of [`Operation`] and [`OpFactory`] in every case, with its
/// variables and inputs on `device`:
///
/// 1. the output has the shape of the contract, and type and device of the input (`f32` and `f64`);
/// 2. gradients of the input and of every parameter equal central differences in `f64`, with the
///    statistics of the batch and with stored ones; every parameter is reached by the gradient;
/// 3. equal seeds create equal variables, and equal inputs give equal bytes;
/// 4. no pass changes a parameter, probing and evaluating change no buffer, training changes every
///    buffer called `running_mean` or `running_var`;
/// 5. the factory counts as many parameters as it creates.
///
/// Operations with kinks (ReLU, max pooling) pass as long as the inputs stay clear of them by the
/// step of the difference, which the fixed values of [`Case`] do for the built-in ones.
///
/// # Errors
/// The first [`LawError`], in its case.
pub fn check_operation(
    factory: &dyn OpFactory,
    cases: &[Case],
    device: &Device,
) -> Result<(), LawError> {
    for case in cases {
        check_case(Trial { factory, case: *case, device }).map_err(|error| LawError::Case {
            op: factory.name().to_owned(),
            at: case.at,
            source: Box::new(error),
        })?;
    }
    Ok(())
}

/// A recipe as a factory, for [`check_operation`].
pub fn recipe(spec: OpSpec) -> impl OpFactory + 'static {
    Recipe { spec }
}

#[derive(Debug)]
struct Recipe {
    spec: OpSpec,
}

impl Recipe {
    fn layers(&self, at: &InputPlan) -> Result<Vec<Layer>, OpError> {
        let recipe = self.spec.recipe_at(at.stride);
        let recipe = recipe.ok_or_else(|| OpError::NoFactory { op: self.spec.name.clone() })?;
        Ok(recipe.lower(Lowering {
            inputs: at.shape.channels,
            width: at.width,
            stride: at.stride,
            affine: at.phase == Phase::Retrain,
            phase: at.phase,
        })?)
    }
}

impl OpFactory for Recipe {
    fn name(&self) -> &str {
        &self.spec.name
    }

    fn build(&self, at: &InputPlan, vars: &mut Builder<'_>) -> Result<Box<dyn Operation>, OpError> {
        Ok(Box::new(Sequence::new(&self.layers(at)?, vars)?))
    }

    fn cost(&self, at: &InputPlan) -> OpCost {
        // What cannot be lowered cannot be built, and is refused there.
        let layers = self.layers(at).unwrap_or_default();
        OpCost { parameters: layers.iter().map(Layer::parameters).sum(), macs: macs(&layers, at) }
    }

    fn identity(&self) -> Option<String> {
        serde_json::to_string(&self.spec).ok()
    }
}

fn macs(layers: &[Layer], at: &InputPlan) -> u64 {
    let mut shape = at.shape;
    let mut total = 0_u64;
    for layer in layers {
        total = total.saturating_add(layer.macs(shape).unwrap_or(0));
        shape = layer.output(shape).unwrap_or(shape);
    }
    total
}

/// An operation to be built, with its surroundings and its device.
#[derive(Clone, Copy)]
struct Trial<'a> {
    factory: &'a dyn OpFactory,
    case: Case,
    device: &'a Device,
}

impl Trial<'_> {
    fn subject(&self, dtype: DType) -> Result<Subject, LawError> {
        let mut variables = Variables::new(&Place { device: self.device.clone(), dtype });
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let op = self.factory.build(&self.case.at, &mut variables.builder(&mut rng).at("op"))?;
        Ok(Subject { op, variables })
    }

    fn input(&self, seed: u64) -> candle_core::Result<Tensor> {
        self.case.input(seed, self.device)
    }
}

/// An operation with its own variables.
#[derive(Debug)]
struct Subject {
    op: Box<dyn Operation>,
    variables: Variables,
}

const SEED: u64 = 20_180_624;

fn check_case(trial: Trial<'_>) -> Result<(), LawError> {
    for dtype in [DType::F64, DType::F32] {
        check_output(&trial.subject(dtype)?, trial, dtype)?;
    }
    check_count(trial)?;
    state::check_variables(&trial.subject(DType::F64)?, trial)?;
    state::check_repeats(trial)?;
    for mode in [Mode::probe(), Mode::eval()] {
        gradients::check(&trial.subject(DType::F64)?, trial, mode)?;
    }
    Ok(())
}

fn check_output(subject: &Subject, trial: Trial<'_>, dtype: DType) -> Result<(), LawError> {
    let x = trial.input(1)?.to_dtype(dtype)?;
    let shape = trial.case.expected();
    for mode in [Mode::probe(), Mode::eval(), Mode::train()] {
        let y = subject.op.forward(&x, mode)?;
        if y.dims() != shape {
            return Err(LawError::Shape { expected: shape, found: y.dims().to_vec() });
        }
        if y.dtype() != dtype {
            return Err(LawError::ElementType { expected: dtype, found: y.dtype() });
        }
        if !y.device().same_device(x.device()) {
            let expected = x.device().location();
            let found = y.device().location();
            return Err(LawError::Device { expected, found });
        }
    }
    Ok(())
}

fn check_count(trial: Trial<'_>) -> Result<(), LawError> {
    let expected = trial.subject(DType::F64)?.variables.parameter_count();
    match trial.factory.cost(&trial.case.at).parameters {
        found if found == expected => Ok(()),
        found => Err(LawError::ParameterCount { expected, found }),
    }
}

#[cfg(test)]
mod tests;
