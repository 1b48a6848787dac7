//! Laws for optimisers.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor, Var};

use super::{CheckError, Law};
use crate::{Gradients, Optimiser, TrainError, gradients_of};

type Check = Result<(), CheckError<TrainError>>;
type Variables = BTreeMap<String, Var>;

/// Number of steps in which a quadratic must be solved.
const STEPS: usize = 400;

/// Holds optimisers that `make` makes to [`Law::Converges`] at learning rate `rate`,
/// [`Law::Untouched`] and [`Law::Resumes`].
///
/// The quadratic is `sum_i c_i (w_i - t_i)^2 / 2` in `f64` with curvatures `c` from 0.5 to 2,
/// started at a distance of order 1; weight decay should be small enough to leave its minimum
/// about where it is.
///
/// # Errors
/// [`CheckError::Broken`] for the first law that does not hold, or the optimiser's error.
pub fn check_optimiser<O: Optimiser>(make: impl Fn() -> O, rate: f64) -> Check {
    converges(&mut make(), rate)?;
    untouched(&mut make(), rate)?;
    for stop in [0, 1, 5] {
        resumes(&make, stop, rate)?;
    }
    Ok(())
}

fn converges(optimiser: &mut dyn Optimiser, rate: f64) -> Check {
    let variables = start()?;
    let first = value(&variables)?;
    for _ in 0..STEPS {
        optimiser.step(&variables, &gradients(&variables)?, rate)?;
    }
    let last = value(&variables)?;
    if last < 0.01 * first {
        return Ok(());
    }
    let found = format!("from {first} to {last} in {STEPS} steps of rate {rate}");
    Err(CheckError::Broken { law: Law::Converges, found })
}

fn untouched(optimiser: &mut dyn Optimiser, rate: f64) -> Check {
    let variables = start()?;
    // Moments for both first, so that a rule that goes on with old moments is caught.
    optimiser.step(&variables, &gradients(&variables)?, rate)?;
    for name in ["matrix", "vector"] {
        let before = bits(&variables)?;
        let mut partial = gradients(&variables)?;
        partial.0.remove(name);
        optimiser.step(&variables, &partial, rate)?;
        let after = bits(&variables)?;
        for (other, values) in &before {
            let kept = *values == after[other];
            if kept != (other == name) {
                let verb = if kept { "did not move" } else { "moved without a gradient" };
                let found = format!("`{other}` {verb}");
                return Err(CheckError::Broken { law: Law::Untouched, found });
            }
        }
    }
    Ok(())
}

fn resumes<O: Optimiser>(make: impl Fn() -> O, stop: usize, rate: f64) -> Check {
    let variables = start()?;
    let mut optimiser = make();
    for _ in 0..stop {
        optimiser.step(&variables, &gradients(&variables)?, rate)?;
    }
    let copies = copied(&variables)?;
    let mut resumed = make();
    resumed.restore(optimiser.state())?;
    for step in stop..stop + 5 {
        optimiser.step(&variables, &gradients(&variables)?, rate)?;
        resumed.step(&copies, &gradients(&copies)?, rate)?;
        if bits(&variables)? != bits(&copies)? {
            let found = format!("restored after {stop} steps, step {step} differs");
            return Err(CheckError::Broken { law: Law::Resumes, found });
        }
    }
    Ok(())
}

fn start() -> Result<Variables, TrainError> {
    let vector = Tensor::new(&[1.0, -0.5, 2.0], &Device::Cpu)?;
    let matrix = Tensor::new(&[[0.3, 1.2], [-0.7, 0.9]], &Device::Cpu)?;
    Ok(BTreeMap::from([
        ("matrix".to_owned(), Var::from_tensor(&matrix)?),
        ("vector".to_owned(), Var::from_tensor(&vector)?),
    ]))
}

fn copied(variables: &Variables) -> Result<Variables, TrainError> {
    let copy = |(name, var): (&String, &Var)| Ok((name.clone(), Var::from_tensor(&var.copy()?)?));
    variables.iter().map(copy).collect()
}

/// `sum_i c_i (w_i - t_i)^2 / 2`.
fn quadratic(variables: &Variables) -> Result<Tensor, TrainError> {
    let term = |name: &str, targets: Tensor, curvatures: Tensor| -> Result<Tensor, TrainError> {
        let distance = (variables[name].as_tensor() - targets)?;
        Ok(((distance.sqr()? * curvatures)?.sum_all()? / 2.0)?)
    };
    let cpu = &Device::Cpu;
    let vector =
        term("vector", Tensor::new(&[-1.0, 0.5, 0.8], cpu)?, Tensor::new(&[0.5, 1.0, 2.0], cpu)?)?;
    let targets = Tensor::new(&[[1.0, 0.2], [0.4, -0.6]], cpu)?;
    let matrix = term("matrix", targets, Tensor::new(&[[1.5, 0.7], [1.1, 0.9]], cpu)?)?;
    Ok((vector + matrix)?)
}

fn gradients(variables: &Variables) -> Result<Gradients, TrainError> {
    gradients_of(&quadratic(variables)?, variables)
}

fn value(variables: &Variables) -> Result<f64, TrainError> {
    Ok(quadratic(variables)?.to_scalar::<f64>()?)
}

fn bits(variables: &Variables) -> Result<BTreeMap<String, Vec<u64>>, TrainError> {
    let bits = |var: &Var| -> Result<Vec<u64>, TrainError> {
        Ok(var.flatten_all()?.to_vec1::<f64>()?.into_iter().map(f64::to_bits).collect())
    };
    variables.iter().map(|(name, var)| Ok((name.clone(), bits(var)?))).collect()
}
