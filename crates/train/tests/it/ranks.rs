//! Gradients from a loss, alone and over ranks.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use candle_core::{Device, Tensor, Var};
use dartloom_record::Where;
use dartloom_train::reduce::{Alone, Rank, Reduce, ReduceError, Threads};
use dartloom_train::testkit::{CheckError, Law, check_reduce};
use dartloom_train::{Finite, Learner, MeanLoss, TrainError, gradients_of};

const LONG: Duration = Duration::from_secs(60);
static PHASE: LazyLock<Where> = LazyLock::new(|| "fit".into());

fn guard() -> Finite<'static> {
    Finite { phase: &PHASE, epoch: 1, step: 2 }
}

fn variables(names: &[&str]) -> BTreeMap<String, Var> {
    let var = || Var::from_tensor(&Tensor::new(&[2.0_f32, 3.0], &Device::Cpu).unwrap()).unwrap();
    names.iter().map(|name| ((*name).to_owned(), var())).collect()
}

fn loss(variables: &BTreeMap<String, Var>) -> MeanLoss {
    let mut mean = Tensor::new(0_f32, &Device::Cpu).unwrap();
    for var in variables.values() {
        mean = (mean + var.sqr().unwrap().mean_all().unwrap()).unwrap();
    }
    MeanLoss { mean, count: 3.0 }
}

#[test]
fn a_single_rank_has_the_bits_of_a_backward_pass() {
    let variables = variables(&["a", "b"]);
    let loss = loss(&variables);
    let expected = gradients_of(&loss.mean, &variables).unwrap();
    let learner = Learner::alone(guard());
    let [first, second] = learner
        .gradients("loss", &loss, [&variables, &BTreeMap::new()], || None)
        .unwrap()
        .gradients;
    assert!(second.0.is_empty());
    for (name, gradient) in &expected.0 {
        let bits = |tensor: &Tensor| -> Vec<u32> {
            tensor.to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(bits(&first.0[name]), bits(gradient), "{name}");
    }
}

#[test]
fn a_loss_that_is_not_finite_is_refused_with_the_name_of_its_pass() {
    let variables = variables(&["a"]);
    let mean = (loss(&variables).mean * f64::NAN).unwrap();
    let broken = MeanLoss { mean, count: 1.0 };
    let place = || Some("cell 3".to_owned());
    let error = Learner::alone(guard()).gradients("validation loss", &broken, [&variables], place);
    let text = error.unwrap_err().to_string();
    let expected = "fit, epoch 1, step 2: the validation loss is not finite; first seen at cell 3";
    assert_eq!(text, expected);
}

#[test]
fn threads_keep_the_laws_and_so_does_a_rank_alone() {
    check_reduce(|size| Threads::ranks(size, LONG)).unwrap();
}

/// Threads with a fault.
#[derive(Debug)]
struct Faulty {
    inner: Threads,
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The last rank's part does not count.
    Forgets,
    /// Every rank adds a small number of its own afterwards.
    Drifts,
    /// The other ranks are not told that a rank has left.
    Silent,
}

impl Reduce for Faulty {
    fn rank(&self) -> Rank {
        self.inner.rank()
    }

    fn sum(&self, tensors: &mut [Tensor], numbers: &mut [f64]) -> Result<(), ReduceError> {
        let Rank { index, size } = self.rank();
        if let Fault::Forgets = self.fault
            && index + 1 == size
        {
            for tensor in &mut *tensors {
                *tensor = tensor.zeros_like()?;
            }
        }
        let found = self.inner.sum(tensors, numbers);
        match self.fault {
            Fault::Drifts => {
                for tensor in tensors {
                    *tensor = (&*tensor + index as f64 * 1e-12)?;
                }
                found
            }
            Fault::Silent => Ok(()),
            Fault::Forgets => found,
        }
    }
}

#[test]
fn a_wrong_sum_is_found() {
    for (fault, expected) in
        [(Fault::Forgets, Law::Shards), (Fault::Drifts, Law::Alike), (Fault::Silent, Law::Peers)]
    {
        let make = |size| {
            let ranks = Threads::ranks(size, LONG).into_iter();
            ranks.map(|inner| Faulty { inner, fault }).collect()
        };
        match check_reduce(make).unwrap_err() {
            CheckError::Broken { law, .. } => assert_eq!(law, expected),
            other => panic!("{fault:?}: {other}"),
        }
    }
}

/// The end of every rank's sum: its error, or `None`.
fn ends(ranks: Vec<Threads>, part: fn(usize) -> Option<Vec<Tensor>>) -> Vec<Option<ReduceError>> {
    thread::scope(|scope| {
        let run = |rank: Threads| {
            scope.spawn(move || {
                let mut tensors = part(rank.rank().index)?;
                rank.sum(&mut tensors, &mut []).err()
            })
        };
        let threads: Vec<_> = ranks.into_iter().map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_rank_with_other_shapes_is_an_error_on_all() {
    let ends = ends(Threads::ranks(3, LONG), |rank| {
        let len = if rank == 2 { 4 } else { 5 };
        Some(vec![Tensor::zeros(len, candle_core::DType::F32, &Device::Cpu).unwrap()])
    });
    for end in ends {
        assert!(matches!(end, Some(ReduceError::Unlike { rank: 2, .. })), "{end:?}");
    }
}

#[test]
fn a_rank_that_does_not_come_in_time_is_an_error_on_all_others() {
    let mut ranks = Threads::ranks(3, Duration::from_millis(50));
    let late = ranks.remove(1);
    for end in ends(ranks, |_| Some(Vec::new())) {
        assert!(matches!(&end, Some(ReduceError::Late { ranks, .. }) if *ranks == [1]), "{end:?}");
    }
    assert!(late.sum(&mut [], &mut []).is_err(), "the others have given up");
}

#[test]
fn gradients_of_other_parameters_are_refused() {
    let ends: Vec<_> = thread::scope(|scope| {
        let run = |rank: Threads| {
            scope.spawn(move || {
                let variables = variables(&[if rank.rank().index == 0 { "a" } else { "b" }]);
                let learner = Learner { reduce: &rank, guard: guard() };
                learner.gradients("loss", &loss(&variables), [&variables], || None).unwrap_err()
            })
        };
        let threads: Vec<_> = Threads::ranks(2, LONG).into_iter().map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for end in ends {
        assert!(matches!(end, TrainError::Reduce(ReduceError::Names { .. })), "{end}");
    }
    assert_eq!(Alone.rank(), Rank { index: 0, size: 1 });
}
