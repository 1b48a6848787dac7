//! Layers as operators.

use dartloom_space::{Layer, Pair, Resize, Shape};

use crate::OnnxError;
use crate::draft::{Draft, Value, float, integer, integers, whole, word};
use crate::fold::{Absorbed, Affine, EPSILON};

/// One layer among others, with the value that it reads.
struct Step<'s> {
    at: usize,
    /// The place of all of them; the variables of the layer stand under `prefix.at`.
    prefix: &'s str,
    input: Value,
    /// Shape behind the layer.
    shape: Shape,
}

impl Step<'_> {
    /// The name of the layer, and of its value.
    fn name(&self) -> String {
        format!("{}.{}", self.prefix, self.at)
    }

    fn variable(&self, name: &str) -> String {
        format!("{}.{}.{name}", self.prefix, self.at)
    }

    /// The value of the last node that was made for the layer.
    fn value(&self, name: String) -> Value {
        Value { name, shape: self.shape, flat: self.input.flat }
    }
}

/// Adds layers, one after the other; `prefix` is the place under which their variables stand.
pub(crate) fn add(
    draft: &mut Draft<'_>,
    layers: &[Layer],
    prefix: &str,
    input: Value,
) -> Result<Value, OnnxError> {
    let mut value = input;
    let mut at = 0;
    while let Some(layer) = layers.get(at) {
        let shape = layer.output(value.shape)?;
        let step = Step { at, prefix, input: value, shape };
        check_rank(layer, &step)?;
        let absorbed = match layer {
            Layer::Conv { .. } | Layer::ConvTranspose { bias: false, .. } => {
                Absorbed::behind(layers, at, draft.fold_norms)
            }
            Layer::ConvTranspose { .. } | Layer::FactorizedReduce { .. } => {
                let found = Absorbed::behind(layers, at, draft.fold_norms);
                if found.bias.is_none() { found } else { Absorbed::default() }
            }
            _ => Absorbed::default(),
        };
        value = one(draft, layer, step, absorbed)?;
        at = absorbed.last.unwrap_or(at) + 1;
    }
    Ok(value)
}

/// Refuses a layer on planes behind a fully connected one, which leaves none.
fn check_rank(layer: &Layer, step: &Step<'_>) -> Result<(), OnnxError> {
    match layer {
        Layer::Relu | Layer::Identity | Layer::Dropout(_) | Layer::Linear { .. } => Ok(()),
        _ if !step.input.flat => Ok(()),
        _ => Err(OnnxError::Layer {
            place: step.name(),
            layer: layer.name().to_owned(),
            expected: "planes, which there are none of behind a fully connected layer",
        }),
    }
}

fn one(
    draft: &mut Draft<'_>,
    layer: &Layer,
    step: Step<'_>,
    absorbed: Absorbed,
) -> Result<Value, OnnxError> {
    let name = step.name();
    let x = step.input.name.clone();
    let made = match *layer {
        Layer::Identity | Layer::Dropout(_) => return Ok(step.input),
        Layer::Relu => draft.node("Relu", &[&x], &name, Vec::new()),
        Layer::Conv { .. } => conv(draft, layer, &step, absorbed)?,
        Layer::ConvTranspose { .. } => conv_transpose(draft, layer, &step, absorbed)?,
        Layer::FactorizedReduce { .. } => factorized_reduce(draft, layer, &step, absorbed)?,
        Layer::Bias { channels } => {
            let array = draft.array(&step.variable("bias"), &[channels])?;
            let bias = draft.floats(&step.variable("bias"), &[1, channels, 1, 1], array.values());
            draft.node("Add", &[&x, &bias], &name, Vec::new())
        }
        Layer::MaxPool { kernel, stride, padding } => {
            draft.node("MaxPool", &[&x], &name, windows(kernel, stride, padding))
        }
        Layer::AvgPool { kernel, stride, padding } => {
            let mut attributes = windows(kernel, stride, padding);
            attributes.push(integer("count_include_pad", 0));
            draft.node("AveragePool", &[&x], &name, attributes)
        }
        Layer::Norm { channels, affine } => norm(draft, channels, affine, &step)?,
        Layer::Upsample { factor, .. } if factor == Pair::both(1) => return Ok(step.input),
        Layer::Upsample { factor, resize } => enlarged(draft, factor, resize, &step),
        Layer::Zero { .. } => return Ok(draft.zeros(&step.input, step.shape, &name)),
        Layer::GlobalAvgPool => draft.node("GlobalAveragePool", &[&x], &name, Vec::new()),
        Layer::Linear { inputs, outputs } => {
            let flat = draft.flattened(step.input.clone(), &step.variable("flat"));
            let weight = draft.variable(&step.variable("weight"), &[outputs, inputs])?;
            let bias = draft.variable(&step.variable("bias"), &[outputs])?;
            let read = [flat.name.as_str(), weight.as_str(), bias.as_str()];
            let made = draft.node("Gemm", &read, &name, vec![integer("transB", 1)]);
            return Ok(Value { flat: true, ..step.value(made) });
        }
        _ => {
            return Err(OnnxError::Layer {
                place: name,
                layer: layer.name().to_owned(),
                expected: "an operator that this version does not know",
            });
        }
    };
    Ok(step.value(made))
}

/// The attributes of pooling.
fn windows(kernel: Pair, stride: Pair, padding: Pair) -> Vec<crate::proto::AttributeProto> {
    vec![
        integers("kernel_shape", &[kernel.height, kernel.width]),
        integers("strides", &[stride.height, stride.width]),
        integers("pads", &[padding.height, padding.width, padding.height, padding.width]),
    ]
}

/// The weights of a convolution and its bias, if it has one.
struct Weights {
    weight: String,
    bias: Option<String>,
}

impl Weights {
    /// The inputs of the operator behind `x`.
    fn after<'w>(&'w self, x: &'w str) -> Vec<&'w str> {
        [Some(x), Some(self.weight.as_str()), self.bias.as_deref()].into_iter().flatten().collect()
    }
}

/// The weights of a layer with what they absorb.
fn weights(
    draft: &mut Draft<'_>,
    step: &Step<'_>,
    shape: &[usize],
    channels: Channels,
    absorbed: Absorbed,
) -> Result<Weights, OnnxError> {
    let name = step.variable("weight");
    let array = draft.array(&name, shape)?;
    let own = absorbed.bias.map(|at| format!("{}.{at}.bias", step.prefix));
    let bias = own.or_else(|| channels.biased.then(|| step.variable("bias")));
    let Some((at, affine)) = absorbed.norm else {
        let weight = draft.floats(&name, shape, array.values());
        let bias = bias.map(|bias| draft.variable(&bias, &[channels.outputs])).transpose()?;
        return Ok(Weights { weight, bias });
    };
    let mut norm =
        Affine::of_norm(draft, &format!("{}.{at}", step.prefix), channels.outputs, affine)?;
    if let Some(bias) = bias {
        norm = norm.after_bias(draft.array(&bias, &[channels.outputs])?.values());
    }
    let folded = norm.weights(array.values(), channels.inner);
    let weight = draft.floats(&format!("{name}.folded"), shape, &folded);
    let bias = step.variable("bias.folded");
    let bias = Some(draft.floats(&bias, &[channels.outputs], &norm.biases()));
    Ok(Weights { weight, bias })
}

/// The layout of weights by channels of the output.
#[derive(Clone, Copy)]
struct Channels {
    outputs: usize,
    /// Values in a row that belong to one of them.
    inner: usize,
    /// `true` if the layer has a bias of its own.
    biased: bool,
}

fn conv(
    draft: &mut Draft<'_>,
    layer: &Layer,
    step: &Step<'_>,
    absorbed: Absorbed,
) -> Result<String, OnnxError> {
    let Layer::Conv { inputs, outputs, kernel, stride, dilation, padding, groups } = *layer else {
        return Ok(step.input.name.clone());
    };
    let shape = [outputs, inputs / groups.max(1), kernel.height, kernel.width];
    let inner = shape[1] * shape[2] * shape[3];
    let channels = Channels { outputs, inner, biased: false };
    let weights = weights(draft, step, &shape, channels, absorbed)?;
    let mut attributes = windows(kernel, stride, padding);
    attributes.push(integers("dilations", &[dilation.height, dilation.width]));
    attributes.push(integer("group", whole(groups)));
    Ok(draft.node("Conv", &weights.after(&step.input.name), &step.name(), attributes))
}

fn conv_transpose(
    draft: &mut Draft<'_>,
    layer: &Layer,
    step: &Step<'_>,
    absorbed: Absorbed,
) -> Result<String, OnnxError> {
    let Layer::ConvTranspose { inputs, outputs, factor, bias } = *layer else {
        return Ok(step.input.name.clone());
    };
    let shape = [inputs, outputs, factor.height, factor.width];
    let channels = Channels { outputs, inner: factor.height * factor.width, biased: bias };
    let weights = weights(draft, step, &shape, channels, absorbed)?;
    let attributes = windows(factor, factor, Pair::both(0));
    Ok(draft.node("ConvTranspose", &weights.after(&step.input.name), &step.name(), attributes))
}

/// Two convolutions of 1x1 and stride 2, on the plane and on the plane without its first row and
/// column.
fn factorized_reduce(
    draft: &mut Draft<'_>,
    layer: &Layer,
    step: &Step<'_>,
    absorbed: Absorbed,
) -> Result<String, OnnxError> {
    let x = step.input.name.as_str();
    let Layer::FactorizedReduce { inputs, outputs } = *layer else { return Ok(x.to_owned()) };
    let starts = draft.shared_integers("one", &[1, 1]);
    let ends = draft.shared_integers("end", &[i64::MAX, i64::MAX]);
    let axes = draft.shared_integers("plane", &[2, 3]);
    let read = [x, starts.as_str(), ends.as_str(), axes.as_str()];
    let shifted = draft.node("Slice", &read, &step.variable("shifted"), Vec::new());
    let half = outputs / 2;
    let norm = absorbed.norm.map(|(at, affine)| {
        Affine::of_norm(draft, &format!("{}.{at}", step.prefix), outputs, affine)
    });
    let norm = norm.transpose()?.map(|norm| norm.split(half));
    let mut halves = Vec::with_capacity(2);
    for (index, name) in ["even", "odd"].into_iter().enumerate() {
        let own = if index == 0 { half } else { outputs - half };
        let shape = [own, inputs, 1, 1];
        let name = step.variable(name);
        let weights = match &norm {
            None => Weights { weight: draft.variable(&name, &shape)?, bias: None },
            Some(norm) => {
                let folded = norm[index].weights(draft.array(&name, &shape)?.values(), inputs);
                let bias = draft.floats(&format!("{name}.bias"), &[own], &norm[index].biases());
                let weight = draft.floats(&format!("{name}.folded"), &shape, &folded);
                Weights { weight, bias: Some(bias) }
            }
        };
        let attributes = windows(Pair::both(1), Pair::both(2), Pair::both(0));
        let x = if index == 0 { x } else { &shifted };
        let made = draft.node("Conv", &weights.after(x), &format!("{name}.half"), attributes);
        halves.push(Value { shape: Shape { channels: own, ..step.shape }, ..step.value(made) });
    }
    let joined = draft.concat(&halves, &step.name());
    Ok(joined.map_or_else(|| x.to_owned(), |value| value.name))
}

fn norm(
    draft: &mut Draft<'_>,
    channels: usize,
    affine: bool,
    step: &Step<'_>,
) -> Result<String, OnnxError> {
    let (scale, shift) = if affine {
        let scale = draft.variable(&step.variable("weight"), &[channels])?;
        (scale, draft.variable(&step.variable("bias"), &[channels])?)
    } else {
        let ones = draft.shared_floats("ones", &vec![1.0; channels]);
        (ones, draft.shared_floats("zeros", &vec![0.0; channels]))
    };
    let mean = draft.variable(&step.variable("running_mean"), &[channels])?;
    let variance = draft.variable(&step.variable("running_var"), &[channels])?;
    let read = [&step.input.name, &scale, &shift, &mean, &variance].map(String::as_str);
    let attributes = vec![float("epsilon", EPSILON as f32)];
    Ok(draft.node("BatchNormalization", &read, &step.name(), attributes))
}

/// Whole factors: the nearest pixel is the one that the new pixel lies in.
fn enlarged(draft: &mut Draft<'_>, factor: Pair, resize: Resize, step: &Step<'_>) -> String {
    let scales = [1.0, 1.0, factor.height as f32, factor.width as f32];
    let scales = draft.shared_floats("scales", &scales);
    let attributes = match resize {
        Resize::Nearest => vec![
            word("mode", "nearest"),
            word("coordinate_transformation_mode", "asymmetric"),
            word("nearest_mode", "floor"),
        ],
        Resize::Bilinear => {
            vec![word("mode", "linear"), word("coordinate_transformation_mode", "half_pixel")]
        }
    };
    // The second input, a region to cut out, is left out.
    draft.node("Resize", &[&step.input.name, "", &scales], &step.name(), attributes)
}
