use dartloom_noise::Noise;
use dartloom_space::{Cost, Genotype, nasbench201};
use rand::RngCore;

use super::*;
use crate::state::Member;
use crate::testkit::{Law, check};

/// A hill climber with two members: mutants of the best, and the worst leaves.
#[derive(Clone, Debug)]
struct Climb;

fn best_of(members: &[Member]) -> &Member {
    members.iter().reduce(|best, other| if other.beats(best) { other } else { best }).unwrap()
}

impl Breed for Climb {
    type Member = Member;

    fn name(&self) -> &'static str {
        "climb"
    }

    fn population(&self) -> usize {
        2
    }

    fn check(&self) -> Result<(), ExploreError> {
        Ok(())
    }

    fn member(&self, proposal: &Proposal, outcome: &Outcome) -> Option<Member> {
        Member::of(proposal, outcome)
    }

    fn child(
        &self,
        domain: &Domain,
        members: &[Member],
        rng: &mut dyn RngCore,
    ) -> Result<Genotype, ExploreError> {
        Ok(domain.mutate(&best_of(members).genotype, rng)?)
    }

    fn leaves(&self, members: &[Member]) -> usize {
        let best = best_of(members).task;
        members.iter().position(|member| member.task != best).unwrap_or(usize::MAX)
    }
}

fn climb() -> Steady<Climb> {
    let domain = Domain::every_edge(nasbench201::space().unwrap());
    Steady::new(domain, Climb, Noise::new(3)).unwrap()
}

#[test]
fn rules_of_a_third_party_obey_the_laws_of_explorers() {
    let make = || Ok(Box::new(climb()) as Box<dyn Explorer>);
    check(&make, 40, &Law::EVERY).unwrap();
}

#[test]
fn the_member_named_by_the_rules_leaves() {
    let mut climb = climb();
    for quality in [3.0, 1.0, 2.0, 5.0, 4.0] {
        let proposal = climb.ask().unwrap().unwrap();
        climb.tell(&proposal, &Outcome::measured(quality, Cost::default())).unwrap();
    }
    // 3 stays until 5 comes: 1 leaves for 2, 2 for 5, 3 for 4.
    let qualities: Vec<f64> = climb.members().iter().map(|member| member.quality).collect();
    assert_eq!(qualities, [5.0, 4.0]);
}
