//! A method on the embedded digits, in numbers small enough for seconds.

use std::error::Error;

use dartloom::prelude::*;
use dartloom::presets::{Method, Scale};
use dartloom::task::Classification;
use dartloom::train::Outcome;

/// The method as [`Scale::Small`] has it, with eight channels and `epochs` epochs.
pub fn small(method: Method, epochs: usize) -> Method {
    let warm_up = method.warm_up_of(epochs);
    let mut small = method.scaled(Scale::Small);
    (small.channels, small.search.epochs) = (8, epochs);
    small.search.bilevel.warm_up = warm_up;
    small
}

/// Searches, says what happens epoch by epoch, and decodes. A second run of the same numbers in
/// the same `directory` goes on from its checkpoint.
///
/// # Errors
/// The error of any part.
pub fn search(method: &Method, directory: &str) -> Result<Genotype, Box<dyn Error>> {
    let choices = method.choices_in(&method.space()?)?;
    search_with(method, choices, directory)
}

/// As [`search`], with other choices than the method's own.
///
/// # Errors
/// The error of any part.
pub fn search_with(
    method: &Method,
    choices: Choices,
    directory: &str,
) -> Result<Genotype, Box<dyn Error>> {
    let space = method.space()?;
    let registry = Registry::standard()?;
    let digits = digits();
    let noise = Noise::new(0);
    let task = Classification::new(10)?;
    let data = method.split.parts(&digits.train, noise.child("split").seed())?;
    let parts = method.parts(&space, &registry, &data, &task)?;
    let parts = SearchParts { choices, ..parts };
    let mut search = SupernetSearch::new(method.name, parts, method.search.clone(), noise)?;
    let dir = RunDir::open(directory)?;
    // Other numbers begin another search.
    let kept = dir.inside(&search.identity()?.digest()?)?;
    let mut observer = observer_fn(|event| {
        show(event);
        Ok(Flow::Continue)
    });
    let outcome = drive(&mut search, &mut Session::new(&mut observer).saved_in(&kept))?;
    if outcome != Outcome::Finished {
        return Err("the search was stopped".into());
    }
    let end = search.end();
    let table = search.table(end)?;
    dir.write("weights.json", table.to_json()?.as_bytes())?;
    for cell in table.cells() {
        if let Some(edges) = &cell.edge_weights {
            let edges: Vec<String> = edges.iter().map(|weight| format!("{weight:.2}")).collect();
            println!("weights of the edges of `{}`: {}", cell.name, edges.join(" "));
        }
    }
    let decoded = search.architecture()?;
    // Cells that stand at several places have no form in the text of the papers' repositories.
    let text = decoded.genotype.to_text().or_else(|_| decoded.genotype.to_json())?;
    println!("decoded: {text}");
    let empty = decoded.notes.iter().map(ToString::to_string);
    for note in empty.filter(|note| note.contains("below")) {
        println!("  note: {note}");
    }
    let gap = search.gap(&decoded.genotype)?;
    println!("validation loss {:.3} relaxed, {:.3} hard", gap.relaxed_loss, gap.hard_loss);
    dir.write("genotype.json", decoded.genotype.to_json()?.as_bytes())?;
    Ok(decoded.genotype)
}

fn show(event: &Event) {
    let Event::EpochFinished { epoch, metrics, .. } = event else { return };
    let metric = |name: &str| metrics.get(name).copied().unwrap_or(f64::NAN);
    let of_cells = |kind: &str| -> Vec<f64> {
        let own = metrics.iter().filter(|(name, _)| name.starts_with(kind));
        own.map(|(_, value)| *value).collect()
    };
    let entropies = of_cells("entropy_");
    let entropy = entropies.iter().sum::<f64>() / entropies.len().max(1) as f64;
    println!(
        "epoch {epoch}: loss {:.3} train, {:.3} valid, {:.1} % right, mean entropy {entropy:.3}",
        metric("train_loss"),
        metric("valid_loss"),
        100.0 * metric("valid_accuracy"),
    );
    let contributions = of_cells("contribution_");
    if contributions.iter().any(|mean| mean.abs() > 0.0) {
        let cells: Vec<String> = contributions.iter().map(|mean| format!("{mean:+.3}")).collect();
        println!("         cells contribute {}", cells.join(" "));
    }
}
