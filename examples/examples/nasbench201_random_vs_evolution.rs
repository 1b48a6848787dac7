//! A comparison of evolution and random search on a table, where evaluations cost nothing and 100
//! seeds are affordable.
//!
//! Papers: Dong and Yang, *NAS-Bench-201*, ICLR 2020 (arXiv 2001.00326); Real et al., *Regularized
//! Evolution*, AAAI 2019 (arXiv 1802.01548); Zoph and Le, *Neural Architecture Search with
//! Reinforcement Learning*, ICLR 2017 (arXiv 1611.01578).
//!
//! Expect: the regret of each explorer, mean and deviation over the seeds, after ever more
//! evaluations. Evolution falls below random search; the difference is tested seed by seed. Regret
//! is that of the test accuracy of what looks best by validation accuracy, so it need not end at 0.
//! Without a path, the slice of 729 architectures beside this program is searched with 100
//! evaluations; with the path of the whole table, all 15,625 with 500, after its parameters and
//! multiply-adds were compared with those of the networks. COLUMN is what a search sees, such as
//! `cifar10_valid_12`, accuracies after 12 epochs.
//! Run time: half a minute on 2 cores for the slice, minutes for the whole table.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example nasbench201_random_vs_evolution -- \
//!     [TABLE.csv [COLUMN]]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;
use std::fs::File;

use dartloom::explore::{
    Domain, EvolutionConfig, Explorer, Genetic, GeneticConfig, LocalSearch, RandomGenotypes,
    RegretCurve, RegularisedEvolution, Table, TableColumns, Unique, explore, regrets,
};
use dartloom::prelude::*;
use dartloom::record::statistics::paired;
use dartloom::search::{Reinforce, ReinforceConfig};
use dartloom::space::nasbench201;

const SLICE: &str = include_str!("../tables/nasbench201-slice.csv");
const SLICE_OPS: [&str; 3] = ["skip_connect", "simple_conv_1x1", "simple_conv_3x3"];

type Found<T> = Result<T, Box<dyn Error>>;
type Maker = fn(Domain, Noise) -> Found<Box<dyn Explorer>>;

fn main() -> Found<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next();
    let quality = arguments.next().unwrap_or_else(|| "cifar10_valid_200".to_owned());
    let columns = TableColumns::nasbench201(quality, "cifar10_test_200");
    let whole = nasbench201::space()?;
    let ops = whole.op_set().clone();
    let (table, domain, (budget, seeds)) = match path {
        Some(path) => {
            let table = Table::read(File::open(path)?, &columns, ops, nasbench201::parse)?;
            check_costs(&table)?;
            (table, Domain::every_edge(whole), (500, 100))
        }
        None => {
            let table = Table::read(SLICE.as_bytes(), &columns, ops, nasbench201::parse)?;
            (table, Domain::every_edge(slice(&whole)?), (100, 20))
        }
    };
    println!("{} architectures, the best {:.2} % right", table.len(), table.best_reported());

    let explorers: [(&str, Maker); 5] = [
        ("random", random),
        ("evolution", evolution),
        ("reinforce", reinforce),
        ("genetic", genetic),
        ("local", local),
    ];
    let mut found = Vec::new();
    for (name, make) in explorers {
        let mut runs = Vec::new();
        for seed in 0..seeds {
            let mut explorer = make(domain.clone(), Noise::new(seed))?;
            let trials = explore(&mut *explorer, &mut &table, budget)?;
            let mut run = regrets(&table, &trials)?;
            // A search that has nothing left to propose keeps what it found.
            run.resize(budget, run.last().copied().flatten());
            runs.push(run);
        }
        let curve = RegretCurve::of(&runs)?;
        print!("{name:<10}");
        for at in [10, budget / 5, budget / 2, budget] {
            // All of the domain is in the table, so that every seed has measured something.
            let (Some(mean), Some(deviation)) = (curve.mean[at - 1], curve.deviation[at - 1])
            else {
                return Err(format!("{name}: no regret after {at} evaluations").into());
            };
            print!("  {at:>3}: {mean:.3} ± {deviation:.3}");
        }
        println!();
        found.push((name, runs));
    }
    compare(&found, budget / 2)
}

/// Refuses a table whose costs differ from those of the networks, which are all built as blueprints
/// for this check.
fn check_costs(table: &Table) -> Found<()> {
    let build = Build::new(16, 10, Shape::new(3, 32, 32));
    for genotype in nasbench201::architectures() {
        let Some(row) = table.row(&genotype) else { continue };
        let cost = nasbench201::blueprint(&genotype, build)?.cost()?;
        // The table counts the additions of the classifier's ten biases.
        if (cost.parameters, cost.macs + 10) != (row.cost.parameters, row.cost.macs) {
            return Err(format!("line {}: {:?} and {:?}", row.line, row.cost, cost).into());
        }
    }
    println!("parameters and multiply-adds are those of the networks");
    Ok(())
}

/// Random search against each of the others, seed by seed.
fn compare(found: &[(&str, Vec<Vec<Option<f64>>>)], at: usize) -> Found<()> {
    let after = |runs: &[Vec<Option<f64>>]| -> Found<Vec<f64>> {
        let after: Option<Vec<f64>> = runs.iter().map(|run| run[at - 1]).collect();
        after.ok_or_else(|| format!("a seed has no regret after {at} evaluations").into())
    };
    let random = after(&found[0].1)?;
    for (name, runs) in &found[1..] {
        let nearer = paired(&random, &after(runs)?)?;
        println!(
            "after {at} evaluations {name} is {:.3} points nearer to the best than random search \
             [{:.3}, {:.3}]",
            nearer.mean_difference, nearer.lower, nearer.upper
        );
    }
    Ok(())
}

/// The space with the slice's operations alone.
fn slice(whole: &Space) -> Found<Space> {
    let ops = whole.op_set().subset("slice", &SLICE_OPS)?;
    Ok(Space::new("slice", ops, whole.cells().to_vec(), whole.network().clone())?)
}

fn random(domain: Domain, noise: Noise) -> Found<Box<dyn Explorer>> {
    Ok(Box::new(Unique::new(RandomGenotypes::new(domain, noise))))
}

fn evolution(domain: Domain, noise: Noise) -> Found<Box<dyn Explorer>> {
    let config = EvolutionConfig { population: 20, sample: 5 };
    Ok(Box::new(Unique::new(RegularisedEvolution::new(domain, config, noise)?)))
}

/// The controller without a memory of its proposals, because it proposes little else once it has
/// converged. The weight of its entropy is for accuracies in per cent.
fn reinforce(domain: Domain, noise: Noise) -> Found<Box<dyn Explorer>> {
    let default = ReinforceConfig::default();
    let config = ReinforceConfig { entropy: 100.0 * default.entropy, ..default };
    Ok(Box::new(Reinforce::new(domain, config, noise)?))
}

fn genetic(domain: Domain, noise: Noise) -> Found<Box<dyn Explorer>> {
    Ok(Box::new(Unique::new(Genetic::new(domain, GeneticConfig::default(), noise)?)))
}

fn local(domain: Domain, noise: Noise) -> Found<Box<dyn Explorer>> {
    Ok(Box::new(Unique::new(LocalSearch::new(domain, noise))))
}
