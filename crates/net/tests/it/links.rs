use dartloom_net::{DerivedNetwork, NetError, Supernet};
use dartloom_ops::{Place, Registry};
use dartloom_space::{Blueprint, OpSet, PortId, Space, Stem};

use crate::support::*;

fn supernet_error(space: &Space) -> NetError {
    let plan = Blueprint::supernet(space, build(4, 16).for_network(space.network())).unwrap();
    let registry = Registry::standard().unwrap();
    Supernet::new(&plan, &registry, &Place::default(), &mut rng(1)).unwrap_err()
}

#[test]
fn ports_that_choose_among_links_are_refused() {
    let ops = OpSet::builtin("S").unwrap();
    let nested = Space::nested_unet(ops.clone(), 2, 1, Stem::cifar(3)).unwrap();
    let lattice = Space::auto_deeplab(ops, 3, 1, Stem::cifar(3)).unwrap();
    for space in [nested, lattice] {
        let error = supernet_error(&space);
        let NetError::LinkWeights { cell, port, links } = error else { panic!("{error}") };
        let first = space.network().choices().next().unwrap();
        assert_eq!((PortId { placement: cell, port }, links), (first.port, first.links));
        assert!(links > 1);
    }
}

#[test]
fn derived_networks_refuse_them_too() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::nested_unet(ops.clone(), 2, 1, Stem::cifar(3)).unwrap();
    let genotype = space.sample(2, &mut rng(5));
    let plan = Blueprint::derived(
        &genotype,
        space.network(),
        &ops,
        build(4, 16).for_network(space.network()),
    )
    .unwrap();
    let registry = Registry::standard().unwrap();
    let error = DerivedNetwork::new(&plan, &registry, &Place::default(), &mut rng(1));
    assert!(matches!(error, Err(NetError::LinkWeights { .. })));
}

#[test]
fn with_one_link_per_port_they_run() {
    let ops = OpSet::builtin("S").unwrap();
    let space = Space::nested_unet(ops.clone(), 2, 1, Stem::cifar(3)).unwrap();
    let kept: Vec<Vec<usize>> =
        space.network().choices().map(|choice| vec![choice.links - 1]).collect();
    let space = space.with_network(space.network().with_links(&kept).unwrap()).unwrap();
    let genotype = space.sample(2, &mut rng(5));
    let network = genotype.network_in(&space).unwrap();
    let net = derived(
        &Blueprint::derived(&genotype, &network, &ops, build(4, 16).for_network(&network)).unwrap(),
        1,
    );
    let output = run(&net, &images(2, 16), dartloom_ops::Mode::eval()).unwrap();
    assert_eq!(output.main.dims(), [2, 5, 16, 16]);
}
