//! However cells are computed, a search step is the same to rounding.

use dartloom_data::Batch;
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_ops::{Execution, Place, Recompute};
use dartloom_search::{Architecture, Bilevel, BilevelConfig, Order};
use dartloom_space::{Blueprint, OpSet};
use dartloom_train::Position;

use crate::tiny::{build, classes, distance, first_digits, flat, registry, softmax, space};

const STEPS: usize = 2;

fn bilevel(config: BilevelConfig, data: &dyn dartloom_data::Dataset) -> Bilevel<'static> {
    let place = Place::default();
    let space = space(OpSet::builtin("O_base").unwrap(), 2);
    let plan = Blueprint::supernet(&space, build(data, 4)).unwrap();
    let noise = Noise::new(3);
    let mut rng = noise.stream("weights", 0);
    let supernet = Supernet::new(&plan, &registry(), &place, &mut rng).unwrap();
    let mut rng = noise.stream("logits", 0);
    let architecture = Architecture::new(&space, softmax(), &place, &mut rng).unwrap();
    Bilevel::new(supernet, architecture, classes(10), config, noise).unwrap()
}

/// Losses of some steps, then the logits' gradient of the last.
fn steps(order: Order, recompute: dartloom_ops::Recompute, staged: bool) -> Vec<f64> {
    let data = first_digits(32);
    let loader = dartloom_data::Loader::new(&data, 8).unwrap();
    let mut search = bilevel(BilevelConfig { order, recompute, ..Default::default() }, &data);
    let expected = match recompute {
        dartloom_ops::Recompute::Never => Recompute::Never,
        dartloom_ops::Recompute::Edge => Recompute::Edge,
    };
    assert_eq!(search.core.execution, Execution::Fused(expected));
    if staged {
        search.core.execution = Execution::Staged;
    }
    let mut found = Vec::new();
    for step in 0..STEPS {
        let batch = |index| -> Batch { loader.batch(0, index).unwrap() };
        let at = Position { epoch: 0, step };
        let report = search.step(at, 1, &batch(2 * step), Some(&batch(2 * step + 1))).unwrap();
        found.extend(&report.losses());
        if step + 1 == STEPS {
            found.extend(flat(report.arch_gradients.0.values()));
        }
    }
    found
}

#[test]
fn every_execution_makes_the_same_steps() {
    use dartloom_ops::Recompute::{Edge, Never};
    for order in [Order::First, Order::Second] {
        let kept = steps(order, Never, false);
        let size = distance(&kept, &vec![0.0; kept.len()]);
        assert!(size > 1.0, "{kept:?}");
        let once_more = steps(order, Edge, false);
        let staged = steps(order, Never, true);
        for other in [once_more, staged] {
            let off = distance(&kept, &other) / size;
            assert!(off < 1e-5, "{order:?}: off by {off}");
        }
    }
}
