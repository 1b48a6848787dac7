//! Selection by perturbation on a supernet.

use candle_core::{Device, Tensor};
use dartloom_data::{Loader, Split};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Pass};
use dartloom_relax::Progress;
use dartloom_search::{
    BilevelConfig, Criterion, PerturbationConfig, SearchConfig, SearchParts, SupernetSearch,
    perturb,
};
use dartloom_space::{ArchWeights, Edge, Genotype};
use dartloom_task::usual;
use dartloom_train::{Position, Schedule, Stepper, evaluate};

use crate::tiny::{all_bits, build, darts, first_digits, four_ops, registry, space};

/// A search that has made a few steps; `body` is called with it.
fn searched(body: impl Fn(&mut SupernetSearch<'_>, &Loader<'_>)) {
    let space = space(four_ops(), 2);
    let registry = registry();
    let digits = first_digits(64);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = SearchParts { build: build(&data.train, 4), ..darts(&space, &registry, &data) };
    let bilevel = BilevelConfig { rate: Schedule::Constant(0.1), ..BilevelConfig::default() };
    let config = SearchConfig { epochs: 1, batch: 8, bilevel, ..SearchConfig::default() };
    let mut search = SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap();
    for step in 0..search.steps_per_epoch() {
        search.step(Position { epoch: 0, step }).unwrap();
    }
    body(&mut search, &Loader::new(&data.valid, 8).unwrap());
}

fn op_of<'a>(genotype: &'a Genotype, cell: &str, (from, to): (usize, usize)) -> Option<&'a str> {
    let cell = genotype.cells().iter().find(|own| own.name == cell).unwrap();
    let gene = cell.genes.iter().find(|gene| (gene.from, gene.to) == (from, to));
    gene.map(|gene| gene.op.as_str())
}

#[test]
fn drops_are_what_the_supernet_loses_and_decide() {
    let config = PerturbationConfig { criterion: Criterion::Loss, ..Default::default() };
    searched(|search, loader| {
        let mut noise = Noise::new(0).stream("pass", 0);
        let at = Progress { epoch: 1, epochs: 1 };
        let weights = search.bilevel().core.architecture.weights(at, &mut noise).unwrap();
        let space = space(four_ops(), 2);
        let before = all_bits(search.bilevel());
        let mut score = |weights: &ArchWeights<Tensor>, search: &SupernetSearch<'_>| {
            let found = evaluate(
                loader,
                &*usual(loader.dataset().targets()).unwrap(),
                |images| -> Result<Tensor, dartloom_search::SearchError> {
                    let mut pass = Pass::new(Mode::probe(), &mut noise);
                    Ok(search.bilevel().core.supernet.forward(images, weights, &mut pass)?.main)
                },
            );
            -found.unwrap().loss
        };
        let whole = score(&weights, search);
        // The first edge: three operations are tried while everything else is as it was.
        let expected =
            |drop: &dartloom_search::PerturbationDrop,
             search: &SupernetSearch<'_>,
             score: &mut dyn FnMut(&ArchWeights<Tensor>, &SupernetSearch<'_>) -> f64| {
                let cell = space.cells().iter().position(|cell| cell.name == drop.cell).unwrap();
                let edge = Edge { from: drop.from, to: drop.to };
                let row = space.cells()[cell].graph.row(edge).unwrap();
                let op = space.op_set().position(drop.op.as_ref().unwrap()).unwrap();
                let mut table: Vec<Vec<f32>> = weights.cells[cell].ops.to_vec2().unwrap();
                table[row][op] = 0.0;
                let mut less = weights.clone();
                less.cells[cell].ops = Tensor::new(table, &Device::Cpu).unwrap();
                whole - score(&less, search)
            };
        let found = perturb(search, &config).unwrap();
        assert_eq!(all_bits(search.bilevel()), before, "nothing is trained");
        for drop in &found.drops[..3] {
            let expected = expected(drop, search, &mut score);
            approx::assert_relative_eq!(drop.drop, expected, epsilon = 1e-6);
        }
        assert!(found.drops.iter().any(|drop| drop.drop.abs() > 1e-4), "{:?}", found.drops);
        for edge in found.drops.iter().filter(|drop| drop.op.is_some()) {
            let Some(op) = op_of(&found.genotype, &edge.cell, (edge.from, edge.to)) else {
                continue;
            };
            let of = |drop: &&dartloom_search::PerturbationDrop| {
                (&drop.cell, drop.from, drop.to) == (&edge.cell, edge.from, edge.to)
                    && drop.op.is_some()
            };
            let best = found.drops.iter().filter(of).max_by(|a, b| a.drop.total_cmp(&b.drop));
            assert_eq!(best.unwrap().op.as_deref(), Some(op));
        }
        // Of three edges into the second node of each cell the least harmful goes.
        for cell in ["normal", "reduce"] {
            let of =
                |drop: &&dartloom_search::PerturbationDrop| drop.cell == cell && drop.op.is_none();
            let edges: Vec<_> = found.drops.iter().filter(of).collect();
            assert_eq!(edges.len(), 3);
            let least = edges.iter().min_by(|a, b| a.drop.total_cmp(&b.drop)).unwrap();
            assert_eq!(op_of(&found.genotype, cell, (least.from, least.to)), None);
        }
        // The search holds the decision.
        let table = search.table(1).unwrap();
        let weights = table.cells().iter().flat_map(|cell| cell.edges.concat());
        let ones = weights.filter(|weight| (weight - 1.0).abs() <= 0.0).count();
        assert_eq!(ones, 8);
        assert!(search.gap(&found.genotype).unwrap().loss().abs() <= 0.0);
        search.network(&found.genotype).unwrap();
    });
}

#[test]
fn tuning_trains_between_decisions() {
    let config = PerturbationConfig { tune: 2, ..PerturbationConfig::default() };
    searched(|search, _| {
        let logits = crate::tiny::logit_bits(search.bilevel());
        let before = all_bits(search.bilevel());
        perturb(search, &config).unwrap();
        assert_ne!(all_bits(search.bilevel()), before);
        assert_eq!(crate::tiny::logit_bits(search.bilevel()), logits, "logits rest");
    });
}
