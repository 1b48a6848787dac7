//! Classifiers at the end and, while retraining, in the middle.

use super::{AuxPlan, Blueprint, Build, HeadPlan, TransformPlan};
use crate::layer::output_of;
use crate::{Aux, AuxHead, Head, Layer, Network, Pair, Shape, SpaceError};

pub(super) fn plan_head(blueprint: &Blueprint, network: &Network) -> Result<HeadPlan, SpaceError> {
    let build = blueprint.build;
    let mut branches = Vec::new();
    for source in network.head_sources() {
        let input = blueprint
            .shape(source)
            .ok_or_else(|| SpaceError::HeadSource { found: source.to_string() })?;
        let layers = match network.head() {
            Head::Classifier { .. } => {
                let (inputs, outputs) = (input.channels, build.classes);
                vec![Layer::GlobalAvgPool, Layer::Linear { inputs, outputs }]
            }
            Head::PerPixel { .. } => {
                let factor = Pair::both(1 << network.level(source));
                vec![Layer::pointwise(input.channels, build.classes), Layer::Upsample { factor }]
            }
        };
        branches.push(TransformPlan { source, layers, input });
    }
    let expected = match network.head() {
        Head::Classifier { .. } => Shape::new(build.classes, 1, 1),
        Head::PerPixel { .. } => Shape { channels: build.classes, ..build.input },
    };
    for branch in &branches {
        let found = output_of(&branch.layers, branch.input).map_err(|e| e.at("head"))?;
        if found != expected {
            let place = format!("head from {}", branch.source);
            return Err(SpaceError::Meeting { place, expected, found });
        }
    }
    Ok(HeadPlan { branches, output: expected })
}

/// ReLU, 5x5 average pooling, 1x1 to 128, norm, ReLU, 2x2 to 768, norm, ReLU, fully connected.
pub(super) fn plan_aux(aux: Aux, input: Shape, build: Build) -> AuxPlan {
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
        Layer::Linear { inputs: 768, outputs: build.classes },
    ];
    let fits = output_of(&layers, input).is_ok();
    AuxPlan { after: aux.after, layers, input, fits }
}
