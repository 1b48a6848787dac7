//! Explorers that break their contract.

use dartloom_explore::{Domain, ExploreError, Explorer, Outcome, Proposal, explore};
use dartloom_noise::Noise;
use dartloom_space::testkit::{chain, ops};
use dartloom_space::{Cost, Genotype};

fn domain(names: &[&str]) -> Domain {
    Domain::top(chain(ops("some", names), 1), 2)
}

/// An explorer that always proposes the same architecture, under numbers of its own.
#[derive(Debug)]
struct Stubborn {
    domain: Domain,
    genotype: Genotype,
    numbers: Vec<u64>,
}

impl Explorer for Stubborn {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        Ok(self.numbers.pop().map(|task| Proposal::new(task, self.genotype.clone())))
    }

    fn tell(&mut self, _: &Proposal, _: &Outcome) -> Result<(), ExploreError> {
        Ok(())
    }

    fn state(&self) -> Result<serde_json::Value, ExploreError> {
        Ok(serde_json::Value::Null)
    }

    fn restore(&mut self, _: &serde_json::Value) -> Result<(), ExploreError> {
        Ok(())
    }
}

/// Outcomes are told by number, and any proposal is trained, so both rules matter.
#[test]
fn an_explorer_that_leaves_its_domain_or_repeats_a_number_is_refused() {
    let domain = domain(&["skip_connect", "sep_conv_3x3"]);
    let inside = domain.sample(&mut Noise::new(1).stream("one", 0)).unwrap();
    let told = |genotype: Genotype, numbers: Vec<u64>| {
        let mut explorer = Stubborn { domain: domain.clone(), genotype, numbers };
        let mut judge = |_: &Genotype| Outcome::measured(0.5, Cost::default());
        explore(&mut explorer, &mut judge, 3)
    };
    assert_eq!(told(inside.clone(), vec![2, 1, 0]).unwrap().len(), 3);
    let error = told(inside, vec![7, 4, 4]).unwrap_err();
    assert!(matches!(error, ExploreError::Numbered { task: 4, last: 4 }), "{error}");
    let other = self::domain(&["max_pool_3x3"]);
    let outside = other.sample(&mut Noise::new(1).stream("one", 0)).unwrap();
    let error = told(outside, vec![0]).unwrap_err();
    assert!(matches!(error, ExploreError::Outside { task: 0, .. }), "{error}");
}
