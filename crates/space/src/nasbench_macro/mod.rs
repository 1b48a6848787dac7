//! NAS-Bench-Macro: 6,561 chains of eight layers whose accuracies were measured once for everybody.
//!
//! Each layer is an identity or a block of MobileNetV2, small (3x3 kernel, three times the channels
//! inside) or large (5x5, six times): `3^8` architectures. [`space`] has a cell of one edge for
//! each layer, [`parse`] and [`print()`] read and write the benchmark's names of architectures,
//! eight digits, and [`blueprint`] is the network that was measured.
//!
//! Source: X. Su, T. Huang, Y. Li, S. You, F. Wang, C. Qian, C. Zhang and C. Xu, *Prioritized
//! Architecture Sampling with Monte-Carlo Tree Search*, CVPR 2021, arXiv 2103.11922.
//!
//! # Differences from the paper
//! - The network of [`space`] is a chain like all others: every layer reads its predecessor through
//!   ReLU, 1x1 convolution and norm, an identity that halves the plane is a factorized reduce, and
//!   blocks have no residual, which is no choice of an edge. Searches that train networks
//!   themselves use it, comparisons with the benchmark's numbers use [`blueprint`].
//! - Architectures that differ in where in a stage an identity stands are one network; the
//!   benchmark gives them one measurement, and they have keys of their own here.
//!
//! ```
//! use dartloom_space::{Build, Shape, SpaceError, nasbench_macro};
//!
//! # fn main() -> Result<(), SpaceError> {
//! let best = nasbench_macro::parse("22212220")?;
//! assert_eq!(nasbench_macro::print(&best)?, "22212220");
//!
//! let build = Build::new(32, 10, Shape::new(3, 32, 32));
//! let smallest = nasbench_macro::blueprint(&nasbench_macro::parse("00000000")?, build)?;
//! assert_eq!(smallest.cost()?.parameters, 387_882);
//! # Ok(())
//! # }
//! ```

mod blueprint;
mod text;

pub use blueprint::blueprint;
pub use text::{parse, print};

use crate::{
    CellGenotype, CellGraph, CellSpec, Gene, Genotype, Head, Layout, Network, OpSet, OpSpec, Pair,
    Placement, Port, Recipe, Source, Space, SpaceError, Stage, Stem, Stride, When, Width,
};

/// Layers of each stage; the first of a stage halves the plane and doubles the channels.
const STAGES: [usize; 3] = [2, 3, 3];
/// Layers of all stages.
const LAYERS: usize = 8;
/// Our names of the operations that the digits 0, 1 and 2 mean.
const OPS: [&str; 3] = ["skip_connect", SMALL.name, LARGE.name];

/// A block of MobileNetV2.
#[derive(Clone, Copy)]
struct Block {
    name: &'static str,
    kernel: usize,
    expansion: usize,
}

const SMALL: Block = Block { name: "mb3_3x3", kernel: 3, expansion: 3 };
const LARGE: Block = Block { name: "mb6_5x5", kernel: 5, expansion: 6 };

/// The space: eight cells, `layer_1` to `layer_8`, of one edge each, in three stages of 2, 4 and 8
/// times the base channels on halved, quartered and eighth planes.
///
/// # Errors
/// None in practice: all parts are constants.
pub fn space() -> Result<Space, SpaceError> {
    let graph = CellGraph::dense(1, 1)?;
    let cell = |layer| CellSpec { name: name(layer), graph: graph.clone() };
    let mut placements = Vec::with_capacity(LAYERS);
    for (stage, &layers) in STAGES.iter().enumerate() {
        for layer in 0..layers {
            let index = placements.len();
            let source = index.checked_sub(1).map_or(Source::Stem(0), Source::Cell);
            placements.push(Placement {
                cell: Some(index),
                width: 2 << stage,
                level: stage + 1,
                reduction: layer == 0,
                ports: vec![Port::one(source)],
            });
        }
    }
    let head = Head::pooled(Source::Cell(LAYERS - 1));
    let network = Network::new(stem()?, placements, head, None)?;
    Space::new("nasbench_macro", op_set()?, (0..LAYERS).map(cell).collect(), network)
}

/// All 6,561 architectures, the last layer changing fastest.
pub fn architectures() -> impl Iterator<Item = Genotype> {
    let count = OPS.len();
    (0..count.pow(LAYERS as u32)).map(move |number| {
        let digit = |layer| number / count.pow((LAYERS - 1 - layer) as u32) % count;
        genotype(std::array::from_fn(digit))
    })
}

fn name(layer: usize) -> String {
    format!("layer_{}", layer + 1)
}

/// The genotype with these operations.
fn genotype(digits: [usize; LAYERS]) -> Genotype {
    let cell = |(layer, digit): (usize, usize)| CellGenotype {
        name: name(layer),
        inputs: 1,
        genes: vec![Gene { op: OPS[digit].to_owned(), from: 0, to: 1 }],
        concat: vec![1],
        residual: false,
    };
    Genotype::trusted(Layout::Space, digits.into_iter().enumerate().map(cell).collect())
}

/// 3x3 convolution to the base channels, norm and ReLU.
fn stem() -> Result<Stem, SpaceError> {
    let mut parts = Stem::cifar(1).parts().to_vec();
    parts[0].0.push(Stage::Relu);
    Stem::new(parts)
}

fn op_set() -> Result<OpSet, SpaceError> {
    let skip = OpSet::builtin("all")?.get(OPS[0])?.clone();
    OpSet::new("nasbench_macro", vec![skip, SMALL.op(), LARGE.op()])
}

impl Block {
    /// 1x1 convolution to `expansion` times the width, depthwise convolution with the stride, 1x1
    /// convolution back; norms after all, ReLUs after the first two.
    fn op(self) -> OpSpec {
        let norm = Stage::Norm { when: When::Always };
        let pointwise = |out| Stage::Pointwise { out, stride: Stride::Unit };
        let kernel = Pair::both(self.kernel);
        let dilation = Pair::both(1);
        let Recipe(stages) = Recipe(vec![
            pointwise(Width::Times(self.expansion)),
            norm.clone(),
            Stage::Relu,
            Stage::Depthwise { kernel, dilation, stride: Stride::Edge },
            norm.clone(),
            Stage::Relu,
            pointwise(Width::Same),
            norm,
        ]);
        OpSpec::new(self.name, stages)
    }
}

#[cfg(test)]
mod tests;
