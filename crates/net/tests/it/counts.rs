use dartloom_ops::Mode;
use dartloom_ops::Model;
use dartloom_space::{
    AuxHead, Blueprint, Build, Chain, Genotype, NodeOrder, OpSet, Repeats, Shape, Space, Stem,
};

use crate::support::*;

/// Published genotypes of any length stand in five cells, others in as many as they have.
#[test]
fn published_networks_have_the_parameters_that_are_counted() {
    let names = Genotype::published_names();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let genotype = Genotype::published(name).unwrap();
        let net = derived(&plan(&genotype, 5, build(4, 16)), 1);
        let cost = net.cost();
        let counted = cost.parameters - cost.unused_parameters;
        assert_eq!(net.variables().parameter_count(), counted, "{name}");
        assert_eq!(cost.auxiliary_parameters, 0, "{name}");
    }
}

#[test]
fn published_networks_classify() {
    for name in Genotype::published_names() {
        let genotype = Genotype::published(name).unwrap();
        let net = derived(&plan(&genotype, 5, build(4, 16)), 1);
        let output = run(&net, &images(2, 16), Mode::train()).unwrap();
        assert_eq!(output.main.dims(), [2, 5], "{name}");
        assert!(finite(&output.main), "{name}");
    }
}

#[test]
fn other_lengths_and_widths_have_the_parameters_that_are_counted() {
    let genotype = Genotype::published("PC_DARTS_cifar").unwrap();
    for (channels, layers) in [(4, 3), (6, 4), (8, 8)] {
        let net = derived(&plan(&genotype, layers, build(channels, 8)), 1);
        assert_eq!(net.variables().parameter_count(), net.cost().parameters);
    }
}

#[test]
fn auxiliary_heads_are_counted_apart() {
    for head in [AuxHead::Cifar, AuxHead::ImageNet, AuxHead::ImageNetNormed] {
        let net = derived(&with_auxiliary(head, 32), 1);
        let cost = net.cost();
        assert!(cost.auxiliary_parameters > 128 * 768 * 4);
        assert_eq!(net.variables().parameter_count(), cost.parameters + cost.auxiliary_parameters);
    }
}

#[test]
fn supernets_have_the_parameters_that_are_counted() {
    for set in ["S", "O_base", "S_o", "O_large", "nasbench201"] {
        for (channels, layers) in [(4, 3), (6, 5)] {
            let ops = OpSet::builtin(set).unwrap();
            let space = Space::darts(ops, layers, 4, Stem::cifar(3)).unwrap();
            let net = supernet(&Blueprint::supernet(&space, build(channels, 8)).unwrap(), 1);
            assert_eq!(net.variables().parameter_count(), net.cost().parameters, "{set}");
        }
    }
}

#[test]
fn cells_of_their_own_have_the_parameters_that_are_counted() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::individual(ops, 4, 2, Stem::cifar(3)).unwrap();
    let net = supernet(&Blueprint::supernet(&space, build(4, 8)).unwrap(), 1);
    assert_eq!(net.variables().parameter_count(), net.cost().parameters);
}

#[test]
fn a_recipe_that_ends_in_zero_still_has_the_parameters_that_are_counted() {
    let ops = OpSet::from_ron(
        r#"(
            name: "odd",
            ops: [
                (name: "pass", recipe: [Identity], strided: [AvgPool(kernel: 3, stride: Edge)]),
                (name: "vain", recipe: [Relu, Conv(kernel: 3), Zero]),
            ],
        )"#,
    )
    .unwrap();
    let space = small_space(ops, 2);
    let net = supernet(&Blueprint::supernet(&space, build(4, 8)).unwrap(), 1);
    assert!(net.variables().parameters().keys().any(|name| name.contains("vain")));
    assert_eq!(net.variables().parameter_count(), net.cost().parameters);
}

/// Published networks at full size, one of each family: parameters without and with auxiliary head
/// as in `docs/published-counts.md`, which counts without tensors. The planes of ResNet-18's last
/// cell are too small for the head.
#[test]
fn full_size_networks_have_the_parameters_that_were_published() {
    let edge = "D-DARTS_threshold_edge_abl0.5_fair7_cifar100_0.85_50";
    type Row<'a> = (&'a str, [usize; 3], Option<Vec<usize>>, u64, Option<u64>);
    let rows: [Row<'_>; 6] = [
        ("DARTS_V2", [36, 20, 10], None, 3_349_342, Some(3_825_768)),
        ("PC_DARTS_cifar", [36, 20, 10], None, 3_634_678, Some(4_111_104)),
        ("edarts4", [36, 20, 10], None, 1_938_214, Some(2_414_640)),
        ("FairDARTS_a", [36, 20, 10], None, 2_360_782, Some(2_837_208)),
        (edge, [36, 14, 10], Some(vec![4, 9]), 6_280_822, Some(6_757_248)),
        ("ResNet18", [64, 4, 100], None, 14_166_564, None),
    ];
    for (name, [channels, layers, classes], reductions, plain, with_head) in rows {
        let genotype = Genotype::published(name).unwrap();
        let chain =
            genotype.chain(layers, Stem::cifar(3), reductions, Repeats::MostlyFirst).unwrap();
        let input = Shape::new(3, 32, 32);
        let build = Build { order: NodeOrder::FirstNamed, ..Build::new(channels, classes, input) };
        let parameters = |chain: &Chain| {
            let net = derived(&chain_plan(&genotype, chain, build), 1);
            net.variables().parameter_count()
        };
        assert_eq!(parameters(&chain), plain, "{name}");
        if let Some(with_head) = with_head {
            assert_eq!(parameters(&chain.with_aux(AuxHead::Cifar)), with_head, "{name}");
        }
    }
}
