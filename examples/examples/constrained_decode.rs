//! One search, several budgets: the best architecture within each budget.
//!
//! Idea: a search does not know what its result may cost, and users ask for limits (DARTS' users
//! for few skip connections, as in *Progressive DARTS*, Chen et al., ICCV 2019, arXiv 1904.12760;
//! others for parameters and multiply-adds). The weights are there already, so the limits belong to
//! the decoder, which here is exact: no other architecture within the budget keeps more weight.
//!
//! Expect: a table with one line per budget. Every architecture is within its budget, and none
//! keeps more weight than the one without limits; the program fails otherwise.
//! Run time: under half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example constrained_decode -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::decode::{Budget, Constrained, DecodeError};
use dartloom::prelude::*;
use dartloom::presets::{Method, darts};
use dartloom::space::{Cost, Edge, WeightTable};
use dartloom_examples::digits;

/// A budget in words, and its decoder.
type Case = (String, Constrained);

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/constrained_decode".to_owned());
    let mut method = Method { channels: 4, ..digits::small(darts(), 3) };
    // Three epochs should say something: logits move faster.
    let bilevel = &mut method.search.bilevel;
    bilevel.arch_rate = bilevel.arch_rate.scaled(3.0);
    digits::search(&method, &directory)?;
    let table = std::fs::read_to_string(format!("{directory}/weights.json"))?;
    let space = method.space()?;
    let table = WeightTable::from_json(&table)?;

    // The network that the budgets are meant for.
    let build = Build::new(16, 10, Shape::new(1, 8, 8));
    let free = TopK::darts().decode(&space, &table)?.genotype;
    let most = cost(&free, &space, build)?;
    let best = kept(&free, &space, &table)?;
    println!(
        "\n{:<34} {:>10} {:>12} {:>6} {:>12}",
        "budget", "parameters", "MACs", "skips", "kept weight"
    );
    line("none (top two)", &free, most, best);
    for (name, decoder) in cases(most, build) {
        let genotype = match decoder.decode(&space, &table) {
            Ok(decoded) => decoded.genotype,
            Err(DecodeError::OverBudget) => {
                println!("{name:<34} no architecture is within it");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let cost = cost(&genotype, &space, build)?;
        let weight = kept(&genotype, &space, &table)?;
        line(&name, &genotype, cost, weight);
        check(&decoder, &genotype, cost)?;
        if weight > best + 1e-9 {
            return Err(format!("{name}: {weight} is more than {best} without limits").into());
        }
    }
    println!("every architecture is within its budget and keeps no more weight than the first");
    Ok(())
}

fn cases(most: Cost, build: Build) -> Vec<Case> {
    let budget = Budget {
        parameters: None,
        macs: None,
        channels: build.channels,
        layers: None,
        classes: build.outputs.channels(),
        input: build.input,
    };
    let limited = |budget| Constrained { budget: Some(budget), ..Constrained::default() };
    let share = |all: u64, percent: u64| Some(all * percent / 100);
    let mut cases = vec![("no limit (exact)".to_owned(), Constrained::default())];
    for percent in [95, 85, 75, 40] {
        let parameters = share(most.parameters, percent);
        let name = format!("{percent} % of the parameters");
        cases.push((name, limited(Budget { parameters, ..budget })));
        let macs = share(most.macs, percent);
        cases.push((format!("{percent} % of the MACs"), limited(Budget { macs, ..budget })));
    }
    let small = Budget { parameters: share(most.parameters, 85), ..budget };
    for (words, budget) in [("", None), (", 85 % parameters", Some(small))] {
        for skips in [1, 0] {
            let decoder = Constrained { skips: Some(skips), budget, ..Constrained::default() };
            cases.push((format!("{skips} skips per cell{words}"), decoder));
        }
    }
    cases
}

fn cost(genotype: &Genotype, space: &Space, build: Build) -> Result<Cost, Box<dyn Error>> {
    let network = genotype.network_in(space)?;
    Ok(Blueprint::derived(genotype, &network, space.op_set(), build)?.cost()?)
}

/// The sum of the weights of an architecture's operations.
fn kept(genotype: &Genotype, space: &Space, table: &WeightTable) -> Result<f64, Box<dyn Error>> {
    let mut total = 0.0;
    for (index, cell) in genotype.cells().iter().enumerate() {
        for gene in &cell.genes {
            let row = space.cells()[index].graph.row(Edge { from: gene.from, to: gene.to });
            let place = row.zip(space.op_set().position(&gene.op));
            let (row, op) = place.ok_or("a gene of another space")?;
            total += table.cells()[index].edges[row][op];
        }
    }
    Ok(total)
}

/// Skip connections of the cell that has most of them.
fn skips(genotype: &Genotype) -> usize {
    let of = |cell: &dartloom::space::CellGenotype| {
        cell.genes.iter().filter(|gene| gene.op == "skip_connect").count()
    };
    genotype.cells().iter().map(of).max().unwrap_or(0)
}

fn line(name: &str, genotype: &Genotype, cost: Cost, weight: f64) {
    let parameters = cost.parameters;
    let macs = cost.macs;
    let skips = skips(genotype);
    println!("{name:<34} {parameters:>10} {macs:>12} {skips:>6} {weight:>12.4}");
}

/// Compares an architecture with its limits, counted anew.
fn check(decoder: &Constrained, genotype: &Genotype, cost: Cost) -> Result<(), String> {
    let budget = decoder.budget;
    let limits = [
        ("parameters", budget.and_then(|budget| budget.parameters), cost.parameters),
        ("MACs", budget.and_then(|budget| budget.macs), cost.macs),
        ("skips", decoder.skips.map(|skips| skips as u64), skips(genotype) as u64),
    ];
    for (what, most, found) in limits {
        if most.is_some_and(|most| found > most) {
            return Err(format!("{found} {what} are more than {most:?}"));
        }
    }
    Ok(())
}
