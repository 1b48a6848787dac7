//! Laws for meters, for this crate's own and for third parties'.

use crate::{Meter, MetricsError};

/// The first law a meter breaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Broken {
    /// A meter that has seen nothing has a value.
    EmptyHasValue {
        /// The value.
        value: f64,
    },
    /// Merging meters of two parts differs from one meter of the whole.
    Merge {
        /// Number of samples in the first part.
        cut: usize,
        /// Value over the whole.
        whole: Option<f64>,
        /// Value after merging.
        merged: Option<f64>,
    },
    /// Another order of samples gives another value.
    Order {
        /// Value in the given order.
        given: Option<f64>,
        /// Value in reverse order.
        reversed: Option<f64>,
    },
    /// A meter that was reset still has a value.
    Reset {
        /// The value.
        value: f64,
    },
    /// The meter refused a sample that the caller calls valid.
    Refused {
        /// Its reason.
        error: String,
    },
}

/// Checks a meter against the contract of [`Meter`]: nothing seen means no value, merging the
/// meters of any two parts equals one meter of the whole, the order of samples does not matter,
/// and a reset forgets everything.
///
/// `empty` makes a new meter, `update` feeds it sample number `i` of `samples`; values may differ by
/// rounding, `1e-9` relative.
///
/// # Errors
/// The first law that is broken.
pub fn check_meter<M: Meter>(
    empty: impl Fn() -> M,
    samples: usize,
    update: impl Fn(&mut M, usize) -> Result<(), MetricsError>,
) -> Result<(), Broken> {
    if let Some(value) = empty().value() {
        return Err(Broken::EmptyHasValue { value });
    }
    let over = |indices: &mut dyn Iterator<Item = usize>| {
        let mut meter = empty();
        for index in indices {
            update(&mut meter, index).map_err(refused)?;
        }
        Ok(meter)
    };
    let whole = over(&mut (0..samples))?.value();
    for cut in 0..=samples {
        let mut merged = over(&mut (0..cut))?;
        merged.merge(&over(&mut (cut..samples))?).map_err(refused)?;
        let merged = merged.value();
        if !close(whole, merged) {
            return Err(Broken::Merge { cut, whole, merged });
        }
    }
    let mut reversed = over(&mut (0..samples).rev())?;
    if !close(whole, reversed.value()) {
        return Err(Broken::Order { given: whole, reversed: reversed.value() });
    }
    reversed.reset();
    reversed.value().map_or(Ok(()), |value| Err(Broken::Reset { value }))
}

fn refused(error: MetricsError) -> Broken {
    Broken::Refused { error: error.to_string() }
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Accuracy, Mean};
    use candle_core::{Device, Tensor};

    #[test]
    fn own_meters_obey() {
        let values = [(0.5, 1.0), (2.0, 3.0), (-1.0, 0.5), (4.0, 2.0)];
        check_meter(Mean::new, values.len(), |meter, i| meter.update(values[i])).unwrap();
        let batches: Vec<(Tensor, Tensor)> = (0u32..4)
            .map(|i| {
                let logits = [[0.1, 0.9, i as f32], [i as f32, 1.5, 0.0]];
                let labels = Tensor::new(&[i % 3, 1], &Device::Cpu).unwrap();
                (Tensor::new(&logits, &Device::Cpu).unwrap(), labels)
            })
            .collect();
        check_meter(Accuracy::new, batches.len(), |meter, i| {
            meter.update((&batches[i].0, &batches[i].1))
        })
        .unwrap();
    }

    /// Remembers the last sample only: wrong in every way that order matters.
    #[derive(Default)]
    struct Last(Option<f64>);

    impl Meter for Last {
        type Sample<'a> = f64;

        fn update(&mut self, sample: f64) -> Result<(), MetricsError> {
            self.0 = Some(sample);
            Ok(())
        }

        fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
            self.0 = other.0.or(self.0);
            Ok(())
        }

        fn value(&self) -> Option<f64> {
            self.0
        }

        fn reset(&mut self) {}
    }

    #[test]
    fn broken_meters_are_found() {
        let found = check_meter(Last::default, 2, |meter, i| meter.update(i as f64));
        assert_eq!(found, Err(Broken::Order { given: Some(1.0), reversed: Some(0.0) }));
        let found = check_meter(Last::default, 2, |meter, _| meter.update(3.0));
        assert_eq!(found, Err(Broken::Reset { value: 3.0 }));
        let found = check_meter(|| Last(Some(1.0)), 1, |meter, _| meter.update(1.0));
        assert_eq!(found, Err(Broken::EmptyHasValue { value: 1.0 }));
    }
}
