//! Models of candle alone: no blueprint, no space, no networks of this workspace.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Init, Linear, Module as _, VarBuilder, VarMap};
use dartloom_data::digits;
use dartloom_noise::Noise;
use dartloom_ops::{Model, OpError, Output, Pass, Variables};
use dartloom_record::Silent;
use dartloom_train::{Fit, FitConfig, HeldOut, Outcome, Schedule, Session, drive};

/// Logistic regression.
#[derive(Debug)]
struct Regression {
    variables: Variables,
    layer: Linear,
}

impl Regression {
    fn new() -> candle_core::Result<Self> {
        let map = VarMap::new();
        let vars = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
        let weight = vars.get_with_hints((10, 64), "weight", Init::Const(0.0))?;
        let bias = vars.get_with_hints(10, "bias", Init::Const(0.0))?;
        Ok(Self { variables: Variables::from(&map), layer: Linear::new(weight, Some(bias)) })
    }
}

impl Model for Regression {
    fn variables(&self) -> &Variables {
        &self.variables
    }

    fn forward(&self, x: &Tensor, _: &mut Pass<'_>) -> Result<Output, OpError> {
        Ok(self.layer.forward(&x.flatten_from(1)?)?.into())
    }
}

#[test]
fn a_candle_model_is_trained_as_any_other() {
    let digits = digits();
    let model = Regression::new().unwrap();
    assert_eq!(model.cost().parameters, 650);
    let config = FitConfig {
        epochs: 5,
        batch: 32,
        rate: Schedule::Constant(0.05),
        crop_padding: 0,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    let held_out = Some(HeldOut::Test(&digits.test));
    let noise = Noise::new(1);
    let mut fit = Fit::new("fit", &model, config, noise, &digits.train, held_out).unwrap();
    let mut observer = Silent;
    assert_eq!(drive(&mut fit, &mut Session::new(&mut observer)).unwrap(), Outcome::Finished);
    let accuracy = fit.evaluate().unwrap().unwrap().score();
    assert!(accuracy > 0.85, "{accuracy}");
}
