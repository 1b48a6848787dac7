//! Genotypes that say which links of their space they keep.

use dartloom_space::{
    Blueprint, Build, Drawing, DrawnPart, Genotype, Lattice, Layout, Line, Links, OpSet, PortLinks,
    Shape, Source, Space, SpaceError, Stem,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// A nested U-Net of two levels, where one port chooses between two links.
fn space() -> Space {
    Space::nested_unet(OpSet::builtin("S").unwrap(), 2, 1, Stem::cifar(3)).unwrap()
}

/// One that leaves the links open.
fn genotype(space: &Space) -> Genotype {
    let sampled = space.sample(2, &mut ChaCha8Rng::seed_from_u64(5));
    space.genotype(sampled.cells().to_vec()).unwrap()
}

/// Link `position` of every port that chooses.
fn links(space: &Space, position: usize) -> Links {
    let ports = space.network().choices().map(|choice| PortLinks {
        placement: choice.port.placement,
        port: choice.port.port,
        kept: vec![position],
    });
    Links { ports: ports.collect(), head: Vec::new() }
}

#[test]
fn a_genotype_with_links_is_counted_and_drawn_in_its_space() {
    let space = space();
    let build = Build::new(4, 3, Shape::new(3, 16, 16)).for_network(space.network());
    let networks = [0, 1].map(|position| {
        let genotype = genotype(&space).with_links(links(&space, position)).unwrap();
        let network = genotype.network_in(&space).unwrap();
        assert_eq!(network.choices().count(), 0);
        let plan = Blueprint::derived(&genotype, &network, space.op_set(), build).unwrap();
        assert!(plan.cost().unwrap().parameters > 0);
        let parts = genotype.drawing_in(&space).unwrap().parts;
        assert_eq!(parts.last().unwrap().title, "network");
        assert_eq!(parts.len(), space.cells().len() + 1);
        // A network whose choices are still open is not this genotype's.
        let whole = Blueprint::derived(&genotype, space.network(), space.op_set(), build);
        assert!(matches!(whole, Err(SpaceError::OpenChoice { .. })));
        network
    });
    assert_ne!(networks[0], networks[1]);
}

/// The titles of a drawing, the labels in its network, and the dotted arrows, which are open
/// choices.
fn drawn(drawing: &Drawing) -> (Vec<&str>, Vec<&str>, usize) {
    let network = drawing.parts.last().unwrap();
    let titles = drawing.parts.iter().map(|part| &*part.title).collect();
    let labels = network.nodes.iter().filter_map(|node| node.label.lines().next()).collect();
    let open = network.edges.iter().filter(|edge| edge.line == Line::Dotted).count();
    (titles, labels, open)
}

#[test]
fn sums_are_drawn_and_what_no_kept_link_needs_is_left_out() {
    let ops = OpSet::builtin("dints").unwrap();
    let stem = Stem::pyramid(2).unwrap();
    let space = Space::lattice(ops, Lattice::dints(1, 2), 1, stem).unwrap();
    let whole = space.drawing();
    let cells = ["cell_0", "cell_1", "cell_2", "cell_3"];
    let (titles, labels, open) = drawn(&whole);
    assert_eq!(titles, [&cells[..], &["network"]].concat());
    // By target, then source; the sums behind the cells.
    let placed = ["0: cell_0", "1: cell_1", "2: cell_2", "3: cell_3", "4: sum", "5: sum"];
    assert_eq!(labels, [&["stem 0", "stem 1"][..], &placed, &["per pixel"]].concat());
    assert_eq!(open, 4);
    // Into each level the link from the first.
    let kept = genotype(&space).with_links(links(&space, 0)).unwrap().drawing_in(&space).unwrap();
    let (titles, labels, open) = drawn(&kept);
    assert_eq!(titles, ["cell_0", "cell_2", "network"]);
    let placed = ["0: cell_0", "1: cell_2", "2: sum", "3: sum"];
    assert_eq!(labels, [&["stem 0", "stem 1"][..], &placed, &["per pixel"]].concat());
    assert_eq!(open, 0);
    assert!(kept.to_dot().contains("3: sum"));
}

#[test]
fn the_way_past_a_residual_cell_is_drawn() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::resnext_unet(ops, 1, (2, 1), Stem::cifar(1)).unwrap();
    // Input, two towers, output: dashed from the input and from both ends.
    let dashed = |part: &DrawnPart| -> Vec<[usize; 2]> {
        let parts_of_output = part.edges.iter().filter(|edge| edge.line == Line::Dashed);
        parts_of_output.map(|edge| [edge.from, edge.to]).collect()
    };
    assert_eq!(dashed(&space.drawing().parts[0]), [[0, 3], [1, 3], [2, 3]]);
    assert_eq!(dashed(&genotype(&space).drawing().parts[0]), [[0, 3], [1, 3], [2, 3]]);
}

#[test]
fn format_2_holds_links_and_format_1_is_read() {
    let space = space();
    let plain = genotype(&space);
    let json = plain.to_json().unwrap();
    assert!(json.starts_with(r#"{"version":2,"#) && !json.contains("links"), "{json}");
    let old = json.replacen(r#""version":2"#, r#""version":1"#, 1);
    assert_eq!(Genotype::from_json(&old), Ok(plain.clone()));
    let linked = plain.clone().with_links(links(&space, 1)).unwrap();
    assert_ne!(linked, plain);
    let json = linked.to_json().unwrap();
    assert!(json.contains(r#""links":{"ports":[{"placement":5,"port":0,"kept":[1]}]}"#), "{json}");
    assert_eq!(Genotype::from_json(&json), Ok(linked.clone()));
    assert_eq!(Genotype::from_ron(&linked.to_ron().unwrap()), Ok(linked));
    let mixed = json.replacen(r#""version":2"#, r#""version":1"#, 1);
    let found = Genotype::from_json(&mixed);
    assert!(matches!(found, Err(SpaceError::Version { found: 1, known: 2, .. })), "{found:?}");
}

#[test]
fn links_that_the_space_does_not_have_are_refused() {
    let space = space();
    let with = |links: Links| genotype(&space).with_links(links);
    let in_space = |links: Links| with(links).unwrap().network_in(&space);
    let good = links(&space, 0);
    let mut far = good.clone();
    far.ports[0].kept = vec![2];
    assert!(matches!(in_space(far), Err(SpaceError::Links { placement: 5, links: 2, .. })));
    let mut other = good.clone();
    other.ports.push(PortLinks { placement: 6, port: 0, kept: vec![0] });
    let expected = SpaceError::NoChoice { placement: 6, port: 0 };
    assert_eq!(in_space(other.clone()), Err(expected.clone()));
    assert_eq!(space.admit(&with(other).unwrap()), Err(expected));
    let head = Links { head: vec![40], ..good.clone() };
    assert!(matches!(in_space(head), Err(SpaceError::HeadLinks { sources: Some(_), .. })));
    assert!(matches!(in_space(Links::default()), Err(SpaceError::OpenChoice { .. })));
    // What no network has is refused at once.
    let mut empty = good.clone();
    empty.ports[0].kept.clear();
    assert!(matches!(with(empty), Err(SpaceError::Links { .. })));
    let twice = Links { ports: [good.ports.clone(), good.ports.clone()].concat(), head: vec![] };
    assert!(matches!(with(twice), Err(SpaceError::NoChoice { .. })));
    let head = Links { head: vec![1, 1], ..good.clone() };
    assert!(matches!(with(head), Err(SpaceError::HeadLinks { sources: None, .. })));
    let chain = Genotype::published("DARTS_V2").unwrap();
    assert_eq!(*chain.layout(), Layout::TwoCells);
    assert!(matches!(chain.with_links(good), Err(SpaceError::Layout { .. })));
}

/// The space that the guide to whole networks writes down.
#[test]
fn the_space_of_the_guide_is_read() {
    let guide = include_str!("../../../../docs/guides/whole-networks.md");
    let text = guide.split("r#\"").nth(1).and_then(|rest| rest.split("\"#").next()).unwrap();
    let space = Space::from_ron(text).unwrap();
    assert_eq!(Space::from_ron(&space.to_ron().unwrap()), Ok(space.clone()));
    // The link down, and both into the sum: from what the cells at their sources read.
    let links = space.network().weighed_links();
    let ends: Vec<(Source, usize)> = links.iter().map(|link| (link.from, link.to)).collect();
    assert_eq!(ends, [(Source::Cell(0), 1), (Source::Cell(0), 4), (Source::Cell(1), 4)]);
    let build = Build::new(4, 2, Shape::new(1, 16, 16)).for_network(space.network());
    assert!(Blueprint::supernet(&space, build).unwrap().cost().unwrap().parameters > 0);
}
