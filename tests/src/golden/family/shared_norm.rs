//! Batch normalisation over the union of shards: every shard is a thread with its own part.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use candle_core::{DType, Device, Tensor, Var};
use dartloom_kernels::{BatchNormSpec, Shards, Statistics, batch_norm_sharded};
use dartloom_train::reduce::{Reduce as _, Threads};

use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let config = &case.entry.config;
    let spec = BatchNormSpec { eps: config.number("eps")?, momentum: config.number("momentum")? };
    let outcome = |group: String| {
        let mut check = Check::new(bundle.group(&group), &case.entry.tolerance);
        let result = one(spec, &mut check).map(|()| check.finish());
        Outcome::of(format!("{}/{group}", case.name), result)
    };
    Ok(bundle.groups().into_iter().map(outcome).collect())
}

/// The tensors of one shard.
struct Given {
    x: Tensor,
    gy: Tensor,
    affine: Option<[Tensor; 2]>,
    running: [Tensor; 2],
}

/// Everything that one shard finds.
struct Found {
    y: Tensor,
    gx: Tensor,
    affine: Option<[Tensor; 2]>,
    running: [Var; 2],
    /// Numbers before they were added over the shards, and afterwards, call by call.
    sums: Vec<[Vec<f64>; 2]>,
}

impl Given {
    fn read(view: &View<'_>, shard: usize) -> Result<Self, GoldenError> {
        let affine = match view.has("weight") {
            true => Some([view.get("weight")?, view.get("bias")?]),
            false => None,
        };
        Ok(Self {
            x: view.get(&format!("x{shard}"))?,
            gy: view.get(&format!("gy{shard}"))?,
            affine,
            running: [view.get("running_mean_before")?, view.get("running_var_before")?],
        })
    }

    fn run(self, spec: BatchNormSpec, worker: Threads) -> Result<Found, GoldenError> {
        let sums = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sums);
        let shards = Shards::new(move |numbers| {
            let before = numbers.to_vec();
            worker.sum(&mut [], numbers).map_err(candle_core::Error::wrap)?;
            if let Ok(mut seen) = seen.lock() {
                seen.push([before, numbers.to_vec()]);
            }
            Ok(())
        });
        let x = Var::from_tensor(&self.x)?;
        let vars = |pair: &[Tensor; 2]| -> Result<[Var; 2], candle_core::Error> {
            Ok([Var::from_tensor(&pair[0])?, Var::from_tensor(&pair[1])?])
        };
        let running = vars(&self.running)?;
        let affine = self.affine.as_ref().map(vars).transpose()?;
        let both = affine.as_ref().map(|[gamma, beta]| (gamma.as_tensor(), beta.as_tensor()));
        let [mean, variance] = &running;
        let moving = [mean, variance];
        let update = Statistics::Update;
        let y = batch_norm_sharded(x.as_tensor(), both, moving, update, spec, &shards)
            .map_err(candle_core::Error::wrap)?;
        let store = (&y * &self.gy)?.sum_all()?.backward()?;
        let slope = |var: &Var| match store.get(var.as_tensor()) {
            Some(gradient) => Ok(gradient.clone()),
            None => var.zeros_like(),
        };
        let gx = slope(&x)?;
        let affine = match &affine {
            Some([gamma, beta]) => Some([slope(gamma)?, slope(beta)?]),
            None => None,
        };
        let sums = sums.lock().map(|sums| sums.clone()).unwrap_or_default();
        Ok(Found { y: y.detach(), gx, affine, running, sums })
    }
}

fn one(spec: BatchNormSpec, check: &mut Check<'_>) -> Result<(), GoldenError> {
    let shards = (0..).take_while(|shard| check.view.has(&format!("x{shard}"))).count();
    let given = (0..shards).map(|shard| Given::read(&check.view, shard));
    let given = given.collect::<Result<Vec<_>, _>>()?;
    let workers = Threads::ranks(shards, Duration::from_secs(60));
    let found = std::thread::scope(|scope| {
        let pairs = given.into_iter().zip(workers);
        let threads: Vec<_> =
            pairs.map(|(given, worker)| scope.spawn(move || given.run(spec, worker))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            let lost = |_| Err(GoldenError::not_understood("a thread that panicked"));
            thread.join().unwrap_or_else(lost)
        };
        threads.into_iter().map(join).collect::<Result<Vec<Found>, GoldenError>>()
    })?;
    let mut slopes: Option<[Tensor; 2]> = None;
    for (shard, found) in found.iter().enumerate() {
        check.tensor(&format!("y{shard}"), &found.y)?;
        check.tensor(&format!("gx{shard}"), &found.gx)?;
        check.tensor("running_mean", found.running[0].as_tensor())?;
        check.tensor("running_var", found.running[1].as_tensor())?;
        partial_sums(check, shard, found, spec.eps)?;
        slopes = match (slopes, &found.affine) {
            (Some([gamma, beta]), Some(own)) => Some([(gamma + &own[0])?, (beta + &own[1])?]),
            (_, own) => own.clone(),
        };
    }
    if let Some([gamma, beta]) = slopes {
        check.tensor("gweight", &gamma)?;
        check.tensor("gbias", &beta)?;
    }
    Ok(())
}

/// The numbers that a shard gave to the others, and the statistics that all of them make.
fn partial_sums(
    check: &mut Check<'_>,
    shard: usize,
    found: &Found,
    eps: f64,
) -> Result<(), GoldenError> {
    let [sums, squares, slopes] = &found.sums[..] else {
        check.complain(format!("shard {shard}: {} sums over shards, not 3", found.sums.len()));
        return Ok(());
    };
    let channels = squares[0].len();
    let count = sums[1][channels];
    let mean: Vec<f64> = sums[1][..channels].iter().map(|sum| sum / count).collect();
    let variance: Vec<f64> = squares[1].iter().map(|sum| sum / count).collect();
    let own = sums[0][channels];
    // Squares about the mean as squares about zero.
    let about_zero = (0..channels).map(|channel| {
        let mean = mean[channel];
        squares[0][channel] + 2.0 * mean * sums[0][channel] - own * mean * mean
    });
    let normalised = (0..channels)
        .map(|channel| slopes[0][channels + channel] / (variance[channel] + eps).sqrt());
    let unbiased = variance.iter().map(|variance| variance * count / (count - 1.0)).collect();
    let rows = [
        (format!("sum{shard}"), sums[0][..channels].to_vec()),
        (format!("sum_squares{shard}"), about_zero.collect()),
        (format!("sum_gy{shard}"), slopes[0][..channels].to_vec()),
        (format!("sum_gy_normalised{shard}"), normalised.collect()),
        ("mean".to_owned(), mean.clone()),
        ("var_biased".to_owned(), variance.clone()),
        ("var_unbiased".to_owned(), unbiased),
    ];
    for (name, numbers) in rows {
        check.tensor(&name, &Tensor::from_vec(numbers, channels, &Device::Cpu)?)?;
    }
    let count = Tensor::new(own, &Device::Cpu)?.to_dtype(DType::I64)?;
    check.tensor(&format!("count{shard}"), &count)
}
