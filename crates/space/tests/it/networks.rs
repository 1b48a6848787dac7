//! Networks that are not chains.

use dartloom_space::{
    Blueprint, Build, Genotype, Layout, Network, OpSet, Pair, Shape, Source, Space, SpaceError,
    Stem,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn ops() -> OpSet {
    OpSet::builtin("S").unwrap()
}

fn build() -> Build {
    let input = Shape::new(3, 64, 64);
    Build::new(4, 5, input)
}

fn cell(index: usize) -> Source {
    Source::Cell(index)
}

fn sources(network: &Network, placement: usize) -> Vec<Vec<Source>> {
    let ports = &network.placements()[placement].ports;
    ports.iter().map(|port| port.links.iter().map(|link| link.source).collect()).collect()
}

fn shapes(space: &Space) -> Vec<Shape> {
    let blueprint = Blueprint::supernet(space, build()).unwrap();
    let cost = blueprint.cost().unwrap();
    assert!(cost.parameters > 0 && cost.macs > cost.parameters);
    assert_eq!(blueprint.head.output, Shape::new(5, 64, 64));
    assert!(space.to_dot().contains("cluster_network"));
    blueprint.cells.iter().map(|cell| cell.node).collect()
}

#[test]
fn a_u_net_reads_skips_and_the_level_below() {
    let space = Space::unet(ops(), 3, 2, Stem::cifar(1)).unwrap();
    let stem = Source::Stem(0);
    let network = space.network();
    assert_eq!(sources(network, 0), [[stem], [stem]]);
    assert_eq!(sources(network, 1), [[stem], [cell(0)]]);
    assert_eq!(sources(network, 2), [[cell(0)], [cell(1)]]);
    assert_eq!(sources(network, 3), [[cell(1)], [cell(2)]]);
    assert_eq!(sources(network, 4), [[cell(0)], [cell(3)]]);
    assert_eq!(sources(network, 5), [[stem], [cell(4)]]);
    assert_eq!(network.head_sources(), [cell(5)]);
    let expected = [(8, 32), (16, 16), (32, 8), (16, 16), (8, 32), (4, 64)];
    assert_eq!(shapes(&space), expected.map(|(c, side)| Shape::new(c, side, side)));
    assert_eq!(space.layout(), Layout::Space);
}

#[test]
fn a_nested_u_net_chooses_among_the_earlier_nodes_of_its_row() {
    let space = Space::nested_unet(ops(), 2, 2, Stem::cifar(1)).unwrap();
    let network = space.network();
    // X00 X10 X20 X01 X11 X02
    assert_eq!(sources(network, 2), [[cell(0)], [cell(1)]]);
    assert_eq!(sources(network, 3), [[cell(0)], [cell(1)]]);
    assert_eq!(sources(network, 4), [[cell(1)], [cell(2)]]);
    assert_eq!(sources(network, 5), [vec![cell(0), cell(3)], vec![cell(4)]]);
    assert_eq!(network.choices().collect::<Vec<_>>(), [(5, 0, 2)]);
    let expected = [(4, 64), (8, 32), (16, 16), (4, 64), (8, 32), (4, 64)];
    assert_eq!(shapes(&space), expected.map(|(c, side)| Shape::new(c, side, side)));
    let deep = Space::nested_unet(ops(), 4, 2, Stem::cifar(1)).unwrap();
    assert_eq!(deep.network().placements().len(), 5 + 4 + 3 + 2 + 1);
    assert_eq!(sources(deep.network(), 14)[0], [cell(0), cell(5), cell(9), cell(12)]);
    assert_eq!(sources(deep.network(), 14)[1], [cell(13)]);
    shapes(&deep);
}

#[test]
fn a_lattice_reaches_one_level_further_down_per_layer() {
    let space = Space::auto_deeplab(ops(), 5, 2, Stem::imagenet_quarter()).unwrap();
    let network = space.network();
    // Layers have cells 0-1, 2-4, 5-8, 9-12, 13-16.
    let levels: Vec<usize> = network.placements().iter().map(|p| p.level).collect();
    assert_eq!(levels[..9], [2, 3, 2, 3, 4, 2, 3, 4, 5]);
    let stem = Source::Stem(1);
    assert_eq!(sources(network, 0), [[stem], [stem]]);
    assert_eq!(sources(network, 1), [[stem], [stem]]);
    assert_eq!(sources(network, 3), [vec![stem], vec![cell(0), cell(1)]]);
    assert_eq!(sources(network, 4), [vec![stem], vec![cell(1)]]);
    assert_eq!(sources(network, 6), [vec![cell(1)], vec![cell(2), cell(3), cell(4)]]);
    assert_eq!(sources(network, 10), [vec![cell(3)], vec![cell(5), cell(6), cell(7)]]);
    assert_eq!(sources(network, 12), [vec![stem], vec![cell(7), cell(8)]]);
    assert_eq!(network.head_sources(), (13..17).map(cell).collect::<Vec<_>>());
    let nodes = shapes(&space);
    let last = [(4, 16), (8, 8), (16, 4), (32, 2)];
    assert_eq!(nodes[13..], last.map(|(c, side)| Shape::new(c, side, side)));
}

#[test]
fn values_are_enlarged_on_the_way_up_and_halved_on_the_way_down() {
    let space = Space::auto_deeplab(ops(), 3, 1, Stem::imagenet_quarter()).unwrap();
    let blueprint = Blueprint::supernet(&space, build()).unwrap();
    let links = &blueprint.cells[6].ports[1].links;
    let names: Vec<Vec<&str>> =
        links.iter().map(|link| link.layers.iter().map(|layer| layer.name()).collect()).collect();
    assert_eq!(names[0], ["relu", "factorized_reduce", "norm"]);
    assert_eq!(names[1], ["relu", "conv", "norm"]);
    assert_eq!(names[2], ["relu", "conv", "norm", "upsample"]);
    let head = blueprint.head.branches.last().unwrap().layers.last().unwrap();
    assert_eq!(*head, dartloom_space::Layer::Upsample { factor: Pair::both(32) });
}

#[test]
fn depths_and_layers_out_of_range_are_refused() {
    for depth in [0, 13, usize::MAX] {
        assert!(matches!(Network::unet(Stem::cifar(1), depth), Err(SpaceError::Range { .. })));
        let nested = Network::nested_unet(Stem::cifar(1), depth);
        assert!(matches!(nested, Err(SpaceError::Range { .. })));
        let lattice = Network::auto_deeplab(Stem::cifar(1), 3, depth);
        assert!(matches!(lattice, Err(SpaceError::Range { .. })));
    }
    for layers in [0, 1 << 40] {
        let lattice = Network::auto_deeplab(Stem::cifar(1), layers, 4);
        assert!(matches!(lattice, Err(SpaceError::NetworkSize { .. })));
    }
    // Twelve levels below a stem that already halves three times are too many.
    let deep = Network::unet(Stem::imagenet(), 12);
    assert!(matches!(deep, Err(SpaceError::Placement { .. })), "{deep:?}");
}

#[test]
fn planes_that_cannot_be_halved_are_refused_where_they_are() {
    let space = Space::unet(ops(), 3, 2, Stem::cifar(1)).unwrap();
    let build = Build { input: Shape::new(3, 60, 60), ..build() };
    let error = Blueprint::supernet(&space, build).unwrap_err().to_string();
    assert!(error.starts_with("cell 2"), "{error}");
}

#[test]
fn genotypes_find_their_network_in_a_space() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let unet = Space::unet(ops(), 2, 2, Stem::cifar(1)).unwrap();
    assert_eq!(unet.sample(2, rng).network_in(&unet).unwrap(), *unet.network());
    let darts = Space::darts(ops(), 6, 4, Stem::cifar(3)).unwrap();
    assert_eq!(darts.sample(2, rng).network_in(&darts).unwrap(), *darts.network());
    let published = Genotype::published("DARTS_V2").unwrap();
    assert_eq!(published.network_in(&darts).unwrap(), *darts.network());
    let individual = Space::individual(ops(), 6, 4, Stem::cifar(3)).unwrap();
    let network = individual.sample(2, rng).network_in(&individual).unwrap();
    assert_eq!(network, *individual.network());
    let lattice = Space::auto_deeplab(ops(), 3, 2, Stem::imagenet_quarter()).unwrap();
    let refused = lattice.sample(2, rng).network_in(&lattice);
    assert_eq!(refused, Err(SpaceError::OpenChoice { placement: 2, port: 1, links: 2 }));
    let stranger = unet.sample(2, rng).network_in(&lattice);
    assert!(matches!(stranger, Err(SpaceError::Mismatch { .. })));
}

#[test]
fn a_path_through_a_lattice_is_a_network() {
    let lattice = Space::auto_deeplab(ops(), 4, 2, Stem::imagenet_quarter()).unwrap();
    let network = lattice.network();
    // Always the first link: from the finer level where there is one.
    let kept: Vec<Vec<usize>> = network.choices().map(|_| vec![0]).collect();
    let head = dartloom_space::Head::PerPixel { sources: vec![cell(11)] };
    let path = network.with_links(&kept).unwrap().with_head(head).unwrap().pruned();
    // Layers have cells 0-1, 2-4, 5-8, 9-12; cell 11 stands in the last at level 2 below the stem.
    // 11 reads 4 (two before) and 6; 6 reads 1 and 2; 4 reads the stem and 1; 2 the stem and 0.
    let levels: Vec<usize> = path.placements().iter().map(|p| p.level).collect();
    assert_eq!(levels, [2, 3, 2, 4, 3, 4]);
    let stem = Source::Stem(1);
    assert_eq!(sources(&path, 2), [[stem], [cell(0)]]);
    assert_eq!(sources(&path, 3), [[stem], [cell(1)]]);
    assert_eq!(sources(&path, 4), [[cell(1)], [cell(2)]]);
    assert_eq!(sources(&path, 5), [[cell(3)], [cell(4)]]);
    assert_eq!(path.head_sources(), [cell(5)]);
    assert_eq!(path.pruned(), path);

    let space = lattice.with_network(path).unwrap();
    let genotype = space.sample(2, &mut ChaCha8Rng::seed_from_u64(2));
    let network = genotype.network_in(&space).unwrap();
    let blueprint = Blueprint::derived(&genotype, &network, space.op_set(), build()).unwrap();
    assert_eq!(blueprint.head.output, Shape::new(5, 64, 64));
    assert_eq!(Blueprint::supernet(&space, build()).unwrap().cells.len(), 6);
}

#[test]
fn selections_of_links_are_checked() {
    let space = Space::nested_unet(ops(), 3, 1, Stem::cifar(1)).unwrap();
    let network = space.network();
    // X02, X12 choose among two, X03 among three.
    let sizes: Vec<usize> = network.choices().map(|(_, _, links)| links).collect();
    assert_eq!(sizes, [2, 2, 3]);
    let smaller = network.with_links(&[vec![1], vec![0], vec![2, 0]]).unwrap();
    assert_eq!(smaller.choices().map(|(_, _, links)| links).collect::<Vec<_>>(), [2]);
    assert_eq!(network.pruned(), *network);
    for (row, bad) in [(0, vec![]), (1, vec![2]), (2, vec![0, 0]), (2, vec![usize::MAX])] {
        let mut kept = vec![vec![0], vec![0], vec![0]];
        kept[row] = bad.clone();
        let refused = network.with_links(&kept);
        assert!(
            matches!(&refused, Err(SpaceError::Links { found, port: 0, .. }) if *found == bad),
            "{refused:?}"
        );
    }
    let refused = network.with_links(&[]);
    assert!(matches!(refused, Err(SpaceError::Mismatch { .. })));
}
