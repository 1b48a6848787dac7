//! Heads at the end and, while retraining, in the middle.

use super::{AuxPlan, Blueprint, Build, HeadPlan, TransformPlan};
use crate::layer::output_of;
use crate::{Aux, AuxHead, Head, Layer, Network, Outputs, Pair, Resize, Shape, SpaceError};

pub(super) fn plan_head(blueprint: &Blueprint, network: &Network) -> Result<HeadPlan, SpaceError> {
    let build = blueprint.build;
    let outputs = build.outputs.channels();
    let head = network.outputs(outputs);
    if head != build.outputs {
        return Err(SpaceError::Outputs { place: "head", expected: head, found: build.outputs });
    }
    let mut branches = Vec::new();
    for source in network.head_sources() {
        let input = blueprint
            .shape(source)
            .ok_or_else(|| SpaceError::HeadSource { found: source.to_string() })?;
        let all = match network.head() {
            Head::Pooled { hidden, .. } => {
                let connected = hidden.layers(input.channels, outputs);
                vec![[vec![Layer::GlobalAvgPool], connected].concat()]
            }
            Head::PerPixel { resize, rates, .. } => {
                let factor = Pair::both(1 << network.level(source));
                let enlarge = Layer::Upsample { factor, resize: *resize };
                let plain = vec![Layer::pointwise(input.channels, outputs), enlarge];
                match rates[..] {
                    [] => vec![plain],
                    _ => pyramid(&plain, rates, (network.level(source), input)),
                }
            }
        };
        branches.extend(all.into_iter().map(|layers| TransformPlan { source, layers, input }));
    }
    let expected = build.outputs.shape(build.input);
    for branch in &branches {
        let found = output_of(&branch.layers, branch.input).map_err(|e| e.at("head"))?;
        if found != expected {
            let place = format!("head from {}", branch.source);
            return Err(SpaceError::Meeting { place, expected, found });
        }
    }
    Ok(HeadPlan { branches, output: expected })
}

/// The branches of a pyramid on a source of a level and shape, each with a part of the 1x1
/// convolution that reads all of them: a convolution of a concatenation is the sum of those of its
/// parts.
fn pyramid(plain: &[Layer], rates: &[usize], (level, input): (usize, Shape)) -> Vec<Vec<Layer>> {
    let channels = input.channels;
    let dilated = |&rate: &usize| {
        let rate = Pair::both((rate >> level).max(1));
        let square = Layer::square(channels, channels, 3, 1);
        match square {
            Layer::Conv { inputs, outputs, kernel, stride, groups, .. } => {
                let dilation = rate;
                let padding = rate;
                Layer::Conv { inputs, outputs, kernel, stride, dilation, padding, groups }
            }
            other => other,
        }
    };
    let finished = |convolution: Layer, last: &[Layer]| {
        let norm = Layer::Norm { channels, affine: true };
        [&[convolution, norm, Layer::Relu], last].concat()
    };
    let pointwise = Layer::pointwise(channels, channels);
    let mut branches = vec![finished(pointwise.clone(), plain)];
    branches.extend(rates.iter().map(|rate| finished(dilated(rate), plain)));
    // One pixel, enlarged before the norm, which has more than one value for a batch of one then.
    let whole = Pair::new(input.height, input.width);
    let enlarge = Layer::Upsample { factor: whole, resize: Resize::Nearest };
    let norm = Layer::Norm { channels, affine: true };
    let pooled = [Layer::GlobalAvgPool, pointwise, enlarge, norm, Layer::Relu];
    branches.push([&pooled, plain].concat());
    branches
}

/// ReLU, 5x5 average pooling, 1x1 to 128, norm, ReLU, 2x2 to 768, norm, ReLU, fully connected.
pub(super) fn plan_aux(aux: Aux, input: Shape, build: Build) -> Result<AuxPlan, SpaceError> {
    let outputs = build.outputs.channels();
    let expected = Outputs::Vector(outputs);
    if build.outputs != expected {
        let place = "auxiliary head";
        let found = build.outputs;
        return Err(SpaceError::Outputs { place, expected, found });
    }
    let stride = if aux.head == AuxHead::Cifar { 3 } else { 2 };
    let narrow = Layer::Conv {
        inputs: 128,
        outputs: 768,
        kernel: Pair::both(2),
        stride: Pair::both(1),
        dilation: Pair::both(1),
        padding: Pair::both(0),
        groups: 1,
    };
    let last = match aux.head {
        AuxHead::ImageNet => Layer::Identity,
        AuxHead::Cifar | AuxHead::ImageNetNormed => Layer::Norm { channels: 768, affine: true },
    };
    let layers = vec![
        Layer::Relu,
        Layer::AvgPool {
            kernel: Pair::both(5),
            stride: Pair::both(stride),
            padding: Pair::both(0),
        },
        Layer::pointwise(input.channels, 128),
        Layer::Norm { channels: 128, affine: true },
        Layer::Relu,
        narrow,
        last,
        Layer::Relu,
        Layer::Linear { inputs: 768, outputs },
    ];
    let fits = output_of(&layers, input).is_ok();
    Ok(AuxPlan { after: aux.after, layers, input, fits })
}
