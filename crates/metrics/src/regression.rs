use candle_core::Tensor;
use dartloom_record::Scores;

use crate::scorer::{add, mean, share};
use crate::{Cell, Column, Details, MetricsError, Scorer, Table, read};

/// Measures of the distance of predicted values from the true ones.
///
/// Takes predictions and values, both `[batch, values]`, or `[batch]` for one value. With
/// `e = prediction - y` over everything seen so far:
///
/// * `rmse`, `mse` and `mae`: `sqrt(mean(e^2))`, `mean(e^2)` and `mean(|e|)` over rows and values,
/// * `r2`, the mean of `r2_i = 1 - sum(e^2) / (sum(y^2) - sum(y)^2 / n)` over the values that
///   differ between rows,
/// * `r2_weighted`, `rmse_i`, `r2_i` and `mae_i` of each value, where there are several:
///   `r2_weighted` is one less all squared errors over all squared deviations from the means, so
///   that values weigh by their spread.
///
/// The spread of `y` is a difference of sums in `f64`, which add up over shards: it is right to
/// about `1e-16 (mean / deviation)^2` of itself, so values far from 0 should be shifted before.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// Of each value [`Sums`].
    sums: Vec<f64>,
}

/// Rows, sums of `y`, `y^2`, `e^2` and `|e|`.
const SUMS: usize = 5;

/// The sums of one value.
struct Sums {
    rows: f64,
    values: f64,
    squares: f64,
    squared_errors: f64,
    errors: f64,
}

impl Sums {
    /// The sum of squared deviations from the mean; `None` for equal values.
    fn spread(&self) -> Option<f64> {
        let spread = self.squares - self.values * self.values / self.rows;
        // What rounding leaves of equal values is no spread.
        let noise = 8.0 * f64::EPSILON * self.squares;
        (self.rows > 0.0 && (spread > noise || spread.is_nan())).then_some(spread)
    }

    fn r2(&self) -> Option<f64> {
        self.spread().map(|spread| 1.0 - self.squared_errors / spread)
    }
}

impl Regression {
    /// Scores of `values` values a row.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for no value.
    pub fn new(values: usize) -> Result<Self, MetricsError> {
        if values == 0 {
            let expected = "at least 1";
            return Err(MetricsError::Setting { field: "values", expected, found: values });
        }
        Ok(Self { sums: vec![0.0; SUMS * values] })
    }

    fn each(&self) -> impl Iterator<Item = Sums> {
        self.sums.chunks_exact(SUMS).map(|sums| Sums {
            rows: sums[0],
            values: sums[1],
            squares: sums[2],
            squared_errors: sums[3],
            errors: sums[4],
        })
    }
}

impl Scorer for Regression {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let width = self.sums.len() / SUMS;
        read::rows(output, target, width)?;
        let values = read::numbers(target)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let row = at / width;
            let value = at % width;
            return Err(MetricsError::ValueNotFinite { row, value, found: values[at] });
        }
        for (at, (said, value)) in read::numbers(output)?.into_iter().zip(values).enumerate() {
            let sums = &mut self.sums[at % width * SUMS..][..SUMS];
            let error = said - value;
            add(sums, &[1.0, value, value * value, error * error, error.abs()])?;
        }
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.sums.clone()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        add(&mut self.sums, state)
    }

    fn details(&self) -> Details {
        let scores = self.scores();
        let rmse = |sums: &Sums| share(sums.squared_errors, sums.rows).map(f64::sqrt);
        let row = |(value, sums): (usize, Sums)| {
            let numbers = [sums.r2(), rmse(&sums), share(sums.errors, sums.rows)];
            let numbers = numbers.into_iter().map(Cell::Number);
            std::iter::once(Cell::Output(value)).chain(numbers).collect()
        };
        let mut rows: Vec<Vec<Cell>> = self.each().enumerate().map(row).collect();
        let many = rows.len() > 1;
        if many {
            let all = ["r2", "rmse", "mae"].map(|name| Cell::Number(scores.get(name)));
            rows.push(std::iter::once(Cell::Word("all")).chain(all).collect());
        }
        let columns =
            Column::named(&[("value", "value"), ("r2", "R2"), ("rmse", "RMSE"), ("mae", "MAE")]);
        let each = (0..self.sums.len() / SUMS)
            .flat_map(|value| ["r2", "rmse", "mae"].map(|name| format!("{name}_{value}")));
        let told = if many { each.collect() } else { Vec::new() };
        Details {
            tables: vec![Table { name: "values", columns, rows }],
            told,
            ..Details::default()
        }
    }

    fn scores(&self) -> Scores {
        let total = |of: fn(&Sums) -> f64| self.each().map(|sums| of(&sums)).sum::<f64>();
        let count = total(|sums| sums.rows);
        let mse = share(total(|sums| sums.squared_errors), count);
        let mut scores = Scores::new()
            .with_some("rmse", mse.map(f64::sqrt))
            .with_some("r2", mean(self.each().map(|sums| sums.r2())))
            .with_some("mae", share(total(|sums| sums.errors), count))
            .with_some("mse", mse);
        if self.sums.len() > SUMS {
            let spread: f64 = self.each().filter_map(|sums| sums.spread()).sum();
            let errors = share(total(|sums| sums.squared_errors), spread);
            scores = scores.with_some("r2_weighted", errors.map(|errors| 1.0 - errors));
            for (value, sums) in self.each().enumerate() {
                let rmse = share(sums.squared_errors, sums.rows).map(f64::sqrt);
                scores = scores
                    .with_some(format!("rmse_{value}"), rmse)
                    .with_some(format!("r2_{value}"), sums.r2())
                    .with_some(format!("mae_{value}"), share(sums.errors, sums.rows));
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests;
