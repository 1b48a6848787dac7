//! Weights of classes, measured.

use dartloom_data::{Dataset, TargetSpec, Targets};
use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::constant::{means, targets};

/// The rule by which frequencies become weights of classes. `n_c` is the number of pixels, or of
/// images, of class c. A class that does not occur has weight 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClassWeighting {
    /// `N / (C n_c)` with `N = sum_c n_c` and the number C of classes that occur: all classes weigh
    /// the same altogether, and the mean weight is 1 (scikit-learn's "balanced").
    InverseFrequency,
    /// `median(f) / f_c` with `f_c` = n_c over the pixels of the images in which class c occurs,
    /// and the median over the classes that occur (Eigen and Fergus 2015, arXiv:1411.4734, section
    /// 6).
    MedianFrequency,
    /// `(1 - b) / (1 - b^n_c)` with the given b, from 0 to below 1, divided by their mean over the
    /// classes that occur (Cui et al. 2019, arXiv:1901.05555). b = 0.999 to 0.9999 is usual; it
    /// lies between equal weights and inverse frequency.
    EffectiveNumber(f64),
}

/// Pixels of a class, and pixels of the images in which it occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Frequency {
    own: f64,
    around: f64,
}

/// The weights of the classes of `data` by a rule, one for each class, in order. Reads every target
/// once; ignored pixels do not count.
///
/// # Errors
/// [`TaskError::Kind`] for data without classes, [`TaskError::Setting`] for an effective number
/// whose b is not from 0 to below 1, and those of the data.
pub fn class_weights(data: &dyn Dataset, rule: ClassWeighting) -> Result<Vec<f64>, TaskError> {
    if let ClassWeighting::EffectiveNumber(b) = rule
        && !(0.0..1.0).contains(&b)
    {
        let expected = "an effective number of 0 or more and less than 1".to_owned();
        return Err(TaskError::Setting { field: "weighting", expected, found: b.to_string() });
    }
    Ok(rule.weights(&frequencies(data)?))
}

fn frequencies(data: &dyn Dataset) -> Result<Vec<Frequency>, TaskError> {
    let classes = match data.targets() {
        TargetSpec::Class { classes } | TargetSpec::Mask { classes, .. } => classes,
        found => {
            let expected = "classes of images or of pixels";
            return Err(TaskError::Kind { task: "weighting", expected, found });
        }
    };
    let mut all = vec![Frequency::default(); classes];
    targets(data, |targets| {
        let Targets::Indices(indices) = targets else { return };
        let mut own = vec![0.0; classes];
        for &index in indices {
            if let Some(count) = own.get_mut(index as usize) {
                *count += 1.0;
            }
        }
        let around: f64 = own.iter().sum();
        for (frequency, count) in all.iter_mut().zip(own).filter(|(_, count)| *count > 0.0) {
            frequency.own += count;
            frequency.around += around;
        }
    })?;
    Ok(all)
}

impl ClassWeighting {
    fn weights(self, all: &[Frequency]) -> Vec<f64> {
        let there = || all.iter().filter(|frequency| frequency.own > 0.0);
        let classes = there().count() as f64;
        let weigh: Box<dyn Fn(&Frequency) -> f64> = match self {
            Self::InverseFrequency => {
                let total: f64 = there().map(|frequency| frequency.own).sum();
                Box::new(move |frequency| total / (classes * frequency.own))
            }
            Self::MedianFrequency => {
                let share = |frequency: &Frequency| frequency.own / frequency.around;
                let median = median(there().map(share).collect());
                Box::new(move |frequency| median / share(frequency))
            }
            Self::EffectiveNumber(b) => {
                let raw = move |frequency: &Frequency| (1.0 - b) / (1.0 - b.powf(frequency.own));
                let mean = there().map(raw).sum::<f64>() / classes;
                Box::new(move |frequency| raw(frequency) / mean)
            }
        };
        let weight =
            |frequency: &Frequency| if frequency.own > 0.0 { weigh(frequency) } else { 1.0 };
        all.iter().map(weight).collect()
    }
}

/// The middle of numbers, or the mean of the two in the middle; 0 of none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.get(middle) {
        Some(&upper) if numbers.len().is_multiple_of(2) => {
            f64::midpoint(numbers[middle - 1], upper)
        }
        Some(&upper) => upper,
        None => 0.0,
    }
}

/// The weight of each label of `data` where it is there: the rows without it over the rows with it,
/// so that both weigh the same altogether. A label that never occurs, or always does, has weight 1.
/// Reads every target once.
///
/// # Errors
/// [`TaskError::Kind`] for data whose targets are not labels, and those of the data.
pub fn positive_weights(data: &dyn Dataset) -> Result<Vec<f64>, TaskError> {
    let labels = match data.targets() {
        TargetSpec::Labels(labels) => labels,
        found => {
            let expected = "labels that are each there or not";
            return Err(TaskError::Kind { task: "positive_weighting", expected, found });
        }
    };
    let weight = |share: f64| if share > 0.0 && share < 1.0 { (1.0 - share) / share } else { 1.0 };
    Ok(means(data, labels)?.into_iter().map(weight).collect())
}

#[cfg(test)]
mod tests;
