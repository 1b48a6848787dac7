//! Hand-made networks to compare with.

use candle_core::Tensor;
use dartloom_ops::{Builder, Model, OpError, Output, Pass, Place, Sequence, Variables};
use dartloom_space::{Cost, Layer, Outputs, Pair, Shape};
use rand::RngCore;

use crate::NetError;
use crate::identity::Identity;

/// A residual network of basic blocks (He et al. 2015, arXiv 1512.03385, figure 5 left) for small
/// images: a 3x3 stem without pooling, four stages of doubling width, a fully connected head.
#[derive(Debug)]
pub struct ResNet {
    variables: Variables,
    input: Shape,
    classes: usize,
    stem: Sequence,
    blocks: Vec<Block>,
    head: Sequence,
    cost: Cost,
    identity: Identity,
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

#[derive(Debug)]
struct Block {
    main: Sequence,
    shortcut: Sequence,
    join: Sequence,
}

impl Block {
    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, OpError> {
        let sum = (pass.run(&self.main, x)? + pass.run(&self.shortcut, x)?)?;
        pass.run(&self.join, &sum)
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
        let mut variables = Variables::new(place);
        let mut tally = Tally { shape: input, cost: Cost::default() };
        let mut root = variables.builder(rng);
        let stem = tally.add(
            &[Layer::square(input.channels, size.width, 3, 1), norm(size.width), Layer::Relu],
            &mut root.at("stem"),
        )?;
        let mut blocks = Vec::new();
        for (stage, &count) in size.blocks.iter().enumerate() {
            for block in 0..count {
                let (width, stride) =
                    (size.width << stage, if stage > 0 && block == 0 { 2 } else { 1 });
                let mut vars = root.at(format_args!("stages.{stage}.{block}"));
                blocks.push(tally.block(width, stride, &mut vars)?);
            }
        }
        let head = [
            Layer::GlobalAvgPool,
            Layer::Linear { inputs: tally.shape.channels, outputs: classes },
        ];
        let head = tally.add(&head, &mut root.at("head"))?;
        // Widths and depths show in the names and shapes of the variables.
        let identity = Identity::new(Some(format!("ResNet {input}")));
        let cost = tally.cost;
        Ok(Self { variables, input, classes, stem, blocks, head, cost, identity })
    }
}

/// The largest width and number of blocks, far from overflow.
const MOST: usize = 1 << 16;

/// Shape and cost as layers are added.
struct Tally {
    shape: Shape,
    cost: Cost,
}

impl Tally {
    fn add(&mut self, layers: &[Layer], vars: &mut Builder<'_>) -> Result<Sequence, NetError> {
        for layer in layers {
            self.cost.parameters += layer.parameters();
            self.cost.macs += layer.macs(self.shape)?;
            self.shape = layer.output(self.shape)?;
            self.cost.activations += self.shape.elements();
        }
        Ok(Sequence::new(layers, vars)?)
    }

    fn block(
        &mut self,
        width: usize,
        stride: usize,
        vars: &mut Builder<'_>,
    ) -> Result<Block, NetError> {
        let inputs = self.shape.channels;
        let start = self.shape;
        let shortcut = if inputs == width && stride == 1 {
            vec![]
        } else {
            vec![projection(inputs, width, stride), norm(width)]
        };
        let shortcut = self.add(&shortcut, &mut vars.at("shortcut"))?;
        self.shape = start;
        let main = [
            Layer::square(inputs, width, 3, stride),
            norm(width),
            Layer::Relu,
            Layer::square(width, width, 3, 1),
            norm(width),
        ];
        let main = self.add(&main, &mut vars.at("main"))?;
        Ok(Block { main, shortcut, join: self.add(&[Layer::Relu], &mut vars.at("join"))? })
    }
}

fn norm(channels: usize) -> Layer {
    Layer::Norm { channels, affine: true }
}

fn projection(inputs: usize, outputs: usize, stride: usize) -> Layer {
    Layer::Conv {
        inputs,
        outputs,
        kernel: Pair::both(1),
        stride: Pair::both(stride),
        dilation: Pair::both(1),
        padding: Pair::both(0),
        groups: 1,
    }
}

impl Model for ResNet {
    fn variables(&self) -> &Variables {
        &self.variables
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        let Shape { channels, height, width } = self.input;
        if x.rank() != 4 || x.dims()[1..] != [channels, height, width] {
            let found = x.dims().to_vec();
            return Err(NetError::Input { expected: self.input, found }.into());
        }
        let mut value = pass.run(&self.stem, x)?;
        pass.see(&"stem", &value)?;
        for (index, block) in self.blocks.iter().enumerate() {
            value = block.forward(&value, pass)?;
            pass.see(&format_args!("block {index}"), &value)?;
        }
        let main = pass.run(&self.head, &value)?.flatten_from(1)?;
        pass.see(&"head", &main)?;
        Ok(main.into())
    }

    fn cost(&self) -> Cost {
        self.cost
    }

    fn identity(&self) -> Option<String> {
        self.identity.with(&self.variables)
    }

    fn outputs(&self) -> Option<Outputs> {
        Some(Outputs::Vector(self.classes))
    }
}
