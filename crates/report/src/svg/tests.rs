use std::time::{Duration, Instant};

use super::edge::Piece;
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
        let Canvas { layers, places, .. } = Canvas::of(part, &|_, _| None);
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
fn equal_drawings_give_equal_bytes_without_names_of_their_own() {
    let parts = published("PC_DARTS_cifar");
    let svg = all(&parts);
    assert_eq!(svg, all(&parts));
    // Several drawings may stand on one page: nothing in them has a name of its own.
    assert!(!svg.contains(" id=") && !svg.contains("url("));
}

/// A cell of twenty nodes with all their edges takes less than the eye notices.
#[test]
fn a_cell_of_twenty_nodes_is_drawn_in_no_time() {
    let parts = dense(18).drawing().parts;
    let least = (0..5).map(|_| {
        let begin = Instant::now();
        let svg = one(&parts[0]);
        assert_eq!(svg.matches(">sep_conv_3x3</text>").count(), (2..20).sum::<usize>());
        begin.elapsed()
    });
    // Of several, since the machine has other work, too.
    let least = least.min().unwrap();
    assert!(least < Duration::from_millis(50), "{least:?}");
}

#[test]
fn titles_are_escaped() {
    assert_eq!(escaped("a<b> & c\u{1}"), "a&lt;b&gt; &amp; c ");
}

/// A genotype whose cells have up to `nodes` own nodes, with one to four edges into each.
fn random(nodes: usize, seed: u64) -> Genotype {
    let mut state = seed.wrapping_mul(2) + 1;
    let mut draw = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let ops = ["sep_conv_3x3", "dil_conv_5x5", "max_pool_3x3", "skip_connect", "conv_7x1_1x7"];
    let end = 2 + nodes;
    let mut genes = Vec::new();
    for to in 2..end {
        let mut sources: Vec<usize> = (0..1 + draw(4)).map(|_| draw(to)).collect();
        sources.sort_unstable();
        sources.dedup();
        for from in sources {
            genes.push(Gene { op: ops[draw(ops.len())].to_owned(), from, to });
        }
    }
    let cell = |name: &str| CellGenotype {
        name: name.to_owned(),
        inputs: 2,
        genes: genes.clone(),
        concat: (2..end).collect(),
        residual: false,
    };
    Genotype::new(Layout::TwoCells, vec![cell("normal"), cell("reduce")]).unwrap()
}

/// Points on a piece of a line, close to each other.
fn points(piece: &Piece) -> Vec<Point> {
    let Piece { from, to, .. } = piece;
    let steps = if (from.y - to.y).abs() < 1e-9 { 1 } else { 24 };
    let point = |step: u32| {
        let t = f64::from(step) / f64::from(steps);
        let middle = f64::midpoint(from.x, to.x);
        // The curve of the picture: its inner points are level with its ends.
        let s = 1.0 - t;
        let x = s * s * s * from.x + 3.0 * s * t * middle + t * t * t * to.x;
        let y = s * s * s * from.y
            + 3.0 * s * s * t * from.y
            + 3.0 * s * t * t * to.y
            + t * t * t * to.y;
        Point { x, y }
    };
    (0..=steps).map(point).collect()
}

/// `true` if a segment touches the inside of a rectangle (Liang and Barsky's clipping).
fn crosses([a, b]: [Point; 2], [corner, far]: [Point; 2]) -> bool {
    let dx = b.x - a.x;
    let dy = b.y - a.y;
    let mut enter = 0.0_f64;
    let mut leave = 1.0_f64;
    for (p, q) in
        [(-dx, a.x - corner.x), (dx, far.x - a.x), (-dy, a.y - corner.y), (dy, far.y - a.y)]
    {
        if p.abs() < 1e-12 {
            if q < 0.0 {
                return false;
            }
        } else if p < 0.0 {
            enter = enter.max(q / p);
        } else {
            leave = leave.min(q / p);
        }
    }
    enter <= leave
}

fn no_line_crosses_a_box(part: &DrawnPart, weights: Weights<'_>, name: &str) {
    let canvas = Canvas::of(part, weights);
    let boxes: Vec<[Point; 2]> = canvas
        .layers
        .items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.kind != Kind::Bend)
        .map(|(index, item)| {
            let x = canvas.places.x[index];
            let y = canvas.places.y[index];
            // Lines end at boxes, so their borders do not count.
            let half = Point { x: item.width / 2.0 - 0.5, y: item.height / 2.0 - 0.5 };
            [Point { x: x - half.x, y: y - half.y }, Point { x: x + half.x, y: y + half.y }]
        })
        .collect();
    for (index, (edge, way)) in part.edges.iter().zip(&canvas.layers.ways).enumerate() {
        for piece in canvas.edge(edge, way, index).pieces {
            let near = |own: &&[Point; 2]| own[0].x <= piece.to.x && own[1].x >= piece.from.x;
            let near: Vec<&[Point; 2]> = boxes.iter().filter(near).collect();
            for pair in points(&piece).windows(2) {
                let found = near.iter().find(|own| crosses([pair[0], pair[1]], ***own));
                assert!(found.is_none(), "{name}, {}: {piece:?} in {found:?}", part.title);
            }
        }
    }
}

#[test]
fn no_line_crosses_a_label_or_a_node_of_any_published_cell() {
    let weighed =
        |_: usize, _: &DrawnEdge| Some(Weighed { weight: 0.5, margin: Some(-0.25), kept: false });
    for name in Genotype::published_names() {
        for part in published(name) {
            no_line_crosses_a_box(&part, &|_, _| None, name);
            no_line_crosses_a_box(&part, &weighed, name);
        }
    }
}

#[test]
fn no_line_crosses_a_label_or_a_node_of_random_cells() {
    for nodes in 1..=18 {
        for seed in 0..4 {
            let genotype = random(nodes, seed);
            no_line_crosses_a_box(&genotype.drawing().parts[0], &|_, _| None, "random");
        }
    }
    no_line_crosses_a_box(&dense(18).drawing().parts[0], &|_, _| None, "dense");
}

#[test]
fn no_line_crosses_a_cell_of_a_network() {
    let set = || OpSet::builtin("S").unwrap();
    let spaces = [
        Space::darts(set(), 8, 8, Stem::cifar(3)).unwrap(),
        Space::auto_deeplab(set(), 12, 5, Stem::imagenet_quarter()).unwrap(),
        Space::nested_unet(set(), 4, 4, Stem::cifar(1)).unwrap(),
    ];
    for space in spaces {
        for part in space.drawing().parts {
            no_line_crosses_a_box(&part, &|_, _| None, space.name());
        }
    }
}

#[test]
fn a_crossing_would_be_found() {
    let own = [Point { x: 0.0, y: 0.0 }, Point { x: 10.0, y: 10.0 }];
    let segment = |a: [f64; 2], b: [f64; 2]| [a, b].map(|[x, y]| Point { x, y });
    assert!(crosses(segment([-5.0, 5.0], [15.0, 5.0]), own));
    assert!(crosses(segment([2.0, 2.0], [3.0, 3.0]), own));
    assert!(!crosses(segment([-5.0, 12.0], [15.0, 11.0]), own));
    assert!(!crosses(segment([-5.0, 0.0], [0.0, 20.0]), own));
}

#[test]
fn weights_widen_lines_and_margins_are_written() {
    let part = &published("DARTS_V2")[0];
    let weighed =
        |_: usize, _: &DrawnEdge| Some(Weighed { weight: 0.5, margin: Some(-0.25), kept: false });
    let svg = inline(part, "normal <cell>", &weighed);
    assert!(svg.contains("stroke-width=\"2.50\"") && svg.contains("0.500 (-0.250)"));
    assert!(svg.contains("<title>normal &lt;cell&gt;</title>"));
    assert!(svg.contains("in 0 to 2 by sep_conv_3x3"));
}

#[test]
fn edges_between_the_same_boxes_lie_beside_each_other() {
    let set = OpSet::builtin("S").unwrap();
    let space = Space::auto_deeplab(set, 6, 4, Stem::imagenet_quarter()).unwrap();
    let part = space.drawing().parts.pop().unwrap();
    let canvas = Canvas::of(&part, &|_, _| None);
    let mut ends: Vec<String> = Vec::new();
    for (index, (edge, way)) in part.edges.iter().zip(&canvas.layers.ways).enumerate() {
        let pieces = canvas.edge(edge, way, index).pieces;
        let end = pieces.last().unwrap().to;
        ends.push(format!("{:.1} {:.1}", end.x, end.y));
    }
    let all = ends.len();
    ends.sort();
    ends.dedup();
    assert_eq!(ends.len(), all, "every edge ends at a place of its own");
}
