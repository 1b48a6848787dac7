//! Small networks and data for the tests.

use dartloom_data::Dataset;
pub(crate) use dartloom_data::testkit::first_digits;
use dartloom_net::DerivedNetwork;
use dartloom_noise::Noise;
use dartloom_ops::{Place, Registry};
use dartloom_space::{Blueprint, CellGenotype, Gene, Genotype, Layout, Space, Stem};
use dartloom_task::Classification;
use dartloom_train::{FitConfig, Schedule};

/// Two nodes of convolutions, a skip and a pool, in a chain of two cells, one of them a reduction.
pub(crate) fn network(data: &dyn Dataset, seed: u64) -> DerivedNetwork {
    let gene = |op: &str, from, to| Gene { op: op.to_owned(), from, to };
    let cell = |name: &str, genes| CellGenotype {
        name: name.to_owned(),
        inputs: 2,
        genes,
        concat: vec![2, 3],
        residual: false,
    };
    let genes = vec![
        gene("sep_conv_3x3", 0, 2),
        gene("skip_connect", 1, 2),
        gene("dil_conv_3x3", 1, 3),
        gene("avg_pool_3x3", 2, 3),
    ];
    let genotype =
        Genotype::new(Layout::TwoCells, vec![cell("normal", genes.clone()), cell("reduce", genes)])
            .unwrap();
    let registry = Registry::standard().unwrap();
    let space = Space::darts(registry.catalog().clone(), 2, 2, Stem::cifar(2)).unwrap();
    let build = dartloom_task::build(4, &Classification::new(10).unwrap(), data);
    let network = genotype.network_in(&space).unwrap();
    let plan = Blueprint::derived(&genotype, &network, registry.catalog(), build).unwrap();
    let mut rng = Noise::new(seed).stream("weights", 0);
    DerivedNetwork::new(&plan, &registry, &Place::default(), &mut rng).unwrap()
}

/// Everything that draws random numbers is on.
pub(crate) fn config(epochs: usize) -> FitConfig {
    FitConfig {
        epochs,
        batch: 16,
        rate: Schedule::Cosine { from: 0.05, to: 0.001 },
        drop_path: 0.3,
        crop_padding: 1,
        flip: true,
        cutout: 2,
        smoothing: 0.1,
        ..FitConfig::default()
    }
}
