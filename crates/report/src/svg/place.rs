//! Places of items: columns from left to right, items as level with their neighbours as they can
//! be.

use super::layers::{Item, Kind, Layers};

/// Middles of all items, and how large the whole is.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Room between two boxes of a column, and between a box and a passing edge.
const GAP: f64 = 10.0;
/// Least room between columns.
const BETWEEN: f64 = 34.0;
/// Sweeps there and back.
const SWEEPS: usize = 8;

/// Places the items of ordered columns.
pub(super) fn place(layers: &Layers) -> Places {
    let y = heights(layers);
    let top = |item: usize| y[item] - layers.items[item].height / 2.0;
    let bottom = |item: usize| y[item] + layers.items[item].height / 2.0;
    let all = || 0..layers.items.len();
    let first = all().map(top).fold(f64::INFINITY, f64::min);
    let first = if first.is_finite() { first } else { 0.0 };
    let height = all().map(bottom).fold(first, f64::max) - first;
    let mut x = vec![0.0; layers.items.len()];
    let mut width = 0.0;
    for (rank, column) in layers.columns.iter().enumerate() {
        if rank > 0 {
            width += between(layers, column, &y);
        }
        let room = column.iter().map(|&item| layers.items[item].width).fold(0.0, f64::max);
        for &item in column {
            x[item] = width + room / 2.0;
        }
        width += room;
    }
    Places { x, y: y.into_iter().map(|y| y - first).collect(), width, height }
}

/// Room before a column: more where edges are steep.
fn between(layers: &Layers, column: &[usize], y: &[f64]) -> f64 {
    let steep = column.iter().flat_map(|&item| {
        layers.items[item].left.iter().map(move |&other| (y[item] - y[other]).abs())
    });
    BETWEEN + (steep.fold(0.0, f64::max) * 0.15).min(90.0)
}

fn heights(layers: &Layers) -> Vec<f64> {
    let mut y = vec![0.0; layers.items.len()];
    for column in &layers.columns {
        let wanted = vec![(0.0, 1.0); column.len()];
        settle(layers, column, &wanted, &mut y);
    }
    for sweep in 0..2 * SWEEPS {
        let ranks = 0..layers.columns.len();
        let forward = sweep % 2 == 0;
        let ranks: Vec<usize> = if forward { ranks.collect() } else { ranks.rev().collect() };
        // At first only what is settled already counts, in the end both sides do.
        let both = sweep >= SWEEPS;
        for rank in ranks {
            let column = &layers.columns[rank];
            let wanted: Vec<(f64, f64)> = column
                .iter()
                .map(|&item| wanted(layers, item, (both || forward, both || !forward), &y))
                .collect();
            settle(layers, column, &wanted, &mut y);
        }
    }
    y
}

/// Mean height of an item's neighbours, and how much it matters. Long edges are to be straight.
fn wanted(layers: &Layers, item: usize, (left, right): (bool, bool), y: &[f64]) -> (f64, f64) {
    let own = &layers.items[item];
    let weight = |other: &Item| match (own.kind, other.kind) {
        (Kind::Bend, Kind::Bend) => 8.0,
        (Kind::Node(_), Kind::Node(_)) => 1.0,
        _ => 2.0,
    };
    let neighbours = own.left.iter().filter(|_| left).chain(own.right.iter().filter(|_| right));
    let mut sum = 0.0;
    let mut weights = 0.0;
    for &other in neighbours {
        let weight = weight(&layers.items[other]);
        sum += weight * y[other];
        weights += weight;
    }
    if weights == 0.0 { (y[item], 0.1) } else { (sum / weights, weights) }
}

/// Heights nearest to the wanted ones that keep order and room: the weighted least squares under
/// `y[i + 1] - y[i] >= room`, by merging neighbours that are too near (pool adjacent violators).
fn settle(layers: &Layers, column: &[usize], wanted: &[(f64, f64)], y: &mut [f64]) {
    let mut offsets = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    for (index, &item) in column.iter().enumerate() {
        if index > 0 {
            let above = &layers.items[column[index - 1]];
            offset += (above.height + layers.items[item].height) / 2.0 + GAP;
        }
        offsets.push(offset);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (&(height, weight), offset) in wanted.iter().zip(&offsets) {
        let mut block = Block { sum: weight * (height - offset), weight, count: 1 };
        while let Some(before) = blocks.pop_if(|before| before.mean() > block.mean()) {
            block.sum += before.sum;
            block.weight += before.weight;
            block.count += before.count;
        }
        blocks.push(block);
    }
    let settled = blocks.iter().flat_map(|block| std::iter::repeat_n(block.mean(), block.count));
    for ((&item, offset), height) in column.iter().zip(offsets).zip(settled) {
        y[item] = height + offset;
    }
}

/// Neighbours that stand as near as they may.
struct Block {
    sum: f64,
    weight: f64,
    count: usize,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.weight
    }
}
