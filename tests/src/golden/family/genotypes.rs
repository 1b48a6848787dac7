//! Published and random genotypes: equal to the built-in ones, valid, and writable.

use dartloom_space::Genotype;
use serde_json::Value;

use crate::golden::genotypes::genotype;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let entries = value.as_object().into_iter().flatten();
    let outcome = |(name, entry): (&String, &Value)| {
        Outcome::of(format!("{}/{name}", case.name), check_entry(name, entry))
    };
    Ok(entries.map(outcome).collect())
}

fn check_entry(name: &str, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let genotype = genotype(entry)?.named(name);
    let mut complaints = Vec::new();
    let published = Genotype::published_names().contains(&name);
    if published && Genotype::published(name)? != genotype {
        complaints.push("the built-in genotype differs".to_owned());
    }
    if Genotype::from_json(&genotype.to_json()?)? != genotype {
        complaints.push("JSON does not give the genotype back".to_owned());
    }
    if Genotype::from_ron(&genotype.to_ron()?)? != genotype {
        complaints.push("RON does not give the genotype back".to_owned());
    }
    // The names of the cases are none that Python could assign to.
    if Genotype::from_text(&genotype.clone().unnamed().to_text()?)?.cells() != genotype.cells() {
        complaints.push("the text form does not give the genotype back".to_owned());
    }
    Ok(complaints)
}
