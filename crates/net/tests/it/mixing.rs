use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::{DType, Device, Tensor, Var};
use dartloom_kernels::testkit::{GradientCheck, check_gradients, filled};
use dartloom_net::{Cell, Supernet};
use dartloom_ops::Pass;
use dartloom_ops::{Mode, OpCost, OpError, Operation, Place, Registry, Sequence, Variables, op_fn};
use dartloom_space::{ArchWeights, Blueprint, CellPlan, Chain, OpSet, Stem};

use crate::support::*;

const OPS: [&str; 5] = ["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3", "dil_conv_5x5"];

/// The layers of one part of a cell with the cell's own variables, found by name.
fn part(layers: &[dartloom_space::Layer], name: &str, variables: &Variables) -> Sequence {
    let mut own = Variables::new(&Place::from(DType::F64));
    let part = Sequence::new(layers, &mut own.builder(&mut rng(99)).at(name)).unwrap();
    let stored = variables.snapshot().unwrap();
    let prefix = format!("{name}.");
    own.load(&stored.into_iter().filter(|(name, _)| name.starts_with(&prefix)).collect()).unwrap();
    part
}

/// The output of a cell of one node with one operation on each of its two edges.
fn by_hand(plan: &CellPlan, chosen: [usize; 2], variables: &Variables, x: &Tensor) -> Tensor {
    let value = |edge: usize| {
        let port = &plan.ports[edge].links[0];
        let port = part(&port.layers, &format!("ports.{edge}.0"), variables);
        let candidate = &plan.edges[edge].candidates[chosen[edge]];
        let name = format!("edges.{edge}.{}", candidate.op.name);
        let op = part(candidate.layers.as_ref().unwrap(), &name, variables);
        op.forward(&port.forward(x, Mode::probe()).unwrap(), Mode::probe()).unwrap()
    };
    (value(0) + value(1)).unwrap()
}

#[test]
fn one_hot_weights_choose_one_operation_per_edge() {
    let space = small_space(ops(&OPS), 1);
    let registry = Registry::standard().unwrap();
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let placed = &plan.cells[0];
    let mut variables = Variables::new(&Place::from(DType::F64));
    let mut draw = rng(1);
    let cell = Cell::new(0, placed, &registry, &mut variables.builder(&mut draw)).unwrap();
    let x = filled(&[2, 12, 8, 8], 1).unwrap();
    for choice in 0..OPS.len() * OPS.len() {
        let chosen = [choice / OPS.len(), choice % OPS.len()];
        let hot = |op: usize| (0..OPS.len()).map(move |i| f64::from(u8::from(i == op)));
        let rows: Vec<f64> = chosen.into_iter().flat_map(hot).collect();
        let weights = Tensor::from_vec(rows, (2, OPS.len()), &Device::Cpu).unwrap();
        let expected = by_hand(placed, chosen, &variables, &x);
        assert_eq!(values(&run_cell(&cell, &x, &weights)), values(&expected), "{chosen:?}");
    }
}

#[test]
fn the_output_is_linear_in_the_weights_of_the_last_node() {
    let space = small_space(ops(&OPS), 1);
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let mut variables = Variables::new(&Place::from(DType::F64));
    let registry = Registry::standard().unwrap();
    let mut draw = rng(1);
    let mut vars = variables.builder(&mut draw);
    let cell = Cell::new(0, &plan.cells[0], &registry, &mut vars).unwrap();
    let x = filled(&[2, 12, 8, 8], 1).unwrap();
    let [a, b] = [2, 3].map(|seed| filled(&[2, OPS.len()], seed).unwrap());
    let sum = run_cell(&cell, &x, &((&a * 2.0).unwrap() + &b).unwrap());
    let parts = ((run_cell(&cell, &x, &a) * 2.0).unwrap() + run_cell(&cell, &x, &b)).unwrap();
    for (sum, parts) in values(&sum).iter().zip(values(&parts)) {
        approx::assert_relative_eq!(*sum, parts, epsilon = 1e-12, max_relative = 1e-12);
    }
}

#[test]
fn gradients_of_the_weights_equal_differences() {
    let space = small_space(ops(&OPS), 2);
    let net = supernet(&Blueprint::supernet(&space, build(4, 4)).unwrap(), 1);
    let x = images(2, 4);
    for mode in [Mode::probe(), Mode::eval()] {
        check_gradients(&tables(&space), GradientCheck::default(), |weights| {
            let mut noise = rng(0);
            net.forward(
                &x,
                &ArchWeights::of_ops(weights.to_vec()),
                &mut Pass::new(mode, &mut noise),
            )
            .map(|output| output.main)
        })
        .unwrap();
    }
}

/// Weights that are exactly zero, as sparse relaxations and steps on the simplex have them.
#[test]
fn a_weight_of_zero_keeps_its_gradient() {
    let space = small_space(ops(&OPS), 2);
    let net = supernet(&Blueprint::supernet(&space, build(4, 4)).unwrap(), 1);
    let x = images(2, 4);
    let sparse: Vec<Tensor> = tables(&space)
        .iter()
        .map(|table| {
            let columns = [0.0, 1.0, 0.0, 1.0, 0.0_f64];
            table.broadcast_mul(&Tensor::new(&columns, &Device::Cpu).unwrap()).unwrap()
        })
        .collect();
    check_gradients(&sparse, GradientCheck::default(), |weights| {
        let mut pass_noise = rng(0);
        let mut pass = Pass::new(Mode::probe(), &mut pass_noise);
        net.forward(&x, &ArchWeights::of_ops(weights.to_vec()), &mut pass).map(|output| output.main)
    })
    .unwrap();
    let vars: Vec<Var> = sparse.iter().map(|table| Var::from_tensor(table).unwrap()).collect();
    let tables: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let mut noise = rng(0);
    let output = net
        .forward(&x, &ArchWeights::of_ops(tables), &mut Pass::new(Mode::probe(), &mut noise))
        .unwrap();
    let loss = output.main.sqr().unwrap().sum_all().unwrap();
    let gradients = loss.backward().unwrap();
    let found: Vec<Vec<f64>> = gradients.get(&vars[0]).unwrap().to_vec2().unwrap();
    // max_pool_3x3 and dil_conv_5x5, both without weight.
    assert!(found.iter().all(|row| row[2].abs() > 1e-9 && row[4].abs() > 1e-9), "{found:?}");
}

/// The identity, counting how often it runs.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Operation for Counted {
    fn forward(&self, x: &Tensor, _mode: Mode) -> Result<Tensor, OpError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(x.clone())
    }
}

#[test]
fn every_candidate_runs_once_per_pass() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = runs.clone();
    let counted = op_fn(
        "counted",
        move |_, _| Ok(Box::new(Counted(count.clone())) as Box<dyn Operation>),
        |_| OpCost { parameters: 0, macs: 0 },
    );
    let registry = Registry::standard().unwrap().with_factory(counted).unwrap();
    let ops = registry.op_set("counting", &["counted", "sep_conv_3x3"]).unwrap();
    let chain =
        Chain { stem: Stem::cifar(3), assignment: vec![0, 0], reductions: vec![], aux: None };
    let space = small_space(ops, 2).with_network(chain.network().unwrap()).unwrap();
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let net = Supernet::new(&plan, &registry, &Place::from(DType::F64), &mut rng(1)).unwrap();
    for passes in 1..3 {
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::train(), &mut noise);
        net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap();
        // Two cells of five edges.
        assert_eq!(runs.load(Ordering::Relaxed), passes * 2 * 5);
    }
}

#[test]
fn every_candidate_of_the_large_sets_runs() {
    for set in ["O_base", "S_o", "O_large", "nasbench201"] {
        let space = small_space(OpSet::builtin(set).unwrap(), 2);
        let net = supernet(&Blueprint::supernet(&space, build(4, 8)).unwrap(), 1);
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::train(), &mut noise);
        let output = net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap();
        assert_eq!(output.main.dims(), [2, 5], "{set}");
        assert!(finite(&output.main), "{set}");
    }
}
