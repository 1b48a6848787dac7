//! Remarks on the classes of a comparison's images.

use dartloom_data::{DataError, Dataset, OwnedSample, TargetSpec};
use dartloom_record::Objective;

use crate::VerdictError;

/// Numbers of images by class.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Labels {
    train: Vec<usize>,
    test: Vec<usize>,
}

/// Remarks on odd labels, a sentence each: one class alone, and classes without an image to learn
/// from. Other targets than one class for each image have none.
///
/// # Errors
/// The data's own error, or [`DataError::LabelTooLarge`] for a label that is no class.
pub(super) fn remarks(
    train: &dyn Dataset,
    test: &dyn Dataset,
    objective: &Objective,
) -> Result<Vec<String>, VerdictError> {
    let TargetSpec::Class { classes } = train.targets() else { return Ok(Vec::new()) };
    let labels = Labels { train: counts(train, classes)?, test: counts(test, classes)? };
    Ok(labels.remarks(objective))
}

impl Labels {
    fn remarks(&self, objective: &Objective) -> Vec<String> {
        let mut remarks = Vec::new();
        let sets = [("training", &self.train), ("test", &self.test)];
        for (name, counts) in sets {
            let mut seen = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            if let (Some((class, _)), None) = (seen.next(), seen.next()) {
                remarks.push(format!("every label of the {name} images is {class}"));
            }
        }
        if remarks.iter().any(|remark| remark.contains("training")) {
            let score = objective.label();
            remarks.push(format!("there is nothing to learn, and no {score} says anything"));
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

fn counts(data: &dyn Dataset, classes: usize) -> Result<Vec<usize>, VerdictError> {
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
    fn labels_that_teach_nothing_are_told() {
        let told = labels(&[9, 0], &[3, 0]).remarks(&Objective::share("accuracy"));
        let expected = [
            "every label of the training images is 0",
            "every label of the test images is 0",
            "there is nothing to learn, and no accuracy says anything",
        ];
        assert_eq!(told, expected);
        assert_eq!(labels(&[2, 5], &[4, 1]).remarks(&Objective::lower("e")), Vec::<String>::new());
        let told = labels(&[9, 0, 3], &[3, 1, 1]).remarks(&Objective::share("accuracy"));
        assert_eq!(told, ["of 3 classes 2 have training images; class 1 has none"]);
    }
}
