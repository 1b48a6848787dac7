//! The preset of a study, from its search to a judged network.

use std::error::Error;

use dartloom::data::Splits;
use dartloom::prelude::*;
use dartloom::presets::{Method, Scale};
use dartloom::task::Task;

/// Searches with a preset in its small scale, trains the network that was found, writes it into
/// `directory`, and prints its scores on the test images beside those of an answer that is the same
/// for every image. Its own task is learnt; data of another kind are refused.
///
/// # Errors
/// The error of any part, or a search that was stopped.
pub fn run(method: Method, data: &Splits, directory: &str) -> Result<(), Box<dyn Error>> {
    let dir = RunDir::open(directory)?;
    let method = method.scaled(Scale::Small);
    let own = method.study.as_ref().ok_or("a preset of a study")?;
    let task: Box<dyn Task> = own.task.task(data.train.targets())?;
    let sizes = method.comparison(Scale::Small).retrain;
    let study = Study::new(method, &data.train)?;

    let mut lines = Lines::new(std::io::stdout());
    let found = study.search(&mut Session::new(&mut lines))?.ok_or("the search was stopped")?;
    println!("{}", found.genotype.to_text()?);
    let trained = study.train(&found.genotype, &sizes, &mut Session::new(&mut lines))?;
    let network = trained.ok_or("the training was stopped")?;
    let network = network.with_normalization(data.train.normalization().clone())?;
    let path = dir.file("network.safetensors");
    network.save(&path)?;

    let name = task.objective().name;
    for (score, value) in network.evaluate(&data.test, &*task)?.scores.iter() {
        println!("{score}: {value:.4}");
    }
    if let Some(constant) = task.constant(&data.train, &data.test)? {
        let value = constant.scores.get(&name);
        let value = value.map_or("none".to_owned(), |value| format!("{value:.4}"));
        println!("always {}: {name} {value}", constant.answer);
    }
    println!("network: {}", path.display());
    Ok(())
}
