//! The best assignment of a group of overlaps.

use super::Overlap;

/// The most pairs, and of all such choices the one with the largest sum of IoU.
///
/// A pair is worth `1 + iou / (2 n)` with n the most pairs there can be, so that one pair more is
/// worth more than any sum of IoU.
pub(super) fn assignment(group: &[Overlap]) -> Vec<Overlap> {
    if let [only] = group {
        return vec![*only];
    }
    let ends = [indices(group, |one| one.said), indices(group, |one| one.there)];
    let transposed = ends[0].len() > ends[1].len();
    let [rows, columns] = if transposed { [&ends[1], &ends[0]] } else { [&ends[0], &ends[1]] };
    let place = |overlap: &Overlap| {
        let [row, column] =
            if transposed { [overlap.there, overlap.said] } else { [overlap.said, overlap.there] };
        [rows.partition_point(|&known| known < row), columns.partition_point(|&c| c < column)]
    };
    let mut costs = vec![vec![0.0; columns.len()]; rows.len()];
    for overlap in group {
        let [row, column] = place(overlap);
        costs[row][column] = -1.0 - overlap.iou / (2.0 * rows.len() as f64);
    }
    let chosen = cheapest(&costs);
    let is_chosen = |overlap: &&Overlap| {
        let [row, column] = place(overlap);
        chosen[column] == Some(row)
    };
    group.iter().filter(is_chosen).copied().collect()
}

/// The different indices of a group, in order.
fn indices(group: &[Overlap], of: fn(&Overlap) -> usize) -> Vec<usize> {
    let mut all: Vec<usize> = group.iter().map(of).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The row of each column in the assignment of all rows that costs least; there are at least as
/// many columns as rows. By shortest augmenting paths (Jonker and Volgenant 1987).
fn cheapest(costs: &[Vec<f64>]) -> Vec<Option<usize>> {
    let columns = costs.first().map_or(0, Vec::len);
    let mut search = Search {
        costs,
        of_rows: vec![0.0; costs.len()],
        of_columns: vec![0.0; columns],
        rows: vec![None; columns],
    };
    for row in 0..costs.len() {
        search.assign(row);
    }
    search.rows
}

/// Assigned rows, with prices of rows and columns under which no pair costs less than nothing.
struct Search<'a> {
    costs: &'a [Vec<f64>],
    of_rows: Vec<f64>,
    of_columns: Vec<f64>,
    rows: Vec<Option<usize>>,
}

impl Search<'_> {
    /// Assigns one more row, by the cheapest way that moves others.
    fn assign(&mut self, first: usize) {
        let columns = self.rows.len();
        let mut distances = vec![f64::INFINITY; columns];
        let mut before: Vec<Option<usize>> = vec![None; columns];
        let mut done = vec![false; columns];
        let mut column: Option<usize> = None;
        loop {
            let row = column.map_or(Some(first), |column| self.rows[column]);
            let Some(row) = row else { break };
            let mut next = (f64::INFINITY, 0);
            for other in (0..columns).filter(|&other| !done[other]) {
                let cost = self.costs[row][other] - self.of_rows[row] - self.of_columns[other];
                if cost < distances[other] {
                    distances[other] = cost;
                    before[other] = column;
                }
                if distances[other] < next.0 {
                    next = (distances[other], other);
                }
            }
            self.reprice(first, next.0, &done);
            for other in (0..columns).filter(|&other| !done[other]) {
                distances[other] -= next.0;
            }
            done[next.1] = true;
            column = Some(next.1);
        }
        while let Some(own) = column {
            column = before[own];
            self.rows[own] = column.map_or(Some(first), |column| self.rows[column]);
        }
    }

    /// Raises the prices of the rows that were reached and lowers those of their columns.
    fn reprice(&mut self, first: usize, by: f64, done: &[bool]) {
        self.of_rows[first] += by;
        for column in (0..done.len()).filter(|&column| done[column]) {
            if let Some(row) = self.rows[column] {
                self.of_rows[row] += by;
            }
            self.of_columns[column] -= by;
        }
    }
}
