//! The arrangement of searched cells in a deeper chain.

use dartloom_space::{Chain, Repeats, Stem};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |entry: &Value| -> Result<Outcome, GoldenError> {
        let cells = entry.count("cells")?;
        let layers = entry.count("layers")?;
        let name = format!("{}/{cells}_to_{layers}", case.name);
        Ok(Outcome::of(name, check_case(entry, cells, layers)))
    };
    value.list("cases")?.iter().map(outcome).collect()
}

fn check_case(entry: &Value, cells: usize, layers: usize) -> Result<Vec<String>, GoldenError> {
    let mut complaints = Vec::new();
    let variants = [("official", Repeats::MostlyFirst), ("paper_algorithm_1", Repeats::InTurn)];
    for (name, repeats) in variants {
        let want = entry.field(name).ok_or_else(|| entry.wrong(name, "a derivation"))?;
        let got = Chain::deeper(cells, layers, repeats);
        if want.field("error").is_some() {
            if let Ok(got) = got {
                complaints.push(format!("{name}: expected an error, found {got:?}"));
            }
            continue;
        }
        let got = got?;
        let indices = want.counts("indices")?;
        if got != indices {
            complaints.push(format!("{name}: expected {indices:?}, found {got:?}"));
        } else if want.field("stride2_at").is_some() {
            complaints.extend(placement(entry, want, got)?);
        }
    }
    Ok(complaints)
}

/// Reductions stay where the genotype has them, and each doubles the width (of 4 channels).
fn placement(
    entry: &Value,
    want: &Value,
    assignment: Vec<usize>,
) -> Result<Vec<String>, GoldenError> {
    // The released code passes over reductions behind the last cell; `Chain::network` refuses them.
    let mut reductions = entry.counts("reductions")?;
    reductions.retain(|&reduction| reduction < assignment.len());
    let network = Chain { stem: Stem::cifar(3), assignment, reductions, aux: None }.network()?;
    let placed = network.placements();
    let strided: Vec<usize> = (0..placed.len()).filter(|&i| placed[i].reduction).collect();
    let channels: Vec<usize> = placed.iter().map(|placement| 4 * placement.width).collect();
    let mut complaints = Vec::new();
    for (name, got) in [("stride2_at", strided), ("channels", channels)] {
        let want = want.counts(name)?;
        if got != want {
            complaints.push(format!("{name}: expected {want:?}, found {got:?}"));
        }
    }
    Ok(complaints)
}
