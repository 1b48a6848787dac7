//! Parts that do not fit together are reported when a training is built, or at its first step.

use candle_core::Tensor;
use dartloom_data::{DataError, Dataset, ImageShape, Sample, TargetSpec};
use dartloom_noise::Noise;
use dartloom_ops::{Model, OpError, Output, Pass, Variables};
use dartloom_space::{Cost, Outputs};
use dartloom_train::{Fit, HeldOut, Position, Stepper as _, TrainError};

use crate::small::{config, first_digits, network};

/// Digits under another number of classes, or of another shape.
#[derive(Debug)]
struct Relabelled<'a> {
    data: &'a dyn Dataset,
    classes: usize,
    shape: ImageShape,
}

impl Dataset for Relabelled<'_> {
    fn len(&self) -> usize {
        self.data.len()
    }

    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: self.classes }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        self.data.read(index, sample)
    }
}

#[test]
fn a_network_of_other_classes_than_the_labels_is_refused() {
    let digits = first_digits(48);
    let model = network(&digits, 1);
    for classes in [2, 12] {
        let data = Relabelled { data: &digits, classes, shape: digits.shape() };
        let error = Fit::new("fit", &model, config(1), Noise::new(1), &data, None).unwrap_err();
        assert!(
            matches!(error, TrainError::Outputs { expected, found: Outputs::Vector(10) }
                if expected == Outputs::Vector(classes)),
            "{error}"
        );
    }
}

#[test]
fn test_images_of_another_task_or_shape_are_refused() {
    let digits = first_digits(48);
    let model = network(&digits, 1);
    let classes = Relabelled { data: &digits, classes: 12, shape: digits.shape() };
    let shape = Relabelled { data: &digits, classes: 10, shape: ImageShape::new(1, 4, 16) };
    for test in [classes, shape] {
        let test = Some(HeldOut::Test(&test));
        let made = Fit::new("fit", &model, config(1), Noise::new(1), &digits, test);
        let error = made.unwrap_err();
        assert!(matches!(error, TrainError::TestImages { .. }), "{error}");
    }
}

/// A custom model that forgets to flatten, or that has one class too few.
#[derive(Debug)]
struct Own<'a> {
    inner: &'a dyn Model,
    classes: usize,
}

impl Model for Own<'_> {
    fn variables(&self) -> &Variables {
        self.inner.variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        let output = self.inner.forward(x, pass)?;
        Ok(Output { main: output.main.narrow(1, 0, self.classes)?, ..output })
    }

    fn cost(&self) -> Cost {
        self.inner.cost()
    }
}

#[test]
fn an_output_that_is_no_batch_of_logits_is_told_at_the_first_step() {
    let digits = first_digits(48);
    let inner = network(&digits, 1);
    let step = |classes| {
        let model = Own { inner: &inner, classes };
        let mut fit = Fit::new("fit", &model, config(1), Noise::new(1), &digits, None).unwrap();
        fit.step(Position::default()).map(|_| ())
    };
    step(10).unwrap();
    let error = step(9).unwrap_err().to_string();
    assert_eq!(error, "expected an output of shape [16, 10], images first, found [16, 9]");
}

/// A loss that is finite and has a gradient that is not.
#[derive(Debug)]
struct Spoilt<'a>(&'a dyn Model);

impl Model for Spoilt<'_> {
    fn variables(&self) -> &Variables {
        self.0.variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        let output = self.0.forward(x, pass)?;
        // The root of 0 has no finite slope.
        let root = (output.main.sub(&output.main)?).sqrt()?;
        Ok(Output { main: (&output.main + root)?, ..output })
    }

    fn cost(&self) -> Cost {
        self.0.cost()
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_told_with_the_first_parameter_of_one() {
    let digits = first_digits(48);
    let inner = network(&digits, 1);
    let model = Spoilt(&inner);
    let mut fit = Fit::new("fit", &model, config(1), Noise::new(1), &digits, None).unwrap();
    let error = fit.step(Position::default()).unwrap_err().to_string();
    let expected = "fit, epoch 0, step 0: the gradient norm is not finite; first seen at cells.0.";
    assert!(error.starts_with(expected), "{error}");
}
