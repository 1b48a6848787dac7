//! Evolution of the front between accuracy and multiply-adds.
//!
//! Paper: Deb et al., *A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II*, IEEE TEC
//! 2002; Elsken et al., *Efficient Multi-objective Neural Architecture Search via Lamarckian
//! Evolution*, ICLR 2019 (arXiv 1804.09081), is what searched fronts of networks.
//!
//! Expect: the architectures that no other beats in both, cheapest first, and the area that they
//! dominate, beside that of as many random ones.
//! Run time: half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example pareto
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::explore::{
    Explorer, ParetoConfig, ParetoEvolution, Point, RandomGenotypes, Resource, Trial, Unique,
    explore, front, hypervolume,
};
use dartloom::prelude::*;
use dartloom_examples::candidates::Candidates;

const CANDIDATES: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let candidates = Candidates::new()?;
    let images = candidates.images()?;
    let run = |explorer: &mut dyn Explorer| -> Result<Vec<(Point, Trial)>, Box<dyn Error>> {
        let trials = explore(explorer, &mut candidates.training(&images), CANDIDATES)?;
        Ok(trials.into_iter().filter_map(|trial| Some((point(&trial)?, trial))).collect())
    };
    let config =
        ParetoConfig { population: 12, resource: Resource::Macs, ..ParetoConfig::default() };
    let evolution = ParetoEvolution::new(candidates.domain(), config, Noise::new(0))?;
    let evolved = run(&mut Unique::new(evolution))?;
    let random = run(&mut Unique::new(RandomGenotypes::new(candidates.domain(), Noise::new(0))))?;

    let points = |found: &[(Point, Trial)]| found.iter().map(|one| one.0).collect::<Vec<_>>();
    for index in front(&points(&evolved)) {
        let (Point { quality, cost }, trial) = &evolved[index];
        let text = trial.proposal.genotype.to_text()?;
        println!("{:.1} % right, {cost} multiply-adds: {text}", 100.0 * quality);
    }
    // No accuracy, and more than anything here costs.
    let all = points(&evolved).into_iter().chain(points(&random));
    let reference = Point { quality: 0.0, cost: 1 + all.map(|p| p.cost).max().unwrap_or(0) };
    for (name, found) in [("evolution", &evolved), ("random", &random)] {
        let share = hypervolume(&points(found), reference) / reference.cost as f64;
        println!("{name} dominates {:.2} % of the plane", 100.0 * share);
    }
    Ok(())
}

fn point(trial: &Trial) -> Option<Point> {
    let quality = trial.outcome.quality()?;
    let cost = trial.outcome.takes(Resource::Macs)?;
    Some(Point { quality, cost })
}
