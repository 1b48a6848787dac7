//! NAS-Bench-201: 15,625 architectures whose accuracies were measured once for everybody.
//!
//! A cell of four nodes: an input and three nodes of its own, each the sum of one operation from
//! every earlier node, the last of them the output. Six edges with five operations each make `5^6`
//! architectures. [`space`] is that cell as a [`Space`], [`parse`] and [`print()`] read and write
//! the benchmark's names of architectures, and [`blueprint`] is the network that was measured.
//!
//! Source: X. Dong and Y. Yang, *NAS-Bench-201: Extending the Scope of Reproducible Neural
//! Architecture Search*, ICLR 2020, section 2.1.
//!
//! # Differences from the paper
//! - `nor_conv_1x1` and `nor_conv_3x3` are called `simple_conv_1x1` and `simple_conv_3x3` in
//!   genotypes, as everywhere else here; the benchmark's names appear in its strings alone.
//! - The network of [`space`] is a chain like all others: every cell reads its predecessor through
//!   ReLU, 1x1 convolution and norm, and a factorized reduce stands where the plane is halved. The
//!   benchmark's skeleton has neither, but a residual block between the stages and a norm before
//!   the classifier. Searches that train networks themselves use the former, comparisons with the
//!   benchmark's numbers the latter, [`blueprint`].
//!
//! ```
//! use dartloom_space::{Build, Shape, SpaceError, nasbench201};
//!
//! # fn main() -> Result<(), SpaceError> {
//! let best = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+\
//!             |skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";
//! let genotype = nasbench201::parse(best)?;
//! assert_eq!(nasbench201::print(&genotype)?, best);
//!
//! let build = Build::new(16, 10, Shape::new(3, 32, 32));
//! let cost = nasbench201::blueprint(&genotype, build)?.cost()?;
//! assert_eq!(cost.parameters, 1_288_506);
//! # Ok(())
//! # }
//! ```

mod blueprint;
mod text;

pub use blueprint::blueprint;
pub use text::{parse, print};

use crate::{
    CellGenotype, CellGraph, CellSpec, Edge, Gene, Genotype, Head, Layout, Network, OpSet,
    Placement, Port, Source, Space, SpaceError, Stem,
};

/// Cells of each of the three stages (N in the paper).
const CELLS: usize = 5;
/// Own nodes of a cell.
const NODES: usize = 3;
/// Name of the only cell.
const CELL: &str = "cell";
/// The benchmark's names of operations, in its order, and ours.
const OPS: [(&str, &str); 5] = [
    ("none", "none"),
    ("skip_connect", "skip_connect"),
    ("nor_conv_1x1", "simple_conv_1x1"),
    ("nor_conv_3x3", "simple_conv_3x3"),
    ("avg_pool_3x3", "avg_pool_3x3"),
];

/// The space: one cell, `cell`, at fifteen places in three stages of five, with 1, 2 and 4 times
/// the base channels on whole, halved and quartered planes.
///
/// # Errors
/// None in practice: all parts are constants.
pub fn space() -> Result<Space, SpaceError> {
    let edges = edges().collect();
    let graph = CellGraph::new(1, NODES, edges, vec![NODES])?;
    let cells = vec![CellSpec { name: CELL.to_owned(), graph }];
    let place = |index: usize| {
        let source = index.checked_sub(1).map_or(Source::Stem(0), Source::Cell);
        let (width, level) = (1 << (index / CELLS), index / CELLS);
        Placement { cell: Some(0), width, level, reduction: false, ports: vec![Port::one(source)] }
    };
    let placements: Vec<Placement> = (0..3 * CELLS).map(place).collect();
    let head = Head::pooled(Source::Cell(placements.len() - 1));
    let network = Network::new(Stem::cifar(1), placements, head, None)?;
    Space::new("nasbench201", OpSet::builtin("nasbench201")?, cells, network)
}

/// All 15,625 architectures, the operation of the last edge changing fastest.
pub fn architectures() -> impl Iterator<Item = Genotype> {
    let edges: Vec<Edge> = edges().collect();
    let count = OPS.len();
    (0..edges.iter().fold(1, |all, _| all * count)).map(move |number| {
        let mut rest = number;
        let mut genes: Vec<Gene> = Vec::with_capacity(edges.len());
        for &Edge { from, to } in edges.iter().rev() {
            genes.push(Gene { op: OPS[rest % count].1.to_owned(), from, to });
            rest /= count;
        }
        genes.reverse();
        genotype(genes)
    })
}

/// The edges in row order: the order of the benchmark's strings.
fn edges() -> impl Iterator<Item = Edge> {
    (1..=NODES).flat_map(|to| (0..to).map(move |from| Edge { from, to }))
}

/// The genotype with one gene on each edge, none missing.
fn genotype(genes: Vec<Gene>) -> Genotype {
    let cell = CellGenotype {
        name: CELL.to_owned(),
        inputs: 1,
        genes,
        concat: vec![NODES],
        residual: false,
    };
    Genotype::trusted(Layout::Space, vec![cell])
}

#[cfg(test)]
mod tests;
