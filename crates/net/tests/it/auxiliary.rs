use dartloom_net::{DerivedNetwork, NetError};
use dartloom_ops::{Mode, Place, Registry};
use dartloom_space::{AuxHead, Shape};

use crate::support::*;

#[test]
fn an_auxiliary_head_speaks_only_while_training() {
    for head in [AuxHead::Cifar, AuxHead::ImageNet, AuxHead::ImageNetNormed] {
        let net = derived(&with_auxiliary(head, 32), 1);
        let x = images(2, 32);
        for mode in [Mode::train(), Mode::probe()] {
            let output = run(&net, &x, mode).unwrap();
            let auxiliary = output.auxiliary.unwrap();
            assert_eq!(auxiliary.dims(), output.main.dims());
            assert!(finite(&auxiliary));
        }
        assert!(run(&net, &x, Mode::eval()).unwrap().auxiliary.is_none());
    }
}

#[test]
fn an_auxiliary_head_that_does_not_fit_is_refused() {
    let plan = with_auxiliary(AuxHead::Cifar, 16);
    let registry = Registry::standard().unwrap();
    let error = DerivedNetwork::new(&plan, &registry, &Place::default(), &mut rng(1));
    let error = error.unwrap_err();
    let NetError::AuxiliaryInput { after, found } = error else { panic!("{error}") };
    assert_eq!((after, found), (2, Shape::new(64, 4, 4)));
}
