//! Numbers that are not finite stop the training and are located.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_data::{DataError, Dataset, ImageShape, Sample, TargetSpec};
use dartloom_noise::Noise;
use dartloom_ops::{Init, Model, OpError, Output, Pass, Place, Variables};
use dartloom_record::Where;
use dartloom_space::Cost;
use dartloom_train::{Fit, Position, Stepper, TrainError};

use crate::small::{config, first_digits, network};

const AT: Position = Position { epoch: 1, step: 2 };

/// Sets the first value of a variable.
fn spoil(model: &dyn Model, name: &str, value: f32) {
    let var = &model.variables().parameters()[name];
    let mut values = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    values[0] = value;
    var.set(&Tensor::from_vec(values, var.shape(), var.device()).unwrap()).unwrap();
}

fn bits(model: &dyn Model) -> BTreeMap<String, Vec<u32>> {
    let bits = |tensor: &Tensor| {
        let flat = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        flat.into_iter().map(f32::to_bits).collect()
    };
    let parameters = model.variables().parameters().iter();
    parameters.map(|(name, var)| (name.clone(), bits(var.as_tensor()))).collect()
}

/// The place a failing step names; parameters must be unchanged.
fn failing_step(model: &dyn Model, data: &dyn Dataset) -> (String, Option<String>) {
    let mut fit = Fit::new("retrain", model, config(3), Noise::new(1), data, None).unwrap();
    let before = bits(model);
    let error = fit.step(AT).unwrap_err();
    assert_eq!(bits(model), before, "parameters unchanged");
    let text = error.to_string();
    let TrainError::NotFinite { phase, epoch, step, what, place } = error else {
        panic!("another error: {error}")
    };
    assert_eq!((*phase, epoch, step), (Where::from("retrain"), 1, 2));
    assert!(text.contains("retrain, epoch 1, step 2"), "{text}");
    if let Some(place) = &place {
        assert!(text.contains(place.as_str()), "{text}");
    }
    (what, place)
}

#[test]
fn a_spoilt_weight_is_found_at_its_cell_edge_and_operation() {
    let data = first_digits(64);
    for (value, variable, place) in [
        (f32::NAN, "cells.0.edges.2.dil_conv_3x3.1.weight", "cell 0, edge 1->3, dil_conv_3x3"),
        (f32::INFINITY, "cells.0.edges.0.sep_conv_3x3.2.weight", "cell 0, edge 0->2, sep_conv_3x3"),
        (f32::NAN, "cells.1.edges.0.sep_conv_3x3.1.weight", "cell 1, edge 0->2, sep_conv_3x3"),
        (f32::NEG_INFINITY, "stem.0.0.weight", "stem"),
        (f32::NAN, "head.0.1.bias", "head"),
    ] {
        let model = network(&data, 1);
        spoil(&model, variable, value);
        let (what, found) = failing_step(&model, &data);
        assert_eq!(what, "loss");
        let found = found.unwrap_or_default();
        assert!(found.starts_with(place), "{variable} = {value}: {found}");
    }
}

/// Images of numbers so large that the first sum of them is infinite.
#[derive(Debug)]
struct Spoilt<D>(D);

impl<D: Dataset> Dataset for Spoilt<D> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn shape(&self) -> ImageShape {
        self.0.shape()
    }

    fn targets(&self) -> TargetSpec {
        self.0.targets()
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        self.0.read(index, sample)?;
        // Augmentation may crop or blank a single pixel.
        sample.pixels.fill(f32::MAX);
        Ok(())
    }
}

#[test]
fn images_that_overflow_are_found_at_the_stem() {
    let data = Spoilt(first_digits(64));
    let model = network(&data, 1);
    let (what, place) = failing_step(&model, &data);
    assert_eq!(what, "loss");
    assert!(place.is_some_and(|place| place.starts_with("stem")));
}

/// Logits that are roots of zero: finite, with infinite slopes.
#[derive(Debug)]
struct Root {
    variables: Variables,
    weight: Tensor,
}

impl Root {
    fn new() -> Self {
        let mut variables = Variables::new(&Place::default());
        let mut rng = Noise::new(0).stream("unused", 0);
        let mut builder = variables.builder(&mut rng);
        let weight = builder.parameter("weight", &[1, 10], Init::Constant(0.0)).unwrap();
        Self { variables, weight }
    }
}

impl Model for Root {
    fn variables(&self) -> &Variables {
        &self.variables
    }

    fn forward(&self, x: &Tensor, _pass: &mut Pass<'_>) -> Result<Output, OpError> {
        Ok(self.weight.sqrt()?.broadcast_as((x.dim(0)?, 10))?.into())
    }

    fn cost(&self) -> Cost {
        Cost::default()
    }
}

#[test]
fn a_gradient_that_is_not_finite_is_refused_although_the_loss_is() {
    let (what, place) = failing_step(&Root::new(), &first_digits(64));
    assert_eq!((what.as_str(), place.as_deref()), ("gradient norm", Some("weight")));
}
