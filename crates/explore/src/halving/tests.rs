use dartloom_noise::Noise;
use dartloom_space::{Cost, nasbench201};

use super::{Halving, HalvingConfig};
use crate::{
    Domain, ExploreError, Explorer, Outcome, Proposal, RandomGenotypes, Unique, best, explore,
};

fn halving(config: HalvingConfig) -> Halving<Unique<RandomGenotypes>> {
    let domain = Domain::every_edge(nasbench201::space().unwrap());
    Halving::new(Unique::new(RandomGenotypes::new(domain, Noise::new(4))), config).unwrap()
}

/// Better with 3x3 convolutions, and with epochs.
struct Judge;

impl crate::Evaluator for Judge {
    fn evaluate(&mut self, proposal: &Proposal) -> Result<Outcome, ExploreError> {
        let genes = &proposal.genotype.cells()[0].genes;
        let good = genes.iter().filter(|gene| gene.op == "simple_conv_3x3").count();
        let quality = good as f64 + 0.1 * proposal.epochs.unwrap() as f64;
        Ok(Outcome::measured(quality, Cost::default()))
    }
}

#[test]
fn the_best_third_goes_on_for_three_times_as_long() {
    let config = HalvingConfig::default();
    assert_eq!(config.rungs(), [1, 3, 9]);
    let trials = explore(&mut halving(config), &mut Judge, 130).unwrap();
    let on = |epochs| trials.iter().filter(move |t| t.proposal.epochs == Some(epochs));
    let counts = [1, 3, 9].map(|epochs| on(epochs).count());
    // Of n on a rung, floor(n / 3) have gone on but for the last, and a few that better ones have
    // overtaken since.
    for (few, many) in [(counts[1], counts[0]), (counts[2], counts[1])] {
        assert!(few + 1 >= many / 3 && few <= many / 2, "{counts:?}");
    }
    // None goes on twice, and the best of all has.
    for (fewer, more) in [(1, 3), (3, 9)] {
        for trial in on(more) {
            let same = |t: &&crate::Trial| t.proposal.genotype == trial.proposal.genotype;
            assert_eq!((on(fewer).filter(same).count(), on(more).filter(same).count()), (1, 1));
        }
    }
    let longest = best(&trials).unwrap();
    assert_eq!(longest.proposal.epochs, Some(9));
    let most = on(9).filter_map(|t| t.outcome.quality()).fold(f64::MIN, f64::max);
    assert_eq!(longest.outcome.quality(), Some(most));
}

#[test]
fn rungs_that_make_no_sense_are_refused() {
    let good = HalvingConfig::default();
    for config in [
        HalvingConfig { first: 0, ..good },
        HalvingConfig { factor: 1, ..good },
        HalvingConfig { most: 1, first: 2, ..good },
    ] {
        assert!(matches!(config.check(), Err(ExploreError::Config(_))));
    }
}

#[test]
fn one_that_was_restored_goes_on() {
    let mut whole = halving(HalvingConfig::default());
    let first = explore(&mut whole, &mut Judge, 20).unwrap();
    let mut restored = halving(HalvingConfig::default());
    restored.restore(&whole.state().unwrap()).unwrap();
    let rest = explore(&mut whole, &mut Judge, 30).unwrap();
    assert_eq!(explore(&mut restored, &mut Judge, 30).unwrap(), rest);
    assert_eq!(first.len() + rest.len(), 50);
}
