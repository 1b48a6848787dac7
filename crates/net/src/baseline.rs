//! Hand-made networks to compare with.
//!
//! A baseline is a value of `dartloom-space`
//! ([`hand_made::Baseline`]); [`baseline`] makes it a network.

use candle_core::Tensor;
use dartloom_ops::{Model, OpError, Output, Pass, Place, Variables};
use dartloom_space::hand_made::{self, Baseline};
use dartloom_space::{Cost, Graph, Outputs, Shape};
use rand::RngCore;

use crate::identity::Identity;
use crate::memory::{Breakdown, Workload};
use crate::{GraphNetwork, NetError};

/// The network of a baseline for images of shape `input`, weights drawn from `rng`.
///
/// # Errors
/// Those of [`Baseline::graph`] and [`GraphNetwork::new`].
pub fn baseline(
    which: &Baseline,
    input: Shape,
    outputs: Outputs,
    place: &Place,
    rng: &mut dyn RngCore,
) -> Result<GraphNetwork, NetError> {
    let graph = which.graph(input, outputs)?;
    // Trainings of these two are stored under the words that they have always had.
    let identity = match which {
        Baseline::TinyResNet | Baseline::ResNet18 => ResNet::said(input),
        _ => Identity::laid_out(&graph),
    };
    GraphNetwork::identified(graph, identity, place, rng)
}

/// A residual network of basic blocks (He et al. 2015, arXiv 1512.03385, figure 5 left) for small
/// images: a 3x3 stem without pooling, four stages of doubling width, a fully connected head.
///
/// It is the network of [`hand_made::ResNet`] with these numbers.
#[derive(Debug)]
pub struct ResNet {
    network: GraphNetwork,
}

/// The size of a [`ResNet`].
///
/// Both sizes are those of a study that compared DARTS with residual networks on graphene kirigami
/// (Emanuel, Laasri, Randle and Zhuang, "Investigating Differentiable Neural Architecture Search",
/// Harvard Data Science Capstone, 2019). Its slides give 11,168,193 and 77,273 parameters for one
/// image channel and one output, and no further details: with a 3x3 stem, a projection (1x1
/// convolution and norm) where a stage widens, and convolutions without bias, both are met exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResNetSize {
    /// Channels of the first stage.
    pub width: usize,
    /// Basic blocks per stage.
    pub blocks: [usize; 4],
}

impl ResNetSize {
    /// ResNet-18: 64 channels, two blocks in each stage.
    pub const fn resnet18() -> Self {
        Self { width: 64, blocks: [2, 2, 2, 2] }
    }

    /// "Tiny ResNet": ten layers, eight times thinner than ResNet-18.
    pub const fn tiny() -> Self {
        Self { width: 8, blocks: [1, 1, 1, 1] }
    }
}

impl From<ResNetSize> for hand_made::ResNet {
    fn from(size: ResNetSize) -> Self {
        Self { width: size.width, blocks: size.blocks.to_vec(), ..Self::resnet18() }
    }
}

impl ResNet {
    /// Creates the network for images of shape `input`, weights drawn from `rng`.
    ///
    /// # Errors
    /// [`NetError::Baseline`] for an empty image, width or number of classes, or one that no
    /// network has.
    pub fn new(
        size: ResNetSize,
        input: Shape,
        classes: usize,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        let numbers = [size.width, classes, input.channels, input.height, input.width];
        if numbers.iter().any(|number| !(1..=MOST).contains(number)) {
            return Err(NetError::Baseline {
                baseline: "ResNet",
                expected: "1 to 65536 channels and classes, and images of such sides",
                found: format!("{} channels, {classes} classes, images of {input}", size.width),
            });
        }
        let graph = hand_made::ResNet::from(size).graph(input, Outputs::Vector(classes))?;
        let network = GraphNetwork::identified(graph, Self::said(input), place, rng)?;
        Ok(Self { network })
    }

    /// Widths and depths show in the names and shapes of the variables.
    fn said(input: Shape) -> Identity {
        Identity::new(Some(format!("ResNet {input}")))
    }

    /// Its layers and shapes.
    pub fn graph(&self) -> &Graph {
        self.network.graph()
    }

    /// Memory of a process that runs the network as `work` says.
    pub fn memory(&self, work: &Workload) -> Breakdown {
        self.network.memory(work)
    }
}

/// The largest numbers, far from overflow.
const MOST: usize = 1 << 16;

impl Model for ResNet {
    fn variables(&self) -> &Variables {
        self.network.variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        self.network.forward(x, pass)
    }

    fn cost(&self) -> Cost {
        self.network.cost()
    }

    fn identity(&self) -> Option<String> {
        self.network.identity()
    }

    fn outputs(&self) -> Option<Outputs> {
        self.network.outputs()
    }
}
