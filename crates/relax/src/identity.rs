//! The identity of a part of this crate: its name and its configuration.

use serde::Serialize;

/// Name and configuration as JSON; `None` for a configuration that has no such form.
pub(crate) fn of(name: &str, configuration: &impl Serialize) -> Option<String> {
    serde_json::to_string(&(name, configuration)).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use candle_core::Tensor;

    use crate::{
        BetaDecay, Entmax, Gumbel, NegativeEntropy, Penalised, Penalties, Progress, Ramp,
        Regulariser, RelaxError, Relaxation, Sigmoid, Simplex, Softmax, Sparsemax, ZeroOne,
    };

    #[test]
    fn every_configuration_has_an_identity_of_its_own() {
        let zero_one = |weight| Penalised::new(Sigmoid, ZeroOne::default(), weight).unwrap();
        let relaxations: [Box<dyn Relaxation>; 14] = [
            Box::new(Softmax::default()),
            Box::new(Softmax::new(0.1).unwrap()),
            Box::new(Sigmoid),
            Box::new(Simplex),
            Box::new(Sparsemax),
            Box::new(Entmax::new(1.5).unwrap()),
            Box::new(Entmax::new(1.6).unwrap()),
            Box::new(Gumbel::gdas()),
            Box::new(Gumbel::egdas()),
            Box::new(Gumbel::soft(Ramp::new(10.0, 0.1))),
            Box::new(Gumbel::soft(Ramp::new(10.0, 0.2))),
            Box::new(zero_one(5.0)),
            Box::new(zero_one(6.0)),
            Box::new(Box::new(Penalised::new(Sigmoid, BetaDecay, 5.0).unwrap())),
        ];
        let said: BTreeSet<String> = relaxations.iter().filter_map(Relaxation::identity).collect();
        assert_eq!(said.len(), relaxations.len(), "{said:?}");
    }

    /// A regulariser without an identity.
    #[derive(Debug)]
    struct Silent;

    impl Regulariser for Silent {
        fn loss(&self, _: &Tensor, weights: &Tensor, _: Progress) -> Result<Tensor, RelaxError> {
            Ok(weights.sum_all()?)
        }
    }

    #[test]
    fn penalties_say_nothing_where_one_of_them_does() {
        let one = |ramp| Penalties::new().with(NegativeEntropy, ramp);
        let constant = one(Ramp::constant(1.0)).identity();
        assert!(constant.is_some() && Penalties::new().identity().is_some());
        assert_ne!(constant, one(Ramp::new(0.0, 1.0)).identity());
        assert_ne!(constant, Penalties::new().identity());
        assert_eq!(one(Ramp::constant(1.0)).with(Silent, Ramp::constant(1.0)).identity(), None);
        assert_eq!(Penalised::new(Sigmoid, Silent, 1.0).unwrap().identity(), None);
    }
}
