use std::collections::BTreeSet;

use dartloom_noise::Noise;
use dartloom_space::{CellGenotype, Genotype, OpSet, Space, Stem, nasbench201, strategies};
use proptest::prelude::*;

use super::Domain;

fn darts() -> Domain {
    let ops = OpSet::builtin("O_base").unwrap();
    Domain::top(Space::darts(ops, 8, 4, Stem::cifar(3)).unwrap(), 2)
}

fn nasbench() -> Domain {
    Domain::every_edge(nasbench201::space().unwrap())
}

fn changed(genotype: &Genotype, change: impl FnOnce(&mut CellGenotype)) -> Genotype {
    let mut cells = genotype.cells().to_vec();
    change(&mut cells[0]);
    Genotype::new(genotype.layout().clone(), cells).unwrap()
}

/// Genes that one genotype has and the other does not.
fn differences(first: &Genotype, second: &Genotype) -> usize {
    let cells = first.cells().iter().zip(second.cells());
    cells.map(|(a, b)| a.genes.iter().filter(|gene| !b.genes.contains(gene)).count()).sum()
}

#[test]
fn samples_are_those_of_the_space() {
    let domain = darts();
    for task in 0..50 {
        let own = domain.sample(&mut Noise::new(1).stream("x", task)).unwrap();
        let space = domain.space().sample(2, &mut Noise::new(1).stream("x", task));
        assert_eq!(own, space);
        assert!(domain.contains(&own));
    }
}

#[test]
fn every_architecture_of_the_benchmark_is_drawn_equally_often() {
    let domain = nasbench();
    let mut counts = [[0_u32; 5]; 6];
    for task in 0..3000 {
        let genotype = domain.sample(&mut Noise::new(4).stream("x", task)).unwrap();
        for (edge, gene) in genotype.cells()[0].genes.iter().enumerate() {
            counts[edge][domain.ops().iter().position(|op| *op == gene.op).unwrap()] += 1;
        }
    }
    // 600 expected, with a standard deviation of 22.
    assert!(counts.iter().flatten().all(|count| (490..=710).contains(count)), "{counts:?}");
    let all: Vec<Genotype> = nasbench201::architectures().collect();
    assert!(all.iter().step_by(61).all(|genotype| domain.contains(genotype)));
}

#[test]
fn mutations_change_one_gene_and_stay_inside() {
    for domain in [darts(), nasbench()] {
        let mut moved = 0;
        for task in 0..200 {
            let mut rng = Noise::new(2).stream("x", task);
            let genotype = domain.sample(&mut rng).unwrap();
            let op = domain.mutate_op(&genotype, &mut rng).unwrap().unwrap();
            let mutant = domain.mutate(&genotype, &mut rng).unwrap();
            assert_eq!((differences(&genotype, &op), differences(&genotype, &mutant)), (1, 1));
            assert!(domain.contains(&op) && domain.contains(&mutant));
            if let Some(edge) = domain.mutate_edge(&genotype, &mut rng).unwrap() {
                assert_eq!(differences(&genotype, &edge), 1);
                assert!(domain.contains(&edge));
                moved += 1;
            }
        }
        // Only where edges are chosen can one move.
        assert_eq!(moved, if domain == nasbench() { 0 } else { 200 });
    }
}

#[test]
fn neighbours_are_all_that_one_mutation_reaches() {
    // Six edges with four other operations each; eight genes in two cells with six each, and for
    // own node i of four, two genes with i other sources.
    for (domain, count) in [(nasbench(), 6 * 4), (darts(), 2 * (8 * 6 + 2 * (1 + 2 + 3)))] {
        let genotype = domain.sample(&mut Noise::new(3).stream("x", 0)).unwrap();
        let neighbours = domain.neighbours(&genotype).unwrap();
        let keys: BTreeSet<_> = neighbours.iter().map(|other| domain.key(other)).collect();
        assert_eq!((neighbours.len(), keys.len()), (count, count));
        assert!(!keys.contains(&domain.key(&genotype)));
        let mut rng = Noise::new(3).stream("y", 0);
        for _ in 0..100 {
            let mutant = domain.mutate(&genotype, &mut rng).unwrap();
            assert!(neighbours.contains(&mutant));
        }
    }
}

#[test]
fn children_have_every_node_from_a_parent() {
    let domain = darts();
    let mut mixed = 0;
    for task in 0..50 {
        let mut rng = Noise::new(6).stream("x", task);
        let parents = [(); 2].map(|()| domain.sample(&mut rng).unwrap());
        let child = domain.mate(&parents[0], &parents[1], &mut rng).unwrap();
        assert!(domain.contains(&child));
        let node = |genotype: &Genotype, cell: usize, node: usize| -> Vec<_> {
            let genes = genotype.cells()[cell].genes.iter().filter(|gene| gene.to == node);
            genes.cloned().collect()
        };
        for (cell, own) in (0..2).flat_map(|cell| (2..6).map(move |own| (cell, own))) {
            let genes = node(&child, cell, own);
            assert!(parents.iter().any(|parent| node(parent, cell, own) == genes));
        }
        mixed += usize::from(!parents.contains(&child));
    }
    assert!(mixed > 40, "{mixed}");
}

#[test]
fn what_is_outside_is_refused() {
    let domain = darts();
    let good = domain.sample(&mut Noise::new(1).stream("x", 0)).unwrap();
    assert!(domain.contains(&good));
    let bad = [
        changed(&good, |cell| drop(cell.genes.pop())),
        changed(&good, |cell| cell.genes[0].op = "none".to_owned()),
        changed(&good, |cell| cell.genes[0].op = "unheard_of".to_owned()),
        changed(&good, |cell| cell.concat = vec![5, 4]),
        changed(&good, |cell| cell.genes[1].from = cell.genes[0].from),
        nasbench201::architectures().next().unwrap(),
    ];
    for genotype in bad {
        assert!(!domain.contains(&genotype), "{genotype:?}");
    }
}

#[test]
fn keys_are_shared_by_equal_architectures_alone() {
    let domain = darts();
    let first = domain.sample(&mut Noise::new(1).stream("x", 0)).unwrap();
    let key = domain.key(&first);
    let equal = [
        first.clone().named("another name"),
        changed(&first, |cell| cell.genes.reverse()),
        changed(&first, |cell| cell.concat.reverse()),
        changed(&first, |cell| {
            let mut none = cell.genes[0].clone();
            none.op = "none".to_owned();
            cell.genes.insert(0, none);
        }),
    ];
    for genotype in equal {
        assert_eq!(domain.key(&genotype), key, "{genotype:?}");
    }
    let keys = |all: &mut dyn Iterator<Item = Genotype>| -> usize {
        all.map(|genotype| nasbench().key(&genotype)).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(keys(&mut nasbench201::architectures()), 15_625);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_space_can_be_explored(space in strategies::space(), top in 1..4_usize, seed: u64) {
        for domain in [Domain::top(space.clone(), top), Domain::every_edge(space)] {
            let mut rng = Noise::new(seed).stream("x", 0);
            let first = domain.sample(&mut rng).unwrap();
            let second = domain.sample(&mut rng).unwrap();
            let child = domain.mate(&first, &second, &mut rng).unwrap();
            let mutant = domain.mutate(&child, &mut rng).unwrap();
            for genotype in [&first, &second, &child, &mutant] {
                prop_assert!(domain.contains(genotype));
            }
            for neighbour in domain.neighbours(&mutant).unwrap() {
                prop_assert!(domain.contains(&neighbour));
            }
        }
    }
}
