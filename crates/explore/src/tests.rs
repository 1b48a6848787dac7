use std::collections::BTreeSet;

use approx::assert_relative_eq;
use dartloom_noise::Noise;
use dartloom_space::{
    CellGraph, CellSpec, Cost, Gene, Genotype, OpSet, Space, SpaceError, Stem, WeightTable,
    nasbench201,
};

use super::{
    Domain, Evaluator, EvolutionConfig, ExploreError, Explorer, Genetic, GeneticConfig, Key,
    Limited, Limits, LocalSearch, Outcome, ParetoConfig, ParetoEvolution, Point, Proposal,
    RandomGenotypes, RandomLogits, RegularisedEvolution, Resource, Trial, Unique, best, explore,
    hypervolume,
};

fn domain() -> Domain {
    Domain::every_edge(nasbench201::space().unwrap())
}

/// One edge and two operations: two architectures.
fn two() -> Domain {
    let all = OpSet::builtin("S").unwrap();
    let ops = all.ops()[..2].to_vec();
    let space = Space::darts(OpSet::new("two", ops).unwrap(), 2, 1, Stem::cifar(1)).unwrap();
    let first = space.cells()[0].clone();
    let network = nasbench201::space().unwrap().network().clone();
    let graph = CellGraph::dense(1, 1).unwrap();
    let cell = CellSpec { graph, ..first };
    Domain::top(Space::new("two", space.op_set().clone(), vec![cell], network).unwrap(), 1)
}

fn genes(genotype: &Genotype) -> &[Gene] {
    &genotype.cells()[0].genes
}

fn count(genotype: &Genotype, op: &str) -> u64 {
    genes(genotype).iter().filter(|gene| gene.op == op).count() as u64
}

/// As many 3x3 convolutions as possible; each costs 10 parameters.
fn convolutions(genotype: &Genotype) -> Outcome {
    let number = count(genotype, "simple_conv_3x3");
    Outcome::measured(number as f64, Cost { parameters: 10 * number, ..Cost::default() })
}

fn ask(explorer: &mut dyn Explorer) -> Proposal {
    explorer.ask().unwrap().unwrap()
}

fn quality(value: f64) -> Outcome {
    Outcome::measured(value, Cost::default())
}

#[test]
fn the_oldest_member_dies_however_good() {
    let config = EvolutionConfig { population: 3, sample: 200 };
    let mut evolution = RegularisedEvolution::new(domain(), config, Noise::new(1)).unwrap();
    let mut told = Vec::new();
    // The first is the best by far: all tournaments of 200 find it while it lives.
    for value in [9.0, 1.0, 2.0] {
        let proposal = ask(&mut evolution);
        evolution.tell(&proposal, &quality(value)).unwrap();
        told.push(proposal.genotype);
    }
    let neighbour = |child: &Genotype, parent: &Genotype| {
        genes(child).iter().zip(genes(parent)).filter(|(a, b)| a != b).count() == 1
    };
    let child = ask(&mut evolution);
    assert!(neighbour(&child.genotype, &told[0]));
    evolution.tell(&child, &quality(0.0)).unwrap();
    for _ in 0..20 {
        assert!(neighbour(&ask(&mut evolution).genotype, &told[2]));
    }
}

#[test]
fn failures_do_not_join_a_population() {
    let config = EvolutionConfig { population: 2, sample: 50 };
    let mut evolution = RegularisedEvolution::new(domain(), config, Noise::new(1)).unwrap();
    for _ in 0..2 {
        let proposal = ask(&mut evolution);
        evolution.tell(&proposal, &quality(1.0)).unwrap();
    }
    let before = evolution.state().unwrap()["population"].clone();
    let refused = [
        Outcome::Failed { reason: "killed".to_owned() },
        Outcome::Infeasible { resource: Resource::Macs, limit: 1, found: 2 },
        Outcome::Measured { quality: f64::INFINITY, cost: Cost::default(), latency: None },
    ];
    for outcome in refused {
        let proposal = ask(&mut evolution);
        evolution.tell(&proposal, &outcome).unwrap();
    }
    assert_eq!(evolution.state().unwrap()["population"], before);
}

#[test]
fn a_generation_waits_for_all_and_its_order_does_not_matter() {
    let config = GeneticConfig { population: 6, parents: 2, ..GeneticConfig::default() };
    let run = |newest_first: bool| {
        let mut genetic = Genetic::new(domain(), config, Noise::new(3)).unwrap();
        let mut all = Vec::new();
        for generation in 0..5_u64 {
            // One that is complete is over when the next is asked for.
            assert_eq!(genetic.generation(), generation.saturating_sub(1));
            let mut open: Vec<Proposal> = (0..6).map(|_| ask(&mut genetic)).collect();
            all.extend(open.clone());
            if newest_first {
                open.reverse();
            }
            for proposal in open {
                assert_eq!(genetic.ask().unwrap(), None);
                let outcome = convolutions(&proposal.genotype);
                genetic.tell(&proposal, &outcome).unwrap();
            }
        }
        all
    };
    let all = run(false);
    assert_eq!(all, run(true));
    let mean = |generation: usize| -> u64 {
        let members = &all[6 * generation..6 * generation + 6];
        members.iter().map(|p| count(&p.genotype, "simple_conv_3x3")).sum()
    };
    assert!(mean(4) > mean(0), "{} and {}", mean(4), mean(0));
}

#[test]
fn local_search_climbs_to_the_optimum_and_begins_again() {
    let mut search = LocalSearch::new(domain(), Noise::new(5));
    let trials = explore(&mut search, &mut convolutions, 400).unwrap();
    let first = trials[0].outcome.quality().unwrap();
    // Each of at most six steps evaluates 24 neighbours, and the last finds nothing better.
    let climb = 1 + 24 * (7 - first as usize);
    assert_eq!(best(&trials[..climb]).unwrap().outcome.quality(), Some(6.0));
    assert!(search.optima() >= 2, "{}", search.optima());
    let neighbours = search.domain().neighbours(&trials[0].proposal.genotype).unwrap();
    let proposed: Vec<_> = trials[1..25].iter().map(|t| t.proposal.genotype.clone()).collect();
    assert_eq!(proposed, neighbours);
}

/// Quality and parameters disagree: 3x3 convolutions are better and dearer than 1x1.
fn trade_off(genotype: &Genotype) -> Outcome {
    let large = count(genotype, "simple_conv_3x3");
    let small = count(genotype, "simple_conv_1x1");
    let waste = count(genotype, "avg_pool_3x3");
    let parameters = 9 * large + 3 * small + 2 * waste;
    let quality = (4 * large + 3 * small) as f64 - waste as f64;
    Outcome::measured(quality, Cost { parameters, ..Cost::default() })
}

fn volume(trials: &[Trial]) -> f64 {
    let points = trials.iter().map(|Trial { outcome, .. }| Point {
        quality: outcome.quality().unwrap(),
        cost: outcome.cost().unwrap().parameters,
    });
    hypervolume(&points.collect::<Vec<_>>(), Point { quality: -7.0, cost: 60 })
}

#[test]
fn pareto_evolution_covers_more_than_random_search() {
    let config = ParetoConfig { population: 20, ..ParetoConfig::default() };
    let mut evolved = 0.0;
    let mut random = 0.0;
    for seed in 0..20 {
        let mut pareto = ParetoEvolution::new(domain(), config, Noise::new(seed)).unwrap();
        evolved += volume(&explore(&mut pareto, &mut trade_off, 200).unwrap());
        let front = pareto.front();
        assert!(front.windows(2).all(|pair| {
            let first = pair[0].1;
            let second = pair[1].1;
            !first.dominates(&second) && !second.dominates(&first) && first.cost <= second.cost
        }));
        let mut uniform = RandomGenotypes::new(domain(), Noise::new(seed));
        random += volume(&explore(&mut uniform, &mut trade_off, 200).unwrap());
    }
    assert!(evolved > 1.05 * random, "{evolved} and {random}");
}

#[test]
fn a_small_domain_is_evaluated_once_and_ends() {
    let mut evaluated = 0;
    let mut evaluate = |_: &Genotype| {
        evaluated += 1;
        quality(1.0)
    };
    let mut unique = Unique::new(RandomGenotypes::new(two(), Noise::new(1)));
    let trials = explore(&mut unique, &mut evaluate, 50).unwrap();
    assert_eq!((trials.len(), unique.known(), evaluated), (2, 2, 2));
}

#[test]
fn a_memory_leaves_the_search_as_it_is() {
    let config = EvolutionConfig { population: 5, sample: 3 };
    let evolution = || RegularisedEvolution::new(domain(), config, Noise::new(2)).unwrap();
    let plain = explore(&mut evolution(), &mut convolutions, 300).unwrap();
    let first: BTreeSet<Key> =
        plain.iter().map(|trial| domain().key(&trial.proposal.genotype)).collect();
    assert!(first.len() < plain.len());
    let mut unique = Unique::new(evolution());
    let trials = explore(&mut unique, &mut convolutions, first.len()).unwrap();
    // The same search with its repetitions left out.
    let mut seen = BTreeSet::new();
    let new = |trial: &&Trial| seen.insert(domain().key(&trial.proposal.genotype));
    let expected: Vec<Trial> = plain.iter().filter(new).cloned().collect();
    assert_eq!(trials, expected);
}

#[test]
fn equal_open_proposals_are_told_together() {
    let mut unique = Unique::new(RandomGenotypes::new(two(), Noise::new(1))).with_attempts(20);
    let first = ask(&mut unique);
    let second = ask(&mut unique);
    assert_ne!(first.genotype, second.genotype);
    assert_eq!(unique.ask().unwrap(), None);
    for proposal in [&first, &second] {
        unique.tell(proposal, &quality(1.0)).unwrap();
        assert!(matches!(
            unique.tell(proposal, &quality(1.0)),
            Err(ExploreError::NotOpen { task }) if task == proposal.task
        ));
    }
    // Everybody who waited has been told.
    assert_eq!(unique.inner().state().unwrap()["open"], serde_json::json!([]));
}

#[test]
fn what_is_too_large_is_not_evaluated() {
    let cost = |genotype: &Genotype| match convolutions(genotype) {
        Outcome::Measured { cost, .. } => Ok::<_, SpaceError>(cost),
        _ => Err(SpaceError::NoScores),
    };
    let limits = Limits { parameters: Some(20), macs: None };
    let mut limited = Limited::new(
        |genotype: &Genotype| {
            assert!(count(genotype, "simple_conv_3x3") <= 2);
            convolutions(genotype)
        },
        cost,
        limits,
    );
    let config = EvolutionConfig { population: 10, sample: 5 };
    let mut evolution = RegularisedEvolution::new(domain(), config, Noise::new(9)).unwrap();
    let trials = explore(&mut evolution, &mut limited, 200).unwrap();
    assert_eq!(best(&trials).unwrap().outcome.quality(), Some(2.0));
    let found = trials.iter().filter_map(|trial| match trial.outcome {
        Outcome::Infeasible { resource: Resource::Parameters, limit: 20, found } => Some(found),
        _ => None,
    });
    let found: Vec<u64> = found.collect();
    assert!(found.len() > 10 && found.iter().all(|found| *found > 20), "{found:?}");

    let uncounted = |_: &Genotype| Err(SpaceError::NoScores);
    let mut failing = Limited::new(convolutions, uncounted, limits);
    let outcome = failing.evaluate(&trials[0].proposal).unwrap();
    assert!(matches!(outcome, Outcome::Failed { .. }));
}

#[test]
fn the_best_is_the_first_of_equals_and_always_measured() {
    let mut values = [f64::NAN, 1.0, 3.0, 3.0, 2.0].into_iter();
    let mut random = RandomGenotypes::new(domain(), Noise::new(1));
    let mut next = |_: &Genotype| quality(values.next().unwrap());
    let trials = explore(&mut random, &mut next, 5).unwrap();
    assert!(matches!(trials[0].outcome, Outcome::Failed { .. }));
    assert_eq!(best(&trials).unwrap().proposal.task, 2);
    assert_eq!(best(&trials[..1]), None);
    assert_relative_eq!(best(&trials[..2]).unwrap().outcome.quality().unwrap(), 1.0);
}

#[test]
fn a_decoder_of_another_domain_is_refused() {
    // One in-edge per node is no architecture of a domain where every edge has an operation.
    let decode = |space: &Space, _: &WeightTable| {
        let op = space.op_set().ops()[1].name.clone();
        let cells = space.cells().iter().map(|spec| {
            let first = |node| spec.graph.rows_into(node).next();
            let rows = spec.graph.own_nodes().filter_map(first);
            let edges = rows.map(|row| spec.graph.edges()[row]);
            let genes = edges.map(|edge| Gene { op: op.clone(), from: edge.from, to: edge.to });
            spec.genotype(genes.collect())
        });
        Ok(space.genotype(cells.collect())?)
    };
    let mut logits = RandomLogits::new(domain(), decode, Noise::new(1));
    assert!(matches!(logits.ask(), Err(ExploreError::Outside { task: 0, .. })));
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    let genetic = GeneticConfig::default();
    let pareto = ParetoConfig::default();
    let refused = [
        EvolutionConfig { population: 0, sample: 1 }.check(),
        EvolutionConfig { population: 1, sample: 0 }.check(),
        GeneticConfig { parents: 0, ..genetic }.check(),
        GeneticConfig { mate: 1.5, ..genetic }.check(),
        GeneticConfig { mutate_op: f64::NAN, ..genetic }.check(),
        ParetoConfig { population: 1, ..pareto }.check(),
        ParetoConfig { mate: -0.1, ..pareto }.check(),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(ExploreError::Config(_))));
    }
    EvolutionConfig::default().check().unwrap();
    genetic.check().unwrap();
    pareto.check().unwrap();
}
