//! Zero-cost scores of networks that nobody trained, and a test whether to believe them.
//!
//! Papers: Abdelfattah et al., *Zero-Cost Proxies for Lightweight NAS*, ICLR 2021 (arXiv
//! 2101.08134); Mellor et al., *Neural Architecture Search without Training*, ICML 2021 (arXiv
//! 2006.04647). Each score names its own.
//!
//! Expect: first every score of an architecture, of one without a path from input to output (which
//! all scores refuse), and of the supernet of the whole space; then the rank correlation of some
//! scores with measured accuracies, which is far from 1; and last an evolution that starts from the
//! architectures that a score rates highest. Networks are small here (4 channels, 8x8 pixels);
//! `dartloom correlate` measures at full size.
//! Run time: half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example zero_cost
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::data::TargetSpec;
use dartloom::explore::{
    Domain, EvolutionConfig, RegularisedEvolution, Table, TableColumns, Unique, WarmStart, explore,
};
use dartloom::prelude::*;
use dartloom::record::statistics::kendall_tau;
use dartloom::score::zero_cost::{
    Subject, Synflow, ZeroCostError, ZeroCostEvaluator, best_by_score, by_name, names,
    random_batch, scored,
};
use dartloom::space::{SpaceError, nasbench201};
use dartloom::task::Classification;

const TABLE: &str = include_str!("../tables/nasbench201-slice.csv");
const GOOD: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+\
                    |skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";
const NO_PATH: &str = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_1x1~2|";
const CLASSES: TargetSpec = TargetSpec::Class { classes: 10 };

fn build() -> Build {
    Build::new(4, 10, Shape::new(3, 8, 8))
}

fn plan(genotype: &Genotype) -> Result<Blueprint, SpaceError> {
    nasbench201::blueprint(genotype, build())
}

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::standard()?;
    println!("{:<16} {:>22} {:>12} {:>22}", "score", "architecture", "without path", "supernet");
    let task = Classification::new(10)?;
    let plans = [
        plan(&nasbench201::parse(GOOD)?)?,
        plan(&nasbench201::parse(NO_PATH)?)?,
        Blueprint::supernet(&nasbench201::space()?, build())?,
    ];
    for name in names() {
        let say = |plan: &Blueprint| -> Result<String, Box<dyn Error>> {
            let subject = Subject { plan, registry: &registry, task: &task };
            let draw = &mut |noise| random_batch(build(), CLASSES, 16, noise);
            match scored(&*by_name(name)?, &subject, draw, 0..3) {
                Ok(found) => {
                    let spread = found.deviation.map(|spread| format!(" ± {spread:.1e}"));
                    Ok(format!("{:.3e}{}", found.mean, spread.unwrap_or_default()))
                }
                Err(ZeroCostError::Constant { .. } | ZeroCostError::Cancelled { .. }) => {
                    Ok("refused".to_owned())
                }
                Err(error) => Err(error.into()),
            }
        };
        let good = say(&plans[0])?;
        let cut = say(&plans[1])?;
        let supernet = say(&plans[2])?;
        if cut != "refused" {
            return Err(format!("{name} scores an architecture without a path").into());
        }
        println!("{name:<16} {good:>22} {cut:>12} {supernet:>22}");
    }
    correlate(&registry)?;
    warm(&registry)
}

/// Scores of 60 architectures against their accuracies.
fn correlate(registry: &Registry) -> Result<(), Box<dyn Error>> {
    let lines: Vec<Vec<&str>> =
        TABLE.lines().skip(1).step_by(12).map(|line| line.split(',').collect()).collect();
    let accuracies: Vec<f64> =
        lines.iter().map(|fields| fields[4].parse()).collect::<Result<_, _>>()?;
    println!("\nKendall's tau of {} architectures with their test accuracies:", lines.len());
    let task = Classification::new(10)?;
    for name in ["synflow", "naswot", "grad_norm"] {
        let score = by_name(name)?;
        let mut values = Vec::new();
        for fields in &lines {
            let plan = plan(&nasbench201::parse(fields[0])?)?;
            let subject = Subject { plan: &plan, registry, task: &task };
            let draw = &mut |noise| random_batch(build(), CLASSES, 16, noise);
            values.push(scored(&*score, &subject, draw, 0..1)?.mean);
        }
        println!("{name:<16} {:>6.3}", kendall_tau(&values, &accuracies)?);
    }
    Ok(())
}

/// The best of 40 random architectures by synaptic flow, and an evolution that begins with them.
fn warm(registry: &Registry) -> Result<(), Box<dyn Error>> {
    let ops = nasbench201::space()?.op_set().clone();
    let columns = TableColumns::nasbench201("cifar10_valid_200", "cifar10_test_200");
    let table = Table::read(TABLE.as_bytes(), &columns, ops.clone(), nasbench201::parse)?;
    let some = ["skip_connect", "simple_conv_1x1", "simple_conv_3x3"];
    let whole = nasbench201::space()?;
    let cells = whole.cells().to_vec();
    let space = Space::new("slice", ops.subset("slice", &some)?, cells, whole.network().clone())?;
    let domain = Domain::every_edge(space);

    let task = Classification::new(10)?;
    let mut draw = |noise| random_batch(build(), CLASSES, 4, noise);
    let mut evaluator = ZeroCostEvaluator {
        score: &Synflow,
        registry,
        plan,
        task: &task,
        draw: &mut draw,
        seeds: 0..1,
    };
    let chosen = best_by_score(&domain, &mut evaluator, (40, 5), Noise::new(1))?;
    let config = EvolutionConfig { population: 10, sample: 3 };
    let cold = RegularisedEvolution::new(domain.clone(), config, Noise::new(1))?;
    let warm = WarmStart::new(cold.clone(), chosen)?;
    println!("\nbest validation accuracy so far after 5, 20 and 40 evaluations:");
    let best = |trials: &[dartloom::explore::Trial], count: usize| {
        let found = trials[..count].iter().filter_map(|trial| trial.outcome.quality());
        found.fold(f64::NEG_INFINITY, f64::max)
    };
    let cold = explore(&mut Unique::new(cold), &mut &table, 40)?;
    let warm = explore(&mut Unique::new(warm), &mut &table, 40)?;
    for (name, trials) in [("cold", cold), ("warm", warm)] {
        let [first, then, last] = [5, 20, 40].map(|count| best(&trials, count));
        println!("{name:<16} {first:>6.2} {then:>6.2} {last:>6.2}");
    }
    Ok(())
}
