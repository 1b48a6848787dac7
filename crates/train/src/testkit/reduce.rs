//! Laws of sums over ranks.

use std::collections::BTreeMap;
use std::thread;

use candle_core::{DType, Device, Tensor, Var};
use dartloom_record::Where;

use super::{CheckError, Law};
use crate::reduce::{Alone, Reduce};
use crate::{Finite, Gradients, Learner, Learnt, MeanLoss, TrainError};

type Check = Result<(), CheckError<TrainError>>;

/// Rows of the batch that ranks share.
const ROWS: usize = 13;

/// Checks the sums of ranks. `make` makes a number of ranks; 1 to 4 ranks learn from parts of one
/// batch, each in a thread of its own.
///
/// # Errors
/// [`CheckError::Broken`] with the law: [`Law::Shards`], [`Law::Alike`], [`Law::Peers`].
pub fn check_reduce<R: Reduce>(make: impl Fn(usize) -> Vec<R>) -> Check {
    let whole = learn(&Alone, 0..ROWS)?;
    for size in 1..=4 {
        let learnt = together(make(size))?;
        for (rank, found) in learnt.iter().enumerate() {
            near(found, &whole, &format!("rank {rank} of {size}"))?;
            if bits(found)? != bits(&learnt[0])? {
                return broken(Law::Alike, format!("rank {rank} of {size} has other bytes"));
            }
        }
        if size > 1 {
            dying(make(size))?;
        }
    }
    Ok(())
}

/// The results of ranks that each learn from a different number of rows.
fn together<R: Reduce>(ranks: Vec<R>) -> Result<Vec<Learnt<1>>, TrainError> {
    let size = ranks.len();
    let start = |rank: usize| rank * ROWS / size;
    let ranks = ranks.into_iter().enumerate();
    thread::scope(|scope| {
        let threads: Vec<_> = ranks
            .map(|(index, rank)| scope.spawn(move || learn(&rank, start(index)..start(index + 1))))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(panicked())))
            .collect()
    })
}

/// Lets the last rank leave after the first sum, while the others ask for two.
fn dying<R: Reduce>(ranks: Vec<R>) -> Check {
    let last = ranks.len() - 1;
    let ends: Vec<bool> = thread::scope(|scope| {
        let run = |(index, rank): (usize, R)| {
            scope.spawn(move || {
                let mut tensors = Vec::new();
                let mut numbers = [1.0];
                let first = rank.sum(&mut tensors, &mut numbers);
                index == last || (first.is_ok() && rank.sum(&mut tensors, &mut numbers).is_err())
            })
        };
        let threads: Vec<_> = ranks.into_iter().enumerate().map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(false)).collect()
    });
    match ends.iter().position(|told| !told) {
        Some(rank) => broken(Law::Peers, format!("rank {rank} was not told that rank {last} left")),
        None => Ok(()),
    }
}

/// One step of a linear model on some rows of the batch.
fn learn(reduce: &dyn Reduce, rows: std::ops::Range<usize>) -> Result<Learnt<1>, TrainError> {
    let count = rows.len() as f64;
    let values: Vec<f64> = rows.flat_map(|row| (0..3).map(move |i| input(row, i))).collect();
    let x = Tensor::from_vec(values, (count as usize, 3), &Device::Cpu)?;
    let weight = Var::from_tensor(&Tensor::new(&[[0.3], [-0.2], [0.7]], &Device::Cpu)?)?;
    let bias = Var::from_tensor(&Tensor::new(&[0.1], &Device::Cpu)?)?;
    let error = x.matmul(&weight)?.broadcast_add(&bias)?.sqr()?;
    let loss = MeanLoss { mean: error.mean_all()?, count };
    let variables = BTreeMap::from([("bias".to_owned(), bias), ("weight".to_owned(), weight)]);
    let phase = Where::from("testkit");
    let guard = Finite { phase: &phase, epoch: 0, step: 0 };
    Learner { reduce, guard }.gradients("loss", &loss, [&variables], || None)
}

fn input(row: usize, column: usize) -> f64 {
    ((7 * row + 3 * column) as f64).sin()
}

/// Compares the results of ranks with those of one rank that learns from all rows.
fn near(found: &Learnt<1>, whole: &Learnt<1>, rank: &str) -> Check {
    let far = |a: f64, b: f64| (a - b).abs() > 1e-9 * b.abs().max(1.0);
    if far(found.loss, whole.loss) {
        let found = format!("{rank}: a loss of {} where one rank has {}", found.loss, whole.loss);
        return broken(Law::Shards, found);
    }
    for (name, expected) in &whole.gradients[0].0 {
        let own = found.gradients[0].0.get(name).map(host).transpose()?.unwrap_or_default();
        let expected = host(expected)?;
        let equal = own.len() == expected.len();
        if !equal || own.iter().zip(&expected).any(|(a, b)| far(*a, *b)) {
            let found = format!("{rank}: gradient of {name} {own:?}, one rank has {expected:?}");
            return broken(Law::Shards, found);
        }
    }
    Ok(())
}

fn bits(learnt: &Learnt<1>) -> Result<Vec<u64>, TrainError> {
    let Learnt { loss, gradients: [Gradients(gradients)] } = learnt;
    let mut bits = vec![loss.to_bits()];
    for gradient in gradients.values() {
        bits.extend(host(gradient)?.into_iter().map(f64::to_bits));
    }
    Ok(bits)
}

fn host(tensor: &Tensor) -> Result<Vec<f64>, TrainError> {
    Ok(tensor.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?)
}

fn panicked() -> TrainError {
    TrainError::State { expected: "a rank's result".to_owned(), found: "a panic".to_owned() }
}

fn broken(law: Law, found: String) -> Check {
    Err(CheckError::Broken { law, found })
}
