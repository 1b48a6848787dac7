//! The check of data before anything is trained on them.
//!
//! [`check`] reads any data sets once. Images in files are checked by `ImageFiles::check`, which
//! knows their files, too.

mod finding;

pub(crate) use finding::shown;
pub use finding::{Finding, Report, Severity, Subject};

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::{DataError, DataSets, Dataset, OwnedSample, TargetSpec, Targets};

/// Everything that is wrong with data sets, or worth knowing: values that are not finite, targets
/// that are none, classes without samples, equal images in two parts, and the shares of classes.
///
/// Cost: every sample is read once.
///
/// # Errors
/// Those of [`Dataset::read`] for a sample that cannot be read.
pub fn check(data: &DataSets) -> Result<Report, DataError> {
    let mut findings = Vec::new();
    let mut seen = BTreeMap::new();
    let valid = data.valid.iter().map(|valid| ("val", &**valid));
    let parts = [("train", &*data.train)].into_iter().chain(valid).chain([("test", &*data.test)]);
    for (name, part) in parts {
        let part =
            Part { name, data: part, names: data.class_names.as_deref().unwrap_or_default() };
        part.check(&mut seen, &mut findings)?;
    }
    Ok(Report::new(findings))
}

/// One part of the data.
struct Part<'a> {
    name: &'static str,
    data: &'a dyn Dataset,
    names: &'a [String],
}

impl Part<'_> {
    fn check(
        &self,
        seen: &mut BTreeMap<[u8; 32], &'static str>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), DataError> {
        let spec = self.data.targets();
        let mut counts = vec![0_u64; classes(spec)];
        let mut repeats: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut not_finite = Vec::new();
        let mut no_targets = Vec::new();
        for index in 0..self.data.len() {
            let mut sample = OwnedSample::read(self.data, index)?;
            let place = format!("`{}`, sample {index}", self.name);
            if let Some(pixel) = sample.pixels.iter().find(|pixel| !pixel.is_finite()) {
                let finding = Finding::error(Subject::NotFinite).place(&place);
                not_finite.push(finding.expected("finite pixels").found(pixel.to_string()));
            }
            if let Err(error) = spec.check(index, &sample.targets.whole()) {
                let finding = Finding::error(Subject::MaskValue).place(&place);
                no_targets.push(finding.found(error.to_string()));
            }
            count(&sample.targets, &mut counts);
            let mut hash = Sha256::new();
            sample.pixels.iter().for_each(|pixel| hash.update(pixel.to_le_bytes()));
            let other = *seen.entry(hash.finalize().into()).or_insert(self.name);
            if other != self.name {
                *repeats.entry(other).or_default() += 1;
            }
        }
        findings.extend(shown(not_finite));
        findings.extend(shown(no_targets));
        for (other, count) in repeats {
            let finding = Finding::warning(Subject::Repeat).place(format!("`{}`", self.name));
            let expected = format!("images that are not in `{other}`");
            findings.push(finding.expected(expected).found(format!("{count} equal ones")));
        }
        findings.extend(shown(self.shares(&counts)));
        Ok(())
    }

    fn shares(&self, counts: &[u64]) -> Vec<Finding> {
        let all = match self.data.targets() {
            TargetSpec::Labels(_) => self.data.len() as u64,
            _ => counts.iter().sum(),
        };
        let name = |class: usize| {
            self.names.get(class).cloned().unwrap_or_else(|| format!("class {class}"))
        };
        let share = |count: u64| 100.0 * count as f64 / all.max(1) as f64;
        let shares = counts.iter().enumerate().take(20);
        let shares: Vec<String> = shares
            .map(|(class, &count)| format!("{} {:.2} %", name(class), share(count)))
            .collect();
        let shares = if shares.is_empty() { "values".to_owned() } else { shares.join(", ") };
        let told = format!("{}, {} images: {shares}", self.name, self.data.len());
        let mut findings = vec![Finding::note(Subject::Shares).found(told)];
        for (class, _) in counts.iter().enumerate().filter(|(_, count)| **count == 0) {
            let finding = Finding::warning(Subject::EmptyClass);
            let finding = finding.place(format!("`{}`, {}", self.name, name(class)));
            findings.push(finding.expected("samples of every class").found("none"));
        }
        findings
    }
}

/// Classes or labels; 0 for values.
fn classes(spec: TargetSpec) -> usize {
    match spec {
        TargetSpec::Class { classes } | TargetSpec::Mask { classes, .. } => classes,
        TargetSpec::Labels(labels) => labels,
        TargetSpec::Values(_) => 0,
    }
}

fn count(targets: &Targets, counts: &mut [u64]) {
    match targets {
        Targets::Indices(indices) => {
            for &index in indices {
                if let Some(count) = counts.get_mut(index as usize) {
                    *count += 1;
                }
            }
        }
        Targets::Numbers(numbers) => {
            for (count, number) in counts.iter_mut().zip(numbers) {
                *count += u64::from(*number > 0.5);
            }
        }
    }
}

#[cfg(test)]
mod tests;
