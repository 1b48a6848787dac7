//! Two operations of one's own, one written down and one in code, searched beside built-in ones.
//!
//! Paper: the operation in code is a 3x3 convolution gated channel by channel, *Squeeze-and-Excitation
//! Networks* (Hu, Shen and Sun, CVPR 2018, arXiv 1709.01507). The search is DARTS, first order.
//!
//! Expect: the mean weight of each operation per cell after two short epochs (close to 1/4 still: a
//! few steps decide nothing), and a decoded genotype with its cost, whose genes may name both.
//! Run time: seconds.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example 02_custom_operation -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::ops::{Mode, OpCost, OpError, Sequence, op_fn};
use dartloom::prelude::*;
use dartloom::space::{Cost, InputPlan, Layer, Phase};
use dartloom::task::Classification;
use dartloom::{Tensor, data::Subset};

const WRITTEN: &str = r#"(name: "mine", ops: [
    (name: "light_conv_3x3", recipe: [Relu, Depthwise(kernel: 3, stride: Edge), Pointwise(), Norm()]),
])"#;

/// `y = f(x) * sigmoid(g(mean(f(x))))` with a convolution `f` and two fully connected layers `g`.
#[derive(Debug)]
struct Gated {
    convolution: Sequence,
    gate: Sequence,
}

impl Operation for Gated {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        let y = self.convolution.forward(x, mode)?;
        let scores = self.gate.forward(&y, mode)?;
        let gates = (scores.neg()?.exp()? + 1.0)?.recip()?;
        Ok(y.broadcast_mul(&gates)?)
    }
}

/// The layers of both parts: what is built and what is counted, so that they cannot disagree.
fn layers(at: &InputPlan) -> [Vec<Layer>; 2] {
    let (width, narrow) = (at.width, (at.width / 2).max(1));
    let affine = at.phase == Phase::Retrain;
    let convolution = Layer::square(at.shape.channels, width, 3, at.stride);
    let (squeeze, excite) = (Layer::pointwise(width, narrow), Layer::pointwise(narrow, width));
    [
        vec![Layer::Relu, convolution, Layer::Norm { channels: width, affine }],
        vec![Layer::GlobalAvgPool, squeeze, Layer::Relu, excite],
    ]
}

fn cost(at: &InputPlan) -> OpCost {
    let (mut cost, mut shape) = (OpCost::default(), at.shape);
    for layer in layers(at).iter().flatten() {
        cost.parameters += layer.parameters();
        // A blueprint has checked the shapes; what could not be counted costs nothing.
        cost.macs += layer.macs(shape).unwrap_or(0);
        shape = layer.output(shape).unwrap_or(shape);
    }
    cost
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let dir =
        RunDir::open(directory.unwrap_or_else(|| "runs/examples/02_custom_operation".to_owned()))?;

    let gated = op_fn(
        "gated_conv_3x3",
        |at, vars| {
            let [convolution, gate] = layers(at);
            let convolution = Sequence::new(&convolution, &mut vars.at("convolution"))?;
            let gate = Sequence::new(&gate, &mut vars.at("gate"))?;
            Ok(Box::new(Gated { convolution, gate }))
        },
        cost,
    )
    // To be changed with the code: what was stored for another version is done again.
    .with_identity("version 1");
    let registry = Registry::standard()?.with_recipes(OpSet::from_ron(WRITTEN)?.ops())?;
    let registry = registry.with_factory(gated)?;
    let names = ["skip_connect", "max_pool_3x3", "light_conv_3x3", "gated_conv_3x3"];
    let ops = registry.op_set("with_mine", &names)?;
    let space = Space::darts(ops, 3, 2, Stem::cifar(3))?;

    let (digits, noise) = (digits(), Noise::new(0));
    let few = Subset::new(&digits.train, (0..256).collect())?;
    let data = Split::Halves.parts(&few, noise.child("split").seed())?;
    let input = Shape::new(1, 8, 8);
    let build = Build::new(4, 10, input);
    let plain = SearchConfig { crop_padding: 0, flip: false, ..SearchConfig::default() };
    let config = SearchConfig { epochs: 2, batch: 32, ..plain };
    let parts = SearchParts {
        space: &space,
        registry: &registry,
        choices: Choices::of(Softmax::default()),
        decoder: &TopK::darts(),
        build,
        data: &data,
        task: &Classification::new(10)?,
    };
    let mut search = SupernetSearch::new("search", parts, config, noise)?;
    drive(&mut search, &mut Session::silent())?;

    for cell in search.table(2)?.cells() {
        let mean = |op| cell.edges.iter().map(|row| row[op]).sum::<f64>() / cell.edges.len() as f64;
        let weights = names.iter().enumerate().map(|(op, name)| format!("{name} {:.4}", mean(op)));
        println!("{}: {}", cell.name, weights.collect::<Vec<_>>().join(", "));
    }
    let genotype = search.architecture()?.genotype;
    let network = genotype.network_in(&space)?;
    let plan = Blueprint::derived(&genotype, &network, registry.catalog(), build)?;
    let Cost { parameters, macs, .. } = registry.cost(&plan)?;
    println!("{parameters} parameters, {macs} multiply-adds: {}", genotype.to_text()?);
    dir.write("genotype.json", genotype.to_json()?.as_bytes())?;
    println!("drawing: {}", dir.write("cell.dot", genotype.to_dot().as_bytes())?.display());
    Ok(())
}
