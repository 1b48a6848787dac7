//! Built-in genotypes.

use std::collections::BTreeSet;

use dartloom_space::{Genotype, Layout, NodeOrder, OpSet, SpaceError};

#[test]
fn every_published_name_is_a_genotype_of_known_operations() {
    let names = Genotype::published_names();
    assert_eq!(names.len(), 42);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    let ops = OpSet::builtin("all").unwrap();
    for name in names {
        let genotype = Genotype::published(name).unwrap();
        assert_eq!(genotype.name(), Some(name));
        for gene in genotype.cells().iter().flat_map(|cell| &cell.genes) {
            ops.get(&gene.op).unwrap();
        }
    }
}

#[test]
fn the_four_kinds_get_their_layouts() {
    let layout = |name| Genotype::published(name).unwrap().layout().clone();
    assert_eq!(layout("DARTS_V2"), Layout::TwoCells);
    assert_eq!(layout("FairDARTS_a"), Layout::TwoCells);
    assert_eq!(
        layout("D-DARTS_threshold_sparse_cifar10_0.85_50"),
        Layout::PerCell { reductions: vec![2, 6] }
    );
    assert_eq!(
        layout("ResNet50"),
        Layout::Sequence { sequence: vec![0, 1, 2, 0], reductions: vec![1, 2, 3] }
    );
}

#[test]
fn two_number_genes_keep_their_concat_and_others_lose_it() {
    let amoeba = Genotype::published("AmoebaNet").unwrap();
    assert_eq!(amoeba.cells()[1].concat, [3, 4, 6]);
    // FairDARTS-a writes [2, 3, 4, 5], but node 3 of its normal cell has no gene.
    let fair = Genotype::published("FairDARTS_a").unwrap();
    assert_eq!(fair.cells()[0].concat, [2, 4, 5]);
    assert_eq!(fair.cells()[0].output_nodes(NodeOrder::Listed), [2, 4, 5]);
    let resnet = Genotype::published("ResNet50").unwrap();
    assert_eq!(resnet.cells()[0].concat, [2, 3, 4]);
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let Err(SpaceError::UnknownGenotype { found, known }) = Genotype::published("DARTS_V3") else {
        panic!("not refused")
    };
    assert_eq!(found, "DARTS_V3");
    assert_eq!(known, Genotype::published_names());
}
