use std::collections::BTreeSet;

use approx::assert_relative_eq;
use dartloom_explore::testkit::{Law, check};
use dartloom_explore::{RandomGenotypes, Trial, Unique, explore};
use dartloom_noise::Noise;
use dartloom_space::{Cost, Genotype, Lattice, OpSet, Space, Stem, nasbench201};

use super::*;

fn every_edge() -> Domain {
    Domain::every_edge(nasbench201::space().unwrap())
}

/// Two of three in-edges at the last nodes, two cells.
fn top() -> Domain {
    let all = OpSet::builtin("S").unwrap();
    let ops = OpSet::new("some", all.ops()[..3].to_vec()).unwrap();
    Domain::top(Space::darts(ops, 3, 2, Stem::cifar(1)).unwrap(), 2)
}

/// A lattice of one layer, and a network whose links are chosen port by port.
fn linked() -> [Domain; 2] {
    let ops = OpSet::builtin("dints").unwrap();
    let stem = Stem::pyramid(2).unwrap();
    let lattice = Space::lattice(ops.clone(), Lattice::dints(1, 2), 1, stem).unwrap();
    let nested = Space::nested_unet(ops, 2, 1, Stem::cifar(1)).unwrap();
    assert!(lattice.network().topologies().is_some());
    assert!(nested.network().topologies().is_none() && nested.network().choices().count() > 0);
    [Domain::top(lattice, 2), Domain::top(nested, 2)]
}

fn quality(value: f64) -> Outcome {
    Outcome::measured(value, Cost::default())
}

fn ask(explorer: &mut Reinforce) -> Proposal {
    explorer.ask().unwrap().unwrap()
}

fn small(entropy: f64) -> ReinforceConfig {
    ReinforceConfig { hidden: 5, entropy, ..ReinforceConfig::default() }
}

fn values(explorer: &Reinforce) -> Value {
    explorer.state().unwrap()["variables"].clone()
}

#[test]
fn choices_and_genotypes_are_one_to_one() {
    for domain in [every_edge(), top()] {
        let controller =
            Controller::new(tokens::tokens(&domain), 4, &mut Noise::new(3).stream("test", 0))
                .unwrap();
        let mut seen = BTreeSet::new();
        for task in 0..200 {
            let mut rng = Noise::new(3).stream("draws", task);
            let choices = controller.sample(&mut rng).unwrap().choices;
            let genotype = tokens::decode(&domain, &choices).unwrap();
            assert!(domain.contains(&genotype));
            assert_eq!(tokens::encode(&domain, &genotype), Some(choices));
            // What other explorers propose can be judged as well.
            let other = domain.sample(&mut rng).unwrap();
            let choices = tokens::encode(&domain, &other).unwrap();
            assert_eq!(tokens::decode(&domain, &choices).unwrap(), other);
            seen.insert(genotype.to_json().unwrap());
        }
        assert!(seen.len() > 150, "{}", seen.len());
    }
    let deep = Space::lattice(
        OpSet::builtin("dints").unwrap(),
        Lattice::dints(3, 3),
        1,
        Stem::pyramid(3).unwrap(),
    );
    for domain in linked().into_iter().chain([Domain::top(deep.unwrap(), 2)]) {
        let mut rng = Noise::new(3).stream("test", 0);
        let controller = Controller::new(tokens::tokens(&domain), 4, &mut rng).unwrap();
        for _ in 0..30 {
            let choices = controller.sample(&mut rng).unwrap().choices;
            let genotype = tokens::decode(&domain, &choices).unwrap();
            assert!(domain.contains(&genotype));
            assert_eq!(tokens::encode(&domain, &genotype), Some(choices));
            let other = domain.sample(&mut rng).unwrap();
            let choices = tokens::encode(&domain, &other).unwrap();
            assert_eq!(tokens::decode(&domain, &choices).unwrap(), other);
        }
    }
    let foreign = Genotype::published("DARTS_V2").unwrap();
    assert_eq!(tokens::encode(&every_edge(), &foreign), None);
}

#[test]
fn the_probabilities_of_all_architectures_add_up_to_one() {
    // One cell of two nodes, the last of which keeps two of three in-edges.
    let all = OpSet::builtin("S").unwrap();
    let ops = OpSet::new("pair", all.ops()[..2].to_vec()).unwrap();
    let wide = Space::darts(ops, 2, 2, Stem::cifar(1)).unwrap();
    let cell = wide.cells()[0].clone();
    let mut placements = wide.network().placements().to_vec();
    placements.iter_mut().for_each(|placement| placement.cell = Some(0));
    let network = dartloom_space::Network::new(
        wide.network().stem().clone(),
        placements,
        wide.network().head().clone(),
        None,
    )
    .unwrap();
    let space = Space::new("one", wide.op_set().clone(), vec![cell], network).unwrap();
    let domain = Domain::top(space, 2);
    let explorer = Reinforce::new(domain.clone(), small(0.0), Noise::new(1)).unwrap();
    let mut all = BTreeSet::from([domain
        .sample(&mut Noise::new(1).stream("draw", 0))
        .unwrap()
        .to_json()
        .unwrap()]);
    let mut open: Vec<String> = all.iter().cloned().collect();
    while let Some(text) = open.pop() {
        for next in domain.neighbours(&Genotype::read(&text).unwrap()).unwrap() {
            let next = next.to_json().unwrap();
            if all.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    // 2^2 at the first node; 3 pairs with 2^2 operations at the second.
    assert_eq!(all.len(), 4 * 3 * 4);
    let read = |text: &String| explorer.probability(&Genotype::read(text).unwrap()).unwrap();
    assert_relative_eq!(all.iter().map(read).sum::<f64>(), 1.0, epsilon = 1e-12);
}

/// Every topology of a lattice with every operation, each by its own probability.
#[test]
fn the_probabilities_of_all_links_add_up_to_one() {
    for domain in linked() {
        let explorer = Reinforce::new(domain.clone(), small(0.0), Noise::new(1)).unwrap();
        let first = domain.sample(&mut Noise::new(1).stream("draw", 0)).unwrap();
        let mut all = BTreeSet::from([first.to_json().unwrap()]);
        let mut open: Vec<Genotype> = vec![first];
        while let Some(at) = open.pop() {
            for next in domain.neighbours(&at).unwrap() {
                if all.insert(next.to_json().unwrap()) {
                    open.push(next);
                }
            }
        }
        assert_eq!(Some(all.len() as u64), domain.size());
        let read = |text: &String| explorer.probability(&Genotype::read(text).unwrap()).unwrap();
        assert_relative_eq!(all.iter().map(read).sum::<f64>(), 1.0, epsilon = 1e-10);
    }
}

#[test]
fn gradients_equal_central_differences() {
    for domain in [every_edge(), top()].into_iter().chain(linked()) {
        let mut rng = Noise::new(5).stream("test", 0);
        let controller = Controller::new(tokens::tokens(&domain), 4, &mut rng).unwrap();
        let choices = controller.sample(&mut rng).unwrap().choices;
        let value = || {
            let loss = loss(&controller, &choices, -0.7, 0.3).unwrap();
            loss.to_scalar::<f64>().unwrap()
        };
        let taken = loss(&controller, &choices, -0.7, 0.3).unwrap();
        let gradients = dartloom_train::gradients_of(&taken, controller.variables()).unwrap();
        let step = 1e-5;
        let mut checked = 0;
        let mut largest = 0.0_f64;
        for (name, var) in controller.variables() {
            let before = var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let flat = gradients.0.get(name).map_or_else(
                || vec![0.0; before.len()],
                |gradient| gradient.flatten_all().unwrap().to_vec1().unwrap(),
            );
            for at in (0..before.len()).step_by(2) {
                let moved = |by: f64| {
                    let mut values = before.clone();
                    values[at] += by;
                    var.set(
                        &Tensor::from_vec(values, var.dims(), &Place::default().device).unwrap(),
                    )
                    .unwrap();
                    value()
                };
                let numeric = (moved(step) - moved(-step)) / (2.0 * step);
                moved(0.0);
                // Differences of a smooth function in f64: rounding over the step, and its square.
                assert_relative_eq!(flat[at], numeric, epsilon = 1e-8, max_relative = 1e-6);
                largest = largest.max(numeric.abs());
                checked += 1;
            }
        }
        assert!(checked > 100 && largest > 0.1, "{checked} and {largest}");
    }
}

#[test]
fn at_the_baseline_nothing_moves_but_by_the_entropy() {
    let run = |entropy| {
        let mut explorer = Reinforce::new(top(), small(entropy), Noise::new(2)).unwrap();
        let before = values(&explorer);
        for _ in 0..20 {
            let proposal = ask(&mut explorer);
            explorer.tell(&proposal, &quality(0.4)).unwrap();
            assert_relative_eq!(explorer.baseline().unwrap(), 0.4, epsilon = 1e-12);
        }
        let probe = ask(&mut explorer);
        let choices = tokens::encode(&top(), &probe.genotype).unwrap();
        let entropy = explorer.controller.judge(&choices).unwrap().entropy;
        (values(&explorer) == before, entropy.to_scalar::<f64>().unwrap())
    };
    let (same, plain) = run(0.0);
    assert!(same);
    let (same, more) = run(1.0);
    assert!(!same && more > plain, "{more} and {plain}");
}

#[test]
fn rewards_are_qualities_or_else_the_lowest_so_far() {
    let mut progress = Progress::default();
    let failed = Outcome::Failed { reason: "killed".to_owned() };
    assert_eq!(progress.reward(&failed), None);
    assert_eq!(progress.reward(&quality(3.0)), Some(3.0));
    assert_eq!(progress.reward(&quality(-1.0)), Some(-1.0));
    assert_eq!(progress.reward(&quality(5.0)), Some(5.0));
    assert_eq!(progress.reward(&failed), Some(-1.0));
    // Advantages and baselines by hand, with decay 1/2: 4; 4 + (8-4)/2; 6 + (2-6)/2.
    let told = [4.0, 8.0, 2.0].map(|reward| {
        let advantage = progress.advantage(reward, 0.5);
        (advantage, progress.baseline)
    });
    assert_eq!(told, [(0.0, Some(4.0)), (4.0, Some(6.0)), (-4.0, Some(4.0))]);
}

#[test]
fn before_anything_was_measured_failures_teach_nothing() {
    let mut explorer = Reinforce::new(top(), small(0.1), Noise::new(2)).unwrap();
    let before = values(&explorer);
    for _ in 0..5 {
        let proposal = ask(&mut explorer);
        explorer.tell(&proposal, &Outcome::Failed { reason: "killed".to_owned() }).unwrap();
    }
    assert!(values(&explorer) == before && explorer.baseline().is_none());
}

#[test]
fn a_reward_raises_the_probability_of_its_architecture() {
    let mut explorer = Reinforce::new(every_edge(), small(0.0), Noise::new(4)).unwrap();
    let first = ask(&mut explorer);
    let second = ask(&mut explorer);
    explorer.tell(&first, &quality(0.0)).unwrap();
    let before = explorer.probability(&second.genotype).unwrap();
    explorer.tell(&second, &quality(1.0)).unwrap();
    assert!(explorer.probability(&second.genotype).unwrap() > 1.05 * before);
    let foreign = Genotype::published("DARTS_V2").unwrap();
    assert!(explorer.probability(&foreign).unwrap().abs() < f64::MIN_POSITIVE);
}

/// As many 3x3 convolutions as possible.
fn convolutions(genotype: &Genotype) -> Outcome {
    let genes = &genotype.cells()[0].genes;
    let number = genes.iter().filter(|gene| gene.op == "simple_conv_3x3").count();
    quality(number as f64 / 6.0)
}

#[test]
fn it_learns_and_random_search_does_not() {
    let last = |trials: &[Trial]| {
        let found = trials[200..].iter().map(|trial| trial.outcome.quality().unwrap());
        found.sum::<f64>() / 50.0
    };
    for seed in 0..3 {
        let config = ReinforceConfig { hidden: 16, ..ReinforceConfig::default() };
        let mut learned = Reinforce::new(every_edge(), config, Noise::new(seed)).unwrap();
        let learned = last(&explore(&mut learned, &mut convolutions, 250).unwrap());
        let mut random = RandomGenotypes::new(every_edge(), Noise::new(seed));
        let random = last(&explore(&mut random, &mut convolutions, 250).unwrap());
        assert!(learned > random + 0.3, "{learned} and {random}");
    }
}

#[test]
fn configurations_that_make_no_sense_are_refused() {
    let good = ReinforceConfig::default();
    good.check().unwrap();
    let refused = [
        ReinforceConfig { hidden: 0, ..good },
        ReinforceConfig { rate: 0.0, ..good },
        ReinforceConfig { rate: f64::NAN, ..good },
        ReinforceConfig { entropy: -1.0, ..good },
        ReinforceConfig { decay: 1.0, ..good },
    ];
    for config in refused {
        assert!(matches!(config.check(), Err(ExploreError::Config(_))), "{config:?}");
    }
}

#[test]
fn a_state_of_another_width_is_refused_and_changes_nothing() {
    let narrow = Reinforce::new(top(), small(0.0), Noise::new(2)).unwrap();
    let config = ReinforceConfig { hidden: 6, ..small(0.0) };
    let mut wide = Reinforce::new(top(), config, Noise::new(2)).unwrap();
    let before = values(&wide);
    let refused = wide.restore(&narrow.state().unwrap());
    assert!(matches!(refused, Err(ExploreError::State { .. })));
    assert!(values(&wide) == before);
}

/// A controller learns with every outcome, so fewer outcomes must do.
#[test]
fn reinforce_obeys_in_every_domain() {
    let laws = [&Law::EVERY[..], &[Law::Distinct]].concat();
    let config = ReinforceConfig { hidden: 3, ..ReinforceConfig::default() };
    for domain in [every_edge(), top()] {
        let reinforce = || Reinforce::new(domain.clone(), config, Noise::new(3));
        check(&|| Ok(Box::new(reinforce()?) as Box<dyn Explorer>), 8, &Law::EVERY).unwrap();
        let unique =
            || Ok(Box::new(Unique::new(reinforce()?).with_attempts(6)) as Box<dyn Explorer>);
        check(&unique, 8, &laws).unwrap();
    }
}
