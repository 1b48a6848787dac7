//! Symmetric matrices, small and dense.

/// `log det` of a positive definite matrix by Cholesky's factorisation; `None` if the matrix is not
/// positive definite up to rounding.
pub(super) fn log_determinant(matrix: &[Vec<f64>]) -> Option<f64> {
    let size = matrix.len();
    let largest = (0..size).map(|i| matrix[i][i].abs()).fold(0.0, f64::max);
    let smallest = size as f64 * f64::EPSILON * largest;
    let mut factor = vec![vec![0.0; size]; size];
    let mut log = 0.0;
    for i in 0..size {
        for j in 0..=i {
            let known: f64 = factor[i][..j].iter().zip(&factor[j][..j]).map(|(a, b)| a * b).sum();
            let rest = matrix[i][j] - known;
            if i == j {
                // A pivot of rounding errors, or NaN, is none.
                if rest.partial_cmp(&smallest) != Some(std::cmp::Ordering::Greater) {
                    return None;
                }
                log += rest.ln();
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    Some(log)
}

/// Eigenvalues of a symmetric matrix in ascending order, by Jacobi's rotations.
pub(super) fn eigenvalues(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let size = matrix.len();
    let total: f64 = matrix.iter().flatten().map(|value| value * value).sum();
    for _ in 0..MOST_SWEEPS {
        let off: f64 = (0..size)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| matrix[i][j] * matrix[i][j])
            .sum();
        if off <= f64::EPSILON * f64::EPSILON * total {
            break;
        }
        for i in 0..size {
            for j in 0..i {
                rotate(&mut matrix, i, j);
            }
        }
    }
    let mut values: Vec<f64> = (0..size).map(|i| matrix[i][i]).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Limit on the sweeps. Convergence is quadratic: matrices of hundreds of rows need about ten.
const MOST_SWEEPS: usize = 60;

/// Rotates rows and columns `p < q` so that the value at their crossing becomes 0.
fn rotate(matrix: &mut [Vec<f64>], p: usize, q: usize) {
    let meeting = matrix[p][q];
    if meeting == 0.0 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * meeting);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        let a = row[p];
        let b = row[q];
        (row[p], row[q]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
    let (upper, lower) = matrix.split_at_mut(p);
    for (first, second) in lower[0].iter_mut().zip(&mut upper[q]) {
        let a = *first;
        let b = *second;
        (*first, *second) = (cosine * a - sine * b, sine * a + cosine * b);
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn by_hand() {
        let matrix = vec![vec![2.0, 1.0], vec![1.0, 2.0]];
        assert_relative_eq!(log_determinant(&matrix).unwrap(), 3.0_f64.ln(), epsilon = 1e-15);
        let values = eigenvalues(matrix);
        assert_relative_eq!(values[0], 1.0, epsilon = 1e-14);
        assert_relative_eq!(values[1], 3.0, epsilon = 1e-14);
    }

    #[test]
    fn eigenvalues_of_a_path_are_known() {
        // 2 on the diagonal, -1 beside it: 2 - 2 cos(k pi / (n + 1)).
        let size = 24;
        let entry = |i: usize, j: usize| match i.abs_diff(j) {
            0 => 2.0,
            1 => -1.0,
            _ => 0.0,
        };
        let matrix: Vec<Vec<f64>> =
            (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect();
        let log = log_determinant(&matrix).unwrap();
        assert_relative_eq!(log, (size as f64 + 1.0).ln(), epsilon = 1e-12);
        let values = eigenvalues(matrix);
        for (k, value) in values.iter().enumerate() {
            let angle = (k + 1) as f64 * std::f64::consts::PI / (size + 1) as f64;
            assert_relative_eq!(*value, 2.0 - 2.0 * angle.cos(), epsilon = 1e-12);
        }
        assert_relative_eq!(values.iter().map(|v| v.ln()).sum::<f64>(), log, epsilon = 1e-10);
    }

    #[test]
    fn singular_and_broken_matrices_have_no_logarithm() {
        let same = vec![vec![4.0, 1.0, 4.0], vec![1.0, 3.0, 1.0], vec![4.0, 1.0, 4.0]];
        assert_eq!(log_determinant(&same), None);
        assert_eq!(log_determinant(&[vec![f64::NAN]]), None);
        assert_eq!(log_determinant(&[vec![0.0]]), None);
    }
}
