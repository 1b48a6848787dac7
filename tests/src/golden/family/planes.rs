//! Kernels that change the size of planes: resizing and transposed convolution.

use dartloom_kernels::{ConvTransposeSpec, Interpolation, conv_transpose2d, resize2d};
use serde_json::Value;

use super::plan::{leaf, pulled};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

/// Every group is one transposed convolution with its gradients.
pub(crate) fn run_transposed(case: &Case<'_>, bundle: &Bundle) -> Vec<Outcome> {
    each(case, bundle, check_transposed)
}

/// Every group is one resizing with its gradient.
pub(crate) fn run_resized(case: &Case<'_>, bundle: &Bundle) -> Vec<Outcome> {
    each(case, bundle, check_resized)
}

/// `true` if every tensor belongs to a group, and every group has these names and no other.
pub(crate) fn has_only(bundle: &Bundle, names: &[&str]) -> bool {
    let groups = bundle.groups();
    let grouped = bundle.root().below("").iter().all(|key| key.contains('/'));
    let fits = |group: &String| {
        let view = bundle.group(group);
        names.iter().all(|name| view.has(name)) && view.below("").len() == names.len()
    };
    grouped && !groups.is_empty() && groups.iter().all(fits)
}

type Complaints = Result<Vec<String>, GoldenError>;

fn each(
    case: &Case<'_>,
    bundle: &Bundle,
    check: impl Fn(&Case<'_>, &str, View<'_>) -> Complaints,
) -> Vec<Outcome> {
    let outcome = |name: String| {
        let result = check(case, &name, bundle.group(&name));
        Outcome::of(format!("{}/{name}", case.name), result)
    };
    bundle.groups().into_iter().map(outcome).collect()
}

fn check_transposed(case: &Case<'_>, name: &str, view: View<'_>) -> Complaints {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let config = &case.entry.config;
    let config =
        config.field(name).ok_or_else(|| config.wrong("config", "an entry for every group"))?;
    let spec = spec(config)?;
    let x = leaf(&view.get("x")?)?;
    let weight = leaf(&view.get("weight")?)?;
    check.equal("kernel", &weight.dims()[2..].to_vec(), &config.counts("kernel")?);
    let bias = config.flag("bias")?.then(|| leaf(&view.get("bias")?)).transpose()?;
    let y =
        conv_transpose2d(&x, &weight, bias.as_deref(), spec).map_err(candle_core::Error::from)?;
    check.tensor("y", &y)?;
    let gradients = pulled(&y, &view.get("gy")?)?.backward()?;
    check.gradient("gx", gradients.get(&x))?;
    check.gradient("gweight", gradients.get(&weight))?;
    if let Some(bias) = &bias {
        check.gradient("gbias", gradients.get(bias))?;
    }
    Ok(check.finish())
}

fn spec(config: &Value) -> Result<ConvTransposeSpec, GoldenError> {
    let pair = |name: &str| match config.counts(name)?[..] {
        [height, width] => Ok((height, width)),
        _ => Err(config.wrong(name, "height and width")),
    };
    Ok(ConvTransposeSpec {
        stride: pair("stride")?,
        dilation: pair("dilation")?,
        padding: pair("padding")?,
        output_padding: pair("output_padding")?,
        groups: config.count("groups")?,
    })
}

fn check_resized(case: &Case<'_>, name: &str, view: View<'_>) -> Complaints {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let rule = rule(&case.entry.config, name)?;
    let x = leaf(&view.get("x")?)?;
    let gy = view.get("gy")?;
    let (_, _, height, width) = gy.dims4()?;
    let y = resize2d(&x, (height, width), rule).map_err(candle_core::Error::from)?;
    check.tensor("y", &y)?;
    check.gradient("gx", pulled(&y, &gy)?.backward()?.get(&x))?;
    Ok(check.finish())
}

/// The rule that a group is named after, which the configuration describes.
fn rule(config: &Value, name: &str) -> Result<Interpolation, GoldenError> {
    let rules = [
        ("bilinear.half_pixel", Interpolation::Bilinear),
        ("bilinear.align_corners", Interpolation::BilinearCorners),
        ("nearest", Interpolation::Nearest),
    ];
    let fits = |(rule, _): &&(&str, _)| {
        name.starts_with(&format!("{rule}.")) && config.field(rule).is_some()
    };
    let found = rules.iter().find(fits).map(|(_, rule)| *rule);
    found.ok_or_else(|| GoldenError::not_understood(format!("the rule of {name}")))
}
