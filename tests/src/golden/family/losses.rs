//! Losses of logits for classes and for labels, with all gradients.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use dartloom_task::Parts;
use dartloom_task::losses::{
    BinaryFocal, BinaryLabels, BinaryLoss, ClassLabels, ClassLoss, CrossEntropy, Dice, Focal, Over,
};
use serde_json::Value;

use crate::golden::bundle::Bundle;
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

/// The smoothing term of all Dice losses of the file.
pub(super) const SMOOTH: f64 = 1.0;

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let ignore = case.entry.config.count("ignore_index")? as u32;
    let parameters = case.entry.config.field("parameters").cloned().unwrap_or_default();
    let outcome = |group: String| {
        let mut check = Check::new(bundle.group(&group), &case.entry.tolerance);
        let settings = Settings { ignore, own: parameters.field(&group).cloned() };
        let result = one(&group, &settings, &mut check).map(|()| check.finish());
        Outcome::of(format!("{}/{group}", case.name), result)
    };
    Ok(bundle.groups().into_iter().map(outcome).collect())
}

struct Settings {
    ignore: u32,
    own: Option<Value>,
}

impl Settings {
    fn number(&self, name: &str) -> Result<Option<f64>, GoldenError> {
        let own = self.own.as_ref().filter(|own| own.field(name).is_some());
        own.map(|own| own.number(name)).transpose()
    }
}

fn one(group: &str, settings: &Settings, check: &mut Check<'_>) -> Result<(), GoldenError> {
    let logits = Var::from_tensor(&check.view.get("logits")?)?;
    let target = check.view.get("target")?;
    let kind = group.split_once('.').map_or(group, |(kind, _)| kind);
    match (kind, target.dtype()) {
        ("dice", _) => dice(group, settings, check, [logits.as_tensor(), &target]),
        (_, DType::F32) => binary(settings, check, [logits.as_tensor(), &target], kind),
        ("cross_entropy", _) => {
            let smoothing = settings.number("label_smoothing")?.unwrap_or_default();
            let loss = ClassLoss::CrossEntropy(CrossEntropy { smoothing });
            classes(&loss, settings, check, [logits.as_tensor(), &target])
        }
        ("focal", _) => {
            let gamma = settings.number("gamma")?.unwrap_or_default();
            let loss = ClassLoss::Focal(Focal { gamma });
            classes(&loss, settings, check, [logits.as_tensor(), &target])
        }
        _ => Err(GoldenError::not_understood(format!("the loss of `{group}`"))),
    }
}

/// The mean of the loss and its gradient, by our names and the file's.
fn close(check: &mut Check<'_>, parts: &Parts, logits: &Tensor) -> Result<(), GoldenError> {
    let mean = parts.close()?.mean()?;
    check.tensor("loss", &mean)?;
    check.tensor("loss", &parts.mean()?)?;
    let gradients = mean.backward()?;
    check.gradient("glogits", gradients.get(logits))
}

fn classes(
    loss: &ClassLoss,
    settings: &Settings,
    check: &mut Check<'_>,
    [logits, target]: [&Tensor; 2],
) -> Result<(), GoldenError> {
    let weights = match check.view.has("weight") {
        true => Some(check.view.get("weight")?.to_dtype(DType::F64)?.to_vec1::<f64>()?),
        false => None,
    };
    let about = ClassLabels {
        classes: logits.dim(1)?,
        ignore: Some(settings.ignore),
        weights: weights.as_deref(),
    };
    let parts = loss.parts(logits, target, about)?;
    close(check, &parts, logits)?;
    let whole = parts.close()?;
    check.tensor_if_stored("loss_sum", &whole.sum)?;
    let count = Tensor::new(whole.count as f32, logits.device())?;
    check.tensor_if_stored("weight_sum", &count)?;
    let pixel = |at: [usize; 3]| -> Result<Tensor, GoldenError> {
        let [image, row, column] = at;
        let one = |tensor: &Tensor, first: usize| {
            tensor.narrow(0, image, 1)?.narrow(first, row, 1)?.narrow(first + 1, column, 1)
        };
        Ok(loss.parts(&one(logits, 2)?, &one(target, 1)?, about)?.close()?.sum)
    };
    let mut pixels = Vec::new();
    let (images, rows, columns) = target.dims3()?;
    for image in 0..images {
        for row in 0..rows {
            for column in 0..columns {
                pixels.push(pixel([image, row, column])?);
            }
        }
    }
    check.tensor("per_pixel", &Tensor::stack(&pixels, 0)?.reshape(target.dims())?)
}

fn binary(
    settings: &Settings,
    check: &mut Check<'_>,
    [logits, target]: [&Tensor; 2],
    kind: &str,
) -> Result<(), GoldenError> {
    let loss = match kind {
        "bce" => BinaryLoss::CrossEntropy,
        _ => BinaryLoss::Focal(BinaryFocal {
            gamma: settings.number("gamma")?.unwrap_or_default(),
            alpha: settings.number("alpha")?,
        }),
    };
    let stored = |name: &str| check.view.has(name).then(|| check.view.get(name)).transpose();
    let positive = stored("pos_weight")?;
    let positive =
        positive.map(|weights| weights.to_dtype(DType::F64)?.to_vec1::<f64>()).transpose()?;
    let valid = stored("valid")?;
    let about = BinaryLabels { positive: positive.as_deref(), valid: valid.as_ref() };
    let parts = loss.parts(logits, target, about)?;
    close(check, &parts, logits)?;
    check.tensor_if_stored("loss_sum", &parts.close()?.sum)?;
    // Element by element, masked or not.
    let flat = |tensor: &Tensor| tensor.flatten_all();
    let labels = logits.dim(1)?;
    let places = logits.elem_count() / logits.dim(0)? / labels;
    let logits_flat = flat(logits)?;
    let targets = flat(target)?;
    let element = |at: usize| -> Result<Tensor, GoldenError> {
        let label = at / places % labels;
        let one = |tensor: &Tensor| tensor.narrow(0, at, 1)?.reshape((1, 1));
        let own = positive.as_ref().map(|weights| vec![weights[label]]);
        let about = BinaryLabels { positive: own.as_deref(), valid: None };
        Ok(loss.parts(&one(&logits_flat)?, &one(&targets)?, about)?.close()?.sum)
    };
    let elements = (0..logits.elem_count()).map(element).collect::<Result<Vec<_>, _>>()?;
    check.tensor("per_element", &Tensor::stack(&elements, 0)?.reshape(logits.dims())?)
}

fn dice(
    group: &str,
    settings: &Settings,
    check: &mut Check<'_>,
    [logits, target]: [&Tensor; 2],
) -> Result<(), GoldenError> {
    // One channel x is two of logits 0 and x.
    let sigmoid = group.contains("sigmoid");
    let both = match sigmoid {
        true => Tensor::cat(&[&logits.zeros_like()?, logits], 1)?,
        false => logits.clone(),
    };
    let over = if group.contains("sample") { Over::Image } else { Over::Batch };
    let background = !sigmoid && !group.contains("no_background");
    let loss = ClassLoss::Dice(Dice { over, background, smooth: SMOOTH });
    let about = ClassLabels { ignore: Some(settings.ignore), ..ClassLabels::new(both.dim(1)?) };
    close(check, &loss.parts(&both, target, about)?, logits)?;
    let areas = areas(&both, target, about, over)?;
    for (name, got) in &areas {
        check.tensor(name, got)?;
    }
    let sums = (&areas["predicted"] + &areas["present"])?.affine(1.0, SMOOTH)?;
    check.tensor("dice", &(areas["intersection"].affine(2.0, SMOOTH)? / sums)?)
}

/// The sums of a Dice loss by the file's names: of the batch, or of each image.
pub(super) fn areas(
    logits: &Tensor,
    target: &Tensor,
    about: ClassLabels<'_>,
    over: Over,
) -> Result<BTreeMap<&'static str, Tensor>, GoldenError> {
    let loss = ClassLoss::Dice(Dice { smooth: SMOOTH, ..Dice::default() });
    let of = |logits: &Tensor, target: &Tensor| -> Result<[Tensor; 3], GoldenError> {
        let parts = loss.parts(logits, target, about)?;
        let [both, said] = [0, 1].map(|at| parts.sums.narrow(0, at * about.classes, about.classes));
        let there = Tensor::new(&parts.counts[..], logits.device())?.to_dtype(logits.dtype())?;
        Ok([both?, said?, there])
    };
    let found = if over == Over::Batch {
        of(logits, target)?
    } else {
        let image = |at| of(&logits.narrow(0, at, 1)?, &target.narrow(0, at, 1)?);
        let images = (0..logits.dim(0)?).map(image).collect::<Result<Vec<_>, GoldenError>>()?;
        let stack = |at: usize| {
            Tensor::stack(&images.iter().map(|image| &image[at]).collect::<Vec<_>>(), 0)
        };
        [stack(0)?, stack(1)?, stack(2)?]
    };
    Ok(["intersection", "predicted", "present"].into_iter().zip(found).collect())
}
