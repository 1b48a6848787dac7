//! Spaces and weights to try decoders on.

use dartloom_space::{
    CellGraph, CellSpec, CellTable, Head, Network, OpSet, Placement, Port, Source, Space,
    SpaceError, Stem, WeightTable,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Case;

/// Cases of several spaces: with and without "none", with and without edge weights, with distinct
/// weights, many ties, and nothing but ties.
///
/// # Errors
/// Never with the built-in operation sets; a [`SpaceError`] if they are missing.
pub fn cases(seed: u64) -> Result<Vec<Case>, SpaceError> {
    let mut noise = ChaCha8Rng::seed_from_u64(seed);
    let mut cases = Vec::new();
    for space in spaces()? {
        for edge_weights in [false, true] {
            for levels in [None, Some(3), Some(1)] {
                let weights = table(&space, levels, edge_weights, &mut noise)?;
                cases.push(Case { space: space.clone(), weights });
            }
        }
    }
    Ok(cases)
}

fn spaces() -> Result<Vec<Space>, SpaceError> {
    let darts = Space::darts(OpSet::builtin("O_base")?, 8, 4, Stem::cifar(3))?;
    let individual = Space::individual(OpSet::builtin("S")?, 3, 3, Stem::cifar(3))?;
    let graph = CellGraph::dense(1, 3)?;
    let cell = CellSpec { name: "cell".to_owned(), graph };
    let port = Port::one(Source::Stem(0));
    let placement =
        Placement { cell: Some(0), width: 1, level: 0, reduction: false, ports: vec![port] };
    let head = Head::pooled(Source::Cell(0));
    let network = Network::new(Stem::cifar(1), vec![placement], head, None)?;
    let bench = Space::new("bench", OpSet::builtin("nasbench201")?, vec![cell], network)?;
    Ok(vec![darts, individual, bench])
}

/// Weights in (0, 1], of a few `levels` where ties are wanted.
fn table(
    space: &Space,
    levels: Option<u8>,
    edge_weights: bool,
    noise: &mut ChaCha8Rng,
) -> Result<WeightTable, SpaceError> {
    let mut draw = || match levels {
        Some(levels) => f64::from(noise.random_range(1..=levels)) / f64::from(levels),
        None => 1.0 - noise.random::<f64>(),
    };
    let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
    let mut cells = Vec::new();
    for cell in space.cells() {
        let rows = cell.graph.edges().len();
        let edges = (0..rows).map(|_| ops.iter().map(|_| draw()).collect()).collect();
        let edge_weights = edge_weights.then(|| (0..rows).map(|_| draw()).collect());
        cells.push(CellTable { name: cell.name.clone(), edges, edge_weights });
    }
    WeightTable::new(ops, cells)
}
