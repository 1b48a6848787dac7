//! The labels of a comparison's images.

use dartloom_data::{DataError, Dataset, OwnedSample, TargetSpec};
use serde::{Deserialize, Serialize};

use crate::VerdictError;

/// Numbers of images by class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Labels {
    train: Vec<usize>,
    test: Vec<usize>,
}

/// The accuracy of always saying the most frequent class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Majority {
    /// The most frequent class of the training images, the lowest of equals.
    pub class: usize,
    /// Share of the training images that have it.
    pub train: f64,
    /// Share of the test images that have it: the test accuracy of always naming this class.
    pub accuracy: f64,
}

impl Labels {
    /// Counts the labels of both sets.
    ///
    /// # Errors
    /// [`VerdictError::Task`] when images do not have one class each, the data's own error, or
    /// [`DataError::LabelTooLarge`](dartloom_data::DataError::LabelTooLarge) for a label that is
    /// not a class.
    pub(super) fn of(train: &dyn Dataset, test: &dyn Dataset) -> Result<Self, VerdictError> {
        Ok(Self { train: counts(train)?, test: counts(test)? })
    }

    /// The most frequent class.
    pub(super) fn majority(&self) -> Majority {
        let of = |counts: &[usize], class: usize| {
            let all: usize = counts.iter().sum();
            counts.get(class).copied().unwrap_or(0) as f64 / all.max(1) as f64
        };
        let classes = self.train.iter().enumerate().rev();
        let class = classes.max_by_key(|(_, count)| **count).map_or(0, |(class, _)| class);
        Majority { class, train: of(&self.train, class), accuracy: of(&self.test, class) }
    }

    /// Remarks on odd labels, a sentence each: one class alone, and classes without an image to
    /// learn from.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let sets = [("training", &self.train), ("test", &self.test)];
        for (name, counts) in sets {
            let mut seen = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            if let (Some((class, _)), None) = (seen.next(), seen.next()) {
                remarks.push(format!("every label of the {name} images is {class}"));
            }
        }
        if remarks.iter().any(|remark| remark.contains("training")) {
            remarks.push("there is nothing to learn, and no accuracy says anything".to_owned());
        } else if let Some(missing) = self.train.iter().position(|&count| count == 0) {
            let known = self.train.iter().filter(|&&count| count > 0).count();
            remarks.push(format!(
                "of {} classes {known} have training images; class {missing} has none",
                self.train.len()
            ));
        }
        remarks
    }
}

fn counts(data: &dyn Dataset) -> Result<Vec<usize>, VerdictError> {
    let classes = match data.targets() {
        TargetSpec::Class { classes } => classes,
        other => return Err(VerdictError::Task { found: format!("{other:?}") }),
    };
    let mut counts = vec![0_usize; classes];
    for index in 0..data.len() {
        let found = OwnedSample::read(data, index)?.class().unwrap_or(u32::MAX);
        let count = usize::try_from(found).ok().and_then(|class| counts.get_mut(class));
        *count.ok_or(DataError::LabelTooLarge { index, classes, found })? += 1;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(train: &[usize], test: &[usize]) -> Labels {
        Labels { train: train.to_vec(), test: test.to_vec() }
    }

    #[test]
    fn the_majority_is_that_of_the_training_images() {
        let found = labels(&[2, 5, 5, 0], &[4, 1, 3, 0]).majority();
        assert_eq!(found, Majority { class: 1, train: 5.0 / 12.0, accuracy: 1.0 / 8.0 });
        assert_eq!(labels(&[2, 5], &[4, 1]).remarks(), Vec::<String>::new());
    }

    #[test]
    fn labels_that_teach_nothing_are_told() {
        let told = labels(&[9, 0], &[3, 0]).remarks();
        let expected = [
            "every label of the training images is 0",
            "every label of the test images is 0",
            "there is nothing to learn, and no accuracy says anything",
        ];
        assert_eq!(told, expected);
        let told = labels(&[9, 0, 3], &[3, 1, 1]).remarks();
        assert_eq!(told, ["of 3 classes 2 have training images; class 1 has none"]);
    }
}
