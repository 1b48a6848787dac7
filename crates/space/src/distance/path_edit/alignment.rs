//! The alignment of two paths at the least cost.

use super::drawing::{Drawing, Part};

/// A pair of parts that stand side by side; `None` if one path has no part there.
pub(super) type Pair = (Option<Part>, Option<Part>);

/// The least cost of an alignment, and the alignment.
pub(super) struct Alignment {
    pub(super) cost: f64,
    pub(super) pairs: Vec<Pair>,
}

/// A way into a cell of the table of costs.
#[derive(Clone, Copy)]
enum Move {
    First,
    Second,
    Both,
}

/// Costs of parts of two drawings, each drawing's weights scaled.
pub(super) struct Costs<'a> {
    pub(super) drawings: [&'a Drawing; 2],
    pub(super) scales: [f64; 2],
}

impl Costs<'_> {
    fn weight(&self, which: usize, part: Part) -> f64 {
        let weight = match part {
            Part::Vertex(_) => 1.0,
            Part::Line(line) => self.drawings[which].lines[line].weight,
        };
        weight * self.scales[which]
    }

    /// Equal parts cost nothing, others half of both weights; a line of the same label elsewhere
    /// costs both.
    fn of(&self, first: Part, second: Part) -> f64 {
        let [a, b] = self.drawings;
        let both = self.weight(0, first) + self.weight(1, second);
        let same = |x: usize, y: usize| a.vertices[x] == b.vertices[y];
        match (first, second) {
            (Part::Vertex(x), Part::Vertex(y)) if same(x, y) => 0.0,
            (Part::Line(x), Part::Line(y)) if a.lines[x].label == b.lines[y].label => {
                let x = &a.lines[x];
                let y = &b.lines[y];
                if same(x.from, y.from) && same(x.to, y.to) { 0.0 } else { both }
            }
            _ => 0.5 * both,
        }
    }

    /// Lays two paths side by side. Their first parts stand together; among equal costs, a part of
    /// the first path alone comes before one of the second alone, and that before a pair.
    pub(super) fn align(&self, first: &[Part], second: &[Part]) -> Alignment {
        let mut table: Vec<Vec<Option<(f64, Move)>>> = vec![vec![None; second.len()]; first.len()];
        for (i, &x) in first.iter().enumerate() {
            for (j, &y) in second.iter().enumerate() {
                let known = |i: Option<usize>, j: Option<usize>| {
                    i.zip(j).and_then(|(i, j)| table[i][j]).map(|(cost, _)| cost)
                };
                let above = i.checked_sub(1);
                let before = j.checked_sub(1);
                let corner = (i, j) == (0, 0);
                let diagonal = if corner { Some(0.0) } else { known(above, before) };
                let moves = [
                    (known(above, Some(j)), Move::First, self.weight(0, x)),
                    (known(Some(i), before), Move::Second, self.weight(1, y)),
                    (diagonal, Move::Both, self.of(x, y)),
                ];
                let mut best: Option<(f64, Move)> = None;
                for (earlier, way, own) in moves {
                    let Some(cost) = earlier.map(|earlier| earlier + own) else { continue };
                    if best.is_none_or(|(least, _)| cost < least) {
                        best = Some((cost, way));
                    }
                }
                table[i][j] = best;
            }
        }
        back(&table, first, second)
    }
}

fn back(table: &[Vec<Option<(f64, Move)>>], first: &[Part], second: &[Part]) -> Alignment {
    let mut i = first.len();
    let mut j = second.len();
    let mut pairs = Vec::with_capacity(i + j);
    let mut cost = None;
    while i > 0 && j > 0 {
        let Some((least, way)) = table[i - 1][j - 1] else { break };
        cost = cost.or(Some(least));
        let x = first[i - 1];
        let y = second[j - 1];
        match way {
            Move::First => {
                pairs.push((Some(x), None));
                i -= 1;
            }
            Move::Second => {
                pairs.push((None, Some(y)));
                j -= 1;
            }
            Move::Both => {
                pairs.push((Some(x), Some(y)));
                (i, j) = (i - 1, j - 1);
            }
        }
    }
    pairs.reverse();
    Alignment { cost: cost.unwrap_or(0.0), pairs }
}
