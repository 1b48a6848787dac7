//! The parameters of a network under the names of the released code.

use std::collections::BTreeSet;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use dartloom_ops::Variables;

use super::GoldenError;
use super::bundle::View;
use super::check::Check;
use super::names::Place;

/// Pairs of their name and our variable, in their order; `None` for dead genes.
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, Option<Var>)>,
}

impl Parameters {
    /// Pairs up all parameters: every one of theirs must have a place and every one of ours a
    /// partner.
    pub(crate) fn new(
        variables: &Variables,
        theirs: Vec<String>,
        place: &dyn Fn(&str) -> Option<Place>,
    ) -> Result<Self, GoldenError> {
        let mut unpaired: BTreeSet<&String> = variables.parameters().keys().collect();
        let mut pairs = Vec::with_capacity(theirs.len());
        for name in theirs {
            let fault = |fault: String| GoldenError::Variable { name: name.clone(), fault };
            let var = match place(&name) {
                None => return Err(fault("has no place in our network".to_owned())),
                Some(Place::Dead) => None,
                Some(Place::Ours(ours)) => {
                    let var = variables.parameters().get(&ours);
                    let var = var.ok_or_else(|| fault(format!("should be our `{ours}`")))?;
                    unpaired.remove(&ours);
                    Some(var.clone())
                }
            };
            pairs.push((name, var));
        }
        match unpaired.first() {
            None => Ok(Self { pairs }),
            Some(name) => Err(GoldenError::Variable {
                name: (*name).clone(),
                fault: "of ours does not stand in the released network".to_owned(),
            }),
        }
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    /// Sets every parameter to what `value` says about its number and name.
    pub(crate) fn set(
        &self,
        value: &dyn Fn(usize, &str) -> Result<Tensor, GoldenError>,
    ) -> Result<(), GoldenError> {
        for (number, (name, var)) in self.pairs.iter().enumerate() {
            let value = value(number, name)?;
            let Some(var) = var else { continue };
            if var.dims() != value.dims() {
                let fault = format!("has shape {:?}, ours {:?}", value.dims(), var.dims());
                return Err(GoldenError::Variable { name: name.clone(), fault });
            }
            var.set(&value.contiguous()?)?;
        }
        Ok(())
    }

    /// Sets every parameter to the tensor of its name below `folder`.
    pub(crate) fn load(&self, view: &View<'_>, folder: &str) -> Result<(), GoldenError> {
        self.set(&|_, name| view.get(&format!("{folder}{name}")))
    }

    /// The variable of that name.
    pub(crate) fn var(&self, name: &str) -> Result<Option<&Var>, GoldenError> {
        let found = self.pairs.iter().find(|(own, _)| own == name);
        found.map(|(_, var)| var.as_ref()).ok_or_else(|| GoldenError::Variable {
            name: name.to_owned(),
            fault: "is not among the parameters of the case".to_owned(),
        })
    }

    /// Compares gradients with all stored below `folder`.
    pub(crate) fn check_gradients(
        &self,
        check: &mut Check<'_>,
        folder: &str,
        gradients: &GradStore,
    ) -> Result<(), GoldenError> {
        for name in check.view.below(folder) {
            let gradient = self.var(&name)?.and_then(|var| gradients.get(var.as_tensor()));
            check.gradient(&format!("{folder}{name}"), gradient)?;
        }
        Ok(())
    }

    /// L2 norms of all gradients, in their order; 0 where there is none.
    pub(crate) fn gradient_norms(&self, gradients: &GradStore) -> Result<Tensor, GoldenError> {
        self.norms(&|var| gradients.get(var.as_tensor()).cloned())
    }

    /// L2 norms of what `value` takes from each variable.
    pub(crate) fn norms(
        &self,
        value: &dyn Fn(&Var) -> Option<Tensor>,
    ) -> Result<Tensor, GoldenError> {
        let norm = |var: &Option<Var>| match var.as_ref().and_then(value) {
            Some(value) => norm(&value),
            None => Ok(0.0),
        };
        let norms: Result<Vec<f64>, GoldenError> =
            self.pairs.iter().map(|(_, var)| norm(var)).collect();
        let norms = norms?;
        let count = norms.len();
        Ok(Tensor::from_vec(norms, count, &candle_core::Device::Cpu)?)
    }
}

/// L2 norm of a tensor, summed in double precision.
pub(crate) fn norm(value: &Tensor) -> Result<f64, GoldenError> {
    let sum = value.detach().to_dtype(DType::F64)?.sqr()?.sum_all()?;
    Ok(sum.to_scalar::<f64>()?.sqrt())
}

/// Compares running statistics with all stored below `folder`.
///
/// The released code also counts batches, which only matters to averages without momentum; we keep
/// no such counter, so it is passed over.
pub(crate) fn check_buffers(
    check: &mut Check<'_>,
    folder: &str,
    variables: &Variables,
    place: &dyn Fn(&str) -> Option<Place>,
) -> Result<(), GoldenError> {
    for name in check.view.below(folder) {
        let key = format!("{folder}{name}");
        if name.ends_with("num_batches_tracked") {
            check.view.pass_over(&key);
            continue;
        }
        let fault = |fault: String| GoldenError::Variable { name: name.clone(), fault };
        let Some(Place::Ours(ours)) = place(&name) else {
            return Err(fault("has no place in our network".to_owned()));
        };
        let buffer = variables.buffers().get(&ours);
        let buffer = buffer.ok_or_else(|| fault(format!("should be our buffer `{ours}`")))?;
        check.tensor(&key, buffer.as_tensor())?;
    }
    Ok(())
}
