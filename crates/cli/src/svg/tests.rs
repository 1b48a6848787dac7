use super::*;
use dartloom::space::{Genotype, OpSet, Space, Stem};

#[test]
fn a_genotype_has_a_part_per_cell() {
    let dot = Genotype::published("DARTS_V2").unwrap().to_dot();
    let parts = parts(&dot).unwrap();
    let titles: Vec<&str> = parts.iter().map(|part| part.title.as_str()).collect();
    assert_eq!(titles, ["normal", "reduce"]);
    assert!(parts[0].dot.contains("sep_conv_3x3") && !parts[0].dot.contains("max_pool_3x3"));
}

#[test]
fn every_published_genotype_can_be_drawn() {
    for name in Genotype::published_names() {
        let genotype = Genotype::published(name).unwrap();
        let parts = parts(&genotype.to_dot()).unwrap();
        assert_eq!(parts.len(), genotype.cells().len(), "{name}");
        let svg = all(&parts).unwrap();
        for gene in genotype.cells().iter().flat_map(|cell| &cell.genes) {
            assert!(svg.contains(&gene.op), "{name}: {}", gene.op);
        }
    }
}

#[test]
fn a_space_is_drawn_with_its_network() {
    let set = OpSet::builtin("O_base").unwrap();
    let space = Space::darts(set, 8, 4, Stem::cifar(3)).unwrap();
    let parts = parts(&space.to_dot()).unwrap();
    assert_eq!(parts.last().unwrap().title, "network");
    let svg = all(&parts).unwrap();
    assert!(svg.contains(">network</text>") && svg.contains("level 1, width 2, reduction"));
}

#[test]
fn equal_graphs_give_equal_bytes_and_identifiers_are_unique() {
    let dot = Genotype::published("PC_DARTS_cifar").unwrap().to_dot();
    let svg = all(&parts(&dot).unwrap()).unwrap();
    assert_eq!(svg, all(&parts(&dot).unwrap()).unwrap());
    let ids: Vec<&str> =
        svg.split("id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    for name in svg.split("url(#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(ids.contains(&name), "{name}");
    }
}

#[test]
fn titles_are_escaped() {
    assert_eq!(escaped("a<b> & c"), "a&lt;b&gt; &amp; c");
}
