//! Genotypes that say which links of their space they keep.

use dartloom_space::{
    Blueprint, Build, Genotype, Layout, Links, OpSet, PortLinks, Shape, Space, SpaceError, Stem,
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
