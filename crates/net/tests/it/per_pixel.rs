use candle_core::Tensor;
use dartloom_ops::Mode;
use dartloom_ops::{Model, Pass};
use dartloom_space::{
    Blueprint, CellGraph, CellSpec, Head, Network, OpSet, Placement, Port, Resize, Source, Space,
    Stem,
};

use crate::support::*;

#[test]
fn a_unet_classifies_every_pixel() {
    for depth in [1, 2] {
        let space = Space::unet(OpSet::builtin("S").unwrap(), depth, 2, Stem::cifar(3)).unwrap();
        let net = supernet(
            &Blueprint::supernet(&space, build(4, 8).for_network(space.network())).unwrap(),
            1,
        );
        assert_eq!(net.variables().parameter_count(), net.cost().parameters);
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::train(), &mut noise);
        let output = net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap();
        assert_eq!(output.main.dims(), [2, 5, 8, 8]);
        assert!(finite(&output.main));
    }
}

#[test]
fn a_derived_unet_classifies_every_pixel() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::unet(ops.clone(), 2, 2, Stem::cifar(3)).unwrap();
    let genotype = space.sample(2, &mut rng(5));
    let network = genotype.network_in(&space).unwrap();
    let net = derived(
        &Blueprint::derived(&genotype, &network, &ops, build(4, 8).for_network(&network)).unwrap(),
        1,
    );
    let output = run(&net, &images(3, 8), Mode::train()).unwrap();
    assert_eq!(output.main.dims(), [3, 5, 8, 8]);
    let counted = net.cost().parameters - net.cost().unused_parameters;
    assert_eq!(net.variables().parameter_count(), counted);
}

#[test]
fn a_plane_of_one_pixel_is_still_a_plane() {
    let stem = Source::Stem(0);
    let ports = vec![Port::one(stem), Port::one(stem)];
    let placement = Placement { cell: Some(0), width: 1, level: 0, reduction: false, ports };
    let head = Head::per_pixel(vec![Source::Cell(0)], Resize::Nearest);
    let network = Network::new(Stem::cifar(3), vec![placement], head, None).unwrap();
    let cell = CellSpec { name: "cell".to_owned(), graph: CellGraph::darts(1).unwrap() };
    let space = Space::new("pixel", ops(&["skip_connect"]), vec![cell], network).unwrap();
    let net = supernet(
        &Blueprint::supernet(&space, build(4, 1).for_network(space.network())).unwrap(),
        1,
    );
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::train(), &mut noise);
    let output = net.forward(&images(2, 1), &weights(&space), &mut pass).unwrap();
    assert_eq!(output.main.dims(), [2, 5, 1, 1]);
}

/// Bilinear and nearest heads have the same weights and different values; both put out planes of
/// the image's size.
#[test]
fn heads_enlarge_as_they_say() {
    let made = |resize| {
        let space = Space::unet(OpSet::builtin("S").unwrap(), 1, 2, Stem::cifar(3)).unwrap();
        // A cell at half the size of the image.
        let low = Source::Cell(0);
        let head = Head::per_pixel(vec![low], resize);
        let network = space.network().with_head(head).unwrap();
        let space = Space::new("low", space.op_set().clone(), space.cells().to_vec(), network);
        let space = space.unwrap();
        let build = build(4, 8).for_network(space.network());
        let net = supernet(&Blueprint::supernet(&space, build).unwrap(), 1);
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::train(), &mut noise);
        net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap().main
    };
    let nearest = made(Resize::Nearest);
    let bilinear = made(Resize::Bilinear);
    assert_eq!(
        (nearest.dims(), bilinear.dims()),
        ([2, 5, 8, 8].as_slice(), [2, 5, 8, 8].as_slice())
    );
    let corner = |logits: &Tensor| logits.get(0).unwrap().get(0).unwrap().to_vec2::<f64>().unwrap();
    let bits = |plane: Vec<Vec<f64>>| [plane[0][0].to_bits(), plane[1][1].to_bits()];
    let blocks = bits(corner(&nearest));
    let smooth = bits(corner(&bilinear));
    assert_eq!(blocks[0], blocks[1]);
    assert_eq!(smooth[0], blocks[0], "the border's own value");
    assert_ne!(smooth[0], smooth[1]);
}

#[test]
fn outputs_that_the_head_does_not_have_are_refused() {
    let space = Space::unet(OpSet::builtin("S").unwrap(), 1, 2, Stem::cifar(3)).unwrap();
    let error = Blueprint::supernet(&space, build(4, 8)).unwrap_err().to_string();
    let expected = "head: expected a plane of 5 channels, found a vector of 5 as `Build::outputs`";
    assert_eq!(error, expected);
}
