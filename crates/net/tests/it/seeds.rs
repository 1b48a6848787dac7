use dartloom_ops::Mode;
use dartloom_ops::Model;
use dartloom_space::{Blueprint, Genotype};

use crate::support::*;

#[test]
fn equal_seeds_make_equal_networks() {
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 8));
    let [one, again, other] = [1, 1, 2].map(|seed| derived(&plan, seed));
    let bytes = |net: &dyn Model| -> Vec<u64> {
        let snapshot = net.variables().snapshot().unwrap();
        snapshot.values().flat_map(values).map(f64::to_bits).collect()
    };
    assert!(bytes(&one) == bytes(&again));
    assert!(bytes(&one) != bytes(&other));
    let [first, second, third] = [&one, &again, &other]
        .map(|net| values(&run(net, &images(2, 8), Mode::train()).unwrap().main));
    assert_eq!(first, second);
    assert_ne!(first, third);
    assert!(bytes(&one) == bytes(&again), "a training pass is repeatable as well");
}

#[test]
fn equal_seeds_make_equal_supernets() {
    let space = small_space(ops(&["none", "skip_connect", "sep_conv_3x3"]), 2);
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let logits = |seed| {
        let mut noise = rng(0);
        let mut pass = dartloom_ops::Pass::new(Mode::train(), &mut noise);
        let net = supernet(&plan, seed);
        values(&net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap().main)
    };
    assert_eq!(logits(1), logits(1));
    assert_ne!(logits(1), logits(2));
}
