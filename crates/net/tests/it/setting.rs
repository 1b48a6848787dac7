//! Networks made from spaces and genotypes through a setting.

use candle_core::DType;
use dartloom_net::{DerivedNetwork, NetError, NetworkSize, Setting, Supernet};
use dartloom_ops::{Mode, Registry};
use dartloom_ops::{Model as _, Pass};
use dartloom_space::testkit;
use dartloom_space::{Blueprint, Chain, Genotype, Repeats, Space};

use crate::support::*;

const OPS: [&str; 3] = ["none", "skip_connect", "sep_conv_3x3"];

fn space() -> Space {
    testkit::chain(ops(&OPS), 2)
}

fn genotype(space: &Space) -> Genotype {
    space.sample(2, &mut rng(3))
}

fn digest(network: &DerivedNetwork) -> String {
    network.variables().digest().unwrap()
}

#[test]
fn the_door_leads_to_what_the_long_way_leads_to() {
    let space = space();
    let registry = Registry::standard().unwrap();
    let setting = Setting::new(&space, &registry, build(4, 8));
    let place = &setting.place;
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let long = Supernet::new(&plan, &registry, place, &mut rng(1)).unwrap();
    let short = setting.supernet(&mut rng(1)).unwrap();
    assert_eq!(short.variables().digest().unwrap(), long.variables().digest().unwrap());

    let genotype = genotype(&space);
    let derived = |network, channels| {
        let ops = registry.catalog();
        let plan = Blueprint::derived(&genotype, network, ops, build(channels, 8)).unwrap();
        DerivedNetwork::new(&plan, &registry, place, &mut rng(2)).unwrap()
    };
    let own = genotype.network_in(&space).unwrap();
    let found = setting.derive(&genotype, &NetworkSize::default(), &mut rng(2)).unwrap();
    assert_eq!(digest(&found), digest(&derived(&own, 4)));

    let stem = space.network().stem().clone();
    let thirds = Some(Chain::thirds(6));
    let deep = genotype.chain(6, stem, thirds, Repeats::InTurn).unwrap().network().unwrap();
    let size = NetworkSize { channels: Some(8), layers: Some(6), auxiliary: false };
    let found = setting.derive(&genotype, &size, &mut rng(2)).unwrap();
    assert_eq!(digest(&found), digest(&derived(&deep, 8)));
    assert_eq!(found.cost(), registry.cost(&setting.plan(&genotype, &size).unwrap()).unwrap());
}

#[test]
fn an_auxiliary_head_that_is_asked_for_is_built_or_refused() {
    let space = space();
    let registry = Registry::standard().unwrap();
    let genotype = genotype(&space);
    let deep = NetworkSize { layers: Some(6), auxiliary: true, ..NetworkSize::default() };
    let setting = Setting::new(&space, &registry, build(4, 32)).at(DType::F64.into());
    let network = setting.derive(&genotype, &deep, &mut rng(1)).unwrap();
    let mut noise = rng(0);
    let output = network.forward(&images(2, 32), &mut Pass::new(Mode::train(), &mut noise));
    assert_eq!(output.unwrap().auxiliary.unwrap().dims(), [2, 5]);

    let small = Setting::new(&space, &registry, build(4, 8));
    let error = small.plan(&genotype, &deep).unwrap_err();
    assert!(matches!(error, NetError::AuxiliaryInput { .. }), "{error}");
    let of_space = NetworkSize { auxiliary: true, ..NetworkSize::default() };
    let error = setting.plan(&genotype, &of_space).unwrap_err();
    assert!(matches!(&error, NetError::NoAuxiliary { space: name } if *name == space.name()));
}

#[test]
fn a_place_is_where_networks_are() {
    let space = space();
    let registry = Registry::standard().unwrap();
    let setting = Setting::new(&space, &registry, build(4, 8)).at(DType::F64.into());
    assert_eq!(setting.supernet(&mut rng(1)).unwrap().variables().dtype(), DType::F64);
    let network = setting.derive(&genotype(&space), &NetworkSize::default(), &mut rng(1)).unwrap();
    assert_eq!(network.variables().place().dtype, DType::F64);
}

#[test]
fn a_network_inherits_the_variables_of_its_supernet() {
    let space = space();
    let registry = Registry::standard().unwrap();
    let setting = Setting::new(&space, &registry, build(4, 8));
    let supernet = setting.supernet(&mut rng(1)).unwrap();
    let genotype = genotype(&space);
    let network = setting.inherit(&supernet, &genotype).unwrap();
    let plan = Blueprint::subnet(&space, &genotype, setting.build).unwrap();
    let expected = supernet.subnet(&plan).unwrap();
    let found = network.variables().snapshot().unwrap();
    assert!(!found.is_empty() && found.keys().eq(expected.keys()));
    for (name, tensor) in &found {
        assert_eq!(values(tensor), values(&expected[name]), "{name}");
    }
}
