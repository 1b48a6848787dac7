use dartloom_net::Cell;
use dartloom_ops::{Mode, Place, Registry, Variables};
use dartloom_ops::{Model, Pass};
use dartloom_space::Blueprint;

use crate::support::*;

/// Node 2 has no genes, so node 3's only input does not exist.
fn plan_with_dead_gene() -> Blueprint {
    let genotype = genotype(&[("sep_conv_3x3", 2, 3), ("max_pool_3x3", 0, 4)], &[3, 4]);
    plan(&genotype, 3, build(4, 8))
}

#[test]
fn dead_genes_are_counted_and_not_created() {
    let net = derived(&plan_with_dead_gene(), 1);
    let cost = net.cost();
    assert!(cost.unused_parameters > 0);
    let counted = cost.parameters - cost.unused_parameters;
    assert_eq!(net.variables().parameter_count(), counted);
    assert!(net.variables().parameters().keys().all(|name| !name.contains("sep_conv")));
    assert!(finite(&run(&net, &images(2, 8), Mode::train()).unwrap().main));
}

#[test]
fn a_node_without_inputs_is_zero() {
    let plan = plan_with_dead_gene();
    let registry = Registry::standard().unwrap();
    let mut variables = Variables::new(&Place::from(candle_core::DType::F64));
    let mut draw = rng(1);
    let mut noise = rng(2);
    let cell = Cell::new(0, &plan.cells[0], &registry, &mut variables.builder(&mut draw)).unwrap();
    let stem = dartloom_kernels::testkit::filled(&[2, 12, 8, 8], 1).unwrap();
    let mut pass = Pass::new(Mode::train(), &mut noise);
    let y = cell.forward(&|_| stem.clone(), None, &mut pass).unwrap();
    assert_eq!(y.dims(), [2, 8, 8, 8]);
    assert!(values(&y.narrow(1, 0, 4).unwrap()).iter().all(|value| value.to_bits() == 0));
    assert!(values(&y.narrow(1, 4, 4).unwrap()).iter().any(|value| value.abs() > 0.1));
}

#[test]
fn a_supernet_of_zeros_puts_out_its_bias() {
    let space = small_space(ops(&["none"]), 2);
    let net = supernet(&Blueprint::supernet(&space, build(4, 8)).unwrap(), 1);
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::train(), &mut noise);
    let output = net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap();
    let bias = values(&net.variables().parameters()["head.0.1.bias"]);
    assert_eq!(values(&output.main), bias.repeat(2));
}
