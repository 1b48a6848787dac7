//! Curves and points as SVG.

use std::fmt::Display;
use std::ops::Range;

use plotters::prelude::*;

use crate::error::ReportError;

/// A named set of points.
#[derive(Clone, Debug)]
pub struct Series {
    /// The words of the legend.
    pub name: String,
    /// Its points, in order.
    pub points: Vec<(f64, f64)>,
    /// True where they are joined.
    pub line: bool,
}

/// The words around the points.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// Above them.
    pub title: &'a str,
    /// Below.
    pub x: &'a str,
    /// On their left.
    pub y: &'a str,
}

const SIZE: (u32, u32) = (720, 440);

/// All series in one picture, as SVG.
///
/// # Errors
/// [`ReportError::Chart`] when the drawing library gives up.
pub fn chart(labels: Labels<'_>, series: &[Series]) -> Result<String, ReportError> {
    let points = || series.iter().flat_map(|series| &series.points);
    let x = range(points().map(|point| point.0));
    let y = range(points().map(|point| point.1));
    within(labels, series, [x, y])
}

/// Precision-recall curves as SVG: each series has points `(recall, precision)`, shares from 0 to
/// 1, and both axes show all of them.
///
/// # Errors
/// [`ReportError::Chart`] when the drawing library gives up.
pub fn precision_recall(title: &str, series: &[Series]) -> Result<String, ReportError> {
    let all = || -0.02..1.02;
    within(Labels { title, x: "recall", y: "precision" }, series, [all(), all()])
}

/// A picture whose axes have these ranges.
fn within(
    labels: Labels<'_>,
    series: &[Series],
    axes: [Range<f64>; 2],
) -> Result<String, ReportError> {
    let mut text = String::new();
    let refuse = |found| ReportError::Chart { title: labels.title.to_owned(), found };
    draw(&mut text, labels, series, axes).map_err(|error| refuse(error.to_string()))?;
    Ok(text)
}

fn draw(
    text: &mut String,
    labels: Labels<'_>,
    series: &[Series],
    [x, y]: [Range<f64>; 2],
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(labels.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(x, y)?;
    let short = |value: &f64| short(*value).to_string();
    chart
        .configure_mesh()
        .x_desc(labels.x)
        .y_desc(labels.y)
        .x_label_formatter(&short)
        .y_label_formatter(&short)
        .light_line_style(WHITE)
        .draw()?;
    for (index, Series { name, points, line }) in series.iter().enumerate() {
        let colour = Palette99::pick(index).to_rgba();
        let drawn = if *line {
            chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?
        } else {
            let dots = points.iter().map(|&point| Circle::new(point, 3, colour.filled()));
            chart.draw_series(dots)?
        };
        drawn
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK)
        .draw()?;
    area.present()?;
    Ok(())
}

/// From the least to the most, with a little room.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let finite = values.filter(|value| value.is_finite());
    let ends = finite.fold(None, |ends: Option<(f64, f64)>, value| {
        let (least, most) = ends.unwrap_or((value, value));
        Some((least.min(value), most.max(value)))
    });
    let (least, most) = ends.unwrap_or((0.0, 1.0));
    let room = (0.04 * (most - least)).max(1e-6 * most.abs()).max(1e-9);
    least - room..most + room
}

/// A number that fits beside an axis.
fn short(value: f64) -> impl Display {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}{unit}", if text == "-0" { "0" } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_hold_their_words_and_survive_odd_points() {
        let odd = [vec![], vec![(1.0, 2.0)], vec![(0.0, f64::NAN), (1.0, 1e12), (2.0, -1e12)]];
        for points in odd {
            let series = [true, false].map(|line| Series {
                name: format!("line {line}"),
                points: points.clone(),
                line,
            });
            let labels = Labels { title: "a & b", x: "evaluations", y: "regret" };
            let text = chart(labels, &series).unwrap();
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
            for word in ["a &amp; b", "evaluations", "regret", "line true", "line false"] {
                assert!(text.contains(word), "{word}");
            }
        }
    }

    #[test]
    fn precision_and_recall_are_drawn_in_full() {
        let series = |name: &str, points: &[(f64, f64)]| {
            [true, false].map(|line| Series {
                name: name.to_owned(),
                points: points.to_vec(),
                line,
            })
        };
        let few = series("objects", &[(0.5, 0.5), (0.6, 0.4)]);
        let text = precision_recall("by IoU", &few).unwrap();
        for word in ["by IoU", "recall", "precision", "objects"] {
            assert!(text.contains(word), "{word}");
        }
        // The axes do not depend on the points.
        for label in ["0.2", "0.8"] {
            assert!(text.contains(label), "{label}");
        }
        assert!(precision_recall("nothing", &[]).unwrap().starts_with("<svg"));
    }

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, 0.5, -2.0, 12_345.0, 2.5e6, 3e9].map(|value| short(value).to_string());
        assert_eq!(texts, ["0", "0.5", "-2", "12.345k", "2.5M", "3G"]);
    }
}
