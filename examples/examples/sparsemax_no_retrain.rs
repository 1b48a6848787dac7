//! A search that ends in a trained network: sparsemax, a concave penalty and pruning.
//!
//! Idea: the Harvard capstone report on DARTS names as future work sparsemax in place of softmax,
//! an L_p penalty with p < 1, and pruning while searching, "to eliminate the need to re-train"; it
//! has no numbers of its own for them. Sparsemax: Martins and Astudillo, ICML 2016 (arXiv
//! 1602.02068).
//!
//! Expect: per epoch the candidates that are left; then the discretisation gap, which is 0 once one
//! operation is left per edge; then test accuracy of the network as it stands in the supernet, read
//! back from a file, beside the same genotype trained from the beginning for as many epochs.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example sparsemax_no_retrain -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::Tensor;
use dartloom::ops::Pass;
use dartloom::ops::{Mode, Place};
use dartloom::prelude::*;
use dartloom::record::Identity;
use dartloom::relax::{ConcaveNorm, NegativeEntropy, Penalties, Ramp, Sparsemax};
use dartloom::search::{BilevelConfig, PruneConfig};
use dartloom::task::{Classification, usual};
use dartloom::train::{Evaluation, Schedule, Snapshot, TrainError, evaluate};

const EPOCHS: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/sparsemax_no_retrain".to_owned());
    let space = Space::darts(OpSet::builtin("O_base")?, 3, 2, Stem::cifar(3))?;
    let digits = digits();
    let noise = Noise::new(0);
    let registry = Registry::standard()?;
    let data = Split::Halves.parts(&digits.train, noise.child("split").seed())?;
    let build = Build::new(8, 10, Shape::new(1, 8, 8));

    // Both penalties grow: rows are free at first and decide later.
    let penalties = Penalties::new()
        .with(ConcaveNorm::default(), Ramp::new(0.0, 0.2))
        .with(NegativeEntropy, Ramp::new(0.0, -0.02));
    let parts = SearchParts {
        space: &space,
        registry: &registry,
        choices: Choices::of(Sparsemax).with_penalties(penalties),
        decoder: &TopK::darts(),
        build,
        data: &data,
        task: &Classification::new(10)?,
    };
    let bilevel = BilevelConfig {
        rate: Schedule::Cosine { from: 0.05, to: 0.001 },
        arch_rate: Schedule::Constant(0.02),
        ..BilevelConfig::default()
    };
    let prune = PruneConfig { threshold: 0.02, patience: 2, edges: 2, finish_at: 6 };
    let config = SearchConfig {
        epochs: EPOCHS,
        batch: 64,
        bilevel,
        crop_padding: 1,
        flip: false,
        prune: Some(prune),
        ..SearchConfig::default()
    };
    let mut search = SupernetSearch::new("search", parts, config, noise)?;
    run(&mut search, show)?;

    let genotype = search.decode(EPOCHS)?.genotype;
    println!("decoded: {}", genotype.to_text()?);
    let gap = search.gap(&genotype)?;
    println!("discretisation gap {:+.4} (expected: 0)", gap.loss());

    let dir = RunDir::open(directory)?;
    let path = dir.file("network.safetensors");
    let taken = search.network(&genotype)?;
    // The file belongs to the genotype: another one's is refused.
    let identity = Identity::new().with("genotype", &genotype)?;
    let snapshot = Snapshot::new(().into());
    snapshot.with("variables", taken.variables().snapshot()?).save(&path, &identity)?;
    let mut saved = Snapshot::load(&path, &identity)?.ok_or("the file is gone")?;
    taken.variables().load(&saved.take("variables")?)?;
    let over = test(&taken, &digits.test)?;

    let network = genotype.network_in(&space)?;
    let plan = Blueprint::derived(&genotype, &network, registry.catalog(), build)?;
    let mut weights = noise.stream("retrained", 0);
    let place = Place::default();
    let fresh = DerivedNetwork::new(&plan, &registry, &place, &mut weights)?;
    let fit = FitConfig {
        epochs: EPOCHS,
        batch: 64,
        rate: Schedule::Cosine { from: 0.05, to: 0.001 },
        drop_path: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    run(&mut Fit::new("retrain", &fresh, fit, noise, &data.train, None)?, |_| ())?;
    let again = test(&fresh, &digits.test)?;
    println!("test images: {:.1} % right, taken over without retraining", 100.0 * over.score());
    println!(
        "test images: {:.1} % right, same genotype trained from the beginning, {EPOCHS} more epochs",
        100.0 * again.score()
    );
    println!(
        "the report: no numbers; nothing should be lost at the decision, nor a second training needed"
    );
    Ok(())
}

fn run<S>(stepper: &mut S, mut each: impl FnMut(&Event)) -> Result<(), Box<dyn Error>>
where
    S: Stepper<Error: Error + 'static>,
{
    let mut observer = observer_fn(move |event| {
        each(event);
        Ok(Flow::Continue)
    });
    drive(stepper, &mut Session::new(&mut observer))?;
    Ok(())
}

fn test(network: &DerivedNetwork, images: &dyn Dataset) -> Result<Evaluation, TrainError> {
    let mut noise = Noise::new(0).stream("test", 0);
    let task = usual(images.targets())?;
    evaluate(&Loader::new(images, 64)?, &*task, |images| -> Result<Tensor, TrainError> {
        Ok(network.forward(images, &mut Pass::new(Mode::eval(), &mut noise))?.main)
    })
}

fn show(event: &Event) {
    let Event::EpochFinished { epoch, metrics, .. } = event else { return };
    let metric = |name: &str| metrics.get(name).copied().unwrap_or(f64::NAN);
    println!(
        "epoch {epoch}: {} candidates left in `normal`, {} in `reduce`; loss {:.3}, {:.1} % right",
        metric("candidates_normal"),
        metric("candidates_reduce"),
        metric("valid_loss"),
        100.0 * metric("valid_accuracy"),
    );
}
