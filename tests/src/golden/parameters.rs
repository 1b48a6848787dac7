//! The parameters of a network under the names of the released code.

use std::collections::BTreeSet;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use dartloom_ops::Variables;

use super::bundle::View;
use super::check::Check;
use super::fields::Fields;
use super::manifest::Entry;
use super::names::Place;
use super::{GoldenError, formula};

/// Pairs of their name and our variable with its name, in their order; `None` for dead genes.
#[derive(Debug)]
pub(crate) struct Parameters {
    pairs: Vec<(String, Option<(String, Var)>)>,
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
                    let pair = (ours.clone(), var.clone());
                    unpaired.remove(&ours);
                    Some(pair)
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

    /// Sets every parameter to what `value` says about its number and name.
    pub(crate) fn set(
        &self,
        value: &dyn Fn(usize, &str) -> Result<Tensor, GoldenError>,
    ) -> Result<(), GoldenError> {
        for (number, (name, var)) in self.pairs.iter().enumerate() {
            let value = value(number, name)?;
            let Some((_, var)) = var else { continue };
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

    /// As [`Parameters::load`]; where nothing is stored below `folder`, the values of the formula.
    pub(crate) fn load_or_compute(
        &self,
        view: &View<'_>,
        folder: &str,
        entry: &Entry,
    ) -> Result<(), GoldenError> {
        if !view.below(folder).is_empty() {
            return self.load(view, folder);
        }
        let shapes = entry.parameter_shapes()?;
        self.set(&|number, name| {
            let missing = || entry.extra.wrong("param_shapes", "one shape per parameter");
            formula::parameter(number as u64, name, shapes.get(number).ok_or_else(missing)?)
        })
    }

    /// The variable of that name.
    pub(crate) fn var(&self, name: &str) -> Result<Option<&Var>, GoldenError> {
        let found = self.pairs.iter().find(|(own, _)| own == name);
        let var = found.map(|(_, pair)| pair.as_ref().map(|(_, var)| var));
        var.ok_or_else(|| GoldenError::Variable {
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
        self.norms(&|_, var| gradients.get(var.as_tensor()).cloned())
    }

    /// L2 norms of what `value` has for each of our names and variables.
    pub(crate) fn norms(
        &self,
        value: &dyn Fn(&str, &Var) -> Option<Tensor>,
    ) -> Result<Tensor, GoldenError> {
        let one = |pair: &Option<(String, Var)>| {
            let value = pair.as_ref().and_then(|(name, var)| value(name, var));
            value.map_or(Ok(0.0), |value| norm(&value))
        };
        let norms = self.pairs.iter().map(|(_, pair)| one(pair));
        let norms = norms.collect::<Result<Vec<f64>, GoldenError>>()?;
        let count = norms.len();
        Ok(Tensor::from_vec(norms, count, &Device::Cpu)?)
    }
}

/// L2 norm of a tensor, summed in double precision.
fn norm(value: &Tensor) -> Result<f64, GoldenError> {
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
