use std::time::{Duration, Instant};

use super::*;
use dartloom_space::{CellGenotype, Gene, Genotype, Layout, OpSet, Space, Stem};

fn published(name: &str) -> Vec<DrawnPart> {
    Genotype::published(name).unwrap().drawing().parts
}

/// A genotype whose cells have a gene on every edge between `nodes` own nodes.
fn dense(nodes: usize) -> Genotype {
    let end = 2 + nodes;
    let edges = (2..end).flat_map(|to| (0..to).map(move |from| (from, to)));
    let genes: Vec<Gene> =
        edges.map(|(from, to)| Gene { op: "sep_conv_3x3".to_owned(), from, to }).collect();
    let cell = |name: &str| CellGenotype {
        name: name.to_owned(),
        inputs: 2,
        genes: genes.clone(),
        concat: (2..end).collect(),
        residual: false,
    };
    Genotype::new(Layout::TwoCells, vec![cell("normal"), cell("reduce")]).unwrap()
}

#[test]
fn every_published_genotype_is_drawn_with_its_genes() {
    for name in Genotype::published_names() {
        let genotype = Genotype::published(name).unwrap();
        let parts = published(name);
        assert_eq!(parts.len(), genotype.cells().len(), "{name}");
        let svg = all(&parts);
        for gene in genotype.cells().iter().flat_map(|cell| &cell.genes) {
            assert!(svg.contains(&format!(">{}</text>", gene.op)), "{name}: {}", gene.op);
        }
    }
}

#[test]
fn a_space_is_drawn_with_its_network() {
    let set = OpSet::builtin("O_base").unwrap();
    let parts = Space::darts(set, 8, 4, Stem::cifar(3)).unwrap().drawing().parts;
    assert_eq!(parts.last().unwrap().title, "network");
    let svg = all(&parts);
    assert!(svg.contains(">network</text>") && svg.contains("level 1, width 2, reduction"));
}

/// Nothing lies upon another thing, every edge leads to the right, and columns keep their order.
#[test]
fn boxes_do_not_overlap_and_edges_lead_to_the_right() {
    let set = || OpSet::builtin("S").unwrap();
    let lattice = Space::auto_deeplab(set(), 12, 5, Stem::imagenet_quarter()).unwrap();
    let nested = Space::nested_unet(set(), 4, 4, Stem::cifar(1)).unwrap();
    let drawings = [published("ResNet50"), published("DCO_EDGE_BS_64"), dense(12).drawing().parts];
    let spaces = [lattice.drawing().parts, nested.drawing().parts];
    for part in drawings.iter().chain(&spaces).flatten() {
        let Canvas { layers, places, .. } = Canvas::of(part);
        for column in &layers.columns {
            for pair in column.windows(2) {
                let above = pair[0];
                let below = pair[1];
                let room = (layers.items[above].height + layers.items[below].height) / 2.0;
                let found = places.y[below] - places.y[above];
                assert!(found > room, "{}: {found} of {room}", part.title);
            }
        }
        for (edge, way) in part.edges.iter().zip(&layers.ways) {
            let right = |index: usize| places.x[index] + layers.items[index].width / 2.0;
            let left = |index: usize| places.x[index] - layers.items[index].width / 2.0;
            assert!(way.windows(2).all(|pair| right(pair[0]) < left(pair[1])), "{}", part.title);
            let label = |&&item: &&usize| matches!(layers.items[item].kind, Kind::Label(_));
            let labels = way.iter().filter(label).count();
            assert_eq!(labels, usize::from(matches!(edge.label, Some(EdgeLabel::Op(_)))));
        }
        let inside = |index: usize| places.y[index] <= places.height && places.y[index] >= 0.0;
        assert!((0..layers.items.len()).all(inside));
    }
}

#[test]
fn equal_drawings_give_equal_bytes_and_every_reference_has_its_target() {
    let parts = published("PC_DARTS_cifar");
    let svg = all(&parts);
    assert_eq!(svg, all(&parts));
    assert_eq!(svg.matches("id=\"arrow\"").count(), 1);
    assert!(svg.split("url(#").skip(1).all(|rest| rest.starts_with("arrow)")));
}

/// Twenty nodes of a cell take four times as long as ten, not a hundred times: the tests' program
/// is slower than the one that is shipped, and still has it in seconds.
#[test]
fn the_time_grows_gently() {
    let begin = Instant::now();
    let svg = all(&dense(18).drawing().parts);
    assert_eq!(svg.matches(">sep_conv_3x3</text>").count(), 2 * (2..20).sum::<usize>());
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn titles_are_escaped() {
    assert_eq!(escaped("a<b> & c\u{1}"), "a&lt;b&gt; &amp; c ");
}
