//! Exact distances to a set of pixels.

/// The square of the Euclidean distance of every pixel to the nearest pixel of `set`, in pixels;
/// `None` if the set is empty.
///
/// `set` is row by row, `[height, width]` = `sides`. Exact, in time proportional to the number of
/// pixels: Meijster, Roerdink and Hesselink 2000, "A general algorithm for computing distance
/// transforms in linear time".
pub(super) fn squared_distances(set: &[bool], sides: [usize; 2]) -> Option<Vec<u64>> {
    let [height, width] = sides;
    if !set.contains(&true) {
        return None;
    }
    // Farther than any pixel of the plane.
    let far = (height + width) as i64;
    let columns = along_columns(set, sides, far);
    let mut all = Vec::with_capacity(set.len());
    let mut envelope = Vec::with_capacity(width);
    for row in columns.chunks_exact(width) {
        along_row(row, &mut envelope, &mut all);
    }
    Some(all)
}

/// The distance of every pixel to the nearest of the set in its own column, `far` if there is none.
fn along_columns(set: &[bool], [height, width]: [usize; 2], far: i64) -> Vec<i64> {
    let mut all: Vec<i64> = set.iter().map(|&inside| if inside { 0 } else { far }).collect();
    for at in width..height * width {
        all[at] = all[at].min(all[at - width] + 1);
    }
    for at in (0..(height - 1) * width).rev() {
        all[at] = all[at].min(all[at + width] + 1);
    }
    for distance in &mut all {
        *distance = (*distance).min(far);
    }
    all
}

/// A parabola `(x - at)^2 + height^2` that is the lowest from `from` on.
struct Parabola {
    at: i64,
    height: i64,
    from: i64,
}

impl Parabola {
    fn value(&self, x: i64) -> i64 {
        (x - self.at) * (x - self.at) + self.height * self.height
    }

    /// The last whole place where this parabola is not above one further to the right.
    fn last_before(&self, next: i64, height: i64) -> i64 {
        let difference =
            next * next - self.at * self.at + height * height - self.height * self.height;
        difference.div_euclid(2 * (next - self.at))
    }
}

/// The lowest of the parabolas of a row, at each of its places.
fn along_row(row: &[i64], envelope: &mut Vec<Parabola>, all: &mut Vec<u64>) {
    envelope.clear();
    for (at, &height) in (0_i64..).zip(row) {
        let next = |from| Parabola { at, height, from };
        while envelope.last().is_some_and(|last| last.value(last.from) > next(0).value(last.from)) {
            envelope.pop();
        }
        match envelope.last() {
            None => envelope.push(next(0)),
            Some(last) => {
                let from = last.last_before(at, height) + 1;
                if from < row.len() as i64 {
                    envelope.push(next(from));
                }
            }
        }
    }
    let mut lowest = 0;
    for x in 0..row.len() as i64 {
        while envelope.get(lowest + 1).is_some_and(|next| next.from <= x) {
            lowest += 1;
        }
        all.push(envelope[lowest].value(x).unsigned_abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pixel against every pixel of the set.
    fn by_hand(set: &[bool], [height, width]: [usize; 2]) -> Option<Vec<u64>> {
        let square = |a: usize, b: usize| (a.abs_diff(b) as u64).pow(2);
        let nearest = |at: usize| {
            let inside = (0..set.len()).filter(|&other| set[other]);
            inside.map(|o| square(at / width, o / width) + square(at % width, o % width)).min()
        };
        (0..height * width).map(nearest).collect()
    }

    #[test]
    fn distances_equal_those_of_all_pairs() {
        let mut word = 1_u64;
        for sides in [[1, 1], [1, 9], [9, 1], [6, 11], [13, 7]] {
            for sparse in [2, 5, 20, 200] {
                let mut drawn = || {
                    word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (word >> 33).is_multiple_of(sparse)
                };
                let set: Vec<bool> = (0..sides[0] * sides[1]).map(|_| drawn()).collect();
                assert_eq!(squared_distances(&set, sides), by_hand(&set, sides), "{sides:?}");
            }
        }
    }
}
