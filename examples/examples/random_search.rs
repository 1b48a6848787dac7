//! Random search at a stated budget: the baseline that every search has to beat.
//!
//! Paper: Li and Talwalkar, *Random Search and Reproducibility for Neural Architecture Search*, UAI
//! 2019 (arXiv 1902.07638).
//!
//! Expect: architectures drawn uniformly, each trained briefly on one half of the training digits
//! and judged on the other, until the next one would exceed the budget; then the best. A second
//! run in the same directory goes on with what is there: a larger budget adds candidates.
//! Run time: under half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example random_search -- \
//!     [DIRECTORY] [--budget GIGA_MACS]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::net::Setting;
use dartloom::prelude::*;
use dartloom::record::digest;
use dartloom::task::Classification;
use dartloom::train::Schedule;
use dartloom::verdict::{RandomConfig, RandomSearch};

const GIGA: u64 = 1_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut directory = "runs/examples/random_search".to_owned();
    let mut budget = 4;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--budget" => {
                budget = arguments.next().ok_or("--budget needs a number")?.parse::<u64>()?
            }
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => directory = argument,
        }
    }
    let budget = budget.checked_mul(GIGA).ok_or("--budget is too large")?;

    let space = Space::darts(OpSet::builtin("O_base")?, 3, 2, Stem::cifar(3))?;
    println!("{} architectures, {budget} multiply-adds to spend", space.size(2).exact);
    let fit = FitConfig {
        epochs: 3,
        batch: 64,
        rate: Schedule::Cosine { from: 0.05, to: 0.0 },
        drop_path: 0.0,
        auxiliary: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    let config = RandomConfig { top: 2, fit };
    let digits = digits();
    let noise = Noise::new(0);
    let data = Split::Halves.parts(&digits.train, noise.child("split").seed())?;
    let registry = Registry::standard()?;
    let task = Classification::new(10)?;
    let input = Shape::new(1, 8, 8);

    // Candidates are kept and taken up again, so numbers that change them need a directory each.
    let digest = digest(&(&space, &config))?;
    let dir = RunDir::open(directory)?;
    let kept = dir.inside(&format!("candidates-{digest}"))?;
    let random = RandomSearch {
        setting: Setting::new(&space, &registry, Build::new(4, 10, input)),
        task: &task,
        data: &data,
        config,
        budget,
        noise,
    };
    let mut observer = observer_fn(|event| {
        if let Event::EpochFinished { phase, epoch, metrics } = event
            && let Some(accuracy) = metrics.get("valid_accuracy")
        {
            println!("{phase}, epoch {epoch}: {:.1} % right", 100.0 * accuracy);
        }
        Ok(Flow::Continue)
    });
    let Some(outcome) = random.run(&"candidate".into(), &kept, &mut observer)? else {
        return Ok(());
    };

    println!("{} tried for {} multiply-adds", outcome.candidates.len(), outcome.training_macs());
    let best = outcome.best().ok_or("the training of every candidate failed")?;
    let accuracy = best.scores().and_then(|scores| scores.get("accuracy"));
    let accuracy = accuracy.ok_or("a best candidate has an accuracy")?;
    println!("best: {:.1} % right, {}", 100.0 * accuracy, best.genotype.to_text()?);
    dir.write("genotype.json", best.genotype.to_json()?.as_bytes())?;
    println!("drawing: {}", dir.write("cell.dot", best.genotype.to_dot().as_bytes())?.display());
    Ok(())
}
