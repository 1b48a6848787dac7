use dartloom_space::testkit::ops;
use dartloom_space::{
    Blueprint, Build, CellTable, Gene, Genotype, OpSet, Recipe, Shape, Space, Stem, WeightTable,
};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Budget, Constrained, OpCosts};
use crate::testkit::{Law, cases, check_laws};
use crate::{DecodeError, Decoder, TopK};

const INPUT: Shape = Shape { channels: 3, height: 8, width: 8 };

fn budget(parameters: Option<u64>, macs: Option<u64>) -> Budget {
    Budget { parameters, macs, channels: 4, layers: Some(4), classes: 10, input: INPUT }
}

/// Two cells of two nodes with "none", a pool, a skip connection and two convolutions.
fn space() -> Space {
    let names = ["none", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "dil_conv_5x5"];
    Space::darts(ops("few", &names), 4, 2, Stem::cifar(3)).unwrap()
}

const OPS: usize = 5;
const ROWS: usize = 5;

fn table(space: &Space, weights: &[f64]) -> WeightTable {
    let rows: Vec<Vec<f64>> = weights.chunks(OPS).map(<[f64]>::to_vec).collect();
    let cells = space.cells().iter().zip(rows.chunks(ROWS));
    let cells = cells.map(|(spec, rows)| CellTable {
        name: spec.name.clone(),
        edges: rows.to_vec(),
        edge_weights: None,
    });
    WeightTable::new(space.op_set().names().map(str::to_owned).collect(), cells.collect()).unwrap()
}

fn cost(space: &Space, genotype: &Genotype) -> (u64, u64) {
    let build = Build::new(4, 10, INPUT);
    let chain = genotype.chain(4, space.network().stem().clone(), None, Default::default());
    let network = chain.unwrap().network().unwrap();
    let cost = Blueprint::derived(genotype, &network, space.op_set(), build).unwrap().cost();
    let cost = cost.unwrap();
    (cost.parameters, cost.macs)
}

fn value(space: &Space, table: &WeightTable, genotype: &Genotype) -> f64 {
    let cells = genotype.cells().iter().enumerate();
    cells
        .flat_map(|(index, cell)| cell.genes.iter().map(move |gene| (index, gene)))
        .map(|(index, gene)| {
            let edge = dartloom_space::Edge { from: gene.from, to: gene.to };
            let row = space.cells()[index].graph.row(edge).unwrap();
            table.cells()[index].edges[row][space.op_set().position(&gene.op).unwrap()]
        })
        .sum()
}

/// Every cell with two in-edges per node.
fn all_cells(space: &Space) -> Vec<Vec<Gene>> {
    let graph = &space.cells()[0].graph;
    let ops: Vec<&str> = space.op_set().names().skip(1).collect();
    let mut cells: Vec<Vec<Gene>> = vec![Vec::new()];
    for node in graph.own_nodes() {
        let rows: Vec<usize> = graph.rows_into(node).collect();
        let mut choices: Vec<Vec<Gene>> = Vec::new();
        for (index, &a) in rows.iter().enumerate() {
            for &b in &rows[index + 1..] {
                for first in &ops {
                    for second in &ops {
                        let gene = |row: usize, op: &str| {
                            let edge = graph.edges()[row];
                            Gene { op: op.to_owned(), from: edge.from, to: edge.to }
                        };
                        choices.push(vec![gene(a, first), gene(b, second)]);
                    }
                }
            }
        }
        let longer = |cell: &Vec<Gene>| {
            let cell = cell.clone();
            choices.iter().map(move |choice| [&cell[..], &choice[..]].concat()).collect::<Vec<_>>()
        };
        cells = cells.iter().flat_map(longer).collect();
    }
    cells
}

fn skips(genes: &[Gene], ops: &OpSet) -> usize {
    let is_skip = |gene: &&Gene| {
        let recipe = ops.get(&gene.op).unwrap().recipe.as_ref();
        recipe.is_some_and(Recipe::is_identity)
    };
    genes.iter().filter(is_skip).count()
}

/// The weight and the costs of one cell.
struct Summary {
    value: f64,
    parameters: u64,
    macs: u64,
    skips: usize,
}

/// Every choice of a cell, priced one operation at a time.
fn summaries(space: &Space, table: &WeightTable, costs: &OpCosts, cell: usize) -> Vec<Summary> {
    let graph = &space.cells()[cell].graph;
    let ops = space.op_set();
    let all = all_cells(space).into_iter().map(|genes| {
        let mut summary = Summary { value: 0.0, parameters: 0, macs: 0, skips: skips(&genes, ops) };
        for gene in &genes {
            let edge = dartloom_space::Edge { from: gene.from, to: gene.to };
            let row = graph.row(edge).unwrap();
            let op = ops.position(&gene.op).unwrap();
            summary.value += table.cells()[cell].edges[row][op];
            summary.parameters += costs.at(cell, row, op).parameters;
            summary.macs += costs.at(cell, row, op).macs;
        }
        summary
    });
    all.collect()
}

fn some_weights() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01_f64..1.0, 2 * ROWS * OPS)
}

proptest! {
    #[test]
    fn without_limits_it_is_the_rule_of_darts(weights in some_weights()) {
        let space = space();
        let table = table(&space, &weights);
        let found = Constrained::default().decode(&space, &table).unwrap();
        prop_assert_eq!(found.genotype, TopK::darts().decode(&space, &table).unwrap().genotype);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Over all 768 * 768 pairs of cells.
    #[test]
    fn within_limits_nothing_is_better(
        weights in some_weights(),
        shares in (0.0_f64..1.0, 0.0_f64..1.0),
        most_skips in prop::option::of(0_usize..3),
        which in 1_usize..4,
    ) {
        let space = space();
        let table = table(&space, &weights);
        let free = TopK::darts().decode(&space, &table).unwrap().genotype;
        let (parameters, macs) = cost(&space, &free);
        let costs = OpCosts::of(&space, &budget(None, None)).unwrap();
        let fixed = costs.fixed();
        let between = |low: u64, high: u64, share: f64| low + (share * (high - low) as f64) as u64;
        let limit = budget(
            (which & 1 > 0).then(|| between(fixed.parameters, parameters, shares.0)),
            (which & 2 > 0).then(|| between(fixed.macs, macs, shares.1)),
        );
        let rule = Constrained { skips: most_skips, budget: Some(limit), ..Constrained::default() };

        let mut best: Option<f64> = None;
        let allowed = |cell: &Summary| most_skips.is_none_or(|most| cell.skips <= most);
        let mut cells = [0, 1].map(|cell| summaries(&space, &table, &costs, cell));
        cells.iter_mut().for_each(|all| all.retain(allowed));
        for normal in &cells[0] {
            for reduce in &cells[1] {
                let parameters = fixed.parameters + normal.parameters + reduce.parameters;
                let macs = fixed.macs + normal.macs + reduce.macs;
                let fits = limit.parameters.is_none_or(|most| parameters <= most)
                    && limit.macs.is_none_or(|most| macs <= most);
                let value = normal.value + reduce.value;
                if fits && best.is_none_or(|best| value > best) {
                    best = Some(value);
                }
            }
        }

        match (rule.decode(&space, &table), best) {
            (Ok(decoded), Some(best)) => {
                let (parameters, macs) = cost(&space, &decoded.genotype);
                prop_assert!(limit.parameters.is_none_or(|most| parameters <= most));
                prop_assert!(limit.macs.is_none_or(|most| macs <= most));
                let found = value(&space, &table, &decoded.genotype);
                prop_assert!((found - best).abs() < 1e-9, "{found} and {best}");
            }
            (found, best) => {
                prop_assert_eq!(found, Err(DecodeError::OverBudget));
                prop_assert_eq!(best, None);
            }
        }
    }
}

/// Each price is the difference it makes in a whole network.
#[test]
fn prices_add_up_to_the_costs_of_networks() {
    let space = space();
    let costs = OpCosts::of(&space, &budget(None, None)).unwrap();
    for seed in 0..20 {
        let genotype = space.sample(2, &mut ChaCha8Rng::seed_from_u64(seed));
        let mut sum = costs.fixed();
        for (index, cell) in genotype.cells().iter().enumerate() {
            for gene in &cell.genes {
                let edge = dartloom_space::Edge { from: gene.from, to: gene.to };
                let row = space.cells()[index].graph.row(edge).unwrap();
                let price = costs.at(index, row, space.op_set().position(&gene.op).unwrap());
                sum.parameters += price.parameters;
                sum.macs += price.macs;
            }
        }
        assert_eq!((sum.parameters, sum.macs), cost(&space, &genotype));
    }
}

/// Small enough to try both cells at once: one node each.
#[test]
fn both_cells_share_a_budget_as_well_as_they_can() {
    let set = space().op_set().clone();
    let space = Space::darts(set, 4, 1, Stem::cifar(3)).unwrap();
    let weights: Vec<f64> = (0..20).map(|i| f64::from((i * 7) % 20 + 1) / 20.0).collect();
    let rows: Vec<Vec<f64>> = weights.chunks(OPS).map(<[f64]>::to_vec).collect();
    let cell = |index: usize| CellTable {
        name: space.cells()[index].name.clone(),
        edges: rows[2 * index..2 * index + 2].to_vec(),
        edge_weights: None,
    };
    let names = space.op_set().names().map(str::to_owned).collect();
    let table = WeightTable::new(names, vec![cell(0), cell(1)]).unwrap();
    let mut all = Vec::new();
    for normal in all_cells(&space) {
        for reduce in all_cells(&space) {
            let cells =
                vec![space.cells()[0].genotype(normal.clone()), space.cells()[1].genotype(reduce)];
            let genotype = space.genotype(cells).unwrap();
            let (parameters, macs) = cost(&space, &genotype);
            all.push((parameters, macs, value(&space, &table, &genotype)));
        }
    }
    assert_eq!(all.len(), 256);
    for &(parameters, macs, _) in all.iter().step_by(5) {
        let limit = Some(budget(Some(parameters), Some(macs)));
        let rule = Constrained { budget: limit, ..Constrained::default() };
        let found = rule.decode(&space, &table).unwrap().genotype;
        let within = all.iter().filter(|other| other.0 <= parameters && other.1 <= macs);
        let best = within.map(|other| other.2).fold(0.0, f64::max);
        assert!((value(&space, &table, &found) - best).abs() < 1e-9);
    }
}

#[test]
fn skips_are_limited_in_each_cell() {
    let space = space();
    let mut weights = vec![0.1; 2 * ROWS * OPS];
    weights.iter_mut().skip(2).step_by(OPS).for_each(|skip| *skip = 0.9);
    let table = table(&space, &weights);
    for most in 0..4 {
        let rule = Constrained { skips: Some(most), ..Constrained::default() };
        let found = rule.decode(&space, &table).unwrap().genotype;
        for cell in found.cells() {
            assert_eq!(skips(&cell.genes, space.op_set()), most);
        }
    }
    let rule = Constrained { parameter_free: Some(1), ..Constrained::two_skips() };
    let found = rule.decode(&space, &table).unwrap().genotype;
    for cell in found.cells() {
        let free = |gene: &&Gene| space.op_set().get(&gene.op).unwrap().is_parameter_free();
        assert_eq!(cell.genes.iter().filter(free).count(), 1);
    }
}

#[test]
fn impossible_limits_are_an_error() {
    let space = space();
    let table = table(&space, &[0.5; 2 * ROWS * OPS]);
    let rule = |budget| Constrained { budget: Some(budget), ..Constrained::default() };
    let found = rule(budget(Some(10), None)).decode(&space, &table);
    assert_eq!(found, Err(DecodeError::OverBudget));
    let fixed = OpCosts::of(&space, &budget(None, None)).unwrap().fixed();
    rule(budget(None, Some(fixed.macs + 1_000_000))).decode(&space, &table).unwrap();
    let none = Constrained { edges: 0, ..Constrained::default() };
    assert_eq!(none.decode(&space, &table), Err(DecodeError::NoEdges { found: 0 }));
    let flat = Budget { channels: 0, ..budget(None, None) };
    assert!(matches!(rule(flat).decode(&space, &table), Err(DecodeError::Network(_))));
}

#[test]
fn it_obeys_all_laws_and_reads_itself() {
    let cases = cases(5).unwrap();
    for rule in [Constrained::default(), Constrained::two_skips()] {
        check_laws(&rule, &cases, &Law::ALL).unwrap();
    }
    let text = "(skips: Some(2), budget: Some((parameters: Some(3000000), channels: 36, layers: \
                Some(20), classes: 10, input: (channels: 3, height: 32, width: 32))))";
    let rule: Constrained = ron::from_str(text).unwrap();
    assert_eq!(rule.budget.unwrap().parameters, Some(3_000_000));
    assert_eq!(ron::from_str::<Constrained>(&ron::to_string(&rule).unwrap()).unwrap(), rule);
}

/// The sizes of the DARTS paper, with three limits at once.
#[test]
fn a_cell_of_published_size_fits_a_published_budget() {
    let space = Space::darts(OpSet::builtin("O_base").unwrap(), 8, 4, Stem::cifar(3)).unwrap();
    let mut noise = ChaCha8Rng::seed_from_u64(1);
    let cells = space.cells().iter().map(|spec| CellTable {
        name: spec.name.clone(),
        edges: vec![vec![0.0; 8]; 14]
            .into_iter()
            .map(|row| row.iter().map(|_| noise.random_range(0.05..1.0)).collect())
            .collect(),
        edge_weights: None,
    });
    let names = space.op_set().names().map(str::to_owned).collect();
    let table = WeightTable::new(names, cells.collect()).unwrap();
    let input = Shape { channels: 3, height: 32, width: 32 };
    let parameters = Some(2_500_000);
    let macs = Some(420_000_000);
    let layers = Some(20);
    let budget = Budget { parameters, macs, channels: 36, layers, classes: 10, input };
    let rule = Constrained { budget: Some(budget), ..Constrained::two_skips() };
    let found = rule.decode(&space, &table).unwrap().genotype;
    let chain = found.chain(20, Stem::cifar(3), None, Default::default()).unwrap();
    let build = Build::new(36, 10, input);
    let network = chain.network().unwrap();
    let cost = Blueprint::derived(&found, &network, space.op_set(), build).unwrap().cost().unwrap();
    assert!(cost.parameters <= 2_500_000 && cost.macs <= 420_000_000, "{cost:?}");
    let free = TopK::darts().decode(&space, &table).unwrap().genotype;
    assert!(value(&space, &table, &found) < value(&space, &table, &free));
}
