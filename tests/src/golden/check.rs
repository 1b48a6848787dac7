//! Comparison of computed tensors with stored ones.

use candle_core::{DType, Tensor};

use super::bundle::View;
use super::{GoldenError, Tolerance};

/// Collects what does not agree in one case.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    pub(crate) view: View<'a>,
    tolerance: &'a Tolerance,
    complaints: Vec<String>,
}

impl<'a> Check<'a> {
    pub(crate) fn new(view: View<'a>, tolerance: &'a Tolerance) -> Self {
        Self { view, tolerance, complaints: Vec::new() }
    }

    /// Compares with the stored tensor of that name.
    pub(crate) fn tensor(&mut self, name: &str, got: &Tensor) -> Result<(), GoldenError> {
        let want = self.view.get(name)?;
        self.against(&self.view.key(name), got, &want)
    }

    /// Compares with the stored tensor of that name where the case has one.
    pub(crate) fn tensor_if_stored(&mut self, name: &str, got: &Tensor) -> Result<(), GoldenError> {
        if self.view.has(name) { self.tensor(name, got) } else { Ok(()) }
    }

    /// As [`Check::tensor`]; a gradient that does not exist is zero.
    pub(crate) fn gradient(&mut self, name: &str, got: Option<&Tensor>) -> Result<(), GoldenError> {
        match got {
            Some(got) => self.tensor(name, got),
            None => {
                let zeros = self.view.get(name)?.zeros_like()?;
                self.tensor(name, &zeros)
            }
        }
    }

    /// Compares two tensors under the tolerance of `key`.
    pub(crate) fn against(
        &mut self,
        key: &str,
        got: &Tensor,
        want: &Tensor,
    ) -> Result<(), GoldenError> {
        if got.dims() != want.dims() {
            let got = got.dims();
            let want = want.dims();
            self.complain(format!("{key}: expected shape {want:?}, found {got:?}"));
            return Ok(());
        }
        let got = numbers(got)?;
        let want = numbers(want)?;
        let (atol, rtol) = self.tolerance.of(key);
        let allowed = atol + rtol * largest(want.iter().copied());
        let off = largest(got.iter().zip(&want).map(|(got, want)| got - want));
        // A NaN or infinity on either side does not agree.
        if !off.is_finite() || off > allowed {
            self.complain(format!("{key}: off by {off:.3e}, allowed {allowed:.3e}"));
        }
        Ok(())
    }

    /// Compares values that must be equal.
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: &T, want: &T) {
        if got != want {
            self.complain(format!("{what}: expected {want:?}, found {got:?}"));
        }
    }

    pub(crate) fn complain(&mut self, complaint: String) {
        self.complaints.push(complaint);
    }

    /// The complaints; a stored tensor that was never looked at is one.
    pub(crate) fn finish(mut self) -> Vec<String> {
        for key in self.view.unseen() {
            self.complaints.push(format!("{key}: the runner has no use for this tensor"));
        }
        self.complaints
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<f64>, GoldenError> {
    Ok(tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

/// Largest absolute value; NaN when there is any.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values
        .map(f64::abs)
        .fold(0.0, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) })
}

#[cfg(test)]
mod tests {
    use super::largest;

    #[test]
    fn not_a_number_is_the_largest_of_all() {
        assert!(largest([1.0, f64::NAN, 2.0].into_iter()).is_nan());
        assert!((largest([1.0, -3.0, 2.0].into_iter()) - 3.0).abs() < 1e-15);
        assert!(largest(std::iter::empty()).abs() < 1e-15);
    }
}
