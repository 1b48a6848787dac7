//! Plots of lines and points as inline SVG, with the colours of the page's style.
//!
//! Each line has a colour, a dash pattern and a mark of its own, so that it is known without
//! colour; the legend stands beside the picture, where it flows with the page.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use super::axis::Axis;

/// A plot.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    /// Ends of the values' axis; around the values where there are none.
    pub(super) range: Option<[f64; 2]>,
    /// The numbers of the horizontal axis.
    pub(super) numbers: Numbers,
    pub(super) lines: Vec<Line>,
}

/// The numbers of a horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Whole ones: epochs.
    Whole,
    /// Sizes, by their ratios where these are large.
    Sizes,
}

/// A line or a set of points.
pub(super) struct Line {
    pub(super) name: String,
    /// The position of its colour, pattern and mark.
    pub(super) kind: usize,
    /// Values by place; one that is not finite breaks the line.
    pub(super) points: Vec<[f64; 2]>,
    /// Place, least and most of a band around the line.
    pub(super) band: Vec<[f64; 3]>,
    /// `true` where points are joined.
    pub(super) joined: bool,
}

/// Kinds of lines that differ in colour, pattern or mark.
pub(super) const KINDS: usize = 8;

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 36.0;
/// More points than this have no marks of their own.
const MARKED: usize = 30;

impl Plot<'_> {
    /// The plot under its title, with a legend.
    pub(super) fn figure(&self) -> Markup {
        html! {
            figure.plot {
                figcaption { (self.title) }
                (self.legend())
                (self.picture())
            }
        }
    }

    /// The plot alone.
    pub(super) fn picture(&self) -> Markup {
        PreEscaped(self.svg())
    }

    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for line in &self.lines {
                    li { (sample(line.kind, line.joined)) " " (line.name) }
                }
            }
        }
    }

    fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let bands = || self.lines.iter().flat_map(|line| &line.band);
        let places = points().map(|point| point[0]);
        let x = match self.numbers {
            Numbers::Whole => Axis::whole(places, 6),
            Numbers::Sizes => Axis::sizes(places, 5),
        };
        let values = points().map(|point| point[1]);
        let y = match self.range {
            Some([least, most]) => Axis::between(least, most, 4),
            None => Axis::of(values.chain(bands().flat_map(|band| [band[1], band[2]])), 5),
        };
        let mut out = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" class=\"chart\"><title>{}</title>\
             <desc>{}</desc>",
            crate::svg::escaped(self.title),
            crate::svg::escaped(&self.described())
        );
        frame(&mut out, &x, &y, [self.x, self.y]);
        for line in &self.lines {
            draw(&mut out, line, &x, &y);
        }
        out.push_str("</svg>");
        out
    }

    /// The lines in words: their first and last values.
    fn described(&self) -> String {
        let said = self.lines.iter().map(|line| {
            let finite = || line.points.iter().filter(|point| point[1].is_finite());
            match (finite().next(), finite().next_back()) {
                (Some(first), Some(last)) if line.joined => format!(
                    "{}: {} at {}, {} at {}",
                    line.name,
                    crate::page::short(first[1]),
                    crate::page::short(first[0]),
                    crate::page::short(last[1]),
                    crate::page::short(last[0])
                ),
                (Some(_), _) => format!("{}: {} points", line.name, finite().count()),
                _ => format!("{}: no finite value", line.name),
            }
        });
        format!("{} against {}. {}.", self.y, self.x, said.collect::<Vec<_>>().join("; "))
    }
}

fn across(x: &Axis, value: f64) -> f64 {
    LEFT + x.share(value) * (WIDTH - LEFT - RIGHT)
}

fn down(y: &Axis, value: f64) -> f64 {
    HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM)
}

/// Grid, numbers and names of the axes. Writing to a string cannot fail.
fn frame(out: &mut String, x: &Axis, y: &Axis, [below, beside]: [&str; 2]) {
    let right = WIDTH - RIGHT;
    let bottom = HEIGHT - BOTTOM;
    for tick in &y.ticks {
        let at = down(y, *tick);
        let _ = write!(
            out,
            "<path class=\"grid\" d=\"M{LEFT},{at:.1}H{right}\"/><text class=\"tick\" x=\"{:.1}\" \
             y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 5.0,
            at + 4.0,
            y.text(*tick)
        );
    }
    for tick in &x.ticks {
        let at = across(x, *tick);
        let _ = write!(
            out,
            "<path class=\"axis\" d=\"M{at:.1},{bottom}v4\"/><text class=\"tick\" x=\"{at:.1}\" \
             y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 16.0,
            x.text(*tick)
        );
    }
    let _ = write!(
        out,
        "<path class=\"axis\" d=\"M{LEFT},{bottom}H{right}\"/><text class=\"name\" x=\"2\" \
         y=\"13\">{}</text><text class=\"name\" x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}\
         </text>",
        crate::svg::escaped(beside),
        HEIGHT - 4.0,
        crate::svg::escaped(below)
    );
}

fn draw(out: &mut String, line: &Line, x: &Axis, y: &Axis) {
    let kind = line.kind % KINDS;
    if line.band.len() > 1 {
        let mut path = String::new();
        for (index, [at, _, most]) in line.band.iter().enumerate() {
            let word = if index == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{word}{:.1},{:.1}", across(x, *at), down(y, *most));
        }
        for [at, least, _] in line.band.iter().rev() {
            let _ = write!(path, "L{:.1},{:.1}", across(x, *at), down(y, *least));
        }
        let _ = write!(out, "<path class=\"band f{kind}\" d=\"{path}z\"/>");
    }
    if line.joined {
        let mut path = String::new();
        let mut begun = false;
        for [at, value] in &line.points {
            if value.is_finite() {
                let word = if begun { 'L' } else { 'M' };
                let _ = write!(path, "{word}{:.1},{:.1}", across(x, *at), down(y, *value));
            }
            begun = value.is_finite();
        }
        let _ = write!(out, "<path class=\"line s{kind}\" d=\"{path}\"/>");
    }
    if !line.joined || line.points.len() <= MARKED {
        for [at, value] in line.points.iter().filter(|point| point[1].is_finite()) {
            out.push_str(&mark(kind, [across(x, *at), down(y, *value)]));
        }
    }
}

/// The mark of a kind: a circle, a square, a triangle or a diamond, full or empty.
pub(super) fn mark(kind: usize, [x, y]: [f64; 2]) -> String {
    let class = if kind % KINDS < KINDS / 2 { "f" } else { "e" };
    let kind = kind % KINDS;
    let shape = match kind % 4 {
        0 => {
            return format!(
                "<circle class=\"mark {class}{kind}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>"
            );
        }
        1 => "m-3,-3h6v6h-6z",
        2 => "m0,-4l4,7h-8z",
        _ => "m0,-4.3l4.3,4.3l-4.3,4.3l-4.3,-4.3z",
    };
    format!("<path class=\"mark {class}{kind}\" d=\"M{x:.1},{y:.1}{shape}\"/>")
}

/// A short piece of a line, for legends.
pub(super) fn sample(kind: usize, joined: bool) -> Markup {
    let kind = kind % KINDS;
    let line = if joined {
        format!("<path class=\"line s{kind}\" d=\"M1,7H27\"/>")
    } else {
        String::new()
    };
    let mark = mark(kind, [14.0, 7.0]);
    PreEscaped(format!(
        "<svg class=\"sample\" width=\"28\" height=\"14\" viewBox=\"0 0 28 14\" \
         aria-hidden=\"true\">{line}{mark}</svg>"
    ))
}
