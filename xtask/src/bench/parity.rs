//! Both programs make one step from the same weights: it must be the same step.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::cases::StepCase;
use super::figures::{Figures, numbers};
use super::programs::Programs;
use super::record::Record;
use crate::error::Error;
use crate::say::say;

/// Largest relative difference of losses, of the weights' gradient norm, and of gradients relative
/// to the largest of their table; or what PyTorch in single precision shows
/// itself, where that is more. The gradient of a logit is a sum over all positions of a deep
/// network that cancels nearly to zero, so rounding alone moves it.
const LIMIT: f64 = 1e-3;

/// A folder that is removed in the end, with the file that both programs read.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Error> {
        let name = format!("dartloom-parity-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let failed = |source| Error::Access { path: path.clone(), source };
        std::fs::create_dir_all(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which owns the folder around it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The layout in which PyTorch's sums are the more exact ones: on the small network its gradients
/// in channels-last layout are 3e-3 away from those in double precision, these 3e-4.
const LAYOUT: &str = "contiguous";

/// The other one.
const OTHER: &str = "channels_last";

/// Compares one step and prints the largest differences; the reference may use double precision.
pub(super) fn check(
    case: &StepCase,
    programs: &Programs,
    double: bool,
    record: &mut Record,
) -> Result<(), Error> {
    let folder = Folder::new()?;
    let file = folder.0.join("start.safetensors");
    let StepCase { candidate, shared, threads, .. } = case;
    let words = format!("{shared} --threads {threads} --parity {}", file.display());
    let precision = if double { " --double" } else { "" };
    let reference =
        programs.reference(case.script, &format!("{words} --layout {LAYOUT}{precision}"))?;
    let candidate = programs.candidate(&format!("{candidate} {words} --json"))?;
    let found = differences(&reference, &candidate)?;
    // PyTorch itself, as far as it differs from the reference run: the same start every time.
    let own = if double { vec![LAYOUT, OTHER] } else { vec![OTHER] };
    let mut noise: Vec<(String, f64)> = Vec::new();
    for layout in own {
        let run = programs.reference(case.script, &format!("{words} --layout {layout}"))?;
        noise = larger(noise, differences(&reference, &run)?);
    }
    let show = |all: &[(String, f64)]| {
        let shown = all.iter().map(|(what, value)| format!("{what} {value:.1e}"));
        shown.collect::<Vec<_>>().join(", ")
    };
    say!("  largest relative differences: {}", show(&found));
    say!("  of PyTorch in single precision: {}", show(&noise));
    let object = |all: &[(String, f64)]| -> serde_json::Map<String, Value> {
        all.iter().map(|(what, value)| (what.clone(), json!(value))).collect()
    };
    let differences = object(&found);
    let own = object(&noise);
    record.line(&json!({
        "kind": "parity", "case": case.name, "double": double,
        "differences": differences, "of_pytorch": own,
    }))?;
    judge(case.name, &found, &noise)
}

/// The larger difference of each kind.
fn larger(some: Vec<(String, f64)>, more: Vec<(String, f64)>) -> Vec<(String, f64)> {
    if some.is_empty() {
        return more;
    }
    let pairs = some.into_iter().zip(more);
    pairs.map(|((what, a), (_, b))| (what, nan_or_max(a, b))).collect()
}

/// Refuses the first difference that is larger than the limit and than PyTorch's own.
pub(super) fn judge(
    case: &str,
    differences: &[(String, f64)],
    noise: &[(String, f64)],
) -> Result<(), Error> {
    for (what, difference) in differences {
        let own = noise.iter().find(|(other, _)| other == what).map_or(0.0, |(_, own)| *own);
        let limit = LIMIT.max(own);
        // A difference that is no number is refused as well.
        if difference.is_nan() || *difference >= limit {
            let case = case.to_owned();
            let what = what.clone();
            return Err(Error::Unequal { case, what, difference: *difference, limit });
        }
    }
    Ok(())
}

/// Relative differences by what differs.
pub(super) fn differences(
    reference: &Figures,
    candidate: &Figures,
) -> Result<Vec<(String, f64)>, Error> {
    let theirs = reference.numbers("losses")?;
    let ours = candidate.numbers("losses")?;
    let mut all = vec![("losses".to_owned(), worst(&theirs, &ours))];
    let norms = (reference.number("gradient_norm")?, candidate.number("gradient_norm")?);
    all.push(("norm of the weights' gradient".to_owned(), worst(&[norms.0], &[norms.1])));
    let tables = reference.value["gradients"].as_object();
    let tables = tables.filter(|tables| !tables.is_empty());
    let tables = tables.ok_or_else(|| reference.lacks("gradients by name".to_owned()))?;
    for (name, theirs) in tables {
        let table = |figures: &Figures, value: &Value| {
            numbers(value).ok_or_else(|| figures.lacks(format!("gradients called `{name}`")))
        };
        let theirs = table(reference, theirs)?;
        let ours = table(candidate, &candidate.value["gradients"][name])?;
        all.push((name.clone(), relative_to_largest(&theirs, &ours)));
    }
    Ok(all)
}

/// The largest difference of two lists, each number against its own counterpart; infinite when
/// their lengths differ or they are empty.
fn worst(theirs: &[f64], ours: &[f64]) -> f64 {
    if theirs.len() != ours.len() || theirs.is_empty() {
        return f64::INFINITY;
    }
    let pairs = theirs.iter().zip(ours);
    pairs.map(|(theirs, ours)| (theirs - ours).abs() / theirs.abs()).fold(0.0, nan_or_max)
}

/// The same relative to the largest number: gradients near zero are sums that cancel.
fn relative_to_largest(theirs: &[f64], ours: &[f64]) -> f64 {
    if theirs.len() != ours.len() || theirs.is_empty() {
        return f64::INFINITY;
    }
    let largest = theirs.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let pairs = theirs.iter().zip(ours);
    pairs.map(|(theirs, ours)| (theirs - ours).abs()).fold(0.0, nan_or_max) / largest
}

/// The larger one; unlike `f64::max`, no number swallows a NaN.
fn nan_or_max(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() { f64::NAN } else { left.max(right) }
}
