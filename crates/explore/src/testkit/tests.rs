use std::cell::Cell;
use std::rc::Rc;

use dartloom_noise::Noise;
use dartloom_space::testkit::{chain, ops};
use dartloom_space::{Gene, Genotype, OpSet, Space, WeightTable, nasbench201};
use serde_json::Value;

use super::{Broken, Law, Make, check};
use crate::{
    Domain, EvolutionConfig, ExploreError, Explorer, Genetic, GeneticConfig, Halving,
    HalvingConfig, LocalSearch, Outcome, ParetoConfig, ParetoEvolution, Proposal, RandomGenotypes,
    RandomLogits, RegularisedEvolution, Unique,
};

type Boxed = Box<dyn Explorer>;

const STEPS: usize = 40;

/// Three domains: all edges, some edges, and one so small that it ends.
fn domains() -> [Domain; 3] {
    let pair = ops("some", &["none", "skip_connect", "sep_conv_3x3"]);
    [
        Domain::every_edge(nasbench201::space().unwrap()),
        Domain::top(chain(OpSet::builtin("O_base").unwrap(), 3), 2),
        Domain::top(chain(pair, 1), 2),
    ]
}

type Maker = fn(Domain, Noise) -> Result<Boxed, ExploreError>;

/// Every explorer, with sizes that 40 proposals exceed.
fn explorers() -> Vec<(&'static str, Maker)> {
    vec![
        ("random", |domain, noise| Ok(Box::new(RandomGenotypes::new(domain, noise)))),
        ("evolution", |domain, noise| {
            let config = EvolutionConfig { population: 8, sample: 3 };
            Ok(Box::new(RegularisedEvolution::new(domain, config, noise)?))
        }),
        ("genetic", |domain, noise| {
            let config = GeneticConfig { population: 6, parents: 3, ..GeneticConfig::default() };
            Ok(Box::new(Genetic::new(domain, config, noise)?))
        }),
        ("halving", |domain, noise| {
            let config = HalvingConfig { first: 1, factor: 2, most: 4 };
            Ok(Box::new(Halving::new(RandomGenotypes::new(domain, noise), config)?))
        }),
        ("local", |domain, noise| Ok(Box::new(LocalSearch::new(domain, noise)))),
        ("pareto", |domain, noise| {
            let config = ParetoConfig { population: 8, ..ParetoConfig::default() };
            Ok(Box::new(ParetoEvolution::new(domain, config, noise)?))
        }),
    ]
}

#[test]
fn own_explorers_obey_in_every_domain() {
    for domain in domains() {
        for (name, maker) in explorers() {
            let make = || maker(domain.clone(), Noise::new(3));
            check(&make, STEPS, &Law::EVERY).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
    }
}

#[test]
fn unique_explorers_obey_and_propose_nothing_twice() {
    let laws = [&Law::EVERY[..], &[Law::Distinct]].concat();
    for domain in domains() {
        for (name, maker) in explorers() {
            let make = || {
                let explorer = maker(domain.clone(), Noise::new(5))?;
                Ok(Box::new(Unique::new(explorer).with_attempts(60)) as Boxed)
            };
            check(&make, STEPS, &laws).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
    }
}

/// The heaviest operation on the two heaviest in-edges of every node, as decoders of the DARTS
/// family choose them.
fn heaviest(space: &Space, table: &WeightTable) -> Result<Genotype, ExploreError> {
    let none = space.op_set().position("none");
    let cells = space.cells().iter().zip(table.cells()).map(|(spec, cell)| {
        let mut genes = Vec::new();
        for node in spec.graph.own_nodes() {
            let mut best: Vec<(f64, usize, usize)> = spec
                .graph
                .rows_into(node)
                .map(|row| {
                    let line = cell.edges[row].iter().copied().enumerate();
                    let line = line.filter(|(op, _)| Some(*op) != none);
                    let (op, weight) = line.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
                    (weight, row, op)
                })
                .collect();
            best.sort_by(|a, b| b.0.total_cmp(&a.0));
            let mut best: Vec<_> = best.into_iter().take(2).collect();
            best.sort_by_key(|(_, row, _)| *row);
            genes.extend(best.into_iter().map(|(_, row, op)| {
                let edge = spec.graph.edges()[row];
                Gene { op: space.op_set().ops()[op].name.clone(), from: edge.from, to: edge.to }
            }));
        }
        spec.genotype(genes)
    });
    Ok(space.genotype(cells.collect())?)
}

#[test]
fn random_logits_obey_with_their_decoder() {
    let [_, domain, _] = domains();
    let make = || {
        let logits = RandomLogits::new(domain.clone(), heaviest, Noise::new(1));
        Ok(Box::new(logits) as Boxed)
    };
    check(&make, STEPS, &Law::EVERY).unwrap();
}

/// An explorer that does one thing wrong.
#[derive(Debug)]
struct Wrong {
    inner: RandomGenotypes,
    law: Law,
    made: u64,
    asked: u64,
    bad: bool,
}

impl Explorer for Wrong {
    fn domain(&self) -> &Domain {
        self.inner.domain()
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        self.asked += 1;
        if self.law == Law::Survives && self.bad {
            return Ok(None);
        }
        let Some(mut proposal) = self.inner.ask()? else { return Ok(None) };
        match self.law {
            Law::Deterministic => {
                let other = self.inner.domain().neighbours(&proposal.genotype)?;
                proposal.genotype = other[self.made as usize % other.len()].clone();
            }
            Law::Resumable if self.asked == 20 => {
                proposal.genotype = self.inner.domain().neighbours(&proposal.genotype)?.remove(0);
            }
            Law::Inside if self.asked == 30 => {
                let mut cells = proposal.genotype.cells().to_vec();
                let twice = cells[0].genes[0].clone();
                cells[0].genes.push(twice);
                proposal.genotype = self.inner.domain().space().genotype(cells)?;
            }
            Law::Numbered => proposal.task ^= 1,
            _ => {}
        }
        Ok(Some(proposal))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        self.bad |= outcome.quality().is_none();
        let mut proposal = proposal.clone();
        proposal.task ^= u64::from(self.law == Law::Numbered);
        let told = self.inner.tell(&proposal, outcome);
        if self.law == Law::Strict { Ok(()) } else { told }
    }

    fn state(&self) -> Result<Value, ExploreError> {
        self.inner.state()
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        self.inner.restore(state)
    }
}

#[test]
fn each_law_finds_who_breaks_it() {
    let [_, _, domain] = domains();
    let made = Rc::new(Cell::new(0));
    for law in Law::EVERY.into_iter().chain([Law::Distinct]) {
        let make = || {
            made.set(made.get() + 1);
            let inner = RandomGenotypes::new(domain.clone(), Noise::new(2));
            let wrong = Wrong { inner, law, made: made.get(), asked: 0, bad: false };
            Ok(Box::new(wrong) as Boxed)
        };
        let make: Make<'_> = &make;
        let Broken { law: found, .. } = check(make, STEPS, &[law]).unwrap_err();
        assert_eq!(found, law);
    }
}
