//! Student's t distribution through the regularised incomplete beta function.

/// Largest number of terms of the continued fraction; it converges in `O(sqrt(max(a, b)))`.
const MAX_TERMS: u32 = 10_000;
/// Bisections of the quantile: enough to exhaust the 53 bits of any bracket.
const MAX_HALVINGS: u32 = 200;

/// `P(T <= t)` for Student's t with `degrees_of_freedom` (any positive number), or `None` when that
/// is not finite and positive or `t` is NaN.
///
/// With `x = v / (v + t^2)`, `P(|T| >= |t|) = I_x(v/2, 1/2)` (Abramowitz and Stegun 26.7.1 and
/// 26.5.27).
#[must_use]
pub fn student_t_cdf(t: f64, degrees_of_freedom: f64) -> Option<f64> {
    let tail = two_sided(t, degrees_of_freedom)? / 2.0;
    Some(if t > 0.0 { 1.0 - tail } else { tail })
}

/// The `t` with `P(T <= t) = probability`, or `None` unless `0 < probability < 1` and
/// `degrees_of_freedom` is finite and positive, or when the result overflows.
#[must_use]
pub fn student_t_quantile(probability: f64, degrees_of_freedom: f64) -> Option<f64> {
    if !(probability > 0.0 && probability < 1.0) {
        return None;
    }
    // By symmetry one tail suffices, and the smaller one keeps its digits.
    let tail = 2.0 * probability.min(1.0 - probability);
    let mut high = 1.0;
    while two_sided(high, degrees_of_freedom)? > tail {
        high *= 2.0;
        if high == f64::INFINITY {
            return None;
        }
    }
    let mut low = 0.0;
    for _ in 0..MAX_HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if two_sided(middle, degrees_of_freedom)? > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
    let size = f64::midpoint(low, high);
    Some(if probability < 0.5 {
        -size
    } else if tail < 1.0 {
        size
    } else {
        0.0
    })
}

/// `P(|T| >= |t|)`.
pub(super) fn two_sided(t: f64, degrees_of_freedom: f64) -> Option<f64> {
    if t.is_nan() || !(degrees_of_freedom.is_finite() && degrees_of_freedom > 0.0) {
        return None;
    }
    let square = t * t;
    let whole = degrees_of_freedom + square;
    if whole.is_infinite() {
        return Some(0.0);
    }
    incomplete_beta(degrees_of_freedom / 2.0, 0.5, degrees_of_freedom / whole, square / whole)
}

/// `I_x(a, b)`, the regularised incomplete beta function, with `y = 1 - x` given so that neither
/// loses digits.
///
/// The continued fraction (DLMF 8.17.22) converges fast for `x < (a + 1) / (a + b + 2)`; beyond,
/// the symmetry `I_x(a, b) = 1 - I_y(b, a)` is used.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> Option<f64> {
    if x <= 0.0 {
        return Some(0.0);
    }
    if y <= 0.0 {
        return Some(1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * y.ln()).exp();
    let value = if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x)? / a
    } else {
        1.0 - front * beta_fraction(b, a, y)? / b
    };
    Some(value.clamp(0.0, 1.0))
}

/// The continued fraction `1 / (1 + d_1 / (1 + d_2 / (1 + ...)))` by the modified Lentz method,
/// where `d_{2m} = m (b - m) x / ((a + 2m - 1)(a + 2m))` and
/// `d_{2m+1} = -(a + m)(a + b + m) x / ((a + 2m)(a + 2m + 1))`.
fn beta_fraction(a: f64, b: f64, x: f64) -> Option<f64> {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let term = |j: u32| {
        let m = f64::from(j / 2);
        if j.is_multiple_of(2) {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        }
    };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / away_from_zero(1.0 + term(1));
    let mut value = denominator;
    for j in 2..MAX_TERMS {
        let d = term(j);
        denominator = 1.0 / away_from_zero(1.0 + d * denominator);
        numerator = away_from_zero(1.0 + d / numerator);
        let factor = numerator * denominator;
        value *= factor;
        if (factor - 1.0).abs() < 4.0 * f64::EPSILON {
            return Some(value);
        }
    }
    None
}

/// Natural logarithm of the gamma function for positive `x`, by the Stirling series (DLMF 5.11.1)
/// after moving the argument up with `ln gamma(x) = ln gamma(x + 1) - ln x`.
fn ln_gamma(x: f64) -> f64 {
    const SHIFTED: f64 = 15.0;
    // B_{2k} / (2k (2k - 1)), k = 1..=7.
    const SERIES: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let mut argument = x;
    let mut product = 1.0;
    while argument < SHIFTED {
        product *= argument;
        argument += 1.0;
    }
    let inverse_square = 1.0 / (argument * argument);
    let correction =
        SERIES.iter().rev().fold(0.0, |sum, coefficient| sum * inverse_square + coefficient)
            / argument;
    (argument - 0.5) * argument.ln() - argument + 0.5 * std::f64::consts::TAU.ln() + correction
        - product.ln()
}

#[cfg(test)]
mod tests;
