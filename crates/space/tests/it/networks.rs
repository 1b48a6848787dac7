//! Networks that are not chains.

use dartloom_space::{
    AuxHead, Blueprint, Build, CellOutput, CellPlan, Chain, Genotype, Layout, Network, OpSet, Pair,
    PortChoice, PortId, Repeats, Resize, Shape, Source, Space, SpaceError, Stem,
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
    let blueprint = Blueprint::supernet(space, build().for_network(space.network())).unwrap();
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
    let port = PortId { placement: 5, port: 0 };
    assert_eq!(network.choices().collect::<Vec<_>>(), [PortChoice { port, links: 2 }]);
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
    let blueprint = Blueprint::supernet(&space, build().for_network(space.network())).unwrap();
    let links = &blueprint.cells[6].ports[1].links;
    let names: Vec<Vec<&str>> =
        links.iter().map(|link| link.layers.iter().map(|layer| layer.name()).collect()).collect();
    assert_eq!(names[0], ["relu", "factorized_reduce", "norm"]);
    assert_eq!(names[1], ["relu", "conv", "norm"]);
    assert_eq!(names[2], ["relu", "conv", "norm", "upsample"]);
    let head = blueprint.head.branches.last().unwrap().layers.last().unwrap();
    assert_eq!(
        *head,
        dartloom_space::Layer::Upsample { factor: Pair::both(32), resize: Resize::Nearest }
    );
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
    let error =
        Blueprint::supernet(&space, build.for_network(space.network())).unwrap_err().to_string();
    let expected = "images of 60x60 cannot be halved 3 times; sides that are multiples of 8 can, such \
                    as 64x64 (cell 2, ";
    assert!(error.starts_with(expected), "{error}");
    let space = Space::darts(ops(), 3, 1, Stem::imagenet()).unwrap();
    let build = Build { input: Shape::new(3, 72, 60), ..build };
    let error =
        Blueprint::supernet(&space, build.for_network(space.network())).unwrap_err().to_string();
    assert!(error.contains("72x60") && error.contains("96x64"), "{error}");
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
    let sampled = lattice.sample(2, rng);
    assert_eq!(sampled.network_in(&lattice), lattice.network().chosen(sampled.links()));
    let open = lattice.genotype(sampled.cells().to_vec()).unwrap();
    let refused = open.network_in(&lattice);
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
    let head = dartloom_space::Head::per_pixel(vec![cell(11)], Resize::Nearest);
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
    let blueprint =
        Blueprint::derived(&genotype, &network, space.op_set(), build().for_network(&network))
            .unwrap();
    assert_eq!(blueprint.head.output, Shape::new(5, 64, 64));
    assert_eq!(
        Blueprint::supernet(&space, build().for_network(space.network())).unwrap().cells.len(),
        6
    );
}

#[test]
fn selections_of_links_are_checked() {
    let space = Space::nested_unet(ops(), 3, 1, Stem::cifar(1)).unwrap();
    let network = space.network();
    // X02, X12 choose among two, X03 among three.
    let sizes: Vec<usize> = network.choices().map(|choice| choice.links).collect();
    assert_eq!(sizes, [2, 2, 3]);
    let smaller = network.with_links(&[vec![1], vec![0], vec![2, 0]]).unwrap();
    assert_eq!(smaller.choices().map(|choice| choice.links).collect::<Vec<_>>(), [2]);
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

/// D-DARTS' algorithm 1: fourteen cells of eight searched ones.
#[test]
fn a_deeper_chain_repeats_cells_as_the_paper_or_as_the_released_code() {
    let paper = [0, 1, 0, 1, 2, 4, 3, 4, 3, 5, 6, 7, 6, 7];
    let official = [0, 0, 0, 1, 2, 4, 3, 4, 3, 5, 6, 7, 6, 7];
    assert_eq!(Chain::deeper(8, 14, Repeats::InTurn).unwrap(), paper);
    assert_eq!(Chain::deeper(8, 14, Repeats::MostlyFirst).unwrap(), official);
}

#[test]
fn reductions_stay_where_the_genotype_has_them_unless_moved() {
    let name = "D-DARTS_threshold_sparse_cifar10_0.85_50";
    let genotype = Genotype::published(name).unwrap();
    let chain = |reductions| {
        genotype.chain(8, Stem::cifar(3), reductions, Repeats::InTurn).unwrap().reductions
    };
    assert_eq!(chain(None), [2, 6]);
    assert_eq!(chain(Some(Chain::thirds(8))), [2, 5]);
}

#[test]
fn the_second_norm_of_the_imagenet_head_is_a_choice() {
    let genotype = Genotype::published("DARTS_V2").unwrap();
    let parameters = |head| {
        let chain = genotype.chain(14, Stem::imagenet(), None, Repeats::InTurn).unwrap();
        let network = chain.with_aux(head).network().unwrap();
        let build = Build::new(48, 1000, Shape::new(3, 224, 224));
        let ops = OpSet::builtin("all").unwrap();
        let blueprint = Blueprint::derived(&genotype, &network, &ops, build).unwrap();
        blueprint.cost().unwrap().auxiliary_parameters
    };
    let released = parameters(AuxHead::ImageNet);
    assert_eq!(released, 1_260_776);
    assert_eq!(parameters(AuxHead::ImageNetNormed), released + 2 * 768);
}

#[test]
fn individual_cells_stand_behind_any_stem() {
    for (stem, side) in
        [(Stem::cifar(3), 32), (Stem::imagenet(), 224), (Stem::imagenet_quarter(), 224)]
    {
        let space = Space::individual(ops(), 8, 4, stem).unwrap();
        let build = Build::new(4, 1000, Shape::new(3, side, side));
        assert_eq!(
            Blueprint::supernet(&space, build.for_network(space.network())).unwrap().cells.len(),
            8
        );
    }
}

/// Cells of six nodes around ResNet-50 and of five around Inception-v4, cells of four as ever.
#[test]
fn a_released_cell_puts_out_its_last_four_nodes() {
    let around = |name: &str, nodes: usize, output: CellOutput| {
        let genotype = Genotype::published(name).unwrap();
        Space::around(&genotype, ops(), nodes, Stem::cifar(3), output)
    };
    for (name, nodes) in [("ResNet18", 4), ("ResNet50", 6), ("InceptionV4", 5)] {
        let all: Vec<usize> = (2..2 + nodes).collect();
        let paper = around(name, nodes, CellOutput::AllNodes).unwrap();
        assert!(paper.cells().iter().all(|cell| cell.graph.concat() == all), "{name}");
        let official = around(name, nodes, CellOutput::LastFour).unwrap();
        assert!(official.cells().iter().all(|cell| cell.graph.concat() == &all[nodes - 4..]));
        // Nothing but the output differs, and with it the width of what follows.
        for (paper, official) in paper.cells().iter().zip(official.cells()) {
            assert_eq!(paper.graph.edges(), official.graph.edges());
        }
        let plan = Blueprint::supernet(&official, build().for_network(official.network())).unwrap();
        let wide = |cell: &CellPlan| cell.output.channels == 4 * cell.node.channels;
        assert!(plan.cells.iter().all(wide), "{name}");
    }
    let few = around("ResNet18", 3, CellOutput::LastFour).unwrap_err();
    assert_eq!(few.to_string(), "nodes in the output of a cell must be 1 to 3, found 4");
}

/// ResNet-50's first cell stands at the first and the last place.
#[test]
fn cells_that_stand_twice_are_one_choice_with_weights_of_their_own() {
    let genotype = Genotype::published("ResNet50").unwrap();
    let space = Space::around(&genotype, ops(), 6, Stem::cifar(3), CellOutput::AllNodes).unwrap();
    let placed: Vec<usize> = space.network().placements().iter().filter_map(|p| p.cell).collect();
    assert_eq!(placed, [0, 1, 2, 0]);
    assert_eq!(space.cells().len(), 3);
    let blueprint = Blueprint::supernet(&space, build().for_network(space.network())).unwrap();
    // The last stands at an eighth of the plane with eight times the channels.
    let [first, .., last] = &blueprint.cells[..] else { panic!("four cells") };
    assert_eq!(
        (first.node.channels * 8, first.node.height),
        (last.node.channels, 8 * last.node.height)
    );
}
