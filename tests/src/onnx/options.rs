//! Choices of an export.

use candle_core::Tensor;
use dartloom_onnx::{Batch, Export, Normalization, OnnxError, Probabilities};

use super::case::Trained;
use super::networks::{self, Network};
use super::{Case, ExportCaseError};

/// Cases of every choice, on a network that classifies images and one that does pixels.
pub(super) fn each<E: From<ExportCaseError>>(
    each: &mut dyn FnMut(Case) -> Result<(), E>,
) -> Result<(), E> {
    for network in networks::baselines()? {
        if !["tiny_resnet", "unet"].contains(&network.name.as_str()) {
            continue;
        }
        let trained = Trained::of(&network.layout)?;
        for case in choices(&network, &trained)? {
            each(case)?;
        }
    }
    Ok(())
}

/// A network with the choices of its export.
struct Chosen<'c> {
    network: &'c Network,
    trained: &'c Trained,
}

impl Chosen<'_> {
    fn export(&self) -> Export<'_> {
        self.network.layout.export(&self.trained.arrays)
    }

    fn answer(&self) -> Result<Tensor, ExportCaseError> {
        self.trained.answer(&self.trained.images)
    }

    /// The case of an export with one output.
    fn case(
        &self,
        what: &str,
        export: &Export<'_>,
        output: Tensor,
    ) -> Result<Case, ExportCaseError> {
        let name = format!("{what}: {}", self.network.name);
        let refused = |source| ExportCaseError::Onnx { name: name.clone(), source };
        let model = export.bytes().map_err(refused)?;
        Ok(Case {
            kind: "option",
            name,
            models: vec![("", model)],
            images: self.trained.images.clone(),
            outputs: vec![("output".to_owned(), output)],
        })
    }
}

fn choices(network: &Network, trained: &Trained) -> Result<Vec<Case>, ExportCaseError> {
    let own = Chosen { network, trained };
    let outputs = own.answer()?;
    let softmax = own.export().with_probabilities(Probabilities::Softmax);
    let sigmoid = own.export().with_probabilities(Probabilities::Sigmoid);
    let fixed = own.export().with_batch(Batch::Fixed(super::IMAGES));
    let powers = outputs.broadcast_sub(&outputs.max_keepdim(1)?)?.exp()?;
    let shares = powers.broadcast_div(&powers.sum_keepdim(1)?)?;
    let chances = (outputs.neg()?.exp()? + 1.0)?.recip()?;
    Ok(vec![
        own.case("softmax", &softmax, shares)?,
        own.case("sigmoid", &sigmoid, chances)?,
        own.case("a batch of 64", &fixed, outputs)?,
        normalized(&own)?,
        scales(&own)?,
    ])
}

/// Images of bytes, which the model normalises.
fn normalized(own: &Chosen<'_>) -> Result<Case, ExportCaseError> {
    let constants = Normalization {
        scale: 255.0,
        mean: vec![0.5, 0.4, 0.3],
        standard_deviation: vec![0.25, 0.2, 0.3],
    };
    // From -2 to 2 into bytes.
    let bytes = ((&own.trained.images + 2.0)? * 63.0)?.round()?;
    let row = |values: &[f32]| Tensor::new(values, bytes.device())?.reshape((1, 3, 1, 1));
    let pixels = (&bytes / f64::from(constants.scale))?.broadcast_sub(&row(&constants.mean)?)?;
    let pixels = pixels.broadcast_div(&row(&constants.standard_deviation)?)?;
    let answer = own.trained.answer(&pixels)?;
    let export = own.export().with_normalization(constants);
    Ok(Case { images: bytes, ..own.case("normalisation", &export, answer)? })
}

/// One output for each scale in place of the head.
fn scales(own: &Chosen<'_>) -> Result<Case, ExportCaseError> {
    let refused = |source: OnnxError| ExportCaseError::Onnx { name: "scales".to_owned(), source };
    let features = own.export().scales().map_err(refused)?;
    let names: Vec<String> = features.into_iter().map(|feature| feature.name).collect();
    let seen = own.trained.seen(&names)?;
    let export = own.export().with_features(names);
    let case = own.case("scales", &export, own.answer()?)?;
    Ok(Case { outputs: seen, ..case })
}
