use candle_core::DType;
use dartloom_ops::Execution;
use dartloom_space::{Blueprint, Build, OpSet, Shape, Space, Stem};

use super::*;
use crate::memory::{Draws, Training, predict, ranges};

fn space(layers: usize) -> Space {
    Space::darts(OpSet::builtin("O_base").unwrap(), layers, 4, Stem::cifar(3)).unwrap()
}

fn build(channels: usize, side: usize) -> Build {
    Build::new(channels, 10, Shape::new(3, side, side))
}

const SIZES: [usize; 6] = [1, 1 << 20, 1 << 31, 1 << 40, 1 << 62, usize::MAX];

/// All kinds of workloads of a batch on so many threads.
fn workloads(batch: usize, threads: usize) -> Vec<Workload> {
    let training = Training { moments: 2, copies: 2, batches: 2, logits: 99, logit_moments: 2 };
    let mut all = vec![
        Workload { threads, ..Workload::inference(batch) },
        Workload { threads, training: Some(training), ..Workload::training(batch) },
    ];
    let staged = all.clone().into_iter();
    let staged = staged.map(|work| Workload { execution: Execution::Staged, ..work });
    all.extend(staged.map(|work| Workload { dtype: DType::F64, ..work }).collect::<Vec<_>>());
    all
}

/// Workloads are counted without an overflow, or refused: sums are checked where tests run.
#[test]
fn whatever_is_counted_is_counted_without_overflow() {
    let registry = Registry::standard().unwrap();
    let spaces = [(space(3), build(4, 8)), (space(5), build(1 << 10, 512))];
    for (space, build) in spaces {
        let plan = Blueprint::supernet(&space, build).unwrap();
        for (batch, threads) in SIZES.iter().flat_map(|&b| SIZES.map(|threads| (b, threads))) {
            for work in workloads(batch, threads) {
                match predict(&plan, &registry, &work) {
                    Ok(found) => assert!(u128::from(found.total()) < 300 * MOST, "{found:?}"),
                    Err(error) => assert!(matches!(error, NetError::Uncountable { .. }), "{error}"),
                }
            }
        }
        // The whole space, at the ends alone: it takes a while.
        for (batch, threads) in [(1 << 20, 4), (1 << 40, 1), (usize::MAX, usize::MAX)] {
            let work = &workloads(batch, threads)[1];
            match ranges(&space, build, &registry, Draws::Top(2), work) {
                Ok(found) => assert!(u128::from(found.memory.most) < 300 * MOST, "{found:?}"),
                Err(error) => assert!(matches!(error, NetError::Uncountable { .. }), "{error}"),
            }
        }
    }
}

/// The largest batch that is counted stands just below the bound, and its parts are sums of parts.
#[test]
fn the_bound_is_above_every_sum() {
    let registry = Registry::standard().unwrap();
    let plan = Blueprint::supernet(&space(8), build(16, 32)).unwrap();
    let magnitude = Magnitude::of(&plan, &registry).unwrap();
    let mut low = 1_usize;
    let mut high = 1 << 50;
    while high - low > 1 {
        let middle = low.midpoint(high);
        let work = Workload::training(middle);
        if magnitude.counts(&work) { low = middle } else { high = middle }
    }
    let work = Workload { execution: Execution::Staged, ..Workload::training(low) };
    let found = predict(&plan, &registry, &work).unwrap().total();
    assert!(u128::from(found) < magnitude.bytes(&work) * 4, "{found}");
    assert!(found > 1 << 40, "{found}");
    let work = Workload::training(high);
    let error = predict(&plan, &registry, &work).unwrap_err().to_string();
    assert!(error.contains(&format!("a batch of {high} on 1 threads")), "{error}");
}
