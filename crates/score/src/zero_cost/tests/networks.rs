//! All scores on networks and supernets, over seeds, and in searches.

use approx::assert_relative_eq;
use candle_core::{Device, Tensor};
use dartloom_data::{Batch, TargetSpec};
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model as _, Pass, Place, Registry};
use dartloom_space::{
    ArchWeights, Blueprint, Build, Cost, Genotype, OpSet, Shape, Space, Stem, nasbench201,
};

use super::super::*;
use super::tiny::{classes, given, snapshot};
use dartloom_explore::{
    Domain, EvolutionConfig, ExploreError, Explorer, LocalSearch, Outcome, Proposal,
    RegularisedEvolution, Unique, WarmStart, explore,
};

const ARCHITECTURE: &str =
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";

fn build() -> Build {
    Build::new(2, 3, Shape::new(1, 8, 8))
}

fn derived() -> Blueprint {
    nasbench201::blueprint(&nasbench201::parse(ARCHITECTURE).unwrap(), build()).unwrap()
}

fn supernet() -> Blueprint {
    Blueprint::supernet(&nasbench201::space().unwrap(), build()).unwrap()
}

fn draw(noise: Noise) -> Result<Batch, ZeroCostError> {
    random_batch(build(), TargetSpec::Class { classes: build().outputs.channels() }, 4, noise)
}

#[test]
fn all_scores_speak_of_networks_and_of_topologies() {
    let registry = Registry::standard().unwrap();
    for plan in [derived(), supernet()] {
        let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
        for name in names() {
            let score = by_name(name).unwrap();
            let found = scored(&*score, &subject, &mut draw, 0..3);
            if name == "jacob_cov" && plan.phase == dartloom_space::Phase::Search {
                // The chain of the space ends in batch norms.
                assert!(matches!(found, Err(ZeroCostError::Cancelled { .. })), "{found:?}");
                continue;
            }
            let found = found.unwrap_or_else(|error| panic!("{name}, {:?}: {error}", plan.phase));
            assert!(found.mean.is_finite() && found.seeds == 3, "{name}: {found:?}");
            // Images of random values all have codes of their own.
            assert_eq!(found.deviation == Some(0.0), name == "linear_regions", "{name}: {found:?}");
            assert_eq!(found, scored(&*score, &subject, &mut draw, 0..3).unwrap(), "{name}");
        }
    }
}

#[test]
fn scores_leave_networks_as_they_were() {
    let registry = Registry::standard().unwrap();
    for plan in [derived(), supernet()] {
        let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
        for name in names() {
            let score = by_name(name).unwrap();
            let network = subject.network(score.dtype(), Noise::new(1)).unwrap();
            let batch = draw(Noise::new(1)).unwrap();
            let batch = batch.to(&Device::Cpu, score.dtype()).unwrap();
            let before = snapshot(&*network);
            let first = score.score(&given(&*network, &batch), Noise::new(2)).ok();
            assert_eq!(snapshot(&*network), before, "{name}");
            assert_eq!(score.score(&given(&*network, &batch), Noise::new(2)).ok(), first, "{name}");
        }
    }
}

#[test]
fn mean_and_deviation_are_those_of_single_seeds() {
    let plan = derived();
    let registry = Registry::standard().unwrap();
    let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
    let one = |seed| scored(&Naswot, &subject, &mut draw, seed..seed + 1).unwrap();
    let values = [5, 6, 7].map(|seed| one(seed).mean);
    assert_eq!(one(5), Scored { mean: values[0], deviation: None, seeds: 1 });
    let all = scored(&Naswot, &subject, &mut draw, 5..8).unwrap();
    let mean = values.iter().sum::<f64>() / 3.0;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    assert_relative_eq!(all.mean, mean, epsilon = 1e-12);
    assert_relative_eq!(all.deviation.unwrap(), (squares / 2.0).sqrt(), epsilon = 1e-12);
}

#[test]
fn a_topology_weighs_all_operations_alike() {
    let space = Space::darts(OpSet::builtin("O_base").unwrap(), 3, 2, Stem::cifar(1)).unwrap();
    let plan = Blueprint::supernet(&space, build()).unwrap();
    let registry = Registry::standard().unwrap();
    let make = || {
        let mut rng = Noise::new(1).stream("weights", 0);
        Supernet::new(&plan, &registry, &Place::default(), &mut rng).unwrap()
    };
    let x = draw(Noise::new(1)).unwrap().inputs;
    let table = |cell: &dartloom_space::CellSpec| {
        let shape = (cell.graph.edges().len(), 8);
        Tensor::full(0.125_f32, shape, &Device::Cpu).unwrap()
    };
    let weights = ArchWeights::of_ops(space.cells().iter().map(table));
    let mut noise = Noise::new(0).stream("unused", 0);
    let expected =
        make().forward(&x, &weights, &mut Pass::new(Mode::probe(), &mut noise)).unwrap().main;
    let topology = Topology::new(&plan, make()).unwrap();
    let found = topology.forward(&x, &mut Pass::new(Mode::probe(), &mut noise)).unwrap().main;
    assert_eq!(found.to_vec2::<f32>().unwrap(), expected.to_vec2::<f32>().unwrap());
    assert_eq!(topology.cost(), make().cost());
}

fn domain() -> Domain {
    Domain::every_edge(nasbench201::space().unwrap())
}

fn plan(genotype: &Genotype) -> Result<Blueprint, dartloom_space::SpaceError> {
    nasbench201::blueprint(genotype, build())
}

#[test]
fn explorers_search_for_scores() {
    let registry = Registry::standard().unwrap();
    let mut draw = draw;
    let mut evaluator = ZeroCostEvaluator {
        score: &NtkCondition,
        registry: &registry,
        plan,
        task: &classes(3),
        draw: &mut draw,
        seeds: 0..1,
    };
    let genotype = nasbench201::parse(ARCHITECTURE).unwrap();
    let expected = {
        let (found, plan) = evaluator.scored(&genotype).unwrap();
        // Less is better.
        Outcome::measured(-found.mean, plan.cost().unwrap())
    };
    use dartloom_explore::Evaluator as _;
    for task in [0, 9] {
        let proposal = Proposal::new(task, genotype.clone());
        assert_eq!(evaluator.evaluate(&proposal).unwrap(), expected);
    }
    let none = nasbench201::parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|").unwrap();
    let outcome = evaluator.evaluate(&Proposal::new(1, none)).unwrap();
    let Outcome::Failed { reason } = outcome else { panic!("{outcome:?}") };
    assert_eq!(reason, "ntk: the output of the network does not depend on its input");
}

fn convolutions(genotype: &Genotype) -> Outcome {
    let genes = &genotype.cells()[0].genes;
    let number = genes.iter().filter(|gene| gene.op == "simple_conv_3x3").count();
    Outcome::measured(number as f64, Cost::default())
}

#[test]
fn a_warm_start_begins_with_the_best_of_many() {
    let best = best_by_score(&domain(), &mut convolutions, (300, 5), Noise::new(1)).unwrap();
    let quality = |genotype: &Genotype| convolutions(genotype).quality().unwrap();
    let qualities: Vec<f64> = best.iter().map(quality).collect();
    assert_eq!(best.len(), 5);
    assert!(qualities.windows(2).all(|pair| pair[0] >= pair[1]) && qualities[4] >= 3.0);

    let config = EvolutionConfig { population: 5, sample: 3 };
    let cold = RegularisedEvolution::new(domain(), config, Noise::new(2)).unwrap();
    let mut warm = Unique::new(WarmStart::new(cold, best.clone()).unwrap());
    let trials = explore(&mut warm, &mut convolutions, 30).unwrap();
    let begun: Vec<Genotype> = trials[..5].iter().map(|t| t.proposal.genotype.clone()).collect();
    assert_eq!(begun, best);
    // All that follow come from these: a mutant of one of the population differs by one gene.
    let genes = |genotype: &Genotype| genotype.cells()[0].genes.clone();
    let near = best.iter().any(|parent| {
        let child = genes(&trials[5].proposal.genotype);
        child.iter().zip(&genes(parent)).filter(|(a, b)| a != b).count() == 1
    });
    assert!(near);

    let foreign = vec![Genotype::published("DARTS_V2").unwrap()];
    let refused = WarmStart::new(LocalSearch::new(domain(), Noise::new(1)), foreign);
    assert!(matches!(refused, Err(ExploreError::Outside { task: 0, .. })));
}

#[test]
fn a_warm_explorer_obeys_the_laws() {
    use dartloom_explore::testkit::{Law, check};

    let best = best_by_score(&domain(), &mut convolutions, (20, 4), Noise::new(1)).unwrap();
    let laws = [&Law::EVERY[..], &[Law::Distinct]].concat();
    let config = EvolutionConfig { population: 6, sample: 3 };
    let warm = || {
        let cold = RegularisedEvolution::new(domain(), config, Noise::new(2))?;
        WarmStart::new(cold, best.clone())
    };
    check(&|| Ok(Box::new(warm()?) as Box<dyn Explorer>), 30, &Law::EVERY).unwrap();
    check(&|| Ok(Box::new(Unique::new(warm()?)) as Box<dyn Explorer>), 30, &laws).unwrap();
}
