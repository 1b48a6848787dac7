//! Curves over epochs.

use maud::{Markup, html};

use super::absent;
use super::plot::{Line, Numbers, Plot};
use crate::page::{self, Curve, Page};

/// All curves with their spread over seeds.
pub(super) fn curves(page: &Page) -> Markup {
    if page.curves.is_empty() {
        return absent("No epoch is finished yet.");
    }
    let several =
        page.curves.iter().flat_map(|curve| &curve.lines).any(|line| line.seeds.len() > 1);
    html! {
        @if several {
            p {
                "Lines are means over seeds; bands are one standard deviation to each side, where "
                "there are at least two seeds."
            }
        } @else {
            p { "One seed: lines are its values, and there is no spread to show." }
        }
        div.figures { @for curve in &page.curves { (figure(curve)) } }
    }
}

fn figure(curve: &Curve) -> Markup {
    let odd = curve.lines.iter().flat_map(odd).count();
    let lines = curve.lines.iter().enumerate().map(|(kind, line)| Line {
        name: match line.seeds.len() {
            0 | 1 => line.name.clone(),
            seeds => format!("{} ({seeds} seeds)", line.name),
        },
        kind,
        points: line
            .points
            .iter()
            .map(|point| [point.epoch as f64, point.mean.unwrap_or(f64::NAN)])
            .collect(),
        band: line.points.iter().filter_map(band).collect(),
        joined: true,
    });
    let plot = Plot {
        title: &curve.title,
        x: "epoch",
        y: &curve.y,
        range: None,
        numbers: Numbers::Whole,
        lines: lines.collect(),
    };
    html! {
        div {
            (plot.figure())
            @if odd > 0 {
                p.soft { (odd) " values are not finite and break the lines." }
            }
        }
    }
}

fn band(point: &page::Point) -> Option<[f64; 3]> {
    let mean = point.mean?;
    let sd = point.sd?;
    Some([point.epoch as f64, mean - sd, mean + sd])
}

/// The values of a line that are not finite.
fn odd(line: &page::Line) -> impl Iterator<Item = f64> {
    let values = line.points.iter().flat_map(|point| &point.values);
    values.map(|value| value.0).filter(|value| !value.is_finite())
}
