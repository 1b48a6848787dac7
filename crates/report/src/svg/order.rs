//! The order of items in a column: few edges cross.
//!
//! Each column is sorted by the mean place of what its items are connected with in the column
//! before, then in the column behind (Sugiyama, Tagawa and Toda, 1981), and neighbours change
//! places where fewer edges cross then. The best order of some rounds stays. A round takes a time
//! that grows with the number of items and edges, times its logarithm.

use super::layers::{Item, Layers};

/// Rounds there and back.
const ROUNDS: usize = 12;
/// Rounds without fewer crossings, after which the best order is taken.
const IN_VAIN: usize = 2;

/// On which side the columns are that an order looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    fn of(self, item: &Item) -> &[usize] {
        match self {
            Self::Left => &item.left,
            Self::Right => &item.right,
        }
    }
}

/// Puts the items of every column in order.
pub(super) fn order(layers: &mut Layers) {
    let mut places = vec![0; layers.items.len()];
    for column in &layers.columns {
        number(column, &mut places);
    }
    let mut best = layers.columns.clone();
    let mut least = crossings(layers, &places);
    let mut in_vain = 0;
    for _ in 0..ROUNDS {
        if least == 0 || in_vain == IN_VAIN {
            break;
        }
        for rank in 1..layers.columns.len() {
            sort(layers, rank, Side::Left, &mut places);
        }
        for rank in (0..layers.columns.len().saturating_sub(1)).rev() {
            sort(layers, rank, Side::Right, &mut places);
        }
        for rank in 0..layers.columns.len() {
            exchange(layers, rank, &mut places);
        }
        let found = crossings(layers, &places);
        if found < least {
            best = layers.columns.clone();
            least = found;
            in_vain = 0;
        } else {
            in_vain += 1;
        }
    }
    layers.columns = best;
}

fn number(column: &[usize], places: &mut [usize]) {
    for (place, &item) in column.iter().enumerate() {
        places[item] = place;
    }
}

fn sort(layers: &mut Layers, rank: usize, side: Side, places: &mut [usize]) {
    let mean = |item: usize| {
        let others = side.of(&layers.items[item]);
        let sum: usize = others.iter().map(|&other| places[other]).sum();
        // What is connected with nothing stays where it is.
        if others.is_empty() { places[item] as f64 } else { sum as f64 / others.len() as f64 }
    };
    let mut column: Vec<(f64, usize)> =
        layers.columns[rank].iter().map(|&item| (mean(item), item)).collect();
    column.sort_by(|a, b| a.0.total_cmp(&b.0));
    layers.columns[rank] = column.into_iter().map(|(_, item)| item).collect();
    number(&layers.columns[rank], places);
}

/// Lets neighbours change places where fewer of their edges cross then.
fn exchange(layers: &mut Layers, rank: usize, places: &mut [usize]) {
    let items = &layers.items;
    let column = &mut layers.columns[rank];
    for upper in 1..column.len() {
        let a = column[upper - 1];
        let b = column[upper];
        let crossed = |a: usize, b: usize| -> usize {
            [Side::Left, Side::Right]
                .into_iter()
                .map(|side| between(side.of(&items[a]), side.of(&items[b]), places))
                .sum()
        };
        if crossed(a, b) > crossed(b, a) {
            column.swap(upper - 1, upper);
            places.swap(a, b);
        }
    }
}

/// Crossings of the edges of an item with those of the item below it.
fn between(above: &[usize], below: &[usize], places: &[usize]) -> usize {
    let crossing = |&a: &usize| below.iter().filter(|&&b| places[b] < places[a]).count();
    above.iter().map(crossing).sum()
}

/// All crossings: pairs of edges between two columns in another order at each end.
fn crossings(layers: &Layers, places: &[usize]) -> usize {
    let columns = layers.columns.iter().zip(layers.columns.iter().skip(1));
    let crossed = columns.map(|(column, next)| {
        let mut seen = Counts::new(next.len());
        let mut sum = 0;
        let mut total = 0;
        for &item in column {
            let ends = layers.items[item].right.iter().map(|&other| places[other]);
            let ends: Vec<usize> = ends.collect();
            for &end in &ends {
                sum += total - seen.up_to(end);
            }
            for end in ends {
                seen.add(end);
                total += 1;
            }
        }
        sum
    });
    crossed.sum()
}

/// Counts of the places seen, with sums in logarithmic time (Fenwick's tree).
struct Counts {
    sums: Vec<usize>,
}

impl Counts {
    fn new(places: usize) -> Self {
        Self { sums: vec![0; places + 1] }
    }

    fn add(&mut self, place: usize) {
        let mut at = place + 1;
        while at < self.sums.len() {
            self.sums[at] += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// The number of places seen up to and including this one.
    fn up_to(&self, place: usize) -> usize {
        let mut at = place + 1;
        let mut sum = 0;
        while at > 0 {
            sum += self.sums[at];
            at &= at - 1;
        }
        sum
    }
}
