//! Networks inside supernets.

use candle_core::{DType, Device, Tensor};
use dartloom_kernels::testkit::filled;
use dartloom_net::{DerivedNetwork, NetError, Supernet};
use dartloom_ops::{Execution, Model, Pass};
use dartloom_ops::{Mode, Place, Registry};
use dartloom_space::{ArchWeights, Blueprint, Edge, Genotype, Space, SpaceError};

use crate::support::{build, genotype, ops, rng, small_space};

const OPS: [&str; 5] = ["none", "max_pool_3x3", "skip_connect", "sep_conv_3x3", "dil_conv_5x5"];

/// Genes that are not in row order; every operation that has variables or none.
fn found() -> Genotype {
    let genes = [
        ("dil_conv_5x5", 1, 2),
        ("max_pool_3x3", 0, 2),
        ("skip_connect", 2, 3),
        ("sep_conv_3x3", 0, 3),
    ];
    genotype(&genes, &[2, 3])
}

fn one_hot(space: &Space, genotype: &Genotype, dtype: DType) -> Vec<Tensor> {
    let cells = space.cells().iter().zip(genotype.cells());
    cells
        .map(|(spec, cell)| {
            let shape = (spec.graph.edges().len(), OPS.len());
            let mut values = vec![0.0; shape.0 * shape.1];
            for gene in &cell.genes {
                let row = spec.graph.row(Edge { from: gene.from, to: gene.to }).unwrap();
                values[row * shape.1 + OPS.iter().position(|op| *op == gene.op).unwrap()] = 1.0;
            }
            Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(dtype).unwrap()
        })
        .collect()
}

struct Both {
    weights: ArchWeights<Tensor>,
    supernet: Supernet,
    network: DerivedNetwork,
    dtype: DType,
}

impl Both {
    /// A supernet that is not trained but has statistics of its own, and the network inside.
    fn new(dtype: DType) -> Self {
        let space = small_space(ops(&OPS), 2);
        let registry = Registry::standard().unwrap();
        let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
        let supernet = Supernet::new(&plan, &registry, &Place::from(dtype), &mut rng(1)).unwrap();
        let weights = ArchWeights::of_ops(one_hot(&space, &found(), dtype));
        let mixed = weights.map(|table| table.affine(0.5, 0.1).unwrap());
        let mut noise = rng(0);
        for seed in 2..5 {
            let x = filled(&[4, 3, 8, 8], seed).unwrap().to_dtype(dtype).unwrap();
            supernet.forward(&x, &mixed, &mut Pass::new(Mode::train(), &mut noise)).unwrap();
        }
        let inside = Blueprint::subnet(&space, &found(), build(4, 8)).unwrap();
        let network =
            DerivedNetwork::new(&inside, &registry, &Place::from(dtype), &mut rng(9)).unwrap();
        network.variables().load(&supernet.subnet(&inside).unwrap()).unwrap();
        Self { weights, supernet, network, dtype }
    }

    /// The largest difference of logits, and their size.
    fn difference(&self, mode: Mode, execution: Execution) -> (f64, f64) {
        let x = filled(&[5, 3, 8, 8], 7).unwrap().to_dtype(self.dtype).unwrap();
        let mut one = rng(0);
        let mut other = rng(0);
        let mut own = Pass::new(mode, &mut one);
        let mut inner = Pass::new(mode, &mut other);
        (own.execution, inner.execution) = (execution, execution);
        let expected = self.supernet.forward(&x, &self.weights, &mut own).unwrap().main;
        let found = self.network.forward(&x, &mut inner).unwrap().main;
        let largest = |tensor: &Tensor| {
            let flat = tensor.abs().unwrap().max_all().unwrap().to_dtype(DType::F64).unwrap();
            flat.to_scalar::<f64>().unwrap()
        };
        (largest(&(&found - &expected).unwrap()), largest(&expected))
    }
}

#[test]
fn a_subnet_puts_out_what_the_supernet_does_with_hard_weights() {
    for (dtype, execution, tolerance) in [
        (DType::F64, Execution::Staged, 1e-13),
        // Genes are added in another order than rows.
        (DType::F32, Execution::Staged, 1e-5),
        (DType::F32, Execution::default(), 1e-5),
    ] {
        let both = Both::new(dtype);
        for mode in [Mode::eval(), Mode::probe(), Mode::train()] {
            let (off, size) = both.difference(mode, execution);
            assert!(size > 0.1, "{mode:?}: logits of {size}");
            assert!(off < tolerance * size, "{dtype:?} {mode:?}: {off} of {size}");
        }
        // The training pass has moved both networks' statistics alike.
        let (off, size) = both.difference(Mode::eval(), execution);
        assert!(off < tolerance * size, "{dtype:?} afterwards: {off} of {size}");
    }
}

#[test]
fn what_is_not_inside_is_refused() {
    let space = small_space(ops(&OPS), 2);
    let plan = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let registry = Registry::standard().unwrap();
    let supernet = Supernet::new(&plan, &registry, &Place::default(), &mut rng(1)).unwrap();
    let larger = small_space(ops(&OPS), 3);
    let genes = [("skip_connect", 0, 2), ("skip_connect", 0, 3), ("skip_connect", 0, 4)];
    let foreign = Blueprint::subnet(&larger, &genotype(&genes, &[2, 3, 4]), build(4, 8)).unwrap();
    let error = supernet.subnet(&foreign).unwrap_err();
    assert!(matches!(error, NetError::Subnet { cell: 0, from: 0, to: 4 }), "{error}");
    let error =
        Blueprint::subnet(&space, &found(), dartloom_space::Build { partial: 2, ..build(4, 8) });
    assert!(matches!(error, Err(SpaceError::PartialDerived { found: 2 })));
}
