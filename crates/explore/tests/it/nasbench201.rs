//! Searches on tables of the architectures of a benchmark.

use std::fmt::Write as _;

use dartloom_explore::{
    Domain, EvolutionConfig, ExploreError, Explorer, Genetic, GeneticConfig, LocalSearch, Outcome,
    Proposal, RandomGenotypes, RegretCurve, RegularisedEvolution, Table, TableColumns, Trial,
    Unique, explore, regrets,
};
use dartloom_noise::Noise;
use dartloom_space::{Cost, OpSet, nasbench201};
use rand::Rng as _;

fn read(source: impl std::io::Read, columns: &TableColumns) -> Table {
    let ops = OpSet::builtin("nasbench201").unwrap();
    Table::read(source, columns, ops, nasbench201::parse).unwrap()
}

fn domain() -> Domain {
    Domain::every_edge(nasbench201::space().unwrap())
}

/// A table of all architectures, made up: edges and operations add to the accuracy, neighbouring
/// edges more when they agree, and each of two measurements has its own noise.
fn made_up() -> Table {
    let mut text = "arch,params,flops,valid,test\n".to_owned();
    let mut rng = Noise::new(201).stream("made-up table", 0);
    let values: Vec<f64> = (0..6 * 5).map(|_| rng.random_range(0.0..4.0)).collect();
    let spec = OpSet::builtin("nasbench201").unwrap();
    for genotype in nasbench201::architectures() {
        let genes = &genotype.cells()[0].genes;
        let ops: Vec<usize> = genes.iter().map(|gene| spec.position(&gene.op).unwrap()).collect();
        let own: f64 = ops.iter().enumerate().map(|(edge, op)| values[edge * 5 + op]).sum();
        let pairs = ops.windows(2).filter(|pair| pair[0] == pair[1] && pair[0] > 0).count();
        let accuracy = 50.0 + own + 1.5 * pairs as f64;
        let [valid, test] = [(); 2].map(|()| accuracy + rng.random_range(-0.5..0.5));
        let arch = nasbench201::print(&genotype).unwrap();
        writeln!(text, "{arch},1,1,{valid},{test}").unwrap();
    }
    read(text.as_bytes(), &TableColumns::nasbench201("valid", "test"))
}

type Maker = fn(Noise) -> Result<Box<dyn Explorer>, ExploreError>;

fn random(noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    Ok(Box::new(Unique::new(RandomGenotypes::new(domain(), noise))))
}

fn evolution(noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    let config = EvolutionConfig { population: 20, sample: 5 };
    Ok(Box::new(Unique::new(RegularisedEvolution::new(domain(), config, noise)?)))
}

fn genetic(noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    Ok(Box::new(Unique::new(Genetic::new(domain(), GeneticConfig::default(), noise)?)))
}

fn local(noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    Ok(Box::new(Unique::new(LocalSearch::new(domain(), noise))))
}

fn curve(table: &Table, make: Maker, seeds: u64, budget: usize) -> RegretCurve {
    let runs = (0..seeds).map(|seed| {
        let mut explorer = make(Noise::new(seed)).unwrap();
        let trials = explore(&mut *explorer, &mut &*table, budget).unwrap();
        // A genetic algorithm that has converged proposes nothing new, and ends.
        assert!(trials.len() == budget || explorer.ask().unwrap().is_none());
        regrets(table, &trials).unwrap()
    });
    RegretCurve::of(&runs.collect::<Vec<_>>()).unwrap()
}

fn last(curve: &RegretCurve) -> f64 {
    curve.mean.last().unwrap().unwrap()
}

/// Means over 100 seeds differ by more than three standard errors.
fn clearly_below(better: &RegretCurve, worse: &RegretCurve) -> bool {
    let error =
        |curve: &RegretCurve| curve.deviation.last().unwrap().unwrap().powi(2) / curve.seeds as f64;
    last(worse) - last(better) > 3.0 * (error(better) + error(worse)).sqrt()
}

#[test]
fn what_learns_beats_random_search_over_100_seeds() {
    let table = made_up();
    assert_eq!((table.len(), domain().size()), (15_625, Some(15_625)));
    let random = curve(&table, random, 100, 150);
    for (name, make) in [("evolution", evolution as Maker), ("genetic", genetic), ("local", local)]
    {
        let found = curve(&table, make, 100, 150);
        assert!(clearly_below(&found, &random), "{name}: {} and {}", last(&found), last(&random));
    }
    // All start from random architectures.
    let first = |curve: &RegretCurve| curve.mean[0].unwrap();
    assert!((first(&curve(&table, evolution, 100, 20)) - first(&random)).abs() < 2.0);
}

#[test]
fn regrets_by_hand() {
    let archs: Vec<String> =
        nasbench201::architectures().take(4).map(|g| nasbench201::print(&g).unwrap()).collect();
    let rows = [(1.0, 4.0), (3.0, 2.0), (2.0, 7.0), (4.0, 6.0)];
    let mut text = "arch,params,flops,valid,test\n".to_owned();
    for (arch, (valid, test)) in archs.iter().zip(rows) {
        writeln!(text, "{arch},0,0,{valid},{test}").unwrap();
    }
    let table = read(text.as_bytes(), &TableColumns::nasbench201("valid", "test"));
    let trials = |order: &[usize]| {
        let trial = |(task, &index): (usize, &usize)| {
            let genotype = nasbench201::parse(&archs[index]).unwrap();
            let proposal = Proposal::new(task as u64, genotype);
            let outcome = Outcome::measured(rows[index].0, Cost::default());
            Trial { proposal, outcome }
        };
        order.iter().enumerate().map(trial).collect::<Vec<_>>()
    };
    // The best of all is reported with 7; a better validation may report less.
    let first = regrets(&table, &trials(&[0, 1, 2, 3])).unwrap();
    assert_eq!(first, [3.0, 5.0, 5.0, 1.0].map(Some));
    let second = regrets(&table, &trials(&[2, 3])).unwrap();
    assert_eq!(second, [0.0, 1.0].map(Some));
    let curve = RegretCurve::of(&[first.clone(), second]).unwrap();
    assert_eq!(curve.mean, [1.5, 3.0, 3.0, 1.0].map(Some));
    let deviation = [4.5, 8.0, 8.0, 0.0].map(f64::sqrt);
    assert!(curve.deviation.iter().zip(deviation).all(|(a, b)| (a.unwrap() - b).abs() < 1e-12));
    // One seed has no spread, and a seed that has measured nothing no mean.
    let alone = RegretCurve::of(std::slice::from_ref(&first)).unwrap();
    assert_eq!((alone.mean, alone.deviation), (first.clone(), vec![None; 4]));
    let late = RegretCurve::of(&[first, vec![None, None, Some(1.0)]]).unwrap();
    assert_eq!(late.mean, [None, None, Some(3.0), Some(1.0)]);
    assert_eq!(late.deviation[..2], [None, None]);
    assert!(matches!(RegretCurve::of(&[]), Err(ExploreError::Config(_))));
    assert!(matches!(RegretCurve::of(&[vec![]]), Err(ExploreError::Config(_))));
    // Failures are no architectures of the table.
    let mut failed = trials(&[0]);
    failed[0].outcome = Outcome::Failed { reason: "killed".to_owned() };
    assert_eq!(regrets(&table, &failed).unwrap(), [None]);
    let mut unknown = trials(&[0]);
    unknown[0].proposal.genotype = nasbench201::architectures().last().unwrap();
    assert!(matches!(regrets(&table, &unknown), Err(ExploreError::NotInTable { task: 0 })));
}
