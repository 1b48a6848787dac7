//! Connected components of a mask.

use serde::{Deserialize, Serialize};

/// The neighbours of a pixel that belong to the same component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]

pub enum Connectivity {
    /// The four that share a side.
    Four,
    /// The eight that share a side or a corner.
    #[default]
    Eight,
}

/// The connected components of a mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// The component of each pixel, row by row: from 1, in the order of their first pixels; 0
    /// outside of the mask.
    pub labels: Vec<u32>,
    /// Pixels of each component, the first one's first.
    pub sizes: Vec<usize>,
}

/// The connected components of a mask, row by row, in rows of `width` pixels.
///
/// In two passes: runs of pixels are joined with those of the row above, then numbered (Rosenfeld
/// and Pfaltz 1966).
#[must_use]
pub fn components(mask: &[bool], width: usize, connectivity: Connectivity) -> Components {
    let mut joined = Joined { parents: vec![0] };
    let mut labels = vec![0_u32; mask.len()];
    for at in (0..mask.len()).filter(|&at| mask[at]) {
        let column = at % width;
        let left = (column > 0).then(|| labels[at - 1]);
        let above = at.checked_sub(width).map(|at| labels[at]);
        let corner = |is_there: bool, by: usize| match connectivity {
            Connectivity::Eight if is_there => at.checked_sub(by).map(|at| labels[at]),
            _ => None,
        };
        let corners = [corner(column > 0, width + 1), corner(column + 1 < width, width - 1)];
        // Above the first row, a step up and right from its end is no pixel.
        let corners = corners.map(|corner| corner.filter(|_| at >= width));
        let near = [left, above, corners[0], corners[1]].into_iter().flatten();
        labels[at] = joined.label(near.filter(|&label| label > 0));
    }
    number(labels, &mut joined)
}

/// Labels that belong together, each by the way to its lowest one.
struct Joined {
    parents: Vec<u32>,
}

impl Joined {
    fn lowest(&mut self, label: u32) -> u32 {
        let mut at = label;
        while self.parents[at as usize] != at {
            let above = self.parents[self.parents[at as usize] as usize];
            self.parents[at as usize] = above;
            at = above;
        }
        at
    }

    /// One label for a pixel next to others, a new one if it has no neighbour.
    fn label(&mut self, near: impl Iterator<Item = u32>) -> u32 {
        let mut own = None;
        for label in near {
            let label = self.lowest(label);
            own = Some(match own {
                None => label,
                Some(other) => {
                    let low = label.min(other);
                    self.parents[label.max(other) as usize] = low;
                    low
                }
            });
        }
        own.unwrap_or_else(|| {
            let new = self.parents.len() as u32;
            self.parents.push(new);
            new
        })
    }
}

fn number(mut labels: Vec<u32>, joined: &mut Joined) -> Components {
    let mut numbers = vec![0_u32; joined.parents.len()];
    let mut sizes = Vec::new();
    for label in labels.iter_mut().filter(|label| **label > 0) {
        let lowest = joined.lowest(*label) as usize;
        if numbers[lowest] == 0 {
            sizes.push(0);
            numbers[lowest] = sizes.len() as u32;
        }
        *label = numbers[lowest];
        sizes[*label as usize - 1] += 1;
    }
    Components { labels, sizes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&str], connectivity: Connectivity) -> Components {
        let mask: Vec<bool> = rows.concat().chars().map(|c| c == '#').collect();
        components(&mask, rows[0].len(), connectivity)
    }

    #[test]
    fn corners_join_where_eight_neighbours_count() {
        let rows = ["#..#", ".##.", "...."];
        let four = of(&rows, Connectivity::Four);
        assert_eq!(four.labels, [1, 0, 0, 2, 0, 3, 3, 0, 0, 0, 0, 0]);
        assert_eq!(four.sizes, [1, 1, 2]);
        assert_eq!(of(&rows, Connectivity::Eight).sizes, [4]);
    }

    #[test]
    fn branches_that_meet_late_are_one() {
        let rows = ["#.#.#", "#.#.#", "#####"];
        for connectivity in [Connectivity::Four, Connectivity::Eight] {
            assert_eq!(of(&rows, connectivity).sizes, [11]);
        }
    }

    #[test]
    fn borders_are_not_joined_and_odd_masks_are_fine() {
        // The end of a row and the beginning of the next are no neighbours.
        assert_eq!(of(&["..#", "#.."], Connectivity::Eight).sizes, [1, 1]);
        assert_eq!(of(&["#", ".", "#"], Connectivity::Eight).sizes, [1, 1]);
        assert_eq!(components(&[], 0, Connectivity::Four).sizes, [0_usize; 0]);
    }
}
