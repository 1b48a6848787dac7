//! Is evolution better than random search? On a table, where evaluating costs nothing, 100 seeds can
//! say.
//!
//! Papers: Dong and Yang, *NAS-Bench-201*, ICLR 2020 (arXiv 2001.00326); Real et al., *Regularized
//! Evolution*, AAAI 2019 (arXiv 1802.01548); Zoph and Le, *Neural Architecture Search with
//! Reinforcement Learning*, ICLR 2017 (arXiv 1611.01578).
//!
//! Expect: the regret of each explorer, mean and deviation over the seeds, after ever more
//! evaluations. Evolution and REINFORCE fall below random search; the difference is tested seed by
//! seed. Regret is that of the test accuracy of what looks best by validation accuracy, so it need
//! not end at 0. Without a path, the slice of 729 architectures beside this program is searched with
//! 100 evaluations; with the path of the whole table, all 15,625 with 500.
//! Run time: half a minute on 2 cores for the slice, minutes for the whole table.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example nasbench201_random_vs_evolution -- [TABLE.csv]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;
use std::fs::File;

use dartloom::metrics::statistics::paired;
use dartloom::prelude::*;
use dartloom::search::explore::{
    Domain, EvolutionConfig, ExploreError, Explorer, RandomGenotypes, RegretCurve,
    RegularisedEvolution, Reinforce, ReinforceConfig, Table, TableColumns, Unique, explore,
    regrets,
};
use dartloom::space::nasbench201;

const SLICE: &str = include_str!("../tables/nasbench201-slice.csv");
const SLICE_OPS: [&str; 3] = ["skip_connect", "simple_conv_1x1", "simple_conv_3x3"];

type Maker = fn(Domain, Noise) -> Result<Box<dyn Explorer>, ExploreError>;

fn main() -> Result<(), Box<dyn Error>> {
    let columns = TableColumns::nasbench201("cifar10_valid_200", "cifar10_test_200");
    let whole = nasbench201::space()?;
    let ops = whole.op_set().clone();
    let (table, domain, (budget, seeds)) = match std::env::args().nth(1) {
        Some(path) => {
            let table = Table::read(File::open(path)?, &columns, ops, nasbench201::parse)?;
            (table, Domain::every_edge(whole), (500, 100))
        }
        None => {
            let table = Table::read(SLICE.as_bytes(), &columns, ops, nasbench201::parse)?;
            (table, Domain::every_edge(slice(&whole)?), (100, 20))
        }
    };
    println!("{} architectures, the best {:.2} % right", table.len(), table.best_reported());

    let explorers: [(&str, Maker); 3] =
        [("random", random), ("evolution", evolution), ("reinforce", reinforce)];
    let mut found = Vec::new();
    for (name, make) in explorers {
        let mut runs = Vec::new();
        for seed in 0..seeds {
            let mut explorer = make(domain.clone(), Noise::new(seed))?;
            let trials = explore(&mut *explorer, &mut &table, budget)?;
            runs.push(regrets(&table, &trials)?);
        }
        let curve = RegretCurve::of(&runs)?;
        print!("{name:<10}");
        for at in [10, budget / 5, budget / 2, budget] {
            let (mean, deviation) = (curve.mean[at - 1], curve.deviation[at - 1]);
            print!("  {at:>3}: {mean:.3} ± {deviation:.3}");
        }
        println!();
        found.push((name, runs));
    }
    let half = |runs: &[Vec<f64>]| runs.iter().map(|run| run[budget / 2 - 1]).collect::<Vec<_>>();
    let random = half(&found[0].1);
    for (name, runs) in &found[1..] {
        let difference = paired(&random, &half(runs))?;
        println!(
            "after {} evaluations {name} is {:.3} points nearer to the best than random search \
             [{:.3}, {:.3}]",
            budget / 2,
            difference.mean_difference,
            difference.lower,
            difference.upper
        );
    }
    Ok(())
}

/// The space with the slice's operations alone.
fn slice(whole: &Space) -> Result<Space, dartloom::Error> {
    let ops = SLICE_OPS.iter().map(|name| whole.op_set().get(name).cloned());
    let ops = OpSet::new("slice", ops.collect::<Result<_, _>>()?)?;
    Ok(Space::new("slice", ops, whole.cells().to_vec(), whole.network().clone())?)
}

fn random(domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    Ok(Box::new(Unique::new(RandomGenotypes::new(domain, noise))))
}

fn evolution(domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    let config = EvolutionConfig { population: 20, sample: 5 };
    Ok(Box::new(Unique::new(RegularisedEvolution::new(domain, config, noise)?)))
}

/// Without a memory: a controller that converged proposes little else.
fn reinforce(domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
    Ok(Box::new(Reinforce::new(domain, ReinforceConfig::default(), noise)?))
}
